# SPDX-License-Identifier: EUPL-1.2
"""A dossier has words for every value that a row may hold."""

from __future__ import annotations

from enum import StrEnum

import pytest

from flaggermail.archive.dossier_words import ABSENCES, CASE_TYPES, KINDS, LABELS, Absence, Label, said
from flaggermail.record.case_values import CaseType, Decision, Origin, Source
from flaggermail.record.contacts import ContactMeans, LanguageCode
from flaggermail.record.kinds import Kind
from flaggermail.record.states import CLOCKS, CaseState, ClockState, NotificationState


@pytest.mark.parametrize(
    "values", [NotificationState, Origin, ClockState, CLOCKS, CaseState, Decision, ContactMeans, Source]
)
def test_every_value_has_words(values: tuple[StrEnum, ...]) -> None:
    """A value without words would end an export in the middle, in both languages."""
    assert all(said(value, language) for value in values for language in LanguageCode)


def test_every_kind_type_and_label_has_words() -> None:
    """The same for what is looked up by table."""
    assert (set(KINDS), set(CASE_TYPES)) == (set(Kind), set(CaseType))
    assert (set(LABELS), set(ABSENCES)) == (set(Label), set(Absence))
