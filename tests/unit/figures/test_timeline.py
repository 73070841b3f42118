# SPDX-License-Identifier: EUPL-1.2
"""The timeline of a use: nothing overlaps or leaves the picture, ticks are to scale, what is open looks open."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.documents.svg import REPLACEMENT
from flaggermail.figures.looks import FIGURE, HEAD, LABEL, SMALL, WIDTH, cut, width, wrapped
from flaggermail.figures.timeline import drawn, spread
from flaggermail.figures.upright import svg, svg_of
from flaggermail.figures.uses import PlatformUse, UseState
from flaggermail.record import clocks
from tests.corpus import each
from tests.doubles.sample_uses import AMSTERDAM, AS_OF, HOSTILE, TELLINGS, USES, at, figures, of_june, use

SVG = "{http://www.w3.org/2000/svg}"
SIZES = {"head": HEAD, "time": LABEL, "small": SMALL, "figure": FIGURE}
LANGUAGES = ("nl", "en")


@dataclass(frozen=True)
class Box:
    """The place of a text, at least as broad as a browser draws it."""

    text: str
    kind: str
    left: float
    right: float
    top: float
    bottom: float

    def touches(self, other: Box) -> bool:
        """Returns whether two texts overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def root(document: str) -> ET.Element:
    """Parses a picture; raises ParseError if it is not well-formed."""
    return ET.fromstring(document)  # noqa: S314 - written by the test's own call


def boxes(picture: ET.Element) -> list[Box]:
    """Returns every text of a picture of one use."""
    found = []
    for element in picture.iter(f"{SVG}text"):
        kind, text = element.attrib["class"], element.text or ""
        size = SIZES[kind]
        broad = width(text, size, bold=kind != "small")
        x, y = int(element.attrib["x"]), int(element.attrib["y"])
        left = {"start": x, "middle": x - broad / 2, "end": x - broad}[element.attrib["text-anchor"]]
        found.append(Box(text, kind, left, left + broad, y - size * 0.8, y + size * 0.2))
    return found


def texts(picture: ET.Element, kind: str) -> list[str]:
    """Returns the texts of a class, in order."""
    return [box.text for box in boxes(picture) if box.kind == kind]


