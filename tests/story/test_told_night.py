# SPDX-License-Identifier: EUPL-1.2
"""The night that the officer's manual tells is the night that happens: each mail in it is the one that is sent."""

from __future__ import annotations

import pytest

from tests.story.told_night import LANGUAGES, MAILS, MANUAL, played, stand


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manual_shows_the_mails_of_the_night(language: str) -> None:
    """All of them, in both languages, word for word; `python -m tests.story.told_night` puts them in anew."""
    sent = played(language)
    shown = {name: mail for spoken, name, mail in stand(MANUAL.read_text("utf-8")) if spoken == language}
    assert shown == sent
    assert list(shown) == list(MAILS)
