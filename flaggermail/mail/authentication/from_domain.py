# SPDX-License-Identifier: EUPL-1.2
"""Finds the single domain in From; None if two programs could read different domains."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flaggermail.mail.authentication.received_fields import FROM, Fields, without_comments
from flaggermail.mail.message import Address

LONGEST = 10_000  # characters of a From field that is parsed

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = r'[^\s@<>()\[\],;:\\"]{1,64}|"[^@<>,;:\\"]{1,998}"'
_ADDRESS = rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL}){{1,20}})"
# RFC 5322, section 3.4, without groups, routes, lists and address characters inside a quoted local part: programs
# disagree about the author in those.
_BARE = re.compile(_ADDRESS)
_TWICE = re.compile(rf"{_ADDRESS}\s*<\s*\1@\2\s*>")  # some programs repeat the address as the display name
_NAMED = re.compile(rf'(?:"(?:[^"\\]|\\.)*"|[^"<>@,;:\\()])*<\s*{_ADDRESS}\s*>')


def author_domain(fields: Fields, authors: Sequence[Address]) -> str | None:
    """Returns the author's domain in lower case: one From field, one address, nothing that could be a second one.

    `authors` are the addresses that the parser found. If it reads another address, there is no author (RFC 7489,
    section 6.6.1: a From with several domains, or none, has no domain to evaluate). A domain may contain only letters,
    digits and hyphens, so a look-alike of a platform's domain is a different domain.
    """
    lines = [text for name, text in fields if name == FROM]
    if len(lines) != 1 or len(authors) != 1 or len(lines[0]) > LONGEST:
        return None
    text = (without_comments(lines[0]) or "").strip()
    found = _BARE.fullmatch(text) or _NAMED.fullmatch(text) or _TWICE.fullmatch(text)
    if found is None or "=?" in found[1] or authors[0].address.rpartition("@")[2] != found[2]:
        return None
    return found[2].lower()
