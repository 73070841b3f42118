# SPDX-License-Identifier: EUPL-1.2
"""Tokens that identify the thread of a reply: an unguessable token in Message-ID, reply address and our own header.

A token is 32 lower-case hexadecimal digits. Mail clients copy Message-IDs into References and In-Reply-To
(RFC 5322, section 3.6.4), so a thread keeps the token even if the subject is rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from flaggermail.mail.addresses import LOCAL_PART_LIMIT
from flaggermail.mail.message import Message
from flaggermail.mail.message_ids import message_ids

OWN_HEADER = "X-Flaggermail-Ref"
"""Holds our Message-ID, which a server may replace in the field meant for it. Earlier mail of ours has
the token alone."""
ORIGINAL_HEADER = "X-Microsoft-Original-Message-ID"
"""Holds our Message-ID in mail to which Exchange gave another."""
PARENT_HEADER = "X-MS-Exchange-Parent-Message-Id"
"""Names the mail that an automatic answer of Exchange is about, or that it passed on."""
LOOP_HEADER = "X-Flaggermail-Loop"
"""Marks every mail that is sent automatically."""

EXERCISE_HEADER = "X-Flaggermail-Exercise"
"""Marks every mail of an exercise."""

CHECK_HEADER = "X-Flaggermail-Check"
"""Marks every mail that `check --online` sends to the desk itself."""

THREAD_BEGINS, THREAD_ENDS = 4, 16  # mails in References that are looked for

# Also inside a rewritten address (VERP, SRS), and in capitals: some servers change the case of the local part.
_TOKEN = re.compile(r"(?:(?<![0-9a-z])vf\.|\+)([0-9a-f]{32})(?![0-9a-z])", re.IGNORECASE)
_OWN_ID = re.compile(r"(?<![^\s<])vf\.[0-9a-f]{32}\.\d{1,18}@[A-Za-z0-9.-]{1,253}(?![^\s>])")
_BARE_TOKEN = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


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
    if len(detailed.encode()) > LOCAL_PART_LIMIT:
        raise ValueError(f"{address!a} is too long to carry a token: {len(detailed)} of {LOCAL_PART_LIMIT} characters")
    return f"{detailed}@{domain}"


def tokens(values: Iterable[str]) -> tuple[str, ...]:
    """Returns every token in Message-IDs, addresses and values of our own header, in order, without repeats."""
    found: dict[str, None] = {}
    for value in values:
        bare = _BARE_TOKEN.fullmatch(value.strip())
        matches = [bare[0]] if bare else _TOKEN.findall(value)
        found.update(dict.fromkeys(match.lower() for match in matches))
    return tuple(found)


def own_ids(values: Iterable[str]) -> tuple[str, ...]:
    """Returns the Message-IDs with a token of ours in these values of header fields, in order, without repeats."""
    return tuple(dict.fromkeys(found.group() for value in values for found in _OWN_ID.finditer(value)))


def ours_of(message: Message) -> tuple[str, ...]:
    """Returns the Message-IDs under which mail of ours left the desk, as its copy still names them."""
    return own_ids([*message.header_all(OWN_HEADER), *message.header_all(ORIGINAL_HEADER)])


def parents(message: Message) -> tuple[str, ...]:
    """Returns the Message-IDs that Exchange names in a field of its own."""
    return tuple(dict.fromkeys(name for value in message.header_all(PARENT_HEADER) for name in message_ids(value)))


def followed(message: Message) -> tuple[str, ...]:
    """Returns the mails that References names; of a long thread those with which it began, and the latest."""
    return (*message.references[:-THREAD_ENDS][:THREAD_BEGINS], *message.references[-THREAD_ENDS:])


def answered_by(message: Message) -> tuple[str, ...]:
    """Returns the Message-IDs of the mails that this one answers, those that its fields name first most likely."""
    return tuple(dict.fromkeys((*message.in_reply_to, *reversed(followed(message)), *parents(message))))


def in_message(message: Message) -> tuple[str, ...]:
    """Returns the tokens in the places where mail clients and servers preserve them, the most specific first."""
    return tokens(
        [
            *answered_by(message),
            *(address.address for address in (*message.to, *message.cc)),
            *message.header_all("delivered-to"),
            *message.header_all("x-original-to"),
            *message.header_all(OWN_HEADER),
            *message.header_all(ORIGINAL_HEADER),
            *([message.original_message_id] if message.original_message_id else []),
            message.subject or "",
        ]
    )
