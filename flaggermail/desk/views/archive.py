# SPDX-License-Identifier: EUPL-1.2
"""The archive: whether it is whole, and what is found in it. For officers and associates; each reading is an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from flaggermail.archive import find
from flaggermail.archive.find import Criteria
from flaggermail.archive.verify import ArchiveFindingKind, FolderCount, verify
from flaggermail.commands.lookups import the_case
from flaggermail.desk.answers import Answer
from flaggermail.desk.views.view import ArchiveView, Document, plain
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.rows import StoredMessage
from flaggermail.record.terms import day_of
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.said import StoredText

NOTHING_ASKED = "say what to find: a number, a correspondent, a date, a tag, or a case"
_OF_CASE = ("number", "title", "election", "state", "opened_at", "narratives", "exercise")
_OF_MAIL = (
    "id", "case", "received_at", "direction", "from_address", "subject", "kinds", "place", "digest", "discarded_at",
    "exercise",
)  # fmt: skip
LISTED = 100  # findings, extra files and excluded mails in the document; the others are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedMail(Answer):
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
class ShownFlaw(Answer):
    """A finding about the archive: what it is about, what is wrong, and what to do."""

    kind: ArchiveFindingKind
    name: StoredText
    text: StoredText
    remedy: StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedFolder(Answer):
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
        return cls(
            folder=line.folder, period=line.period, server=line.server, archived=line.archived,
            excluded={reason.value: count for reason, count in line.excluded.items()}, gone=line.gone,
            difference=line.difference, looked_at=line.looked_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedArchive(Answer):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FindInArchive(ArchiveView):
    """Mails by number, correspondent, date and tag; within one case also by words of their text.

    Nothing else is searched across cases. The event of the reading holds what was asked, but no words of `text`.
    """

    MAY: ClassVar[frozenset[str]] = READERS

    UNTOLD: ClassVar[frozenset[str]] = frozenset({"text"})

    words: tuple[str, ...] = ()
    number: str | None = None
    correspondent: str | None = None
    date: str | None = None
    tag: str | None = None
    case: str | None = None
    text: str | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"cases": [...], "mails": [...], "unread": [id, ...]}. Raises Refusal, NotFound."""
        asked, case = self._criteria(work), self.about(work)
        if self.text is not None and case is None:
            raise Refusal("text: the text of mails is searched within one case only; name it: --case CASE")
        if asked.is_empty and case is None:
            raise Refusal(f"archive find: {NOTHING_ASKED}")
        rows, unread = find.mails(work, asked, case), list[str]()
        if self.text is not None:
            rows, unread = find.with_text(work, rows, self.text)
        zone = work.env.settings.zone
        return {
            "cases": [{name: plain(one, zone)[name] for name in _OF_CASE} for one in find.cases(work, asked, rows)],
            "mails": [{name: plain(row, zone)[name] for name in _OF_MAIL} for row in rows],
            "unread": unread,
        }

    def _criteria(self, work: UnitOfWork) -> Criteria:
        asked, tags = Criteria(), find.known_tags(work)
        for word in self.words:
            asked.add_word(word, tags)
        if self.number is not None:
            asked.numbers.append(self.number.strip())
        if self.correspondent is not None:
            asked.add_correspondent(self.correspondent)
        if self.date is not None:
            asked.add_date(self.date)
        if self.tag is not None:
            asked.add_tag(self.tag, tags)
        return asked

    def asked(self) -> dict[str, Json]:
        """Returns what was asked, and whether a text was searched."""
        told = ArchiveView.asked(self)
        return {**told, "in_text": True} if self.text is not None else told

    def about(self, work: UnitOfWork) -> str | None:
        """Returns the whole number of the case."""
        return the_case(work, self.case).number if self.case is not None else None
