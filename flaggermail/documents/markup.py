# SPDX-License-Identifier: EUPL-1.2
"""Writes HTML and SVG elements. Text is escaped unless it is `Markup`, so that no name becomes an element."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

# XML 1.0 forbids most control characters, and a browser reads them differently; the bidirectional ones reorder a line.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
REPLACEMENT = "\ufffd"


class Markup(str):
    """Text in which every name is escaped already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Returns text for an element or an attribute; characters that XML forbids or that reorder a line are replaced."""
    return text if isinstance(text, Markup) else Markup(escape(_UNFIT.sub(REPLACEMENT, text)))


def element(name: str, attributes: Mapping[str, str | int] | None = None, *content: str) -> Markup:
    """Returns an element with its content; an element of SVG without content closes itself."""
    given = "".join(f' {key}="{escaped(str(value))}"' for key, value in (attributes or {}).items())
    inside = "".join(map(escaped, content))
    return Markup(f"<{name}{given}>{inside}</{name}>" if content else f"<{name}{given}/>")


def lines(*parts: str) -> Markup:
    """Returns the parts, one a line; empty ones are left out."""
    return Markup("\n".join(escaped(part) for part in parts if part))
