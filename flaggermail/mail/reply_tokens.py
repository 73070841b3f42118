# SPDX-License-Identifier: EUPL-1.2
"""Tokens that identify the thread of a reply: an unguessable token in Message-ID, reply address and our own header.

A token is 32 lower-case hexadecimal digits. Mail clients copy Message-IDs into References and In-Reply-To
(RFC 5322, section 3.6.4), so a thread keeps the token even if the subject is rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from flaggermail.mail.message import Message

OWN_HEADER = "X-Flaggermail-Ref"
"""Holds the token alone."""
LOOP_HEADER = "X-Flaggermail-Loop"
"""Marks every mail that is sent automatically."""

EXERCISE_HEADER = "X-Flaggermail-Exercise"
"""Marks every mail of an exercise."""

# Also inside a rewritten address (VERP, SRS), and in capitals: some servers change the case of the local part.
_TOKEN = re.compile(r"(?:(?<![0-9a-z])vf\.|\+)([0-9a-f]{32})(?![0-9a-z])", re.IGNORECASE)
_BARE_TOKEN = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_LOCAL_PART_LIMIT = 64  # RFC 5321, section 4.5.3.1.1


def message_id(token: str, serial: int, domain: str) -> str:
    """Returns the Message-ID, without angle brackets, of mail number `serial` with `token`."""
    return f"vf.{token}.{serial}@{domain}"


def root_reference(token: str, domain: str) -> str:
    """Returns the first References entry of every mail with `token`, so that clients show one thread."""
    return f"vf.{token}@{domain}"


def token_word(token: str) -> str:
    """Returns the token in the form in which `tokens` finds it in a subject."""
    return f"vf.{token}"


def reply_address(address: str, token: str) -> str:
    """Returns `address` with `token` as its detail (RFC 5233). Raises ValueError if it is invalid or gets too long."""
    local, at, domain = address.rpartition("@")
    detailed = f"{local}+{token}"
    if not (local and at and domain):
        raise ValueError(f"{address!a} is not a mail address")
    if len(detailed) > _LOCAL_PART_LIMIT:
        raise ValueError(f"{address!a} is too long to carry a token: {len(detailed)} of {_LOCAL_PART_LIMIT} characters")
    return f"{detailed}@{domain}"


def tokens(values: Iterable[str]) -> tuple[str, ...]:
    """Returns every token in Message-IDs, addresses and values of our own header, in order, without repeats."""
    found: dict[str, None] = {}
    for value in values:
        bare = _BARE_TOKEN.fullmatch(value.strip())
        matches = [bare[0]] if bare else _TOKEN.findall(value)
        found.update(dict.fromkeys(match.lower() for match in matches))
    return tuple(found)


def in_message(message: Message) -> tuple[str, ...]:
    """Returns the tokens in the places where mail clients and servers preserve them, the most specific first."""
    return tokens(
        [
            *message.in_reply_to,
            *reversed(message.references),
            *(address.address for address in (*message.to, *message.cc)),
            *message.header_all("delivered-to"),
            *message.header_all("x-original-to"),
            *message.header_all(OWN_HEADER),
            *([message.original_message_id] if message.original_message_id else []),
            message.subject or "",
        ]
    )
