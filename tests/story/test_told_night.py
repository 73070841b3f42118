# SPDX-License-Identifier: EUPL-1.2
"""The mails shown in the officer's manual are the mails that the desk sends."""

from __future__ import annotations

import pytest

from tests.story.told_night import LANGUAGES, MAILS, MANUAL, played, stand


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manual_shows_the_mails_of_the_night(language: str) -> None:
    """The manual shows every mail of the night word for word. `python -m tests.story.told_night` updates it."""
    sent = played(language)
    shown = {name: mail for spoken, name, mail in stand(MANUAL.read_text("utf-8")) if spoken == language}
    assert shown == sent
    assert list(shown) == list(MAILS)
