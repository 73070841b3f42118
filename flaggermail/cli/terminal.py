# SPDX-License-Identifier: EUPL-1.2
"""Text of strangers on a terminal: what would act on the terminal, or hide something, is shown instead of obeyed."""

from __future__ import annotations

import unicodedata

# Unicode general categories: control (ANSI sequences begin with one), format (the bidirectional and the invisible
# characters), surrogate, line and paragraph separator.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAYOUT = "\n\t"


def safe(text: str) -> str:
    """`text`, its control, bidirectional and invisible characters made visible as `<U+202E>`; lines stay lines."""
    return "".join(_visible(sign) if sign not in _LAYOUT else sign for sign in text)


def safe_line(text: str) -> str:
    """As `safe`, in one line: line breaks and tabs are made visible too, so that nothing can forge a line of ours."""
    return "".join(map(_visible, text))


def safe_json(document: str) -> str:
    """A JSON document that means the same and holds no such character: each is written as its escape (RFC 8259, 7)."""
    return "".join(_escaped(sign) if _is_unsafe(sign) and sign != "\n" else sign for sign in document)


def _is_unsafe(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSAFE


def _visible(sign: str) -> str:
    return f"<U+{ord(sign):04X}>" if _is_unsafe(sign) else sign


def _escaped(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
