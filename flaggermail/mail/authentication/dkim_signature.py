# SPDX-License-Identifier: EUPL-1.2
"""What a DKIM signature says of itself, and why it may prove too little (RFC 6376, section 3.5).

A signature that fits proves that the signer once sent these octets; to whom, and how much of what is shown, depends on
its tags. Whoever holds a signed mail can send it on with another subject on top, or with a longer body.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flaggermail.mail.authentication.received_fields import without_comments

LONGEST_ON_ITS_WAY = timedelta(days=5)  # RFC 5321, section 4.5.4.1: how long a server tries to deliver
CLOCK_SLOP = timedelta(hours=1)  # a signer's clock may go before ours
MOST_DIGITS = 12  # RFC 6376, section 3.5, t=
ALGORITHM = "rsa-sha256"  # RFC 8301: rsa-sha1 is broken; Ed25519 is not checked here
NEEDED = ("from", "subject")
ONCE = (
    *NEEDED, "date", "to", "cc", "reply-to", "message-id", "in-reply-to", "references", "mime-version", "content-type",
    "content-transfer-encoding",
)  # fmt: skip

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})){0,20}")
_TAG = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Signature:
    """A DKIM-Signature field; `covers` are the names in h=, small letters, in order."""

    domain: str
    selector: str
    covers: tuple[str, ...]
    tags: Mapping[str, str]

    @property
    def key_name(self) -> str:
        """Where the key stands in the DNS (RFC 6376, section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


def read_tags(text: str) -> dict[str, str] | None:
    """A tag list (RFC 6376, section 3.2), white space inside values left out; nothing when it is none."""
    tags: dict[str, str] = {}
    for piece in text.strip().removesuffix(";").split(";"):
        name, equals, value = piece.partition("=")
        name = name.strip()
        if not equals or not _TAG.fullmatch(name) or name in tags:
            return None
        tags[name] = "".join(value.split())
    return tags


def read_signature(text: str) -> Signature | None:
    """The signature that an unfolded DKIM-Signature field states; nothing when it names no plain domain and selector.

    A selector with a NUL or a quotation mark in it sends a careless verifier to another's key.
    """
    tags = read_tags(text)
    if tags is None or not all(_NAME.fullmatch(tags.get(name, "")) for name in ("d", "s")):
        return None
    covers = tuple(name.lower() for name in tags.get("h", "").split(":") if name)
    return Signature(tags["d"].lower(), tags["s"], covers, tags)


def weakness(signature: Signature, names: Sequence[str], date: datetime | None, now: datetime) -> str | None:
    """Why the signature would prove too little even if it fits, or nothing.

    `names` are the field names of the mail, each as often as it occurs; `date` is its Date.
    """
    if signature.tags.get("a", "").lower() != ALGORITHM:
        return f"its algorithm is not {ALGORITHM}"
    if "l" in signature.tags:
        return "it covers only the beginning of the text (l=)"
    missing = [name for name in NEEDED if name not in signature.covers]
    if missing:
        return f"it does not cover {' and '.join(missing)}"
    found = Counter(names)
    twice = [name for name in ONCE if found[name] > 1]
    if twice:
        return f"the mail has more than one field {' and '.join(twice)}"
    return _out_of_time(signature, date if "date" in signature.covers else None, now)


def _out_of_time(signature: Signature, date: datetime | None, now: datetime) -> str | None:
    """A mail that was signed long ago can be an old one, sent again to look like an answer of today."""
    signed, expires = (_instant(signature.tags.get(tag)) for tag in ("t", "x"))
    if "x" in signature.tags and (expires is None or expires < now):
        return "it has expired (x=)"
    signed = signed or date
    if signed is None:
        return "it does not say when it was made"
    if not now - LONGEST_ON_ITS_WAY <= signed <= now + CLOCK_SLOP:
        return f"it was made at {signed.astimezone(UTC):%Y-%m-%d %H:%M} UTC, not lately"
    return None


def _instant(seconds: str | None) -> datetime | None:
    if seconds is None or not seconds.isascii() or not seconds.isdigit() or len(seconds) > MOST_DIGITS:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def key_weakness(record: Mapping[str, str]) -> str | None:
    """Why a key record counts for nothing, or nothing (RFC 6376, section 3.6.1)."""
    if not record.get("p"):
        return "its key was withdrawn" if "p" in record else "its record holds no key"
    if record.get("k", "rsa").lower() != "rsa":
        return "its key is of a kind that is not checked here"
    if "sha256" not in record.get("h", "sha256").lower().split(":"):
        return "its key does not allow SHA-256"
    if not {"*", "email"} & set(record.get("s", "*").lower().split(":")):
        return "its key is not for mail"
    if "y" in record.get("t", "").lower().split(":"):
        return "its key says that the signer is only testing"
    return None


def same_identity(signature: Signature, record: Mapping[str, str]) -> bool:
    """Whether i= names what the key allows: the domain, or with t=s the very domain (RFC 6376, section 3.6.1)."""
    identity = (without_comments(signature.tags.get("i", "")) or "").rpartition("@")[2].lower() or signature.domain
    if "s" in record.get("t", "").lower().split(":"):
        return identity == signature.domain
    return f".{identity}".endswith(f".{signature.domain}")
