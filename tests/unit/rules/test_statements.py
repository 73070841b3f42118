# SPDX-License-Identifier: EUPL-1.2
"""What platforms' sentences say, in five languages: answers are known, and nothing else passes for one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from time import process_time

import pytest

from flaggermail.rules.statements import Stated
from tests.pace import within
from tests.unit.rules.test_samples import RULES

SENTENCES = [
    tuple(line.split(" ", 2))
    for line in Path(__file__).with_name("sentences.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
SAYS = {"answer": {Stated.ANSWER}, "receipt": {Stated.RECEIPT}, "state": {Stated.TICKET}}
NO_ANSWER = {Stated.UNSTATED, Stated.PROMISE, Stated.ATTENTION}


def read(text: str) -> Stated:
    """Returns what the shipped words make of a text."""
    return RULES.answers.read(text)


def half(sentence: str) -> bool:
    """True for the half of the sentences that was not looked at while the words were chosen."""
    return hashlib.sha256(f"1{sentence}".encode()).digest()[-1] % 2 == 1


@pytest.mark.parametrize("held_out", [False, True])
def test_answers_are_known_and_nothing_else_is_taken_for_one(*, held_out: bool) -> None:
    """Of the answers nine tenths are known; no receipt, question, promise, denial or condition is one."""
    wrong = {
        (kind, text)
        for _, kind, text in SENTENCES
        if half(text) is held_out and read(text) not in SAYS.get(kind, NO_ANSWER)
    }
    answers = [text for _, kind, text in SENTENCES if kind == "answer" and half(text) is held_out]
    missed = {text for kind, text in wrong if kind == "answer"}
    assert len(answers) >= 50
    assert len(missed) <= len(answers) // 10, missed
    assert {text for kind, text in wrong if kind != "answer" and read(text) is Stated.ANSWER} == set()
    assert {text for kind, text in wrong if kind == "receipt"} == set()


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("We removed the post before anybody saw it.", Stated.ANSWER),
        ("Nothing is removed before we have looked.", Stated.UNSTATED),
        ("We can confirm that the account was locked.", Stated.ANSWER),
        ("Could you confirm that the account was locked?", Stated.UNSTATED),
        ("Posts that violate our rules are not rare.", Stated.UNSTATED),
        ("Casey is back on Monday.", Stated.UNSTATED),
        ("We will not remove the video.", Stated.ANSWER),
        ("We will remove the video.", Stated.UNSTATED),
        ("We took the video down, so your ticket was closed.", Stated.ANSWER),
        ("I received your report.", Stated.UNSTATED),
        ("Thank you for your report. We will keep an eye on such posts tonight.", Stated.ATTENTION),
        ("Thank you for your report. We will keep an eye on it as soon as possible.", Stated.RECEIPT),
        ("", Stated.UNSTATED),
        ("\u00e9\ufffd ,;()", Stated.UNSTATED),
    ],
)
def test_mood_tense_and_object_decide(text: str, stated: Stated) -> None:
    """The same words answer or do not, by who does what to what, and when."""
    assert read(text) is stated


def test_a_long_text_is_read_in_linear_time() -> None:
    """No more than its beginning is read, also without a sentence's end."""
    begun = process_time()
    for words in ("removed the post and ", "take it ", "not yet, ", "?", "if " * 5):
        read(words * 50_000)
    assert within(process_time() - begun, 1.0)
