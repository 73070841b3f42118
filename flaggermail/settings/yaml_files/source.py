# SPDX-License-Identifier: EUPL-1.2
"""Reads one YAML 1.2 file as plain values and remembers where each of them was written.

`plain` reads the form in which nearly every file is written, `composing` any other. Every value keeps its line and
column. Dates and times stay text until the models read them, because a constructor converts them to UTC and drops the
offset.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail.errors import ConfigurationError
from flaggermail.settings.yaml_files.plain import Key, Value, plain


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
    found = plain(text)
    if found is None:
        from flaggermail.settings.yaml_files.composing import compose  # noqa: PLC0415 - slow to import, seldom needed

        compose(text, source)
    else:
        source.values, source.places = found
