# SPDX-License-Identifier: EUPL-1.2
"""DMARC identifier alignment: whether the signing domain belongs to the author's organisation (RFC 7489, 3.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from flaggermail.mail.authentication.received_fields import FROM, Fields, without_comments
from flaggermail.mail.message import Address

LONGEST = 10_000  # characters of a From field that is parsed
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = r'[^\s@<>()\[\],;:\\"]{1,64}|"[^@<>,;:\\"]{1,998}"'
_ADDRESS = rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL}){{1,20}})"
_BARE = re.compile(_ADDRESS)
_TWICE = re.compile(rf"{_ADDRESS}\s*<\s*\1@\2\s*>")  # some programs repeat the address as the display name
_NAMED = re.compile(rf'(?:"(?:[^"\\]|\\.)*"|[^"<>@,;:\\()])*<\s*{_ADDRESS}\s*>')

Organisational = Callable[[str], str | None]

_RECORD = re.compile(rb"\s*v\s*=\s*DMARC1\s*(?:;|$)", re.DOTALL)
_STRICT = re.compile(rb";\s*adkim\s*=\s*s\s*(?:;|$)", re.DOTALL)


def aligned(signer: str, author: str, organisational: Organisational) -> bool:
    """True if both domains belong to one organisation: relaxed alignment (RFC 7489, section 3.1.1).

    `organisational` returns the domain directly below a public suffix (section 3.2), or None if there is none; two
    domains below the same public suffix are unrelated.
    """
    if signer == author:
        return True
    home = organisational(author)
    return home is not None and home == organisational(signer)


def demands_strict_alignment(records: Sequence[bytes]) -> bool | None:
    """True if the DMARC record demands strict alignment (adkim=s, section 6.3); None if there is no record.

    Several records count as none (section 6.6.3).
    """
    found = [record for record in records if _RECORD.match(record)]
    return _STRICT.search(found[0]) is not None if len(found) == 1 else None


def author_domain(fields: Fields, authors: Sequence[Address]) -> str | None:
    """Returns the author's domain in lower case: one From field, one address, nothing that could be a second one.

    `authors` are the addresses that the parser found. If it reads another address, there is no author (RFC 7489,
    section 6.6.1: a From with several domains, or none, has no domain to evaluate). A domain may contain only letters,
    digits and hyphens, so a look-alike of a platform's domain is a different domain.
    """
    found = _author(fields, authors)
    return found[2].lower() if found else None


def author_address(fields: Fields, authors: Sequence[Address]) -> str | None:
    """Returns the author's address in lower case, or None if `author_domain` does or the parser reads another."""
    found = _author(fields, authors)
    if found is None or authors[0].address != f"{found[1]}@{found[2]}":
        return None
    return f"{found[1]}@{found[2]}".lower()


def _author(fields: Fields, authors: Sequence[Address]) -> re.Match[str] | None:
    """Returns local part and domain of the single author, or None."""
    lines = [text for name, text in fields if name == FROM]
    if len(lines) != 1 or len(authors) != 1 or len(lines[0]) > LONGEST:
        return None
    text = (without_comments(lines[0]) or "").strip()
    found = _BARE.fullmatch(text) or _NAMED.fullmatch(text) or _TWICE.fullmatch(text)
    if found is None or "=?" in found[1] or authors[0].address.rpartition("@")[2] != found[2]:
        return None
    return found
