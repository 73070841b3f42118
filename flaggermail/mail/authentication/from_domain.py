# SPDX-License-Identifier: EUPL-1.2
"""The one domain in whose name a mail is written, or nothing where two programs could read two of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flaggermail.mail.authentication.received_fields import FROM, Fields, without_comments
from flaggermail.mail.message import Address

LONGEST = 10_000  # characters of a From field that is read here

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = r'[^\s@<>()\[\],;:\\"]{1,64}|"[^@<>,;:\\"]{1,998}"'
_ADDRESS = rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL}){{1,20}})"
# RFC 5322, section 3.4, without groups, routes, lists and signs of an address inside a quoted local part: in those,
# programs disagree who writes
_BARE = re.compile(_ADDRESS)
_TWICE = re.compile(rf"{_ADDRESS}\s*<\s*\1@\2\s*>")  # some programs write the address for want of a name
_NAMED = re.compile(rf'(?:"(?:[^"\\]|\\.)*"|[^"<>@,;:\\()])*<\s*{_ADDRESS}\s*>')


def author_domain(fields: Fields, authors: Sequence[Address]) -> str | None:
    """The domain of the author, in small letters: one From field, one address, nothing that could be a second.

    `authors` are the addresses that the parser found: where it reads another address than this, nobody is the author
    (RFC 7489, section 6.6.1: a From with several domains, or none, has no domain to speak of). Only letters, digits and
    hyphens make a domain: what merely looks like one of a platform's is another.
    """
    lines = [text for name, text in fields if name == FROM]
    if len(lines) != 1 or len(authors) != 1 or len(lines[0]) > LONGEST:
        return None
    text = (without_comments(lines[0]) or "").strip()
    found = _BARE.fullmatch(text) or _NAMED.fullmatch(text) or _TWICE.fullmatch(text)
    if found is None or "=?" in found[1] or authors[0].address.rpartition("@")[2] != found[2]:
        return None
    return found[2].lower()
