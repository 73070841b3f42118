# SPDX-License-Identifier: EUPL-1.2
"""What identifies a mail: Message-IDs as they are written, and a digest over what a second delivery does not change."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from flaggermail.mail.message import Address

# Angle brackets around anything without blanks or brackets: RFC 5322, section 3.6.4, and what is seen in its place.
_BRACKETED = re.compile(r"<([^<>\s]{1,998})>")
# Some programs write the bare identifier; an @ tells it from the phrases of RFC 822 ("Your message of Monday").
_BARE = re.compile(r"(?:^|(?<=[\s,;]))([^\s<>\"(),;:@]{1,250}@[^\s<>\"(),;@]{1,250})(?=$|[\s,;])")
_MOST = 500


def message_ids(value: str) -> tuple[str, ...]:
    """The identifiers of a References, In-Reply-To or Message-ID field, without brackets, in order, each once.

    Tolerates comments and phrases between them, a missing bracket pair, and folding inside an identifier's neighbours;
    reads at most 500.
    """
    found = _BRACKETED.findall(value) or _BARE.findall(value)
    return tuple(dict.fromkeys(found[:_MOST]))


def content_key(  # noqa: PLR0913, PLR0917 - one argument for each stable part of a mail, decisions.md 3
    subject: str | None,
    from_: Sequence[Address],
    date_text: str | None,
    to: Sequence[Address],
    cc: Sequence[Address],
    references: Sequence[str],
    body: str,
) -> str:
    """SHA-256 in hexadecimal over the parts that stay equal when the same mail is delivered again by another way.

    Trace fields, folding, white space, the order of recipients, display names and Unicode forms do not count; `body` is
    the text of the mail, `date_text` the Date field as written.
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
        digest.update(b"%d:" % len(octets))  # the length in front: no two lists of parts give the same octets
        digest.update(octets)
    return digest.hexdigest()


def _keys(addresses: Iterable[Address]) -> list[str]:
    return sorted({address.key for address in addresses})


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
