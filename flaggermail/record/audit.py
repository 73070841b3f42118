# SPDX-License-Identifier: EUPL-1.2
"""What `flaggermail audit verify` finds, and the head of the chain to compare with one that was kept elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from flaggermail.record.definition import FieldCondition
from flaggermail.record.event_codec import Plain
from flaggermail.record.rows import Record

R = TypeVar("R", bound=Record)
DIGEST = re.compile(r"[0-9a-f]{64}")
LIMIT = 100  # findings listed; the others are counted
RECORD_SHARE = 0.7  # of a comparison of record and archive, roughly; the rest is the archive


class Subject(StrEnum):
    """What a finding is about."""

    SCHEMA = "schema"  # a table, column or trigger of the database
    EVENT = "event"
    HEAD = "head"  # the row with number and digest of the last event
    PERSONAL = "personal value"
    ROW = "row"
    ARCHIVE = "archive file"


@dataclass(frozen=True, slots=True)
class RecordFinding:
    """One difference from the record; `name` identifies the first object concerned, such as `outbox o00000001`."""

    subject: Subject
    name: str
    text: str
    event: int | None = None  # the event concerned
    stops: bool = False  # nothing else can be compared

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass(frozen=True, slots=True)
class Head:
    """Number, digest and instant of the last event; 0, `GENESIS` and None before the first one."""

    seq: int
    digest: str
    at: datetime | None = None


class Kept(StrEnum):
    """What the events say about octets in the archive."""

    STORED = "stored"
    DESTROYED = "destroyed"  # at the end of the retention period, by an event


class NamedDigests:
    """The digests that rows name, and whether the archive must hold their octets.

    Rows are noted table by table, messages before their deliveries and outbox mails.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Kept, str]] = {}
        self._destroyed: set[object] = set()  # messages

    def note(self, table: str, name: str, values: Mapping[str, Plain]) -> None:
        """Notes the digest of a row, with the row's name."""
        digest = values.get("digest")
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            return  # a notification that was noted by hand has none
        destroyed = values.get("discarded_at") is not None
        if table == "message" and destroyed:
            self._destroyed.add(values.get("id"))
        if table == "delivery":
            destroyed = values.get("message") in self._destroyed
        if table == "outbox":  # its octets are those of its message
            destroyed = digest in self._kept and self._kept[digest][0] is Kept.DESTROYED
        if destroyed:
            self._kept.setdefault(digest, (Kept.DESTROYED, name))
        elif self.get(digest) is not Kept.STORED:
            self._kept[digest] = Kept.STORED, name

    def __len__(self) -> int:
        return len(self._kept)

    def items(self) -> Iterator[tuple[str, Kept, str]]:
        """Yields digest, what the archive must hold, and the first row that says so."""
        for digest, (kept, name) in self._kept.items():
            yield digest, kept, name

    def get(self, digest: str) -> Kept | None:
        """Returns what the events say about a digest; None if no row names it."""
        found = self._kept.get(digest)
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The result of comparing a database with its events."""

    head: Head
    rows: int
    personal: int
    findings: Sequence[RecordFinding]
    further: int  # findings beyond `LIMIT`
    octets: NamedDigests


class Evidence(Protocol):
    """A database that can prove itself."""

    def verify(self) -> AuditResult:
        """Compares everything in the database with its events; reads only."""
        ...

    def head(self, seq: int | None = None) -> Head | None:
        """Returns number, digest and instant of an event, by default of the last; None if there is no such event."""
        ...

    def keys(self, kind: type[Record], *conditions: FieldCondition) -> list[str]:
        """Returns the keys of the rows that meet the conditions, also of rows with values that cannot be read."""
        ...

    def readable(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns the readable rows that meet the conditions, by key."""
        ...

    def from_events(self, kind: type[R], key: str) -> R | None:
        """Returns an outbox mail or a notification as its events give it, or None; the cost depends on their number."""
        ...


class FileState(StrEnum):
    """What a file in the folder of the archive is."""

    WHOLE = "whole"  # its octets have the digest that is its name
    PARTIAL = "partial"  # being written, or left by a writer that died
    CHANGED = "changed"  # its octets have another digest
    UNREADABLE = "unreadable"
    SET_ASIDE = "set aside"  # a damaged file, kept when the same octets came again
    FOREIGN = "foreign"  # no name that this program gives, or no file


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file in the folder of the archive; `name` is relative to it."""

    name: str
    digest: str
    state: FileState


class Listing(Protocol):
    """An archive that can be listed."""

    def files(self) -> Iterator[ArchivedFile]:
        """Yields everything in the archive's folder, its octets compared with its name. Raises ArchiveFailure."""
        return iter(())


def compared(
    octets: NamedDigests, files: Iterable[ArchivedFile]
) -> Iterator[tuple[ArchivedFile | None, RecordFinding | None]]:
    """Compares the archive with the digests that the events name.

    Yields each file of which no row knows, with None, and every finding. A file that is whole and that no row names is
    no sign of a change: a crash between archive and commit leaves one, and so does an act that was refused.
    """
    seen: set[bytes] = set()
    for file in files:
        kept = octets.get(file.digest)
        if file.state is FileState.WHOLE and kept is Kept.STORED:
            seen.add(bytes.fromhex(file.digest))
        elif file.state is FileState.WHOLE and kept is Kept.DESTROYED:
            yield (
                file,
                RecordFinding(Subject.ARCHIVE, f"archive {file.name}", "is there, and an event says it was destroyed"),
            )
        elif file.state in {FileState.WHOLE, FileState.PARTIAL}:
            yield file, None
        else:
            seen.update([bytes.fromhex(file.digest)] if kept is not None else [])
            yield file, RecordFinding(Subject.ARCHIVE, f"archive {file.name}", _SAID[file.state])
    for digest, kept, name in octets.items():
        if kept is Kept.STORED and bytes.fromhex(digest) not in seen:
            yield None, RecordFinding(Subject.ARCHIVE, f"archive {digest[:2]}/{digest}", f"is missing: {name} names it")


_SAID = {
    FileState.CHANGED: "was changed: its octets have another digest than its name says",
    FileState.UNREADABLE: "cannot be read",
    FileState.SET_ASIDE: "was damaged, and set aside when the same octets came again: look at it, then remove it",
    FileState.FOREIGN: "is no file of this program",
}