def lines(picture: ET.Element, kind: str) -> list[tuple[int, int]]:
    """Returns from where to where the horizontal lines of a class run."""
    return [
        (int(line.attrib["x1"]), int(line.attrib["x2"]))
        for line in picture.iter(f"{SVG}line")
        if line.attrib["class"] == kind
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@each("name", sorted(USES))
def test_no_text_touches_another_or_leaves_the_picture(name: str, language: str) -> None:
    """Every text is inside the viewBox and apart from every other."""
    picture = root(svg_of(drawn(USES[name], AS_OF, TELLINGS[language])))
    _, _, right, bottom = map(int, picture.attrib["viewBox"].split())
    assert (right, bottom) == (int(picture.attrib["width"]), int(picture.attrib["height"]))
    found = boxes(picture)
    assert [box for box in found if box.left < 0 or box.right > right or box.top < 0 or box.bottom > bottom] == []
    assert [(one.text, other.text) for one, other in combinations(found, 2) if one.touches(other)] == []


@each("name", sorted(USES))
def test_every_shape_is_inside_the_picture(name: str) -> None:
    """No coordinate of a sign, a tick or a line is outside the viewBox."""
    picture = root(svg_of(drawn(USES[name], AS_OF, TELLINGS["nl"])))
    for element in picture.iter():
        for key in ("x", "x1", "x2", "cx"):
            assert 0 <= int(element.attrib.get(key, 0)) <= WIDTH
        for x in re.findall(r"[MLH](-?\d+)", element.attrib.get("d", "")):
            assert 0 <= int(x) <= WIDTH


def test_the_use_of_june_reads_as_it_was() -> None:
    """Times, figure and words of 6 June 2024; the signs of the answer are those of the three clocks."""
    picture = root(svg_of(drawn(of_june(), AS_OF, TELLINGS["nl"])))
    assert texts(picture, "time") == ["10:34", "11:34", "12:34", "13:06"]
    assert texts(picture, "figure") == ["2,5 uur"]
    assert "152 minuten tot de reactie van een medewerker" in texts(picture, "small")
    described = picture.findtext(f"{SVG}desc") or ""
    assert described.startswith("10:34, 11:34, 12:34, 13:06. 2,5 uur. 152 minuten")
    assert described.endswith("13:06 ontvangst bevestigd reactie van een medewerker inhoudelijk antwoord.")
    assert picture.findtext(f"{SVG}title") == "Melding aan X, VF-EP2024-0001/1, 6 juni 2024"


def test_ticks_are_to_scale() -> None:
    """Reminders at 60 and 120 of 152 minutes stand where that part of the bar is."""
    picture = root(svg_of(drawn(of_june(), AS_OF, TELLINGS["en"])))
    ((left, right),) = lines(picture, "wait")
    course = next(path.attrib["d"] for path in picture.iter(f"{SVG}path") if path.attrib["d"].count("M") > 2)
    ticks = [int(x) for x in re.findall(r"M(\d+)", course)]
    wanted = [left, left + (right - left) * 60 / 152, left + (right - left) * 120 / 152, right]
    assert all(abs(tick - place) <= 1 for tick, place in zip(ticks, wanted, strict=True))


def test_an_open_wait_runs_to_the_instant_asked() -> None:
    """What nobody answered is dashed to its end, where the instant asked and an open sign stand."""
    picture = root(svg_of(drawn(USES["open"], AS_OF, TELLINGS["en"])))
    assert lines(picture, "wait") == []
    assert lines(picture, "wait open") == lines(picture, "axis")
    assert texts(picture, "figure") == ["open"]
    assert texts(picture, "time")[-1] == "12:00"
    minutes = clocks.minutes(USES["open"].sent_at, AS_OF)
    assert f"{minutes} minutes (23 days) without an answer by a person" in texts(picture, "small")
    assert "until then no answer by a person" in " ".join(texts(picture, "small"))


def test_an_open_matter_is_beyond_the_scale() -> None:
    """If a person answered and the matter is open, the rest is dashed after a break, and said not to be to scale."""
    picture = root(svg_of(drawn(USES["open matter"], AS_OF, TELLINGS["nl"])))
    ((_, answered),) = lines(picture, "wait")
    ((begin, end),) = lines(picture, "later open")
    assert answered < begin < end
    assert "tot dan geen inhoudelijk antwoord (niet op schaal)" in " ".join(texts(picture, "small"))


def test_signs_differ_in_shape() -> None:
    """Without colour, each kind of moment has a shape of its own."""
    picture = root(svg_of(drawn(USES["every label"], AS_OF, TELLINGS["en"])))
    shapes = set()
    for element in picture.iter():
        kind = element.attrib.get("class", "")
        if kind.startswith("shape"):
            shapes.add((element.tag, kind, re.sub(r"\d+", "", element.attrib.get("d", ""))))
    assert len(shapes) == 6


def test_instants_of_one_minute_share_a_label() -> None:
    """A reminder in the minute of the answer stands above the same time; the sending has a label for itself."""
    picture = root(svg_of(drawn(USES["a reminder in the minute of the answer"], AS_OF, TELLINGS["en"])))
    assert texts(picture, "time") == ["10:34", "11:34"]
    assert texts(root(svg_of(drawn(USES["the same minute"], AS_OF, TELLINGS["en"]))), "time") == ["10:34", "10:34"]


def test_many_reminders_are_counted() -> None:
    """A run of reminders has one label, with their number and the last."""
    picture = root(svg_of(drawn(USES["many reminders"], AS_OF, TELLINGS["en"])))
    words = " ".join(texts(picture, "small"))
    assert "59 reminders to the officer 2 escalations until 8 June 2024 21:34" in words


@pytest.mark.parametrize(
    ("name", "offsets"),
    [
        ("end of summer time", ["+02:00", "+02:00", "+02:00", "+01:00", "+01:00"]),
        ("start of summer time", ["+01:00", "+01:00", "+02:00"]),
        ("of 6 June 2024", []),
        ("winter", []),
        ("open since winter", ["+01:00", "+02:00"]),
    ],
)
def test_times_have_their_offset_where_the_clocks_change(name: str, offsets: list[str]) -> None:
    """The two half past two of the night are told apart; when the figures are of does not matter to an answered use."""
    picture = root(svg_of(drawn(USES[name], AS_OF, TELLINGS["nl"])))
    assert [text for text in texts(picture, "small") if re.fullmatch(r"[+-]\d\d:\d\d", text)] == offsets


def test_what_is_unusual_is_said() -> None:
    """A note by hand, a spoken answer and a sent copy are named beside the instant, and once."""
    for language, words in (
        ("nl", ("volgens verzonden kopie", "mondeling", "met de hand", "herkend aan geciteerde tekst")),
        ("en", ("by the sent copy", "oral", "by hand", "matched by quoted text")),
    ):
        small = texts(root(svg_of(drawn(USES["by hand"], AS_OF, TELLINGS[language]))), "small")
        assert [" ".join(small).count(word) for word in words] == [1, 1, 1, 1]


def test_names_become_no_elements() -> None:
    """A platform called `<script>` is text; characters that XML forbids or that turn a line around are replaced."""
    document = svg_of(drawn(USES["hostile names"], AS_OF, TELLINGS["en"]))
    assert "<script" not in document
    assert not re.search("[\u202e\x07]", document)
    assert [element.tag for element in root(document).iter() if "script" in element.tag] == []
    assert HOSTILE[:25] in (root(document).findtext(f"{SVG}title") or "")
    assert REPLACEMENT in document


def test_the_whole_name_is_in_the_title() -> None:
    """A name too long for the picture ends in an ellipsis there, and is whole in title and page."""
    picture = root(svg_of(drawn(USES["long names"], AS_OF, TELLINGS["en"])))
    assert texts(picture, "head")[0].endswith("…")
    assert "Wm" * 150 in (picture.findtext(f"{SVG}title") or "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_uses_give_the_same_octets(language: str) -> None:
    """The picture depends on its arguments alone, and not on the zone in which the instants are written."""
    told = figures(*USES.values())
    shifted = figures(*(replace(one, sent_at=one.sent_at.astimezone(AMSTERDAM)) for one in USES.values()))
    assert svg(told, TELLINGS[language]) == svg(told, TELLINGS[language]) == svg(shifted, TELLINGS[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_uses_stand_below_one_another(language: str) -> None:
    """The picture of an election holds each use whole, in order, and each lies below the one before."""
    told = figures(*(one for name, one in USES.items() if "names" not in name))
    picture = root(svg(told, TELLINGS[language]))
    height = int(picture.attrib["height"])
    groups = [int((g.attrib["transform"].split()[1]).strip(")")) for g in picture.iter(f"{SVG}g")]
    heights = [drawn(one, AS_OF, TELLINGS[language]).height for one in told.uses]
    assert len(groups) == len(told.uses)
    for (top, high), below in pairwise([*zip(groups, heights, strict=True), (height, 0)]):
        assert top + high <= below[0]
    described = picture.findtext(f"{SVG}desc") or ""
    assert described.count("\n") == len(told.uses) + 1
    assert "PS2023" in described


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_use_is_said(language: str) -> None:
    """Without any use, the picture says so."""
    words = {"nl": "Er is geen melding aan een platform gedaan.", "en": "No notification was sent to a platform."}
    for told in (figures(), replace(figures(), summary=())):
        picture = root(svg(told, TELLINGS[language]))
        assert words[language] in (picture.findtext(f"{SVG}desc") or "")
        assert words[language] in [element.text for element in picture.iter(f"{SVG}text")]


MINUTES = st.integers(-300, 60 * 24 * 40)


@given(
    st.lists(MINUTES, max_size=30),
    st.lists(MINUTES, max_size=5),
    st.tuples(*[st.none() | MINUTES] * 3),
    st.sampled_from(LANGUAGES),
)
def test_whatever_happens_can_be_read(
    reminders: list[int], escalations: list[int], stops: tuple[int | None, ...], language: str
) -> None:
    """Whatever minutes a use has, no text touches another and none leaves the picture."""
    moment = at("10:34").timestamp

    def told(minutes: int) -> str:
        return at("10:34").fromtimestamp(moment() + 60 * minutes, AMSTERDAM).isoformat()

    one = use(
        "10:34", [None if s is None else told(s) for s in stops], [*map(told, reminders)], [*map(told, escalations)]
    )
    assert_readable(one, language)


def assert_readable(one: PlatformUse, language: str) -> None:
    """Checks that no text touches another or leaves the picture, and that the state is drawn."""
    picture = root(svg_of(drawn(one, at("2024-08-01T12:00+02:00"), TELLINGS[language])))
    found = boxes(picture)
    assert all(box.left >= 0 and box.right <= WIDTH and box.bottom <= int(picture.attrib["height"]) for box in found)
    assert not any(first.touches(second) for first, second in combinations(found, 2))
    assert bool(lines(picture, "wait open")) == (one.state is UseState.OPEN)


@given(st.lists(st.integers(0, 600), min_size=1, max_size=6))
def test_labels_are_spread_no_more_than_needed(wanted: list[int]) -> None:
    """Places keep their order and distance; where nothing touches, nothing moves."""
    wanted.sort()
    places = spread(wanted, [100] * len(wanted), 0, 600)
    assert all(after - before >= 100 for before, after in pairwise(places))
    assert places[0] >= 0
    assert places[-1] <= 600
    if all(after - before >= 100 for before, after in pairwise(wanted)):
        assert places == wanted


@given(st.text(max_size=40), st.integers(20, 300))
def test_wrapped_lines_fit(text: str, room: int) -> None:
    """No line is wider than its room, and no word that fits is lost."""
    found = wrapped(text, SMALL, room)
    assert all(width(line, SMALL) <= room for line in found)
    assert width(cut(text, HEAD, room, bold=True), HEAD, bold=True) <= room
    fitting = [word for word in text.split() if width(word, SMALL) <= room]
    assert [word for line in found for word in line.split() if not word.endswith("…")] == [
        word for word in fitting if not word.endswith("…")
    ]
