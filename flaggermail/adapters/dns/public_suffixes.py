# SPDX-License-Identifier: EUPL-1.2
"""Which domains belong to one organisation, by the public suffix list that comes inside the package: no download."""

from __future__ import annotations

from functools import cache

from publicsuffixlist import PublicSuffixList


def organisational(domain: str) -> str | None:
    """The domain directly below the public suffix of `domain` (RFC 7489, section 3.2); nothing for a suffix itself.

    A top-level domain that the list does not know is taken for a public suffix.
    """
    found: str | None = _list().privatesuffix(domain)
    return found


@cache
def _list() -> PublicSuffixList:
    """The list, read once (a tenth of a second)."""
    return PublicSuffixList()
