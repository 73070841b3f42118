# SPDX-License-Identifier: EUPL-1.2
"""Reads any text of YAML 1.2 with ruamel.yaml, and words the faults of its syntax.

The text is composed into nodes but not constructed into objects: no tag can create anything but text, numbers,
booleans, lists and mappings.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from flaggermail.settings.yaml_files.plain import Key, Value
from flaggermail.settings.yaml_files.source import FileFault, YamlSource, dotted

TAG = "tag:yaml.org,2002:"
_ALLOWED = frozenset({"str", "int", "float", "bool", "null", "timestamp", "seq", "map"})

DEEPEST = 100  # levels of nesting: no file of a desk has ten, and reading takes a frame or two of the stack for each
TOO_DEEP = f"is nested more than {DEEPEST} levels deep; take levels out, or close the bracket that is left open"


class TextMark(Protocol):
    """Where something is written, counted from 0."""

    line: int
    column: int


class Node(Protocol):
    """A node of `value`: the text of a scalar, a list of nodes, or a list of pairs of them."""

    id: str  # scalar, sequence, mapping
    tag: object
    value: Any
    start_mark: TextMark


# Message of the YAML scanner -> what the person with the editor needs to know.
_TRANSLATIONS = (
    (r"found character '\\t'|found a tab character", "a tab; indent with spaces"),
    (r"found character '[@`%*&!|>]' that cannot start", "this sign cannot begin a value; put the value in quotes"),
    (r"^mapping values are not allowed here$", "a second colon on the line; put the value in quotes"),
    (r"^expected <block end>", "the indentation does not fit the lines above; align it with them"),
    (r"^found unexpected end of stream$", "the quotation mark opened here is never closed; close it"),
    (r"^expected ',' or '[]}]'", "the bracket opened here is never closed, or a comma is missing after it"),
    (r"^could not find expected ':'$", "a line that is neither `key: value` nor `- entry`; add the colon"),
    (r"^but found another document$", "a second document begins; one file holds one, remove the line `---`"),
    (r"^found undefined alias", "an alias; write the value out, or put it in quotes"),
)  # fmt: skip


_SLIPS = (
    (
        re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE),
        "a merge that was not finished; keep one of the two texts",
    ),
    (
        re.compile(r"^ *[\u00a0\u2007\u202f]", re.MULTILINE),
        "a hard space, as web pages have; indent with ordinary spaces",
    ),
)
"""What is looked for where the text is no YAML, since the scanner tells only what it led to."""


class YamlFault(Exception):
    """The text is not YAML 1.2; line and column count from 1, the words say what is wrong."""

    def __init__(self, line: int, column: int, words: str) -> None:
        super().__init__(words)
        self.line, self.column, self.words = line, column, words


class _BoundedComposer(Composer):
    """Composes a node within a node by calling itself, as its base does, but at most DEEPEST times."""

    _levels = 0

    def compose_node(self, parent: object, index: object) -> object:
        """Composes the next node. Raises YamlFault at the first one that is too deep."""
        if self._levels == DEEPEST:
            mark = self.parser.peek_event().start_mark
            raise YamlFault(mark.line + 1, mark.column + 1, TOO_DEEP)
        self._levels += 1
        node: object = super().compose_node(parent, index)
        self._levels -= 1
        return node


def composed(text: str) -> Node | None:
    """Returns the root of the one document, None if it is empty. Raises YamlFault."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _BoundedComposer
    try:
        root: Node | None = yaml.compose(text)
    except YAMLError as error:
        raise _syntax(error, text) from error
    return root


