# SPDX-License-Identifier: EUPL-1.2
"""Rule patterns, matched in linear time by RE2: no pattern and no mail can make a search explode."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import re2

# Memory limit of a compiled pattern, in octets. RE2 stays within it by dropping states, never by a wrong answer.
_MEMORY = 2 << 20
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
        self._compiled = lru_cache(maxsize=_PATTERNS)(_compile)

    def search(self, pattern: str, text: str) -> str | None:
        """Returns the first text that matches `pattern` (RE2 syntax), or None."""
        match = self._compiled(pattern).search(text)
        return match.group() if match else None

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """Returns start and end offset of the first match, or None."""
        match = self._compiled(pattern).search(text)
        return match.span() if match else None


def _compile(pattern: str) -> _Compiled:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    compiled: _Compiled = re2.compile(pattern, options=options)
    return compiled
