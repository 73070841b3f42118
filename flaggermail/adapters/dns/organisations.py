# SPDX-License-Identifier: EUPL-1.2
"""The organisational domain of a name, by the Public Suffix List; it asks no server."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from publicsuffixlist import PSLFILE, PublicSuffixList

_TOPS = 64  # top-level domains whose rules are kept ready


def organisational(domain: str) -> str | None:
    """Returns the organisational domain of `domain` (RFC 7489, section 3.2); None for a public suffix itself.

    A top-level domain missing from the list counts as a public suffix.
    """
    top = domain.lower().removesuffix(".").rpartition(".")[2]
    found: str | None = _rules_of(top if top in _list() else "").privatesuffix(domain)
    return found


@lru_cache(_TOPS)
def _rules_of(top: str) -> PublicSuffixList:
    """Returns the rules for the names below a top-level domain: no other rule fits one of them."""
    return PublicSuffixList(_list().get(top, b""))


@cache
def _list() -> dict[str, bytes]:
    """Returns the lines of the list by top-level domain, in both its forms: a desk meets few of 1,500."""
    found: dict[str, bytearray] = {}
    with Path(PSLFILE).open("rb") as file:
        for line in file:
            rule = line.split(maxsplit=1)[:1]
            if rule and not rule[0].startswith(b"//"):
                found.setdefault(rule[0].decode().lower().rpartition(".")[2], bytearray()).extend(rule[0] + b"\n")
    kept = {top: bytes(lines) for top, lines in found.items()}
    return kept | {top.encode("idna").decode("ascii"): lines for top, lines in kept.items() if not top.isascii()}
