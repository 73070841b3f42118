# SPDX-License-Identifier: EUPL-1.2
"""Whether everything is in the archive, unchanged, and the counts of every folder close.

1  the events are proved, and give every digest whose octets the archive must hold
2  the archive's files are compared with those digests
3  the copies on the server, as the desk last saw them, are counted against the files
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from flaggermail import progress
from flaggermail.ports import Transaction
from flaggermail.record.audit import RECORD_SHARE, ArchivedFile, FileState, Kept, NamedDigests, compared
from flaggermail.record.definition import where
from flaggermail.record.rows import Delivery, StoredMessage
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.dossier import ArchiveFlaw, ArchivePlace, ArchiveRemedy
from flaggermail.wording.said import Detail, StoredText


class Excluded(StrEnum):
    """Why a mail that the server holds is not in the archive."""

    DESTROYED = "destroyed"  # its octets, at the end of the retention period; the server may still have it
    TAKEN_OUT = "taken out"  # by a person, in its review window


class Whereabouts(StrEnum):
    """Where a copy of a mail is."""

    ARCHIVED = "archived"  # on the server and in the archive
    GONE = "gone"  # no longer on the server: in the archive alone, or destroyed there too
    EXCLUDED = "excluded"  # on the server, and not in the archive for a reason
    TAKEN_OUT = "taken out"  # the same, by a person
    LOST = "lost"  # on the server, and its octets are not in the archive without a reason


@dataclass(frozen=True, slots=True)
class FolderCount:
    """One line of the count. `period` is `2026-03`, or None for the whole folder.

    `server`: mails that the server held at `looked_at`, None if it never was counted; of a period, those of them that
    the desk knows. `gone`: copies taken in before that the server no longer holds; they are not in `server`.
    """

    folder: str
    period: str | None
    server: int | None
    archived: int
    excluded: Mapping[Excluded, int]
    gone: int
    looked_at: datetime | None

    @property
    def difference(self) -> int | None:
        """How many mails of the server are neither archived nor excluded; None if the server's number is unknown."""
        return None if self.server is None else self.server - self.archived - sum(self.excluded.values())


@dataclass(frozen=True, slots=True)
class FolderSeen:
    """The last count of a folder's mails, and its instant."""

    held: int | None
    looked_at: datetime | None


def folder_counts(
    copies: Iterable[tuple[Delivery, Whereabouts]], seen: Mapping[str, FolderSeen], zone: tzinfo
) -> list[FolderCount]:  # fmt: skip
    """Returns the lines of each folder: first of all its mails, then of each month.

    `server` is None for a folder that was never looked at, such as a file of old mail.
    """
    tally: dict[tuple[str, str], Counter[Whereabouts]] = {}
    for copy, kept in copies:
        month = f"{copy.internaldate.astimezone(zone):%Y-%m}"
        tally.setdefault((copy.folder, month), Counter())[kept] += 1
    lines: list[FolderCount] = []
    for folder in sorted({*seen, *(folder for folder, _ in tally)}):
        there = seen.get(folder)
        months = [(month, found) for (of, month), found in sorted(tally.items()) if of == folder]
        whole = sum((found for _, found in months), Counter[Whereabouts]())
        looked_at = there.looked_at if there else None
        lines.append(_line(folder, None, there.held if there else None, whole, looked_at))
        for month, found in months:
            known = found.total() - found[Whereabouts.GONE] if there else None
            lines.append(_line(folder, month, known, found, looked_at))
    return lines


def _line(
    folder: str, period: str | None, server: int | None, found: Counter[Whereabouts], looked_at: datetime | None
) -> FolderCount:
    reasons = {Excluded.DESTROYED: found[Whereabouts.EXCLUDED], Excluded.TAKEN_OUT: found[Whereabouts.TAKEN_OUT]}
    excluded = {reason: count for reason, count in reasons.items() if count}
    archived, gone = found[Whereabouts.ARCHIVED], found[Whereabouts.GONE]
    return FolderCount(folder, period, server, archived, excluded, gone, looked_at)


class ArchiveFindingKind(StrEnum):
    """The kind of a finding about the archive."""

    RECORD = "record"  # the record is not what its events say, so it proves little about the archive
    MISSING = "file missing"  # a row names octets that are not there
    CHANGED = "file changed"  # a file's octets have another digest than its name
    UNREADABLE = "file unreadable"
    SET_ASIDE = "file set aside"  # a damaged file, kept when the same octets came again
    FOREIGN = "file foreign"  # no file of this program
    NOT_DESTROYED = "file not destroyed"  # a file that an event says was destroyed
    NEVER_TAKEN_IN = "never taken in"  # the server held more mails than the desk knows
    NOT_ON_SERVER = "not on server"  # the server held fewer mails than the desk knows
    OCTETS_LOST = "octets lost"  # mails of a month whose octets are missing or changed
    NOT_COUNTED = "not counted"  # no complete look has counted the folder yet


@dataclass(frozen=True, slots=True)
class ArchiveFinding:
    """One flaw, what it concerns, what was found and what to do."""

    flaw: ArchiveFindingKind
    name: StoredText
    text: StoredText
    remedy: StoredText


@dataclass(frozen=True, slots=True)
class Verified:
    """Everything that was compared; `extra` files are whole, and no row names them.

    `taken_out`: the messages that a person took out of the archive, each with the reason.
    """

    files: int
    findings: Sequence[ArchiveFinding]
    extra: Sequence[str]
    counts: Sequence[FolderCount]
    taken_out: Sequence[StoredMessage]


