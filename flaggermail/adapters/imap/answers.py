# SPDX-License-Identifier: EUPL-1.2
"""Finds the server's answer in an error of imaplib or imapclient, which join it to words of their own."""

from __future__ import annotations

import imaplib
import re

from flaggermail.server_answers.answer import ServerAnswer

_JOINED = (
    re.compile(r"\w+ command error: (?P<state>BAD) \[b(?P<quote>['\"])(?P<text>.*)(?P=quote)\]", re.DOTALL),
    re.compile(r"command: \w+ => (?P<text>.*)", re.DOTALL),
    re.compile(r"\* (?P<state>BYE) (?P<text>.*)", re.DOTALL),  # the greeting
    re.compile(r"[\w ]+ failed: (?P<text>.*)", re.DOTALL),
)


def answer_in(error: BaseException) -> ServerAnswer | None:
    """Returns the answer: BAD, BYE where the server ends the connection, else NO. None in an error of another kind."""
    if not isinstance(error, imaplib.IMAP4.error):
        return None
    first: object = error.args[0] if error.args else ""
    whole = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    state = "BYE" if isinstance(error, imaplib.IMAP4.abort) else "NO"
    found = next(filter(None, (form.fullmatch(whole) for form in _JOINED)), None)
    if found is None:
        return ServerAnswer.of_imap(state, whole)
    return ServerAnswer.of_imap(found.groupdict().get("state") or state, found["text"])
