# SPDX-License-Identifier: EUPL-1.2
"""Whether everything is in the archive, unchanged, and the counts of every folder close.

1  the events are proved, and give every digest whose octets the archive must hold
2  the archive's files are compared with those digests
3  the copies on the server, as the desk last saw them, are counted against the files
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from flaggermail.ports import Transaction
from flaggermail.record.audit import ArchivedFile, FileState, Kept, Octets, compared
from flaggermail.record.definition import where
from flaggermail.record.rows import Delivery, StoredMessage
from flaggermail.services import Services, UnitOfWork


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
    name: str
    text: str
    remedy: str


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
_FROM_BACKUP = "put the file back from a backup, whose name is the SHA-256 of its octets"
_REMEDIES = {
    ArchiveFindingKind.RECORD: "read `flaggermail audit verify` first; the findings below rest on this record",
    ArchiveFindingKind.MISSING: f"{_FROM_BACKUP}; if the server still has the mail, moving it to another folder "
    "fetches it again",
    ArchiveFindingKind.CHANGED: _FROM_BACKUP,
    ArchiveFindingKind.UNREADABLE: "give the desk's account the right to read it, then repeat the command",
    ArchiveFindingKind.SET_ASIDE: "look at it, and take it out of the archive; the good octets stand beside it",
    ArchiveFindingKind.FOREIGN: "find out who put it there, and take it out of the archive",
    ArchiveFindingKind.NOT_DESTROYED: "somebody put it back: find out who, then take it out of the archive",
    ArchiveFindingKind.NEVER_TAKEN_IN: "move the folder's mails of that time to another watched folder and back: the "
    "desk takes in "
    "what it does not know, and recognises the rest",
    ArchiveFindingKind.NOT_ON_SERVER: "let the daemon look at the mailbox once more; if it stays, read `flaggermail "
    "audit verify`",
    ArchiveFindingKind.OCTETS_LOST: "the files are named above",
    ArchiveFindingKind.NOT_COUNTED: "let the daemon look at the mailbox once, then repeat the command",
}


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
    whole: set[str] = set()
    files = 0

    def listed() -> Iterator[ArchivedFile]:
        nonlocal files
        for file in env.octets.files():
            files += 1
            if file.state is FileState.WHOLE:
                whole.add(file.digest)
            yield file

    proof = tx.verify()
    findings, extra = [], list[str]()
    if proof.findings:
        findings.append(_finding(ArchiveFindingKind.RECORD, "record", str(proof.findings[0])))
    for file, found in compared(proof.octets, listed()):
        if found is not None:
            flaw = ArchiveFindingKind.MISSING if file is None else _OF_STATE[file.state]
            findings.append(_finding(flaw, found.name, found.text))
        elif file is not None:
            extra.append(file.name)
    taken_out = [row for row in tx.readable(StoredMessage, _DESTROYED) if row.excluded_by is not None]
    counts = _counts(tx, env, _Sorted(proof.octets, whole, {row.id for row in taken_out}))
    return Verified(files, [*findings, *_not_closing(counts)], extra, counts, taken_out)


def _counts(tx: Transaction, env: Services, found: _Sorted) -> list[FolderCount]:
    cursors = tx.cursors()
    placed = ((copy, found.whereabouts(copy)) for copy in tx.readable(Delivery))
    seen = {folder: FolderSeen(cursor.held, cursor.looked_at) for folder, cursor in cursors.items()}
    return folder_counts(placed, seen, env.settings.zone)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """What the events say about octets, the digests of whole files, and the messages that a person took out."""

    octets: Octets
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
            text = (
                f"of {line.server} mails on the server, {line.archived} are archived and "
                f"{sum(line.excluded.values())} excluded: {line.difference} are neither"
            )
            yield _finding(ArchiveFindingKind.OCTETS_LOST, f"folder {line.folder}, {line.period}", text)


def _of_folder(line: FolderCount, known: int) -> Iterator[ArchiveFinding]:
    name = f"folder {line.folder}"
    if line.server is None:
        yield _finding(ArchiveFindingKind.NOT_COUNTED, name, "no complete look has counted its mails yet")
        return
    counted, missing = f"the server held {line.server} mails, the desk knows {known}", line.server - known
    if missing > 0:
        yield _finding(ArchiveFindingKind.NEVER_TAKEN_IN, name, f"{counted}: {missing} were never taken in")
    elif missing < 0:
        yield _finding(ArchiveFindingKind.NOT_ON_SERVER, name, f"{counted}: {-missing} were not there")


def _finding(flaw: ArchiveFindingKind, name: str, text: str) -> ArchiveFinding:
    return ArchiveFinding(flaw, name, text, _REMEDIES[flaw])