def _syntax(error: YAMLError, text: str) -> YamlFault:
    """Translates an error of the YAML reader into plain words where they are known."""
    if isinstance(error, ReaderError):
        return YamlFault(*_place(text, error.position), "a control character; remove it")
    for slip, words in _SLIPS:
        if found := slip.search(text):
            return YamlFault(*_place(text, found.end() - 1), words)
    if not isinstance(error, MarkedYAMLError):
        return YamlFault(1, 1, f"is not YAML 1.2: {error}")
    problem = str(error.problem)
    words = next((plain for said, plain in _TRANSLATIONS if re.search(said, problem)), f"is not YAML 1.2: {problem}")
    opened = error.context_mark if "opened here" in words else None
    mark = opened or error.problem_mark or error.context_mark
    return YamlFault(mark.line + 1, mark.column + 1, words)


def _place(text: str, position: int) -> tuple[int, int]:
    """Returns line and column of a position, from 1."""
    before = text[:position]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def compose(text: str, source: YamlSource) -> None:
    """Reads the values of the text and the place of each into `source`; adds what is wrong to its faults."""
    try:
        root = composed(text)
    except YamlFault as fault:
        source.faults.append(FileFault(source.file, fault.line, fault.column, "", fault.words))
        return
    if root is not None and root.id == "mapping":
        source.values = _NodeReader(source).mapping(root, ())
    else:
        what = "is empty" if root is None else "is not a mapping"
        source.faults.append(FileFault(source.file, 1, 1, "", f"the file {what}; write lines of the form `key: value`"))


class _NodeReader:
    """Converts nodes to values and records the place of each."""

    def __init__(self, source: YamlSource) -> None:
        self._source = source
        self._seen: set[int] = set()

    def mapping(self, node: Node, key: Key) -> dict[str, Value]:
        """Returns the entries of a mapping. Of two equal keys the first counts and the second is a fault."""
        found: dict[str, Value] = {}
        for name, entry in node.value:
            here = (*key, str(name.value) if name.id == "scalar" else "?")
            if here in self._source.places:
                first = self._source.places[here][0]
                self._fault(name, here, f"is written twice, first on line {first}; keep one of them")
                continue
            self._source.places[here] = _place_of(name)
            found[str(here[-1])] = self._value(entry, here)
        return found

    def _value(self, node: Node, key: Key) -> Value:
        if len(key) >= DEEPEST:
            self._fault(node, key, TOO_DEEP)
            return None
        if id(node) in self._seen:
            self._fault(node, key, "is an alias of a value above; write the value out")
            return None
        self._seen.add(id(node))
        if str(node.tag).removeprefix(TAG) not in _ALLOWED:
            self._fault(node, key, f"has the tag {node.tag}; write the value without a tag")
            return None
        if node.id == "mapping":
            return self.mapping(node, key)
        if node.id == "sequence":
            return [self._entry(entry, (*key, index)) for index, entry in enumerate(node.value)]
        return _scalar(str(node.tag).removeprefix(TAG), str(node.value))

    def _entry(self, node: Node, key: Key) -> Value:
        self._source.places[key] = _place_of(node)
        return self._value(node, key)

    def _fault(self, node: Node, key: Key, text: str) -> None:
        line, column = _place_of(node)
        self._source.faults.append(FileFault(self._source.file, line, column, dotted(key), text))


def _place_of(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalar(kind: str, text: str) -> Value:
    """Reads a plain scalar by the core schema (YAML 1.2.2, 10.3.2): `no` and `06:34` are text, `012` is twelve."""
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if kind == "int" and re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if kind == "float" and re.fullmatch(r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


def point_to(path: Path, archive: str, database: str, octets: str) -> None:
    """Makes a restored configuration name its own database and archive, never those of the desk it came from.

    `octets`: which of them has the octets. Its secrets of one-time codes lie in the usual place again. Raises OSError.
    """
    yaml = YAML()  # keeps comments
    yaml.preserve_quotes = True
    found = yaml.load(path.read_bytes())
    store = found.setdefault("store", {})
    store["database"], store["archive"], store["octets"] = database, archive, str(octets)
    store.pop("codes", None)
    with path.open("wb") as file:
        yaml.dump(found, file)
