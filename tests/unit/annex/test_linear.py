# SPDX-License-Identifier: EUPL-1.2
"""Hostile text takes linear time: four times the text takes about four times as long, and never minutes."""

from __future__ import annotations

import time

import pytest

from flaggermail.annex.redaction.marks import PrintedPart, PrintedText
from flaggermail.annex.redaction.proposals import propose
from tests.corpus import each
from tests.pace import within
from tests.unit.annex.measuring import KNOWN

SHORT, TIMES = 12_000, 4  # characters
MOST = 9.0  # limit of the ratio of processor time; quadratic growth would be sixteen
NOISE = 0.02  # seconds; shorter measurements mean nothing
WHOLE, SECONDS = 400_000, 16.0

HOSTILE = {
    "openers": "Op Op Op ",
    "digits": "1234567890",
    "spaced digits": "06 12 34 ",
    "brackets": "((((",
    "at signs": "@@@@",
    "broken addresses": "a.a.a.a.@",
    "addresses": "a.b@c.example ",
    "word addresses": "a punt b at c ",
    "strokes": "www.a.b/c.d/",
    "capitals": "Jan De Vries ",
    "salutations": "Beste Jan,\nGroet,\nJan\n",
    "initials": "A.B.C. ",
    "accents": "e\u0301\u0301\u0301\u0301",
    "dashes": "VF-EP2024-0001-",
    "labels": "Van: x\nAan: a@b.example; \n",
    "account numbers": "NL91 ABNA 0417 ",
    "street words": "Straat Laan Weg ",
    "quote marks": "> > > \n",
    "apostrophes": "d'd'd'd'",
    "one letter": "a",
    "unknown capitals": "Xiulan Hummelink ",
    "a town behind a function": "burgemeester van Terneuzen ",
    "capitals behind small words": "van Xa van der ",
    "words of numbers": "kenteken geboren paspoort personeelsnummer ",
    "plates": "XX-99-XX 12 AB ",
    "addresses of the internet": "1.2.3.4 a:b::c:d ",
    "boxes": "Postbus 1 2500 EA ",
    "word and at": "jan @ a at b.nl ",
}


def _seconds(shape: str, length: int) -> float:
    body = (HOSTILE[shape] * (length // len(HOSTILE[shape]) + 1))[:length]
    texts = [
        PrintedText(0, PrintedPart.FROM, 0, "Jan de Vries <jan@a.example>"),
        PrintedText(0, PrintedPart.BODY, 0, body),
    ]
    began = time.process_time()
    propose(texts, KNOWN)
    return time.process_time() - began


@each("shape", HOSTILE)
@pytest.mark.slow
def test_hostile_text_takes_linear_time(shape: str) -> None:
    """Four times the text takes less than nine times as long."""
    short = min(_seconds(shape, SHORT) for _ in range(2))
    most = max(short, NOISE) * MOST
    assert any(_seconds(shape, SHORT * TIMES) < most for _ in range(2))  # others use the machine


@pytest.mark.long
@pytest.mark.parametrize("shape", HOSTILE)
def test_a_mail_as_long_as_a_book_takes_seconds(shape: str) -> None:
    """A mail of four hundred thousand hostile characters is answered in seconds."""
    assert within(_seconds(shape, WHOLE), SECONDS)
