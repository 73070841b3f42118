# SPDX-License-Identifier: EUPL-1.2
"""Reads one YAML 1.2 file as plain values and remembers where each of them was written.

The file is composed into nodes but not constructed into objects. Every value keeps its line and column. Dates and times
stay text until the models read them, because a constructor converts them to UTC and drops the offset. No tag can create
anything but text, numbers, booleans, lists and mappings.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.settings.yaml_files.composing import DEEPEST, TOO_DEEP, Node, YamlFault, composed

TAG = "tag:yaml.org,2002:"
Key = tuple[str | int, ...]
Value = str | int | float | bool | list["Value"] | dict[str, "Value"] | None

_ALLOWED = frozenset({"str", "int", "float", "bool", "null", "timestamp", "seq", "map"})


@dataclass(frozen=True, slots=True, order=True)
class FileFault:
    """One fault in one file; line and column count from 1."""

    file: str
    line: int
    column: int
    key: str
    text: str

    @property
    def said(self) -> str:
        """The message without the place."""
        return f"{self.key}: {self.text}" if self.key else self.text

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}{' ' if self.key else ': '}{self.said}"


@dataclass(slots=True)
class YamlSource:
    """The values of one file, and the line and column of each key and list entry."""

    file: str
    values: dict[str, Value] = field(default_factory=dict)
    places: dict[Key, tuple[int, int]] = field(default_factory=dict)
    faults: list[FileFault] = field(default_factory=list)

    def fault(self, key: Key, text: str) -> FileFault:
        """Returns a fault at `key`, or at the nearest enclosing key that is written."""
        nearest = next((key[:end] for end in range(len(key), 0, -1) if key[:end] in self.places), ())
        line, column = self.places.get(nearest, (1, 1))
        return FileFault(self.file, line, column, dotted(key), text)

    def value(self, key: Key) -> Value:
        """Returns the value at `key`, or None."""
        found: Value = self.values
        for step in key:
            if isinstance(found, dict) and isinstance(step, str):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found


def dotted(key: Key) -> str:
    """Formats `('platforms', 0, 'code')` as `platforms[0].code`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in key).removeprefix(".")


def require_folder(directory: Path) -> None:
    """Raises ConfigurationError with what would be right if the folder of the configuration cannot be read."""
    require_open(directory)
    if os.path.isfile(directory):  # noqa: PTH113 - Path.is_file raises where it may not look
        raise ConfigurationError(f"{directory}: is a file; name the folder of the configuration: {directory.parent}")
    if not os.path.isdir(directory):  # noqa: PTH112 - Path.is_dir raises where it may not look
        raise ConfigurationError(
            f"{directory}: there is no such folder; name that of the configuration with --config DIR or in "
            "$FLAGGERMAIL_CONFIG, or write one: `flaggermail init DIR`"
        )


def require_open(folder: Path) -> None:
    """Raises ConfigurationError if the folder is there and closed to this account."""
    if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):  # noqa: PTH112 - as above
        raise ConfigurationError(f"{folder}: is closed to this account; let it read the folder, or use another account")


def read(path: Path, name: str) -> YamlSource:
    """Reads the file at `path`, called `name` in messages. Never raises: problems are in `faults`."""
    source = YamlSource(name)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        other = path.with_suffix(".yml")
        right = f"rename {other.name}, which is there" if other.exists() else "`flaggermail init DIR` writes one"
        source.faults.append(FileFault(name, 1, 1, "", f"the file is missing; {right}"))
    except OSError as error:
        words = f"cannot be read ({error.strerror}); let this account read the file"
        source.faults.append(FileFault(name, 1, 1, "", words))
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        source.faults.append(FileFault(name, line, column, "", "is not UTF-8; save the file in that encoding"))
    else:
        _compose(text, source)
    return source


def read_text(text: str, name: str) -> YamlSource:
    """Does the same with the text of a file."""
    source = YamlSource(name)
    _compose(text, source)
    return source


def _compose(text: str, source: YamlSource) -> None:
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
            self._source.places[here] = _place(name)
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
        self._source.places[key] = _place(node)
        return self._value(node, key)

    def _fault(self, node: Node, key: Key, text: str) -> None:
        line, column = _place(node)
        self._source.faults.append(FileFault(self._source.file, line, column, dotted(key), text))


def _place(node: Node) -> tuple[int, int]:
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
