# SPDX-License-Identifier: EUPL-1.2
"""Rule patterns, matched in linear time by RE2: no pattern and no mail can make a search explode."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import re2

# Octets of memory in which RE2 keeps the states of a pattern. It stays within them by dropping states, never by a wrong
# answer, but where they do not suffice it searches without states, hundreds of times slower. More than the least is
# asked for by a class of letters, of which a list of whole words has two a word, and by a gap of any characters
# (`.{0,80}`), which multiplies states. With 10 MiB for each, 500 mails filled 10.5 of the shipped ones; so they fill
# 6.1, and the two with the largest gaps take 0.07 ms a mail more.
_LEAST, _OF_CLASS, _OF_GAP, _MOST = 2 << 20, 320 << 10, 2 << 20, 10 << 20
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


def room(pattern: str) -> int:
    """Returns the octets of memory that a pattern may take once it is compiled."""
    gap = _OF_GAP if ".{0," in pattern else 0
    return min(_MOST, _LEAST + gap + _OF_CLASS * pattern.count(r"\p"))


def compiled(pattern: str, *, log: bool = False) -> _Compiled:
    """Compiles a pattern; `log`: RE2 writes to standard error when its memory does not suffice."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = log
    options.max_mem = room(pattern)
    made: _Compiled = re2.compile(pattern, options=options)
    return made
