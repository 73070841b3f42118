# SPDX-License-Identifier: EUPL-1.2
"""Which platforms a text names, by their own names and those of their services; a hint to an officer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_READ = 20_000  # characters
_SHORT = 2  # letters up to which a name counts only as it is written: "X"
_COMPOUND = 6  # letters from which a name may begin a longer word: "Instagramaccount"


def named(text: str, names: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Returns the codes of the platforms of which `text` has one of the `names`, the one named first first."""
    read = text[:_READ]
    places = {
        code: min((at for name in of if (at := _place_of(name, read)) >= 0), default=-1) for code, of in names.items()
    }
    return tuple(sorted((code for code, at in places.items() if at >= 0), key=lambda code: places[code]))


def _place_of(name: str, text: str) -> int:
    end = "" if len(name) >= _COMPOUND else r"(?![\w-])"
    found = re.search(rf"(?<![\w-]){re.escape(name)}{end}", text, 0 if len(name) <= _SHORT else re.IGNORECASE)
    return found.start() if found else -1
