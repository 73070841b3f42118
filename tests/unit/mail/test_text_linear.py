# SPDX-License-Identifier: EUPL-1.2
"""Hostile text takes linear time: four times the text takes about six times the work at most."""

from __future__ import annotations

import sys
import time
from types import FrameType

import pytest

from flaggermail.mail.forwards.forwarded import find_inline, read_people
from flaggermail.mail.forwards.reply_text import reply_text
from flaggermail.mail.subject import split_subject
from tests.corpus import each, long
from tests.shipped_parser import LANGUAGE

FORWARD = split_subject("FW: x", LANGUAGE)
WHOLE = 400_000  # characters
SHORTER = 100_000  # characters, outside `./dev test long`
COUNTED = 4_000  # characters of the shorter text whose calls are counted
TIMES = 4
MOST_CALLS = 4.4  # limit of the ratio of calls for four times the text
MOST_TIME = 9.0  # limit of the ratio of processor time; quadratic growth would be sixteen
NOISE = 0.003  # seconds; shorter measurements are meaningless

HOSTILE = {
    "quote marks in one line": ">",
    "quote marks": "> " * 40 + "\n",
    "quoted lines": "> tekst\n",
    "quoted labels": "> From:\n",
    "labels": "From:\n",
    "labels with values": "From: a@b.example\nDate: 10:34\n",
    "labels with values, empty lines": "From: a@b.example\n\nDate: 10:34\n\n",
    "labels that differ": "From:\nTo:\nCc:\nDate:\nReply-To:\n",
    "labels of no field": "Importance: x\n",
    "half blocks": "Van: x\nAan: " + "a@b.example; " * 20 + "\n",
    "folded recipients": "From: a\nTo: b,\n" + " c,\n" * 50,
    "dashes in one line": "-----",
    "dashes": "-----\n",
    "marks": "-----Original Message-----\n",
    "forward marks": "---------- Forwarded message ---------\n\n\n",
    "marks, run together": "----- Forwarded message ----- From: a@b.example To: x ----- \n",
    "rules and labels": "________________\nFrom: x\n",
    "quote lines without end": "On Thu, 6 Jun 2024 at 10:34 Jane Doe <jane@a.example> wrote ",
    "quote lines": "On Thu, 6 Jun 2024 at 10:34 Jane Doe <jane@a.example> wrote:\n",
    "quote lines, cut": "On Thu, 6 Jun 2024 at 10:34 Jane Doe\n",
    "openers": "Op Op Op Op ",
    "openers, a line each": "Op 6 juni 10:34\n\n",
    "arrows": ">>> a@b.example 10:34 >>>\n",
    "digits": "1" * 399 + ":\n",
    "digits and points": "1.1" * 100 + ":\n",
    "empty lines": "\n",
    "blanks": " " * 200 + "\n",
    "no-break spaces": "\u00a0" * 200 + "\n",
    "zero width": "\u200b" * 200 + "\n",
    "accents": "e" + "\u0301" * 200 + "\n",
    "closings": "Met vriendelijke groet\n",
    "closings that are none": "Met vriendelijke groet aan / allen, die / dit, lezen\n",
    "signature marks": "-- \n",
    "notices": "Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.\n",
    "notices that are none": "Dit bericht is bestemd " + "x " * 300 + "\n",
    "banners": "LET OP: extern bericht.\n\n",
    "names alone": "\n/Jan\n",
    "bold": "*" * 100 + "\n",
    "colons": ":" * 200 + "\n",
    "angle brackets": "<" * 200 + ">" * 200 + "\n",
    "addresses": "a@b.example, " * 30 + "\n",
    "one long word": "x",
    "dated lines without a colon": "Op 6 juni 2024 om 10:34 Jan Bos <jan@a.example>\n",
    "dated lines without a colon, apart": "Op 6 juni 2024 om 10:34 Jan Bos <jan@a.example>\n\nx\n",
    "dated lines with a verb and no end": "On 6-6-2024 10:34 " + "wrote " * 40 + "\n",
    "old dated lines": "2024/6/6 " + "Jan " * 40 + "<jan@a.example>\n\n",
    "labels with wrapped values": "From: a@b.example\nDate: x\n10:34\nSubject: x\nx\nx\n",
    "labels with wide values": "From: a@b.example\nDate: 10:34\nSubject: " + "x " * 34 + "\nx\n\n",
    "labels far apart": "From: a@b.example\n\n\nDate: 10:34\n\n\nSubject: x\n\n\n",
    "dated lines above labels": "Message du 06/06/24 10:34\nDe : a@b.example\n",
    "device lines with links": "Sent from [" + "x" * 70 + "](https://" + "a" * 200 + ")\n",
    "device lines with half a link": "Sent from " + "[(<https://" * 30 + "\n",
    "short rules": "__\n",
}


def read(text: str) -> None:
    """Does everything that is done with the text of a mail."""
    lines = text.split("\n")
    find_inline(lines, FORWARD, LANGUAGE, answers=False)
    reply_text(lines, LANGUAGE)


def calls(text: str) -> int:
    """Returns the number of function calls, built-in ones included, of a second reading.

    The first reading compiles the patterns.
    """
    read(text)
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        read(text)
    finally:
        sys.setprofile(before)
    return count


def seconds(text: str) -> float:
    """Returns the processor time of one reading."""
    begun = time.process_time()
    read(text)
    return time.process_time() - begun


@pytest.mark.parametrize("length", [SHORTER, long(WHOLE)])
@each("pattern", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.slow
def test_work_grows_with_the_length_of_the_text(length: int, pattern: str) -> None:
    """Calls and processor time grow linearly with the length of the text.

    Processor time is compared with that of a quarter of the text in the same run.
    """
    counted = COUNTED // len(pattern)
    assert calls(pattern * counted * TIMES) <= MOST_CALLS * calls(pattern * counted) + 1000
    quarter = pattern * (length // TIMES // len(pattern))
    whole = pattern * (length // len(pattern))
    assert any(seconds(whole) <= MOST_TIME * max(seconds(quarter), NOISE) for _ in range(3))  # others use the machine


def test_two_hundred_thousand_empty_lines_are_read_like_fifty_thousand() -> None:
    """The number of lines considered is limited."""
    assert calls("\n" * 200_000) <= MOST_CALLS * calls("\n" * 50_000) + 1000


@each(
    "pattern",
    [
        "a,",
        "a;",
        '"',
        "<",
        "<a@b",
        "a <",
        "(",
        "[a@b",
        "a@b <c@d>, ",
        "<@a,",
        "@a . ",
        "=?a?q?",
        "a <https:",
        "Bos, J. <j@a.example>, ",
    ],
)
def test_lists_of_recipients_cost_their_length(pattern: str) -> None:
    """A list of recipients is read in linear time."""

    def cost(text: str) -> float:
        begun = time.process_time()
        read_people(text)
        return time.process_time() - begun

    small, large = 10_000, 40_000
    least = min(cost(pattern * (large // len(pattern))) for _ in range(3))
    assert least <= MOST_TIME * max(min(cost(pattern * (small // len(pattern))) for _ in range(3)), NOISE)
