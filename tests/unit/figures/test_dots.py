# SPDX-License-Identifier: EUPL-1.2
"""All uses on one scale: every wait at its place, open ones as arrows, the median as a tick; broad and upright."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.figures.dots import dots, upright_dots
from flaggermail.figures.looks import UPRIGHT, Telling
from flaggermail.figures.timeline import Drawing, drawn
from flaggermail.figures.upright import svg_of, upright
from flaggermail.figures.uses import PlatformUse
from tests.corpus import each
from tests.doubles.sample_uses import AS_OF, HOSTILE, PLATFORMS, TELLINGS, USES, at, several
from tests.unit.figures.test_timeline import SVG, boxes, root, texts

Draw = Callable[[Sequence[PlatformUse], datetime, Telling], Drawing]
LAYOUTS: dict[str, Draw] = {"broad": dots, "upright": upright_dots}
LANGUAGES = ("nl", "en")
WAITS = (0, 5, 48, 60, 97, 152, 152, 310, 1440, 13_150, None)


def picture_of(draw: Draw, uses: Sequence[PlatformUse], language: str = "en") -> ET.Element:
    """Returns the picture, parsed."""
    return root(svg_of(draw(uses, AS_OF, TELLINGS[language])))


def squares(picture: ET.Element) -> list[int]:
    """Returns the middle of each filled square."""
    return [int(one.attrib["x"]) + 7 for one in picture.iter(f"{SVG}rect") if one.attrib["class"] == "shape full"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_wait_stands_where_its_minutes_are(layout: str) -> None:
    """Ten minutes, an hour, four, a day and a week end the steps, which are equally wide; between them it is even."""
    picture = picture_of(LAYOUTS[layout], several([0, 10, 35, 60, 240, 1440, 7 * 1440]))
    by_wait = dict(zip(sorted([0, 10, 35, 60, 240, 1440, 7 * 1440]), sorted(squares(picture)), strict=True))
    step = by_wait[10] - by_wait[0]
    places = [by_wait[wait] for wait in (0, 10, 60, 240, 1440, 7 * 1440)]
    assert [abs(after - before - step) <= 1 for before, after in pairwise(places)] == [True] * 5
    assert abs(by_wait[35] - (by_wait[10] + by_wait[60]) // 2) <= 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_open_use_is_an_arrow_and_the_median_a_tick(layout: str) -> None:
    """One arrow, ten squares, and a tick at 152 minutes: the sixth of eleven, with the open one last."""
    picture = picture_of(LAYOUTS[layout], several(WAITS))
    assert len(squares(picture)) == 10
    arrows = [one for one in picture.iter(f"{SVG}line") if one.attrib["class"] == "later open"]
    assert len(arrows) == 1
    (tick,) = [one.attrib["d"] for one in picture.iter(f"{SVG}path") if one.attrib["class"] == "shape"]
    at_152 = squares(picture_of(LAYOUTS[layout], several([13_150, 152])))
    assert int(re.findall(r"\d+", tick)[0]) in at_152
    assert "median" in texts(picture, "small")
    assert texts(picture, "head")[-1] == "All platforms"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_by_platform_and_date_and_said_in_words(layout: str, language: str) -> None:
    """The description names each platform with its uses in their order; no median of fewer than five."""
    drawn = LAYOUTS[layout](several([152, None, 48, 5]), AS_OF, TELLINGS[language])
    said = drawn.described.partition(". ")[2]
    assert [part.partition(":")[0] for part in said.split("; ")] == sorted(PLATFORMS)
    assert {"nl": "X: 1 juni 2024 10:34 2,5 uur", "en": "X: 1 June 2024 10:34 2.5 hours"}[language] in said
    assert {"nl": "open, 28 dagen", "en": "open, 28 days"}[language] in said
    assert {"nl": "mediaan", "en": "median"}[language] not in said


def assert_readable(drawn: Drawing) -> None:
    """Checks that no text touches another or leaves the picture."""
    picture = root(svg_of(drawn))
    found = boxes(picture)
    assert [box for box in found if box.left < 0 or box.right > drawn.wide or box.bottom > drawn.height] == []
    assert [(one.text, other.text) for one, other in combinations(found, 2) if one.touches(other)] == []


@given(st.lists(st.none() | st.integers(0, 4_000_000), min_size=2, max_size=20), st.sampled_from(LANGUAGES))
def test_whatever_the_waits_it_can_be_read(waits: list[int | None], language: str) -> None:
    """Up to seven years, no text touches another or leaves the picture, in either layout."""
    for draw in LAYOUTS.values():
        assert_readable(draw(several(waits), at("2031-08-01T12:00+02:00"), TELLINGS[language]))


@pytest.mark.parametrize("language", LANGUAGES)
@each("name", sorted(USES))
def test_an_upright_timeline_can_be_read(name: str, language: str) -> None:
    """On a telephone's width, no text of a use touches another or leaves the picture, and its times are all there."""
    drawn = upright(USES[name], AS_OF, TELLINGS[language])
    assert_readable(drawn)
    assert drawn.wide == UPRIGHT
    picture = root(svg_of(drawn))
    assert texts(picture, "time")[0] == f"{TELLINGS[language].local(USES[name].sent_at):%H:%M}" or name == "every label"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_stay_text(layout: str) -> None:
    """A platform called `<script>` is text, cut where it is too long."""
    document = svg_of(
        LAYOUTS[layout]([replace(one, platform=HOSTILE) for one in several(WAITS)], AS_OF, TELLINGS["nl"])
    )
    assert "<script" not in document
    assert not re.search("[\u202e\x07]", document)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bar_that_is_cut_says_so(language: str) -> None:
    """Beyond two days the first day takes most of the bar, and the cut is named, in both layouts; June is not cut."""
    words = {"nl": "afgebroken na 24 uur: andere schaal", "en": "cut after 24 hours: another scale"}[language]
    for draw in (drawn, upright):
        cut = root(svg_of(draw(USES["nine days"], AS_OF, TELLINGS[language])))
        assert words in " ".join(texts(cut, "small"))
        assert [one for one in cut.iter(f"{SVG}line") if one.attrib["class"] == "gap"] != []
        whole = root(svg_of(draw(USES["of 6 June 2024"], AS_OF, TELLINGS[language])))
        assert words not in " ".join(texts(whole, "small"))
    picture = root(svg_of(drawn(USES["nine days"], AS_OF, TELLINGS[language])))
    (cut_at,) = [int(one.attrib["x1"]) for one in picture.iter(f"{SVG}line") if one.attrib["class"] == "gap"]
    course = next(one.attrib["d"] for one in picture.iter(f"{SVG}path") if one.attrib["d"].count("M") > 2)
    ticks = [int(x) for x in re.findall(r"M(\d+)", course)]
    day = cut_at - ticks[0]
    assert day > (ticks[-1] - ticks[0]) // 2  # the first day takes more than half of the bar
    for minutes in (180, 240):  # its reminder and its escalation, to scale
        assert min(abs(tick - ticks[0] - day * minutes // 1440) for tick in ticks) <= 1
