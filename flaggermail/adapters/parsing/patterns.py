# SPDX-License-Identifier: EUPL-1.2
"""Patterns of rules, found in linear time by RE2: no pattern and no mail can make a search explode."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import re2

# Of one compiled pattern, in octets. RE2 keeps within it by forgetting states, never by giving a wrong answer.
_MEMORY = 2 << 20
# Compiled patterns that are kept; a rule set has tens.
_PATTERNS = 512


class _Match(Protocol):
    def group(self) -> str: ...

    def span(self) -> tuple[int, int]: ...


class _Compiled(Protocol):
    def search(self, text: str) -> _Match | None: ...


class Re2Matcher:
    """`ports.Matcher` on google-re2; capitals are ignored. The settings have refused what RE2 cannot compile."""

    def __init__(self) -> None:
        self._compiled = lru_cache(maxsize=_PATTERNS)(_compile)

    def search(self, pattern: str, text: str) -> str | None:
        """The first text that matches `pattern` (RE2 syntax), or nothing."""
        match = self._compiled(pattern).search(text)
        return match.group() if match else None

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """Where it stands: its first and past-the-last sign."""
        match = self._compiled(pattern).search(text)
        return match.span() if match else None


def _compile(pattern: str) -> _Compiled:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    compiled: _Compiled = re2.compile(pattern, options=options)
    return compiled
