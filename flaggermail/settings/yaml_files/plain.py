# SPDX-License-Identifier: EUPL-1.2
"""Reads the plain form in which nearly every file of a desk is written, in a tenth of the time of `composing`.

Plain are mappings and lists indented with spaces, lists and mappings in brackets, text on one line, quoted without
escapes or certainly text, numbers, truth values, comments. A text with anything else, or with a fault, is none:
`composing` reads it, which knows all of YAML and words each fault. Both give the same values and places.

Each pattern is possessive, so that a text that is not plain is refused as fast as another is read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import TypeAlias

Key: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

_MOST_LEVELS = 20
_LONGEST_KEY = 100  # characters; YAML takes at most 1,024 for a key without `?` (1.2.2, 7.4.2)
_WORDS: Mapping[str, bool | None] = {
    spelt: value
    for word, value in (("true", True), ("false", False), ("null", None))
    for spelt in (word, word.capitalize(), word.upper())
}
_QUOTED = r"""(?:"[^"\\\n]*+"|'(?:[^'\n]|'')*+')"""
# In brackets a colon or a `#` could begin something, so a word with one is not plain; nor is one with a line break.
_WORD = rf"(?:{_QUOTED}|(?:\w|-(?=[^\W\d_]))(?:[^][{{}},:#\n]|(?<=[0-9]):(?=[0-9]))*+)"
_FLOW_WORD = re.compile(_WORD)
_FLOW_WORDS = re.compile(rf"\[\s*+{_WORD}\s*+(?:,\s*+{_WORD}\s*+)*+\]")
_FLOW_KEY = re.compile(rf"({_QUOTED}|\w[\w-]*+):(?=[ \n])")
_EMPTY = re.compile(r"\[\]|\{\}")
_FLOW_GAP = re.compile(r"\s*+")
_LINE_WORD = re.compile(
    rf"(?:{_QUOTED}(?=[ \n])|(?:[\w(/]|-(?=[^\W\d_])|\+(?=[0-9]++ [0-9]))(?:[^\n#: ]|:(?![ \n])|(?<! )#|[ ]++(?!#))*+)"
)
_LINE_KEY = re.compile(rf"({_QUOTED}|\w[\w./@+-]*+(?:[ ]++[\w./@+-]++)*+):(?=[ \n])")
_LINE_END = re.compile(r"(?:[ ]++#[^\n]*+|[ ]*+)\n")
_GAP = re.compile(r"(?:[ ]*+(?:#[^\n]*+)?\n)*+([ ]*+)")  # empty lines and comments, and the indentation that follows
_GOES_ON = re.compile(r"[ ]*+\n([ ]*+)(?=[^ #\n])")  # a line that may go on with the text above it
_SPACES = re.compile(r"[ ]++")
_INTEGER = re.compile(r"-?[0-9]++")
_FRACTION = re.compile(r"-?[0-9]++\.[0-9]++")
_PERHAPS_NUMBER = re.compile(r"[-0-9._a-fox]*+", re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_USUAL = str.maketrans("", "", "\n\u200c")  # a line break, and a sign within words of Persian: neither is printable


class _NotPlain(Exception):
    """The text has something that this does not read."""


def plain(source: str) -> tuple[dict[str, Value], dict[Key, tuple[int, int]]] | None:
    """Returns the values of a text and the line and column of each, from 1; None if the text is not plain."""
    if not source.translate(_USUAL).isprintable():  # such as a tab, another line break, a mark of the order of octets
        return None
    reader = _PlainReader(source if source.endswith("\n") else f"{source}\n")
    try:
        return reader.whole(), reader.places
    except _NotPlain:
        return None


class _PlainReader:
    """Reads a text from `at` on. Between two entries of a block, `column` is that of the next one; -1 at the end."""

    def __init__(self, source: str) -> None:
        self.source, self.at, self.column = source, 0, 0
        self.places: dict[Key, tuple[int, int]] = {}
        self._starts = [0, *(found.end() for found in re.finditer("\n", source))]

    def whole(self) -> dict[str, Value]:
        """Returns the values of the text, which is a mapping. Raises _NotPlain."""
        self._to_next_line()
        if self.column:
            raise _NotPlain
        return self._mapping(0, ())

    def _to_next_line(self) -> None:
        found = _GAP.match(self.source, self.at)
        if found is None:
            raise _NotPlain
        self.at = found.end()
        self.column = -1 if self.at == len(self.source) else self.at - found.start(1)

    def _mark(self, key: Key, at: int) -> None:
        if key in self.places:
            raise _NotPlain
        line = bisect_right(self._starts, at)
        self.places[key] = line, at - self._starts[line - 1] + 1

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.source, self.at)
        if found is None:
            raise _NotPlain
        self.at = found.end()
        return found[found.lastindex or 0]

    def _block(self, indent: int, key: Key) -> Value:
        if len(key) > _MOST_LEVELS:
            raise _NotPlain
        return self._list(indent, key) if self.source.startswith("- ", self.at) else self._mapping(indent, key)

    def _mapping(self, indent: int, key: Key) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while True:
            begin, name = self.at, _unquoted(self._take(_LINE_KEY))
            here = (*key, name)
            self._mark(here, begin)
            found[name] = self._entry(indent, here)
            if self.column < indent:
                return found
            if self.column > indent or len(name) > _LONGEST_KEY:
                raise _NotPlain

    def _entry(self, indent: int, here: Key) -> Value:
        if _LINE_END.match(self.source, self.at) is None:
            self._take(_SPACES)
            return self._line(indent, here)
        self._take(_LINE_END)
        self._to_next_line()
        if self.column > indent:
            return self._line(indent, here) if self._at_bracket() else self._block(self.column, here)
        begins_list = self.column == indent and self.source.startswith("- ", self.at)
        return self._list(indent, here) if begins_list else None

    def _list(self, indent: int, key: Key) -> list[Value]:
        found: list[Value] = []
        while self.column == indent and self.source.startswith("- ", self.at):
            begin = self.at
            self.at += 1
            self._take(_SPACES)
            here = (*key, len(found))
            self._mark(here, self.at)
            inner = indent + self.at - begin
            is_mapping = _LINE_KEY.match(self.source, self.at) is not None
            found.append(self._mapping(inner, here) if is_mapping else self._line(indent, here))
        if self.column > indent:
            raise _NotPlain
        return found

    def _line(self, indent: int, here: Key) -> Value:
        """Returns a value that begins on this line, and goes to the line below it."""
        value = self._bracket(here) if self._at_bracket() else _value(self._text(indent))
        self._take(_LINE_END)
        self._to_next_line()
        return value

    def _text(self, indent: int) -> str:
        words = [self._take(_LINE_WORD)]
        while words[0][0] not in "\"'" and (more := _GOES_ON.match(self.source, self.at)) and len(more[1]) > indent:
            self.at = more.end()
            words.append(self._take(_LINE_WORD))
        return " ".join(word.rstrip(" ") for word in words)

    def _at_bracket(self) -> bool:
        return self.source.startswith(("[", "{"), self.at)

    def _bracket(self, here: Key) -> Value:
        if len(here) > _MOST_LEVELS:
            raise _NotPlain
        if _EMPTY.match(self.source, self.at):
            return [] if self._take(_EMPTY) == "[]" else {}
        words = _FLOW_WORDS.match(self.source, self.at)
        if words is not None:
            return self._words(here, words)
        is_list, found, items = self.source[self.at] == "[", dict[str, Value](), list[Value]()
        self.at += 1
        while True:
            self._take(_FLOW_GAP)
            begin = self.at
            name = len(items) if is_list else _unquoted(self._take(_FLOW_KEY))
            self._mark((*here, name), begin)
            self._take(_FLOW_GAP)
            value = self._bracket((*here, name)) if self._at_bracket() else _value(self._take(_FLOW_WORD))
            if isinstance(name, str):
                found[name] = value
            else:
                items.append(value)
            self._take(_FLOW_GAP)
            self.at += 1
            match self.source[self.at - 1 : self.at]:
                case "]" if is_list:
                    return items
                case "}" if not is_list:
                    return found
                case ",":
                    continue
                case _:
                    raise _NotPlain

    def _words(self, here: Key, words: re.Match[str]) -> list[Value]:
        found: list[Value] = []
        for word in _FLOW_WORD.finditer(self.source, words.start() + 1, words.end()):
            self._mark((*here, len(found)), word.start())
            found.append(_value(word[0]))
        self.at = words.end()
        return found


def _unquoted(word: str) -> str:
    match word[0]:
        case '"':
            return word[1:-1]
        case "'":
            return word[1:-1].replace("''", "'")
        case _:
            return word


def _value(word: str) -> Value:
    """Reads a scalar as `source` does by the core schema (YAML 1.2.2, 10.3.2). Raises _NotPlain if it is not sure."""
    if word[0] in "\"'":
        return _unquoted(word)
    word = word.rstrip(" ")
    if word in _WORDS:
        return _WORDS[word]
    if not (word[0].isdigit() or word[0] == "-"):
        return word
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FRACTION.fullmatch(word):
        return float(word)
    if _PERHAPS_NUMBER.fullmatch(word) and not _DAY.fullmatch(word):
        raise _NotPlain
    return word
