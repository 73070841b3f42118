# SPDX-License-Identifier: EUPL-1.2
"""Marks applied: what is printed, what is never changed, and marks that do not fit their text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.annex.redaction.marks import Detail, Mark, MarkFault, PrintedPart, PrintedText, check, marker, redacted
from flaggermail.annex.redaction.proposals import propose
from flaggermail.annex.redaction.spreading import spread
from flaggermail.wording.annex import WooGround
from tests.corpus import each
from tests.unit.annex.measuring import KNOWN

E, H, F = WooGround.PERSONAL_SPHERE, WooGround.SECURITY, WooGround.COMPETITION
_MARKED = re.compile("[«§]([^»§]*)[»§]")


def _given(part: PrintedPart, marked: str) -> tuple[PrintedText, list[Mark]]:
    """Returns a text and the marks in it: «5.1.2e», §5.1.2h§."""
    text, marks, at = "", [], 0
    for match in _MARKED.finditer(marked):
        text += marked[at : match.start()]
        ground = E if match[0][0] == "«" else H
        marks.append(Mark(0, len(text), len(text) + len(match[1]), ground, Detail.OTHER))
        text += match[1]
        at = match.end()
    return PrintedText(0, part, 0, text + marked[at:]), marks


PRINTED = [
    (PrintedPart.FROM, "«Jan de Vries» <«j@a.example»>", "[gelakt 5.1.2e] <[gelakt 5.1.2e]>"),
    (PrintedPart.TO, "«Jan» <«j@a.example»>", "[gelakt 5.1.2e]"),
    (PrintedPart.TO, '"«Jan»" <«j@a.example»>; «Els» <«e@a.example»>', "[gelakt 5.1.2e]"),
    (PrintedPart.CC, "«Jan» <«j@a.example»>, §urgent@x.example§", "[gelakt 5.1.2e, 5.1.2h]"),
    (PrintedPart.TO, "Verkiezingen flagger; «Jan»; «Els»", "Verkiezingen flagger; [gelakt 5.1.2e]"),
    (PrintedPart.BODY, "Dag «J.» «de» «Vries», bel «Els».", "Dag [gelakt 5.1.2e], bel [gelakt 5.1.2e]."),
    (PrintedPart.BODY, "«Jan»\n«Vries» «Els» §06§", "[gelakt 5.1.2e]\n[gelakt 5.1.2e] [gelakt 5.1.2h]"),
    (PrintedPart.BODY, "«Jan» <«j@a.example»> wrote:", "[gelakt 5.1.2e] <[gelakt 5.1.2e]> wrote:"),
    (PrintedPart.BODY, "Getikt: [gelakt 5.1.2e] en «Jan»", "Getikt: [gelakt 5.1.2e] en [gelakt 5.1.2e]"),
    (PrintedPart.SUBJECT, "niets", "niets"),
]


@each("printed", PRINTED)
def test_a_mark_becomes_a_marker(printed: tuple[PrintedPart, str, str]) -> None:
    """Name and address stay apart in From and in a quotation; recipients and the words of a name are not counted."""
    part, marked, wanted = printed
    text, marks = _given(part, marked)
    assert redacted(text, marks) == wanted


def test_a_marker_says_the_grounds_in_the_order_of_the_law() -> None:
    """The same grounds give the same marker, whatever the order in which they are given."""
    assert marker(H, E, F, E) == "[gelakt 5.1.2e, 5.1.2f, 5.1.2h]"


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([(0, 3), (2, 5)], "overlaps"),
        ([(0, 3), (0, 3)], "overlaps"),
        ([(3, 3)], "behind the start"),
        ([(-1, 2)], "0 or more"),
        ([(4, 9)], "has 8 characters"),
    ],
)
def test_marks_that_do_not_fit_are_refused(places: list[tuple[int, int]], said: str) -> None:
    """Marks that overlap, are empty or outside the text are refused, and what is there is not repeated."""
    text = PrintedText(0, PrintedPart.BODY, 0, "Jan Bos.")
    marks = [Mark(0, start, end, E, Detail.NAME) for start, end in places]
    for use in (check, redacted):
        with pytest.raises(MarkFault, match=said) as refused:
            use(text, marks)
        assert "Bos" not in str(refused.value)


def test_marks_of_two_texts_are_refused_together() -> None:
    """Marks of another text are a mistake of the caller."""
    marks = [Mark(0, 0, 1, E, Detail.NAME), Mark(1, 2, 3, E, Detail.NAME)]
    with pytest.raises(MarkFault, match="another text"):
        check(PrintedText(0, PrintedPart.BODY, 0, "Jan Bos."), marks)


# ---------------------------------------------------------------- for any text

WORDS = st.sampled_from(
    ["Jan", "de", "Vries", "j.devries@a.example", "06-12345678", "Beste", ",", "\n", "> ", "<", ">", "Groeten", "De",
     "Els", "https://a.example/b", "[gelakt 5.1.2e]", "#12345", "J.", "VF-EP2024-0001-K7QF", "\u0301", "'s", "@jan"]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=30).map(" ".join)


@given(st.lists(st.tuples(st.sampled_from(list(PrintedPart)), TEXTS | st.text(max_size=60)), min_size=1, max_size=4))
def test_proposals_fit_their_texts_and_change_nothing_else(parts: list[tuple[PrintedPart, str]]) -> None:
    """Proposed marks are sorted, within their texts and apart; what is outside them is printed unchanged."""
    texts = [PrintedText(0, part, 0, text) for part, text in parts]
    marks = propose(texts, KNOWN)
    assert list(marks) == sorted(marks)
    assert propose(texts, KNOWN) == marks
    for number, text in enumerate(texts):
        own = check(text, [mark for mark in marks if mark.of == number])
        body = PrintedText(0, PrintedPart.BODY, 0, text.text)
        kept = [
            text.text[a:b]
            for a, b in zip([0, *(m.end for m in own)], [*(m.start for m in own), len(text.text)], strict=True)
        ]
        at, shown = 0, redacted(body, own)
        for piece in kept:
            if piece.strip():
                at = shown.index(piece, at) + len(piece)


@given(TEXTS)
def test_a_marker_is_no_detail(text: str) -> None:
    """Nothing is proposed within a marker, so that redacting twice changes no marker."""
    printed = PrintedText(0, PrintedPart.BODY, 0, text)
    once = redacted(printed, propose([printed], KNOWN))
    again = PrintedText(0, PrintedPart.BODY, 0, once)
    inside = [found.span() for found in re.finditer(r"\[gelakt [^\]]*\]", once)]
    for mark in propose([again], KNOWN):
        assert not any(start < mark.end and mark.start < end for start, end in inside)


# ---------------------------------------------------------------- the same words elsewhere


def test_the_same_words_are_marked_everywhere() -> None:
    """A name that a person marks is proposed in other texts, in part too, and not where it is a small word."""
    texts = [PrintedText(0, PrintedPart.BODY, number, text) for number, text in enumerate(
        ["Gesproken met Tjalling Bakker.", "TJALLING BAKKER en Tjalling; mevrouw Bakker, bakker", "brief_Bakker.pdf"]
    )]  # fmt: skip
    of = Mark(0, 14, 29, E, Detail.NAME)
    found = spread(texts, [of], of)
    assert [texts[mark.of].text[mark.start : mark.end] for mark in found] == [
        "TJALLING BAKKER",
        "Tjalling",
        "Bakker",
        "Bakker",
    ]
    assert {(mark.ground, mark.detail) for mark in found} == {(E, Detail.NAME)}
    assert spread(texts, [of, *found], of) == ()


NAMES = st.sampled_from(["Tjalling", "Bakker", "Ångström", "O'Neill", "Xiaoling"])


@given(st.lists(NAMES | WORDS, min_size=1, max_size=20).map(" ".join), NAMES)
def test_a_word_that_was_spread_is_nowhere_else(body: str, name: str) -> None:
    """What is redacted after spreading does not hold the marked word of three letters or more."""
    texts = [PrintedText(0, PrintedPart.SUBJECT, 0, f"Over {name}."), PrintedText(0, PrintedPart.BODY, 0, body)]
    of = Mark(0, 5, 5 + len(name), E, Detail.OTHER)
    marks = [of, *spread(texts, [of], of)]
    for number, text in enumerate(texts):
        assert name not in redacted(text, [mark for mark in marks if mark.of == number])