_OF_STATE = {
    FileState.WHOLE: ArchiveFindingKind.NOT_DESTROYED,
    FileState.CHANGED: ArchiveFindingKind.CHANGED,
    FileState.UNREADABLE: ArchiveFindingKind.UNREADABLE,
    FileState.SET_ASIDE: ArchiveFindingKind.SET_ASIDE,
    FileState.FOREIGN: ArchiveFindingKind.FOREIGN,
}
_DESTROYED = where(StoredMessage.discarded_at).after(datetime.min.replace(tzinfo=UTC))


def verify(work: UnitOfWork) -> Verified:
    """Compares everything; reads only.

    What differs is compared once more: mail may be taken in, or destroyed, between the snapshot and the listing.
    """
    first = _once(work.tx, work.env)
    if not first.findings and not first.extra:
        return first
    with work.env.store.read() as tx:
        second = _once(tx, work.env)
    twice = {(one.flaw, one.name) for one in first.findings}
    findings = [one for one in second.findings if (one.flaw, one.name) in twice]
    return replace(second, findings=findings, extra=sorted({*first.extra} & {*second.extra}))


def _once(tx: Transaction, env: Services) -> Verified:
    whole, there = set[str](), set[str]()
    files = 0

    def listed() -> Iterator[ArchivedFile]:
        nonlocal files
        for file in progress.counted(env.octets.files(), len(proof.octets)):
            files += 1
            if file.state is FileState.WHOLE:
                whole.add(file.digest)
            if file.state is not FileState.PARTIAL:
                there.add(file.digest)
            yield file

    with progress.part(0.0, RECORD_SHARE):
        proof = tx.verify()
    findings, extra = [], list[str]()
    if proof.findings:
        count = len(proof.findings) + proof.further
        findings.append(_finding(ArchiveFindingKind.RECORD, ArchivePlace.RECORD(), count=count))
    with progress.part(RECORD_SHARE, 1.0):
        for file, found in compared(proof.octets, listed()):
            if file is not None and found is not None:
                findings.append(_finding(_OF_STATE[file.state], ArchivePlace.FILE(file=file.name)))
            elif file is not None:
                extra.append(file.name)
    findings += _missing(proof.octets, there)
    taken_out = [row for row in tx.readable(StoredMessage, _DESTROYED) if row.excluded_by is not None]
    counts = _counts(tx, env, _Sorted(proof.octets, whole, {row.id for row in taken_out}))
    return Verified(files, [*findings, *_not_closing(counts)], extra, counts, taken_out)


def _missing(octets: NamedDigests, there: Collection[str]) -> Iterator[ArchiveFinding]:
    """Yields the files that must be there and are not, each with the first row that names it."""
    for digest, kept, row in octets.items():
        if kept is Kept.STORED and digest not in there:
            place = ArchivePlace.FILE(file=f"{digest[:2]}/{digest}")
            yield _finding(ArchiveFindingKind.MISSING, place, row=row)


def _counts(tx: Transaction, env: Services, found: _Sorted) -> list[FolderCount]:
    cursors = tx.cursors()
    placed = ((copy, found.whereabouts(copy)) for copy in tx.readable(Delivery))
    seen = {folder: FolderSeen(cursor.held, cursor.looked_at) for folder, cursor in cursors.items()}
    return folder_counts(placed, seen, env.settings.zone)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """What the events say about octets, the digests of whole files, and the messages that a person took out."""

    octets: NamedDigests
    whole: set[str]
    taken_out: set[str]

    def whereabouts(self, copy: Delivery) -> Whereabouts:
        """Returns where a copy is."""
        if copy.gone_at is not None:
            return Whereabouts.GONE
        if copy.digest in self.whole:
            return Whereabouts.ARCHIVED
        if self.octets.get(copy.digest) is not Kept.DESTROYED:
            return Whereabouts.LOST
        return Whereabouts.TAKEN_OUT if copy.message in self.taken_out else Whereabouts.EXCLUDED


def _not_closing(counts: Sequence[FolderCount]) -> Iterator[ArchiveFinding]:
    """Yields the folders of which the desk and the server count differently, and the months with lost octets."""
    known: dict[str, int] = {}
    for line in counts:
        if line.period is not None and line.server is not None:
            known[line.folder] = known.get(line.folder, 0) + line.server
    for line in counts:
        if line.period is None and line.looked_at is not None:
            yield from _of_folder(line, known.get(line.folder, 0))
        elif line.period is not None and line.difference:
            yield _finding(
                ArchiveFindingKind.OCTETS_LOST, ArchivePlace.MONTH(folder=line.folder, month=line.period),
                count=line.server or 0, archived=line.archived, excluded=sum(line.excluded.values()),
                missing=line.difference,
            )  # fmt: skip


def _of_folder(line: FolderCount, known: int) -> Iterator[ArchiveFinding]:
    name = ArchivePlace.FOLDER(folder=line.folder)
    if line.server is None:
        yield _finding(ArchiveFindingKind.NOT_COUNTED, name)
    elif line.server > known:
        missing = line.server - known
        yield _finding(ArchiveFindingKind.NEVER_TAKEN_IN, name, count=line.server, known=known, missing=missing)
    elif line.server < known:
        missing = known - line.server
        yield _finding(ArchiveFindingKind.NOT_ON_SERVER, name, count=line.server, known=known, missing=missing)


def _finding(flaw: ArchiveFindingKind, name: StoredText, **details: Detail) -> ArchiveFinding:
    return ArchiveFinding(flaw, name, ArchiveFlaw[flaw.name](**details), ArchiveRemedy[flaw.name]())
