# SPDX-License-Identifier: EUPL-1.2
"""The part of an HTML mail that a reader sees: without text hidden by size, colour, place or markup, or struck through.

Every doubt counts as hidden, so that nothing acts that a reader never saw; `hidden_html` counts it as seen.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from flaggermail.mail.css_values import Look, applied, declarations
from flaggermail.mail.html_page import RAW, HtmlPage, presentational
from flaggermail.mail.html_text import TextLines

_SELECTED = re.compile(r"([.#\[]?)([\w-]+)")
_ONLY_DARK = ("[data-ogsc]", "[data-ogsb]", "[data-ogab]", "[data-ogac]")  # set by Outlook on the web, in dark mode
_COLOURS = frozenset(("color", "background", "background-color"))
_RULES, _LONGEST_SHEET = 500, 200_000
_UNSEEN = RAW | frozenset((
    "head", "template", "option", "datalist", "object", "audio", "video", "canvas", "svg", "math", "dialog", "details",
    "applet", "plaintext", "rp", "bdo",
    "s", "strike", "del",  # its writer took it back: a reader sees that it does not count
))  # fmt: skip


@dataclass
class _Sheet:
    """Style rules by the last tag, class or id of their selectors."""

    rules: dict[tuple[str, str], list[list[tuple[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def read(self, source: str) -> None:
        """Adds the rules of a style element; colours in a media query do not count, since dark mode needs them."""
        plain = re.sub(r"/\*.*?(?:\*/|\Z)", "", source, flags=re.DOTALL)
        depth = 0  # of at-rules around a rule
        for piece in plain[:_LONGEST_SHEET].split("}")[: _RULES * 4]:
            before, brace, style = piece.rpartition("{")
            depth += before.count("{") if brace else -1
            if brace and self.count < _RULES:
                wanted = [one for one in declarations(style) if depth <= 0 or one[0] not in _COLOURS]
                for selector in before.rpartition("{")[2].split(","):
                    self._add(selector.strip(), wanted)

    def _add(self, selector: str, wanted: list[tuple[str, str]]) -> None:
        if not selector or selector.startswith("@") or any(sign in selector.lower() for sign in _ONLY_DARK):
            return
        last = re.split(r"[\s>+~]+", selector)[-1].partition(":")[0]
        named = _SELECTED.findall(last)
        self.count += 1
        key = next((one for one in reversed(named) if one[0]), named[-1] if named else ("", "*"))
        self.rules[key[0], key[1].lower()].append(wanted)

    def of(self, name: str, attributes: Mapping[str, str]) -> Iterator[list[tuple[str, str]]]:
        """Yields the declarations for an element, the most general first."""
        if not self.rules:
            return
        keys = [("", "*"), ("", name), *(("[", one) for one in attributes)]
        keys += [(".", one.lower()) for one in attributes.get("class", "").split()]
        keys += [("#", attributes["id"].lower())] if "id" in attributes else []
        for key in keys:
            yield from self.rules.get(key, ())


def whole_and_seen(markup: str) -> tuple[str, str]:
    """Returns the text of a page, and that text without what a reader does not surely see."""
    page = _SeenPage(markup)
    whole, seen = TextLines(page.source), TextLines(page.source, bare=True)
    for start, end, tag, inside, sure in page.walk():
        whole.add(start, end, tag, inside)
        if sure:
            seen.add(start, end, tag, "" if tag else " " if page.look.hidden else inside)
    return whole.text(), seen.text()


class _SeenPage(HtmlPage[Look]):
    def __init__(self, source: str) -> None:
        super().__init__(source, Look())
        self.sheet = _Sheet()

    def read_sheet(self, source: str) -> None:
        self.sheet.read(source)

    def styled(self, name: str, attributes: Mapping[str, str]) -> Look:
        above = self.look
        look = replace(above, gone=True) if name in _UNSEEN or "hidden" in attributes else above
        for wanted in (*self.sheet.of(name, attributes), presentational(name, attributes)):
            look = applied(look, wanted, above)
        return applied(look, declarations(attributes["style"]), above) if "style" in attributes else look
