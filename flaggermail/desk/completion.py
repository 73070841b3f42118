# SPDX-License-Identifier: EUPL-1.2
"""What a shell may complete: case numbers, channels, officers and elections. Answers at once, and never makes anything.

Opening the desk takes a second and records its configuration; this reads two files and one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.errors import Refusal
from flaggermail.settings.yaml_files.source import YamlSource, read
from flaggermail.wording.refusals import ViewRefusal

if TYPE_CHECKING:
    from flaggermail.desk.ground import DeskFiles
    from flaggermail.mail.message import Json
    from flaggermail.settings.yaml_files.source import Value

DESK_FILE, DATABASE_KEY = "flaggermail.yaml", ("store", "database")
DATABASE = "sqlite:///flaggermail.db"  # the default in `settings`, which is slow to import; a test compares the two
_SQLITE_FILE = "sqlite:///"

Words = Iterator[tuple[str, str]]  # each with a remark


class CompletedKind(StrEnum):
    """The kind of a completed word."""

    CASES = "cases"
    CHANNELS = "channels"
    OFFICERS = "officers"
    ELECTIONS = "elections"


def complete(ground: DeskFiles, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"words": [{"word", "remark"}]} of one kind; none where the desk cannot be read. Raises Refusal."""
    what = request["what"]
    if not isinstance(what, str) or what not in set(CompletedKind):
        raise Refusal(ViewRefusal.COMPLETED_KIND(given=str(what), allowed=list(CompletedKind)))
    return {"words": [{"word": word, "remark": remark} for word, remark in _FOUND[CompletedKind(what)](ground)]}


def _cases(ground: DeskFiles) -> Words:
    if database := _database(ground):
        yield from ground.newest_cases(database)


def _elections(ground: DeskFiles) -> Words:
    if database := _database(ground):
        yield from ground.elections(database)


def _database(ground: DeskFiles) -> str | None:
    """Returns the URL of the record; None if the configuration cannot be read."""
    source = _read(ground.directory, DESK_FILE)
    written = source.value(DATABASE_KEY) if DATABASE_KEY in source.places else DATABASE
    if isinstance(written, str) and not source.faults:
        path = written.removeprefix(_SQLITE_FILE)
        return written if path == written else f"{_SQLITE_FILE}{ground.directory / path}"
    return None


def _channels(ground: DeskFiles) -> Words:
    for platform in _list(_read(ground.directory, "platforms.yaml"), "platforms"):
        for channel in _entries(platform.get("channels")):
            yield str(channel.get("code", "")), str(platform.get("name", ""))


def _officers(ground: DeskFiles) -> Words:
    for officer in _list(_read(ground.directory, "oncall.yaml"), "officers"):
        yield str(officer.get("id", "")), str(officer.get("name", ""))


def _read(directory: Path, name: str) -> YamlSource:
    return read(directory / name, name)


def _list(source: YamlSource, name: str) -> list[dict[str, Value]]:
    return _entries(source.value((name,)) if (name,) in source.places and not source.faults else None)


def _entries(value: Value) -> list[dict[str, Value]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


_FOUND: dict[CompletedKind, Callable[[DeskFiles], Words]] = {
    CompletedKind.CASES: _cases, CompletedKind.CHANNELS: _channels, CompletedKind.OFFICERS: _officers,
    CompletedKind.ELECTIONS: _elections,
}  # fmt: skip
