# SPDX-License-Identifier: EUPL-1.2
"""Parses Message-IDs, and computes a digest that stays the same when a mail is delivered twice."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from flaggermail.mail.message import Address

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
