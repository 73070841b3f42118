# SPDX-License-Identifier: EUPL-1.2
"""Tokens that identify the thread of a reply: an unguessable token in Message-ID, reply address and our own header.

A token is 32 lower-case hexadecimal digits. Mail clients copy Message-IDs into References and In-Reply-To
(RFC 5322, section 3.6.4), so a thread keeps the token even if the subject is rewritten.

Parses Message-IDs, and computes a digest that stays the same when a mail is delivered twice.

The keys that a mail carries by itself, read once, in the process that parses it.

What a key proves, and whether the record knows it, is decided elsewhere: see `matching`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from flaggermail.mail.fields import LOCAL_PART_LIMIT
from flaggermail.mail.message import Address, Forwarded, MailKeys, Message
from flaggermail.mail.subject import split_subject
from flaggermail.mail.vocabulary import Language

# ---- Message-IDs


# Angle brackets around anything without spaces or brackets: looser than RFC 5322, section 3.6.4, because mail is.
_BRACKETED = re.compile(r"<([^<>\s]{1,998})>")
# Some programs omit the brackets; an @ tells a bare identifier from a phrase of RFC 822 ("Your message of Monday").
_BARE = re.compile(r"(?:^|(?<=[\s,;]))([^\s<>\"(),;:@]{1,250}@[^\s<>\"(),;@]{1,250})(?=$|[\s,;])")
_MOST = 500
LONGEST_ID = 512
"""Characters of a Message-ID that is remembered; a line of a mail holds 998 (RFC 5322, section 2.1.1)."""


def message_ids(value: str) -> tuple[str, ...]:
    """Returns the identifiers of a References, In-Reply-To or Message-ID field, in order, without brackets or repeats.

    Tolerates comments and phrases between identifiers, missing brackets, and folding between them. Reads at most 500.
    """
    found = _BRACKETED.findall(value) or _BARE.findall(value)
    return tuple(dict.fromkeys(found[:_MOST]))


# Exchange Online answers "2.0.0 OK <ID> [Hostname=HOST]", and others that name it begin likewise, with a status of
# success (RFC 3463, section 2). Nothing may stand before it: an identifier in other words may be any mail's.
_IN_REPLY = re.compile(r"(?:2\.\d{1,3}\.\d{1,3} )?OK <([^<>\s@]{1,250}@[^<>\s@]{1,250})>(?: |$)", re.IGNORECASE)


def told_in_reply(text: str) -> str | None:
    """Returns the Message-ID that a server names in its reply to the final dot (without the reply code), or None.

    It is the one under which the mail leaves: a server that replaces it says so here, or nowhere.
    """
    found = _IN_REPLY.match(text)
    return found[1] if found else None


def content_key(  # noqa: PLR0913, PLR0917 - one argument for each stable part of a mail, decisions.md 3
    subject: str | None,
    from_: Sequence[Address],
    date_text: str | None,
    to: Sequence[Address],
    cc: Sequence[Address],
    references: Sequence[str],
    body: str,
) -> str:
    """Returns the SHA-256 in hexadecimal over the parts of a mail that a second delivery does not change.

    Ignores trace fields, folding, white space, the order of recipients, display names and Unicode normalisation.
    `body` is the text of the mail, `date_text` the Date field as written.
    """
    digest = hashlib.sha256()
    for part in (
        _plain(subject or ""),
        *_keys(from_),
        "",
        _plain(date_text or ""),
        *_keys(to),
        "",
        *_keys(cc),
        "",
        *references,
        "",
        _plain(body),
    ):
        octets = part.encode("utf-8", "replace")
        digest.update(b"%d:" % len(octets))  # length prefix: different lists of parts never give the same octets
        digest.update(octets)
    return digest.hexdigest()


def _keys(addresses: Iterable[Address]) -> list[str]:
    return sorted({address.key for address in addresses})


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


# ---- tokens


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
    """Returns the Message-IDs with one of our tokens in these header field values, in order, without repeats."""
    return tuple(dict.fromkeys(found.group() for value in values for found in _OWN_ID.finditer(value)))


def ours_of(message: Message) -> tuple[str, ...]:
    """Returns the Message-IDs under which our mail left the desk, as its copy still names them."""
    return own_ids([*message.header_all(OWN_HEADER), *message.header_all(ORIGINAL_HEADER)])


def parents(message: Message) -> tuple[str, ...]:
    """Returns the Message-IDs that Exchange names in a field of its own."""
    return tuple(dict.fromkeys(name for value in message.header_all(PARENT_HEADER) for name in message_ids(value)))


def followed(message: Message) -> tuple[str, ...]:
    """Returns the mails that References names; of a long thread those with which it began, and the latest."""
    return (*message.references[:-THREAD_ENDS][:THREAD_BEGINS], *message.references[-THREAD_ENDS:])


def answered_by(message: Message) -> tuple[str, ...]:
    """Returns the Message-IDs of the mails that this one answers, the likeliest first."""
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


# ---- keys of a mail


def keys_of(message: Message, language: Language) -> MailKeys:
    """Returns the keys that were read as the mail was parsed; those of any other mail are read now.

    None are stored with a mail of which only the header was read, nor with one whose fields were replaced since.
    """
    return read_keys(message, language) if message.keys is None else message.keys


def read_keys(message: Message, language: Language, forwarded: Forwarded | None = None) -> MailKeys:
    """Reads the keys of a mail. `language`: the prefixes of subjects. `forwarded`: stands in for the one it holds."""
    original = (message.original_message_id,) if message.original_message_id else ()
    parts = split_subject(message.subject or "", language)
    inner = forwarded or message.forwarded
    return MailKeys(
        tokens=in_message(message),
        named=tuple(dict.fromkeys((*answered_by(message), *original))),
        topic=parts.base,
        prefix=parts.first,
        inner_topic=split_subject(inner.subject, language).base if inner and inner.subject else "",
    )
