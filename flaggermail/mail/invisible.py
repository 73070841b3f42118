# SPDX-License-Identifier: EUPL-1.2
"""Characters that a reader cannot see: controls, joiners, fillers, bidirectional marks."""

from __future__ import annotations

import unicodedata

# Format (zero width, bidirectional, soft hyphen, tags), control, surrogate, private use, line and paragraph separator.
_CATEGORIES = frozenset({"Cf", "Cc", "Cs", "Co", "Zl", "Zp"})
# Invisible despite their category (Unicode: Default_Ignorable_Code_Point), and the blank Braille pattern.
_RANGES = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF),
)  # fmt: skip
_BLANKS = str.maketrans("\t\r\n", "   ")


def is_invisible(char: str) -> bool:
    """True if `char` is displayed as nothing or changes how other characters are displayed."""
    if " " <= char <= "~":  # fast path: printable ASCII
        return False
    point = ord(char)
    return unicodedata.category(char) in _CATEGORIES or any(first <= point <= last for first, last in _RANGES)


def visible(text: str) -> str:
    """Returns `text` on one line, without invisible characters."""
    return " ".join(_without_unseen(text, "\t\r\n").translate(_BLANKS).split())


def visible_lines(text: str) -> str:
    """Returns `text` with its line breaks (LF), without other invisible characters."""
    return _without_unseen(text, "\t\n")


def _without_unseen(text: str, kept: str) -> str:
    """Removes invisible characters except `kept`. Each distinct character is tested once."""
    return text.translate({ord(char): None for char in set(text) if char not in kept and is_invisible(char)})
