# SPDX-License-Identifier: EUPL-1.2
"""The pictures of the README show what the program does now."""

from __future__ import annotations

import re

import pytest

from tests.tools.pictures import FOLDER, LANGUAGES, PICTURES


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_the_program_does(name: str) -> None:
    """The picture is drawn from a replay word for word. `python -m tests.tools.pictures` draws it anew."""
    draw, language = PICTURES[name]
    assert (FOLDER / name).read_text("utf-8") == draw(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_timeline_has_the_minutes_of_the_day(language: str) -> None:
    """Sending, both reminders, the answer and the hours stand in the picture, and its title and description say so."""
    words = re.findall(r">([^<>]+)</", (FOLDER / f"timeline.{language}.svg").read_text("utf-8"))
    hours = {"en": "2.5 hours", "nl": "2,5 uur"}[language]
    assert [word for word in words if word in {"10:34", "11:34", "12:34", "13:06", hours}] == [
        hours, "10:34", "11:34", "12:34", "13:06",
    ]  # fmt: skip
    assert any(word.startswith("10:34, 11:34, 12:34, 13:06. ") for word in words)
