# SPDX-License-Identifier: EUPL-1.2
"""Whether the domain that signed stands behind the domain that wrote (RFC 7489, section 3.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Organisational = Callable[[str], str | None]

_RECORD = re.compile(rb"\s*v\s*=\s*DMARC1\s*(?:;|$)", re.DOTALL)
_STRICT = re.compile(rb";\s*adkim\s*=\s*s\s*(?:;|$)", re.DOTALL)


def aligned(signer: str, author: str, organisational: Organisational) -> bool:
    """Whether both domains belong to one organisation: relaxed alignment (section 3.1.1).

    `organisational` gives the domain directly below a public suffix (section 3.2), or nothing where there is none: two
    domains below one public suffix are strangers to each other.
    """
    if signer == author:
        return True
    home = organisational(author)
    return home is not None and home == organisational(signer)


def asks_strictness(records: Sequence[bytes]) -> bool | None:
    """Whether the DMARC record wants the very domain to sign (adkim=s, section 6.3); nothing where there is no record.

    Several records are no record (section 6.6.3).
    """
    found = [record for record in records if _RECORD.match(record)]
    return _STRICT.search(found[0]) is not None if len(found) == 1 else None
