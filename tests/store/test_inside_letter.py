# SPDX-License-Identifier: EUPL-1.2
"""A platform's answer inside our own letter reaches the officer, and stops the clocks that it answers."""

from collections.abc import Callable
from html import escape

from tests.corpus import each
from tests.store.desk_fixtures import Desk, mail

BLOCK = "From: Election flagger <flagger@bzk.example>\nSent: Thursday, June 6, 2024 10:34 AM\nTo: X\nSubject: Request"
WROTE = "On Thu, 6 Jun 2024 at 10:34, Election flagger wrote:"
RED = "See my answers in red below."
GONE = "We have removed the post."
ASKED = "and check them under your own policy?"
HTML = ("MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: 8bit")


def in_cells(letter: str) -> str:
    """Returns the letter as a table, with an answer in the cell beside a question."""
    rows = (f"<tr><td>{escape(line)}</td><td>{GONE * (line == ASKED)}</td></tr>" for line in letter.split("\n") if line)
    return f"<p>{RED}</p><p>{escape(BLOCK)}</p>".replace("\n", "<br>") + f"<table>{''.join(rows)}</table>"


SHAPES: dict[str, Callable[[str], str]] = {
    "between": lambda letter: f"{RED}\n\n{BLOCK}\n\n" + letter.replace(ASKED, f"{ASKED}\n{GONE}"),
    "marked": lambda letter: "\n> ".join((WROTE, *letter.replace(ASKED, f"{ASKED}\n{GONE}").split("\n"))),
    "cells": in_cells,
    "header lines": lambda letter: f"{RED}\n\n{BLOCK}\n\n{GONE}\n\n{letter}",
    "a nice day": lambda letter: f"Hi,\n\nHave a nice day!\n\n{GONE}\n\n{BLOCK}\n\n{letter}",
}


@each("shape", SHAPES)
def test_what_stands_in_our_letter_is_read(desk: Desk, shape: str) -> None:
    """The notice shows it, below our line where there is one, and it is judged; our own words are not."""
    key = desk.notified()
    letter = desk.env.parser.parse(desk.env.octets.get(desk.mail_of(key).digest)).text.strip()
    desk.go_on(20)
    for text in (letter.join((f"Thanks, {shape}.\n\n{BLOCK}\n\n", "")), SHAPES[shape](letter)):
        before, fields, now = len(desk.mails()), HTML if text[0] == "<" else (), desk.clock.now()
        stored = desk.receive(mail(text=text, answers=desk.message_id_of(key), extra=fields, at=now))
        desk.settle()
        told = [desk.env.parser.parse(desk.env.octets.get(one.digest)).text for one in desk.mails()[before:]]
        assert any(GONE in one for one in told) == (GONE in text)
        assert bool(desk.clock_rows(stopped_by=stored.id, kind="substance")) == (GONE in text)
        if shape in {"between", "marked", "cells"} and GONE in text:
            assert any(f"| > {ASKED}\n| {GONE}" in one for one in told)
