# SPDX-License-Identifier: EUPL-1.2
"""The pictures of the README show what the program does now."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.story.told_night import ROOT
from tests.tools.first_picture import MOST, Tonight, digest_in, path_of
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


@pytest.fixture(scope="module")
def tonight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tonight]:
    """The first page of a played night."""
    played = Tonight.played_in(tmp_path_factory.mktemp("night"))
    yield played
    played.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_picture_is_the_first_page(tonight: Tonight, language: str) -> None:
    """It bears the digest of the page as it is now, and is small; the README in its language shows it first.

    `python -m tests.tools.first_picture` draws it anew.
    """
    path = path_of(language)
    assert digest_in(path) == tonight.digest(language)
    assert path.stat().st_size < MOST
    readme = (ROOT / {"en": "README.md", "nl": "README.nl.md"}[language]).read_text("utf-8")
    described, shown = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", readme)[0]
    assert shown == f"docs/pictures/{path.name}"
    assert len(described) > 80
