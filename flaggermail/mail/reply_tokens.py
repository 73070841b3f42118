# SPDX-License-Identifier: EUPL-1.2
"""The keys by which an answer finds its way back: an unguessable token in Message-ID, reply address and own header.

A token is 32 lower-case hexadecimal digits. A mail client copies Message-IDs into References and In-Reply-To
(RFC 5322, section 3.6.4), so a thread keeps the token even where the subject is rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

OWN_HEADER = "X-Flaggermail-Ref"
"""Holds the bare token."""
LOOP_HEADER = "X-Flaggermail-Loop"
"""Stands on everything that is sent without a person."""

EXERCISE_HEADER = "X-Flaggermail-Exercise"
"""Stands on every mail of a rehearsal."""

# Also inside a rewritten address (VERP, SRS), and in capitals: some servers change the case of the local part.
_TOKEN = re.compile(r"(?:(?<![0-9a-z])vf\.|\+)([0-9a-f]{32})(?![0-9a-z])", re.IGNORECASE)
_BARE_TOKEN = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_LOCAL_PART_LIMIT = 64  # RFC 5321, section 4.5.3.1.1


def message_id(token: str, serial: int, domain: str) -> str:
    """The Message-ID, without angle brackets, of mail number `serial` that carries `token`."""
    return f"vf.{token}.{serial}@{domain}"


def root_reference(token: str, domain: str) -> str:
    """The identifier that every mail with `token` names first in References, so that clients show one thread."""
    return f"vf.{token}@{domain}"


def token_word(token: str) -> str:
    """The token as a word that is found again in a subject."""
    return f"vf.{token}"


def reply_address(address: str, token: str) -> str:
    """`address` with `token` as its detail (RFC 5233). Raises ValueError where it is no address or becomes too long."""
    local, at, domain = address.rpartition("@")
    detailed = f"{local}+{token}"
    if not (local and at and domain):
        raise ValueError(f"{address!a} is not a mail address")
    if len(detailed) > _LOCAL_PART_LIMIT:
        raise ValueError(f"{address!a} is too long to carry a token: {len(detailed)} of {_LOCAL_PART_LIMIT} characters")
    return f"{detailed}@{domain}"


def tokens(values: Iterable[str]) -> tuple[str, ...]:
    """Every token in Message-IDs, addresses and values of the own header, each once, in the order of appearance."""
    found: dict[str, None] = {}
    for value in values:
        bare = _BARE_TOKEN.fullmatch(value.strip())
        matches = [bare[0]] if bare else _TOKEN.findall(value)
        found.update(dict.fromkeys(match.lower() for match in matches))
    return tuple(found)
