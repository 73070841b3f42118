# SPDX-License-Identifier: EUPL-1.2
"""Rule patterns, matched in linear time by RE2: no pattern and no mail can make a search explode."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import re2

# Memory limit of a compiled pattern, in octets. RE2 stays within it by dropping states, never by a wrong answer. A
# pattern for which it is too small is searched without states, hundreds of times slower: with 2 MiB one of the shipped
# patterns took 3 ms for a mail of 3,000 characters, now it takes 10 us. RE2 takes only the memory that it needs.
_MEMORY = 10 << 20
# Size of the cache of compiled patterns; a rule set has tens.
_PATTERNS = 512


class _Match(Protocol):
    def group(self) -> str: ...

    def span(self) -> tuple[int, int]: ...


class _Compiled(Protocol):
    def search(self, text: str) -> _Match | None: ...


class Re2Matcher:
    """Implements `ports.Matcher` on google-re2, ignoring case. Settings already reject patterns RE2 cannot compile."""

    def __init__(self) -> None:
        self._compiled = lru_cache(maxsize=_PATTERNS)(compiled)

    def search(self, pattern: str, text: str) -> str | None:
        """Returns the first text that matches `pattern` (RE2 syntax), or None."""
        match = self._compiled(pattern).search(text)
        return match.group() if match else None

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """Returns start and end offset of the first match, or None."""
        match = self._compiled(pattern).search(text)
        return match.span() if match else None


def compiled(pattern: str, *, log: bool = False) -> _Compiled:
    """Compiles a pattern; `log`: RE2 writes to standard error when its memory does not suffice."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = log
    options.max_mem = _MEMORY
    made: _Compiled = re2.compile(pattern, options=options)
    return made
