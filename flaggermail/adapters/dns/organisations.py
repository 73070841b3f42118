# SPDX-License-Identifier: EUPL-1.2
"""The organisational domain of a name, by the Public Suffix List; it asks no server."""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList


def organisational(domain: str) -> str | None:
    """Returns the organisational domain of `domain` (RFC 7489, section 3.2); None for a public suffix itself.

    A top-level domain missing from the list counts as a public suffix.
    """
    found: str | None = _list().privatesuffix(domain)
    return found


@cache
def _list() -> PublicSuffixList:
    """Returns the list, loaded once (100 ms)."""
    return PublicSuffixList()
