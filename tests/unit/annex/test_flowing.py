# SPDX-License-Identifier: EUPL-1.2
"""Broken paragraphs are flowed anew, so that nobody tells a mail program by its lines; all else stays."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.annex.printed import flowed
from tests.corpus import each
from tests.pace import within

BROKEN = """\
Dear people,

Thank you for the heads-up. We will pay attention to posts of this kind
today, and please do flag any of them directly to us. If there is more to
say about it, write.

Best,
Robin"""
FLOWED = """\
Dear people,

Thank you for the heads-up. We will pay attention to posts of this kind today, and please do flag any of them directly \
to us. If there is more to say about it, write.

Best,
Robin"""
LONG = "We have looked at all of the posts that you have sent to us on Friday"
STAYS = {
    "quotations": f"> {LONG}\n> and they will be removed by the team of our platform today.",
    "a list": f"- {LONG}\n- And they will be removed by the team of our platform today.",
    "a list of numbers": f"1. {LONG}\n2) And they will be removed by the team of our platform today.",
    "an indented part": f"    {LONG}\n    and they will be removed by the team of our platform today.",
    "columns": f"{LONG}    3 posts\nAnd they will be removed by the team today        4 posts",
    "labels": f"Subject: {LONG}\nFrom: the team of our platform that will remove it all today",
    "a signature": f"{LONG}.\n\n-- \n{LONG}\nand they will be removed by the team of our platform today.",
    "a rule": f"{LONG}\n{'_' * 32}",
    "short lines": "Robin Vance\nPolicy lead\nPlatform Ireland Ltd",
    "a sentence a line": "We looked at it.\nWe removed it.\nWe told the person who wrote it, and nobody answered us.",
    "paragraphs of one line": f"{LONG} {LONG} {LONG}\n{LONG}\n{LONG} {LONG} {LONG}",
    "a hyphen": f"{LONG} and Sat-\nurday, and they will be removed by the team of our platform.",
}


def test_a_broken_paragraph_is_one_line() -> None:
    """Greeting and signature keep their lines."""
    assert flowed(BROKEN) == FLOWED


@each("what", STAYS)
def test_what_has_lines_of_its_own_stays(what: str) -> None:
    """Only prose is flowed."""
    assert flowed(STAYS[what]) == STAYS[what]


def test_mails_of_two_programs_become_the_same() -> None:
    """Where the lines of a paragraph end tells the one from the other no more."""
    words = (
        f"{LONG} and they will be removed by the team of our platform today, if they are not gone yet by then.".split()
    )
    made = set()
    for width in (64, 72, 76, 80):
        lines = [""]
        for word in words:
            if len(lines[-1]) + 1 + len(word) > width:
                lines.append(word)
            else:
                lines[-1] = f"{lines[-1]} {word}".strip()
        made.add(flowed("\n".join(lines)))
    assert made == {" ".join(words)}


@given(st.text(st.sampled_from("ab >-.:\t|\n")) | st.text())
def test_each_place_stays_where_it_was(text: str) -> None:
    """A mark names places of the text as it was."""
    assert len(flowed(text)) == len(text)
    assert flowed(text).replace("\n", " ") == text.replace("\n", " ")


def test_a_long_mail_is_flowed_in_time() -> None:
    """Whatever its lines are."""
    for text in ("a" + " " * 500_000, "a  " * 200_000, f"{LONG}\n" * 20_000, "x\n" * 300_000):
        begun = time.process_time()
        flowed(text)
        assert within(time.process_time() - begun, 2)
