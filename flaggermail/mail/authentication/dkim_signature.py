# SPDX-License-Identifier: EUPL-1.2
"""Reads DKIM signatures, and finds why a valid one may prove too little (RFC 6376, section 3.5).

A valid signature proves that the signer sent these octets at some time. Its tags determine to whom, and how much of
the displayed mail is covered. Anyone with a signed mail can resend it with another Subject on top or a longer body.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flaggermail.mail.authentication.authres import without_comments
from flaggermail.wording.filing import SignatureProof
from flaggermail.wording.said import StoredText

LONGEST_ON_ITS_WAY = timedelta(days=5)  # RFC 5321, section 4.5.4.1: how long a server tries to deliver
CLOCK_SLOP = timedelta(hours=1)  # the signer's clock may be ahead of ours
MOST_DIGITS = 12  # RFC 6376, section 3.5, t=
ALGORITHM = "rsa-sha256"  # RFC 8301: rsa-sha1 is broken; Ed25519 is not supported here
NEEDED = ("from", "subject")
ONCE = (
    *NEEDED, "date", "to", "cc", "reply-to", "message-id", "in-reply-to", "references", "mime-version", "content-type",
    "content-transfer-encoding",
)  # fmt: skip

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})){0,20}")
_TAG = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Signature:
    """A DKIM-Signature field. `covers` holds the names in h=, in lower case and in order."""

    domain: str
    selector: str
    covers: tuple[str, ...]
    tags: Mapping[str, str]

    @property
    def key_name(self) -> str:
        """The DNS name of the public key (RFC 6376, section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


def read_tags(text: str) -> dict[str, str] | None:
    """Parses a tag list (RFC 6376, section 3.2) and removes white space in values; None if it is malformed."""
    tags: dict[str, str] = {}
    for piece in text.strip().removesuffix(";").split(";"):
        name, equals, value = piece.partition("=")
        name = name.strip()
        if not equals or not _TAG.fullmatch(name) or name in tags:
            return None
        tags[name] = "".join(value.split())
    return tags


def read_signature(text: str) -> Signature | None:
    """Parses an unfolded DKIM-Signature field; None unless domain and selector are plain names.

    A NUL or quotation mark in a selector can direct a careless verifier to somebody else's key.
    """
    tags = read_tags(text)
    if tags is None or not all(_NAME.fullmatch(tags.get(name, "")) for name in ("d", "s")):
        return None
    covers = tuple(name.lower() for name in tags.get("h", "").split(":") if name)
    return Signature(tags["d"].lower(), tags["s"], covers, tags)


def weakness(signature: Signature, names: Sequence[str], date: datetime | None, now: datetime) -> StoredText | None:
    """Returns why the signature would prove too little even if valid, or None.

    `names` are the field names of the mail with repetitions; `date` is its Date.
    """
    if signature.tags.get("a", "").lower() != ALGORITHM:
        return SignatureProof.ALGORITHM(algorithm=ALGORITHM)
    if "l" in signature.tags:
        return SignatureProof.PARTIAL()
    missing = [name for name in NEEDED if name not in signature.covers]
    if missing:
        return SignatureProof.UNCOVERED(fields=missing)
    found = Counter(names)
    twice = [name for name in ONCE if found[name] > 1]
    if twice:
        return SignatureProof.REPEATED(fields=twice)
    return _age_weakness(signature, date if "date" in signature.covers else None, now)


def _age_weakness(signature: Signature, date: datetime | None, now: datetime) -> StoredText | None:
    """Returns why the age of a signature rules it out; an old mail may be resent to look like a current answer."""
    signed, expires = (_instant(signature.tags.get(tag)) for tag in ("t", "x"))
    if "x" in signature.tags and (expires is None or expires < now):
        return SignatureProof.EXPIRED()
    signed = signed or date
    if signed is None:
        return SignatureProof.UNDATED()
    if not now - LONGEST_ON_ITS_WAY <= signed <= now + CLOCK_SLOP:
        return SignatureProof.OLD(at=f"{signed.astimezone(UTC):%Y-%m-%d %H:%M}")
    return None


def _instant(seconds: str | None) -> datetime | None:
    if seconds is None or not seconds.isascii() or not seconds.isdigit() or len(seconds) > MOST_DIGITS:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def key_weakness(record: Mapping[str, str]) -> StoredText | None:
    """Returns why a key record is unusable, or None (RFC 6376, section 3.6.1)."""
    if not record.get("p"):
        return SignatureProof.KEY_WITHDRAWN() if "p" in record else SignatureProof.NO_KEY()
    if record.get("k", "rsa").lower() != "rsa":
        return SignatureProof.KEY_KIND()
    if "sha256" not in record.get("h", "sha256").lower().split(":"):
        return SignatureProof.KEY_HASH()
    if not {"*", "email"} & set(record.get("s", "*").lower().split(":")):
        return SignatureProof.KEY_PURPOSE()
    if "y" in record.get("t", "").lower().split(":"):
        return SignatureProof.KEY_TEST()
    return None


def same_identity(signature: Signature, record: Mapping[str, str]) -> bool:
    """True if the key allows the identity in i=: the domain or a subdomain, exact with t=s (RFC 6376, 3.6.1)."""
    identity = (without_comments(signature.tags.get("i", "")) or "").rpartition("@")[2].lower() or signature.domain
    if "s" in record.get("t", "").lower().split(":"):
        return identity == signature.domain
    return f".{identity}".endswith(f".{signature.domain}")
