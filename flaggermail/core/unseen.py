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


def is_unseen(char: str) -> bool:
    """Whether `char` is shown as nothing, or changes how others are shown."""
    point = ord(char)
    return unicodedata.category(char) in _CATEGORIES or any(first <= point <= last for first, last in _RANGES)


def visible(text: str) -> str:
    """`text` on one line, without what a reader does not see."""
    return " ".join(
        "".join(" " if char in "\t\r\n" else char for char in text if char in "\t\r\n" or not is_unseen(char)).split()
    )


def visible_lines(text: str) -> str:
    """`text` with its lines as they are (LF), without what a reader does not see."""
    return "".join(char for char in text if char in "\t\n" or not is_unseen(char))
