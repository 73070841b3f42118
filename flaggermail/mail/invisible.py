# SPDX-License-Identifier: EUPL-1.2
"""Characters that a reader does not see: controls, joiners, fillers, marks that turn the direction of writing."""

from __future__ import annotations

import unicodedata

# Format (zero width, bidirectional, soft hyphen, tags), control, surrogate, private use, line and paragraph separator.
_CATEGORIES = frozenset({"Cf", "Cc", "Cs", "Co", "Zl", "Zp"})
# Unseen, though letters, marks or symbols by category (Unicode: Default_Ignorable_Code_Point), and the blank Braille.
_RANGES = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF),
)  # fmt: skip
_BLANKS = str.maketrans("\t\r\n", "   ")


def is_unseen(char: str) -> bool:
    """Whether `char` is shown as nothing, or changes how others are shown."""
    if " " <= char <= "~":  # nearly every one: ASCII without its controls
        return False
    point = ord(char)
    return unicodedata.category(char) in _CATEGORIES or any(first <= point <= last for first, last in _RANGES)


def visible(text: str) -> str:
    """`text` on one line, without what a reader does not see."""
    return " ".join(_without_unseen(text, "\t\r\n").translate(_BLANKS).split())


def visible_lines(text: str) -> str:
    """`text` with its lines as they are (LF), without what a reader does not see."""
    return _without_unseen(text, "\t\n")


def _without_unseen(text: str, kept: str) -> str:
    """Each character is judged once, however often it stands in a text."""
    return text.translate({ord(char): None for char in set(text) if char not in kept and is_unseen(char)})
