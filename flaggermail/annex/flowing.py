# SPDX-License-Identifier: EUPL-1.2
"""Paragraphs that a mail program broke into lines, flowed anew: where its lines end tells which program it was.

Line ends become spaces, one for one, so that each place in the text stays where it was. Quoted lines, lists, tables,
preformatted text, headers of forwarded mail, and what is below "-- " stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NARROWEST, _WIDEST = 60, 100  # characters of a line at which programs break paragraphs (RFC 5322 advises 78)
_WORDS_OF_A_PARAGRAPH = 12  # in a line that is longer: then paragraphs are not broken
_STAYS = re.compile(
    r"[\s>|+*#\u2022\u2013_=~-]"  # quotations, lists, rules
    r"|\(?(?:\d{1,3}|[A-Za-z])[.)]\s"  # numbered lists
    r"|[\w -]{1,30}:\s"  # labels
    r"|.*(?:[^\s.!?]\s{2,}\S|\t|\|)"  # columns
    r"|\s*\Z"
)
_SIGNATURE = re.compile(r"--\s?")


def flowed(text: str) -> str:
    """Returns a text of the same length, in which broken paragraphs are one line each."""
    lines = text.split("\n")
    end = next((at for at, line in enumerate(lines) if _SIGNATURE.fullmatch(line)), len(lines))
    flowing = [at < end and _STAYS.match(line) is None for at, line in enumerate(lines)]
    width = _width([line for line, flows in zip(lines, flowing, strict=True) if flows])
    if not width:
        return text
    parts = [lines[0]]
    for at in range(1, len(lines)):
        before, line = lines[at - 1], lines[at]
        joins = flowing[at - 1] and flowing[at] and _is_full(before, line, width)
        parts += (" " if joins else "\n", line)
    return "".join(parts)


def _width(lines: Sequence[str]) -> int:
    """Returns at which width the paragraphs are broken; 0 if they are not."""
    if any(len(line) > _WIDEST and line.count(" ") >= _WORDS_OF_A_PARAGRAPH for line in lines):
        return 0
    widest = max((len(line) for line in lines if len(line) <= _WIDEST), default=0)
    return widest if widest >= _NARROWEST else 0


def _is_full(line: str, following: str, width: int) -> bool:
    """True if the first word of the following line had no room in this one. A hyphen may belong to either."""
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) > width and not line.endswith("-")
