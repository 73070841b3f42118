# SPDX-License-Identifier: EUPL-1.2
"""Which declarations of the style rules of an HTML mail hold for an element, as a browser on a desktop reads them.

CSS Cascading 4: importance, specificity, order. Selectors of tags, classes, ids and attributes, alone, within one
another (`.a .b`) or directly (`.a > .b`). A rule with any other selector holds for nothing, and so does one in an
at-rule that a wide window in daylight does not meet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flaggermail.mail.css_values import weighed

WINDOW = 1280.0  # px: width of the window
_RULES, _LONGEST_SHEET = 2000, 200_000
_COMPARED = 500_000  # rules that are compared with elements, of one mail; behind them no rule holds
_BLOCK = re.compile(r"([^{}]*)([{}])")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_PART = re.compile(r"(?:[\w*.#-]|\[[^\]]*\])+|>")
_SIMPLE = re.compile(r"([.#]?)([\w-]+|\*)|\[\s*([\w-]+)\s*(?:[~^$*|]?=\s*[\"']?([^\"'\]]*)[\"']?\s*)?\]")
_WIDTH = re.compile(r"\(\s*(min|max)-(?:device-)?width\s*:\s*(\d+(?:\.\d+)?)[^)]*\)")
_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)")
_SHOWN_ON = frozenset(("only", "all", "screen", "and"))
_ELSEWHERE = frozenset(("print", "speech"))

Weight = tuple[bool, int, int, int, int]
"""Important, of the element itself, ids, classes and attributes, tags; the heaviest declaration of a property holds."""


class Named(NamedTuple):
    """What selectors say of an element: the name of its tag, and its attributes in lower case."""

    tag: str
    attributes: Mapping[str, str]
    classes: frozenset[str]


def named(tag: str, attributes: Mapping[str, str]) -> Named:
    """Returns an element as selectors see it; a mail is read without regard to capitals, as in quirks mode."""
    lowered = {name: value.lower() for name, value in attributes.items()}
    return Named(tag, lowered, frozenset(lowered.get("class", "").split()))


@dataclass(frozen=True, slots=True)
class _Compound:
    """`td.seen#top[title]`: what must be true of one element."""

    tag: str
    ids: tuple[str, ...]
    classes: frozenset[str]
    others: tuple[tuple[str, str], ...]  # name and value of attributes
    direct: bool  # directly within the element of the compound before

    def fits(self, one: Named) -> bool:
        return (
            self.tag in {"", one.tag}
            and self.classes <= one.classes
            and all(one.attributes.get("id") == wanted for wanted in self.ids)
            and all(name in one.attributes and value in one.attributes[name] for name, value in self.others)
        )


class _Rule(NamedTuple):
    compounds: tuple[_Compound, ...]  # the outermost first
    weight: tuple[int, int, int]
    wanted: Sequence[tuple[str, str, bool]]

    def fits(self, elements: Sequence[Named]) -> bool:
        """True if it holds for the last of the elements, each within the one before."""
        at = len(elements) - 1
        if not self.compounds[-1].fits(elements[at]):
            return False
        direct = self.compounds[-1].direct
        for compound in reversed(self.compounds[:-1]):
            at -= 1
            while at >= 0 and not compound.fits(elements[at]):
                at = -1 if direct else at - 1
            if at < 0:
                return False
            direct = compound.direct
        return True


@dataclass
class Cascade:
    """The style rules of a mail, by what the last part of their selectors names."""

    rules: dict[str, list[_Rule]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0
    compared: int = 0

    def read(self, source: str) -> None:
        """Adds the rules of a style element."""
        opened: list[str] = []
        for text, brace in _BLOCK.findall(_COMMENT.sub(" ", source[:_LONGEST_SHEET])):
            if brace == "{":
                opened.append(text.rpartition(";")[2].strip().lower())
            elif opened:
                selectors = opened.pop()
                if not selectors.startswith("@") and all(map(is_met, opened)):
                    self._add(selectors, text)

    def _add(self, selectors: str, style: str) -> None:
        wanted = weighed(style)
        for selector in selectors.split(","):
            compounds = _compounds(selector)
            if compounds and self.count < _RULES:
                self.count += 1
                last = compounds[-1]
                key = next((f"#{one}" for one in last.ids), next((f".{one}" for one in sorted(last.classes)), last.tag))
                weight = (
                    sum(len(one.ids) for one in compounds),
                    sum(len(one.classes) + len(one.others) for one in compounds),
                    sum(one.tag != "" for one in compounds),
                )
                self.rules[key].append(_Rule(compounds, weight, wanted))

    def of(self, elements: Sequence[Named]) -> Iterator[tuple[Weight, str, str]]:
        """Yields weight, property and value of the declarations that hold for the last of the elements."""
        one = elements[-1]
        keys = ("", one.tag, *(f".{name}" for name in sorted(one.classes)), f"#{one.attributes.get('id', '')}")
        for key in keys:
            for rule in self.rules.get(key, ()):
                self.compared += len(elements) if len(rule.compounds) > 1 else 1
                if self.compared <= _COMPARED and rule.fits(elements):
                    for name, value, important in rule.wanted:
                        yield (important, 0, *rule.weight), name, value


def _compounds(selector: str) -> tuple[_Compound, ...]:
    """Returns the parts of a selector; none if it has something else than tags, classes, ids and attributes."""
    found: list[_Compound] = []
    direct = False
    if _PART.sub("", selector).strip():
        return ()
    for part in _PART.findall(selector):
        if part == ">":
            direct = True
            continue
        tag, ids, classes, others = "", list[str](), set[str](), list[tuple[str, str]]()
        for sign, name, attribute, value in _SIMPLE.findall(part):
            if attribute:
                others.append((attribute, value))
            elif sign:
                (ids.append if sign == "#" else classes.add)(name)
            else:
                tag = "" if name == "*" else name
        if _SIMPLE.sub("", part):
            return ()
        found.append(_Compound(tag, tuple(ids), frozenset(classes), tuple(others), direct))
        direct = False
    return tuple(found)


def is_met(rule: str) -> bool:
    """True if what is in an at-rule holds in a wide window in daylight: "@media screen and (min-width: 600px)"."""
    if not rule.startswith("@media"):
        return rule.startswith(("@supports", "@layer"))
    return any(_is_met(query) for query in rule.removeprefix("@media").split(","))


def _is_met(query: str) -> bool:
    """True if a window meets a query; one that asks for anything else is not met, "not" before it or not."""
    words = _LIGHT.sub(" ", _WIDTH.sub(" ", query)).split()
    negated = words[:1] == ["not"]
    asked = frozenset(words[negated:])
    widths = ((side, float(width)) for side, width in _WIDTH.findall(query))
    fits = not asked & _ELSEWHERE and all(
        width <= WINDOW if side == "min" else width >= WINDOW for side, width in widths
    )
    return asked <= _SHOWN_ON | _ELSEWHERE and fits is not negated
