# SPDX-License-Identifier: EUPL-1.2
"""DMARC identifier alignment: whether the signing domain belongs to the author's organisation (RFC 7489, 3.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

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


def asks_strictness(records: Sequence[bytes]) -> bool | None:
    """True if the DMARC record demands strict alignment (adkim=s, section 6.3); None if there is no record.

    Several records count as none (section 6.6.3).
    """
    found = [record for record in records if _RECORD.match(record)]
    return _STRICT.search(found[0]) is not None if len(found) == 1 else None
