# SPDX-License-Identifier: EUPL-1.2
"""A dossier has words for every value that a row may hold."""

from __future__ import annotations

from enum import StrEnum

import pytest

from flaggermail.archive.dossier_shown import WORDS, value_in_words
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.states import CLOCKS, ClockKind


@pytest.mark.parametrize("values", [*(one for one in WORDS if one is not ClockKind), CLOCKS])
def test_every_value_has_words(values: tuple[StrEnum, ...]) -> None:
    """A value without words would end an export in the middle, in every language."""
    assert all(value_in_words(value, language) for value in values for language in LanguageCode)
