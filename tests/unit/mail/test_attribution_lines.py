# SPDX-License-Identifier: EUPL-1.2
"""The line above a quotation, in the forms of many programs and languages."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from flaggermail.mail.forwards.attribution_line import quote_mark, quoted_in
from flaggermail.mail.forwards.forwarded import find_inline
from flaggermail.mail.forwards.reply_text import reply_text
from flaggermail.mail.message import Address
from flaggermail.mail.subject import split_subject
from tests.corpus import each
from tests.shipped_parser import LANGUAGE
from tests.unit.texts import table

ANSWER = "Dat klopt."


@dataclass(frozen=True)
class Line:
    """A quote line: the program that prints it, and the date and the name that are read from it."""

    program: str
    line: str
    date: str | None = None
    name: str | None = "Jan Bos"


@dataclass(frozen=True)
class Lines:
    """Quote lines with an address, without one, and sentences that are no quote lines."""

    addressed: list[Line]
    nameless: list[Line]
    sentences: list[str]


LINES = table("quote-lines", Lines)


@each("quoted", LINES.addressed, ids=[line.program for line in LINES.addressed])
def test_a_quote_line_is_known_and_what_is_above_it_kept(quoted: Line) -> None:
    """A quote line is recognised above a marked or unmarked quotation; the text above it is kept."""
    lines = quoted.line.split("\n")
    assert quote_mark([*lines, "", "> oud"], 0, LANGUAGE) == len(lines)
    for quotation in ("> oud", "oud"):
        assert reply_text([ANSWER, "", *lines, "", quotation], LANGUAGE) == ANSWER


@each("quoted", LINES.addressed, ids=[line.program for line in LINES.addressed])
def test_a_quote_line_names_author_and_instant(quoted: Line) -> None:
    """A quote line gives the author's name and address and the date as printed.

    Outlook for Mac forwards with such a line.
    """
    said = quoted_in(quoted.line.split("\n"), LANGUAGE)
    assert said is not None
    assert said.author == Address("jan@a.example", quoted.name)
    assert quoted.date is None or said.date == quoted.date


@each("quoted", LINES.nameless, ids=[line.program for line in LINES.nameless])
def test_a_quote_line_may_lack_the_address(quoted: Line) -> None:
    """A quote line without an address is recognised; its author is a name only."""
    assert quote_mark([quoted.line, "", "oud"], 0, LANGUAGE) == 1
    said = quoted_in([quoted.line], LANGUAGE)
    assert said is not None
    assert said.author == Address("Jan Bos")


@each("line", LINES.sentences)
def test_a_sentence_is_no_quote_line(line: str) -> None:
    """A sentence is no quote line, and the text below it is the writer's own."""
    assert quote_mark([line, "", "tekst"], 0, LANGUAGE) == 0
    assert reply_text(["Dag,", line, "tekst"], LANGUAGE) == f"Dag,\n{line}\ntekst"


def test_two_sentences_do_not_make_a_quote_line() -> None:
    """Empty lines inside a quote line are skipped only around an address, where a link was torn out of it."""
    lines = ["On 6 June 2024 at 10:30 we met.", "", "The mayor wrote:", "a letter"]
    assert quote_mark(lines, 0, LANGUAGE) == 0
    torn = ["On Thu, 6 Jun 2024 at 10:34 Jan Bos", "", "<", "mailto:jan@a.example", "> wrote:", "", "oud"]
    assert quote_mark(torn, 0, LANGUAGE) == len(torn) - 2
    assert reply_text([ANSWER, "", *torn], LANGUAGE) == ANSWER


def test_a_forward_with_a_quote_line_has_author_instant_and_body() -> None:
    """A forward with a quote line gives author, date and body; its subject is that of the mail itself."""
    line = "Op 06-06-2024 10:34 heeft Jan van den Bos <jan@a.example> geschreven:"
    found = find_inline(
        [ANSWER, "", line, "", "    Oud."], split_subject("FW: Twee", LANGUAGE), LANGUAGE, answers=False
    )
    assert found is not None
    mail = found.mail
    assert (mail.sender, mail.to, mail.subject, mail.date, mail.body) == (
        Address("jan@a.example", "Jan van den Bos"),
        (),
        "Twee",
        "06-06-2024 10:34",
        "Oud.",
    )


@each(
    "line",
    [
        "Jan Bos wrote:",
        "Jan Bos schreef:",
        "* Jan Bos [2024-06-06 10:34]:",
        "At 10:34 AM 6/6/2024, Jan Bos wrote:",
        "On Thu, 6 Jun 2024, Jan Bos wrote:",
        "* Jan Bos <jan@a.example> [2024-06-06 10:34]:",
        "2024/6/6 Jan Bos <jan@a.example>",
        "2024-06-06 10:34 GMT+02:00 Jan Bos",
    ],
)
def test_a_short_line_right_above_a_marked_quotation_belongs_to_it(line: str) -> None:
    """A short line directly above a marked quotation belongs to the quotation."""
    assert reply_text([ANSWER, "", line, "> oud"], LANGUAGE) == ANSWER


@pytest.mark.parametrize(
    "line", ["Jan Bos wrote:", "Jan Bos schreef:", "* Jan Bos [2024-06-06 10:34]:", "2024/6/6 Jan Bos <jan@a.example>"]
)
def test_the_same_line_above_anything_else_is_text(line: str) -> None:
    """The same short line above unmarked text is the writer's own."""
    assert reply_text([ANSWER, "", line, "oud"], LANGUAGE) == f"{ANSWER}\n\n{line}\noud"


def test_the_line_of_notes_stands_between_dashes() -> None:
    """The dashed line of Notes begins a quotation, with the recipients first."""
    lines = [
        ANSWER,
        "",
        "-----Jan Bos/STAD schreef: -----",
        "Aan: Desk",
        "Van: Jan Bos/STAD",
        "Datum: 06-06-2024 10:34",
        "",
        "oud",
    ]
    assert reply_text(lines, LANGUAGE) == ANSWER


def test_who_is_named_without_an_instant_is_no_author_of_a_forward() -> None:
    """A quote line without a date or an address is not the author of a forward."""
    lines = ["Hij schreef:", "> Van harte"]
    assert find_inline(lines, split_subject("FW: x", LANGUAGE), LANGUAGE, answers=False) is None
