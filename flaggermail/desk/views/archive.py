# SPDX-License-Identifier: EUPL-1.2
"""The archive: whether it is whole, and what is found in it. For officers and associates; each reading is an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from flaggermail.archive.verify import ArchiveFindingKind, FolderCount, verify
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import ArchiveView
from flaggermail.record.rows import StoredMessage
from flaggermail.record.terms import day_of
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.said import StoredText

LISTED = 100  # findings, extra files and excluded mails in the document; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedMail(ViewAnswer):
    """A message that a person took out of the archive; `arrived` is a day in the desk's zone."""

    message: str
    arrived: date
    at: datetime | None
    by: str | None
    reason: StoredText

    @classmethod
    def of(cls, row: StoredMessage, zone: ZoneInfo) -> ExcludedMail:
        """Returns what is shown of the row."""
        arrived = day_of(row.received_at, zone)
        return cls(message=row.id, arrived=arrived, at=row.discarded_at, by=row.excluded_by, reason=row.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFlaw(ViewAnswer):
    """A finding about the archive: what it is about, what is wrong, and what to do."""

    kind: ArchiveFindingKind
    name: StoredText
    text: StoredText
    remedy: StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedFolder(ViewAnswer):
    """The mails of a folder, or of a month of it: `period` is null for the whole; see `archive.verify.FolderCount`."""

    folder: str
    period: str | None
    server: int | None
    archived: int
    excluded: Mapping[str, int]
    gone: int
    difference: int | None
    looked_at: datetime | None

    @classmethod
    def of(cls, line: FolderCount) -> CountedFolder:
        """Returns a line as it is shown."""
        return cls.from_fields(line, excluded={reason.value: count for reason, count in line.excluded.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedArchive(ViewAnswer):
    """Whether the archive is whole; it `closes` if there is no finding.

    Of findings, files that no row names, and mails that were taken out, the first `LISTED` are here; the fields with
    `further` count the others.
    """

    mailbox: str
    files: int
    closes: bool
    findings: tuple[ShownFlaw, ...]
    further: int
    extra: tuple[str, ...]
    extra_further: int
    counts: tuple[CountedFolder, ...]
    taken_out: tuple[ExcludedMail, ...]
    taken_out_further: int
    excluded_folders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyArchive(ArchiveView):
    """Missing, extra and changed files of the archive, and the counts of every folder by month."""

    MAY: ClassVar[frozenset[str]] = READERS

    def show(self, work: UnitOfWork) -> VerifiedArchive:
        """Returns what was compared and counted."""
        found, mailbox, zone = verify(work), work.env.settings.desk.mailbox, work.env.settings.zone
        return VerifiedArchive(
            mailbox=mailbox.address,
            files=found.files,
            closes=not found.findings,
            findings=tuple(
                ShownFlaw(kind=one.flaw, name=one.name, text=one.text, remedy=one.remedy)
                for one in found.findings[:LISTED]
            ),
            further=further(found.findings),
            extra=tuple(found.extra[:LISTED]),
            extra_further=further(found.extra),
            counts=tuple(map(CountedFolder.of, found.counts)),
            taken_out=tuple(ExcludedMail.of(row, zone) for row in found.taken_out[:LISTED]),
            taken_out_further=further(found.taken_out),
            excluded_folders=tuple(sorted(mailbox.excluded_folders)),
        )


def further(lines: Sequence[object]) -> int:
    """Returns how many lines are counted instead of listed."""
    return max(0, len(lines) - LISTED)
