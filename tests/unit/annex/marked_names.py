# SPDX-License-Identifier: EUPL-1.2
"""Texts with the names that are proposed in them between guillemets, and with the words that are asked about."""

from __future__ import annotations

from flaggermail.annex.redaction.marks import Detail, PrintedPart, PrintedText
from flaggermail.annex.redaction.proposals import propose
from flaggermail.annex.redaction.words_left import words_left
from tests.unit.annex.measuring import KNOWN

BODY = PrintedPart.BODY


def plain(wanted: str) -> str:
    """Returns a text without its guillemets."""
    return wanted.replace("«", "").replace("»", "")


def marked_names(*texts: tuple[PrintedPart, str]) -> list[str]:
    """Returns the texts of one annex with the names in them between guillemets."""
    printed = [PrintedText(0, part, at, text) for at, (part, text) in enumerate(texts)]
    marks = [mark for mark in propose(printed, KNOWN) if mark.detail is Detail.NAME]
    shown = [text for _, text in texts]
    for mark in reversed(marks):
        text = shown[mark.of]
        shown[mark.of] = f"{text[: mark.start]}«{text[mark.start : mark.end]}»{text[mark.end :]}"
    return shown


def asked_words(*texts: tuple[PrintedPart, str]) -> list[str]:
    """Returns the words of the texts of one annex that a person is asked about."""
    printed = [PrintedText(0, part, at, text) for at, (part, text) in enumerate(texts)]
    left = words_left(printed, propose(printed, KNOWN), KNOWN)
    return [printed[one.of].text[one.start : one.end] for one in left]
