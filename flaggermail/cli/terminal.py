# SPDX-License-Identifier: EUPL-1.2
"""Makes strangers' text safe for a terminal: characters that act on it or hide text are shown as escapes."""

from __future__ import annotations

import unicodedata

# Unicode general categories: control (start of ANSI sequences), format (bidirectional and invisible characters),
# surrogate, line and paragraph separator.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAYOUT = "\n\t"


def safe(text: str) -> str:
    """Makes control, bidirectional and invisible characters visible as `<U+202E>`; keeps line breaks and tabs."""
    return "".join(_visible(sign) if sign not in _LAYOUT else sign for sign in text)


def safe_line(text: str) -> str:
    """Does the same as `safe` for line breaks and tabs too, so that no text can forge a line of our output."""
    return "".join(map(_visible, text))


def safe_json(document: str) -> str:
    """Escapes such characters in a JSON document, whose meaning stays the same (RFC 8259, section 7)."""
    return "".join(_escaped(sign) if _is_unsafe(sign) and sign != "\n" else sign for sign in document)


def _is_unsafe(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSAFE


def _visible(sign: str) -> str:
    return f"<U+{ord(sign):04X}>" if _is_unsafe(sign) else sign


def _escaped(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
