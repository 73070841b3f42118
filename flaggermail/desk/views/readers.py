# SPDX-License-Identifier: EUPL-1.2
"""Who read a case, or a draft or mail of it, by the hour: for the head of the desk and the privacy officer.

There is no count a person, and no view of all that one person read: the question is who saw a case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flaggermail.archive.look_ups import stored_request
from flaggermail.commands.named_rows import the_case
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.dossier import PlanDossier
from flaggermail.desk.views.view import ListView
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.readings import ReadAccess, ReadItem, ReadKind, hour_of
from flaggermail.record.rows import ArchiveReading, Case, Notification, OutboxMail, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import SUPERVISES


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPart(ViewAnswer):
    """The case, a draft or mail of it, or the request or reply by which it was read."""

    kind: ReadKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReader(ViewAnswer):
    """A person, and what they read of the case in one hour; an id stands for the name of one who left the desk."""

    hour: datetime
    officer: str
    name: str
    read: tuple[ReadPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReaders(ViewAnswer):
    """The readers of a case, the earliest hour first; rows of readings are kept for `retention_days`."""

    case: str
    retention_days: int
    readers: tuple[CaseReader, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReaders(ListView):
    """Who read a case or a mail of it, by hour."""

    MAY: ClassVar[frozenset[str]] = SUPERVISES

    case: str

    def show(self, work: UnitOfWork) -> CaseReaders:
        """Returns the readers that are known: by rows of readings, events of the archive, and answers by mail.

        Raises NotFound.
        """
        case = the_case(work, self.case)
        by_hour: dict[tuple[str, str], set[ReadItem]] = {}
        for one in (
            *work.env.store.readings.of(_items_of(work, case)),
            *_of_archive(work, case),
            *_by_reply(work, case),
        ):
            by_hour.setdefault((one.hour.isoformat(), one.person), set()).add(one.item)
        found = self.cut(sorted(by_hour), lambda key: key)
        return CaseReaders(
            case=case.number,
            retention_days=work.env.settings.desk.readings.retention_days,
            readers=tuple(
                CaseReader(
                    hour=datetime.fromisoformat(hour), officer=person, name=work.env.settings.rota.name_of(person),
                    read=tuple(ReadPart(kind=kind, id=key) for kind, key in sorted(by_hour[hour, person])),
                )
                for hour, person in found.lines
            ),
            next=found.next,
        )  # fmt: skip


def _items_of(work: UnitOfWork, case: Case) -> list[ReadItem]:
    """Returns the case, the list of its readers, and its drafts and mails as they belong to it now."""
    drafts = work.tx.columns(Notification, (Notification.id,), where(Notification.case).is_(case.number))
    mails = work.tx.columns(StoredMessage, (StoredMessage.id,), where(StoredMessage.case).is_(case.number))
    return [
        ReadItem(ReadKind.CASE, case.number),
        ReadItem(ReadKind.READERS, case.number),
        *(ReadItem(ReadKind.DRAFT, key) for (key,) in drafts),
        *(ReadItem(ReadKind.MAIL, key) for (key,) in mails),
    ]


def _of_archive(work: UnitOfWork, case: Case) -> Iterator[ReadAccess]:
    """Yields the readings of the archive that named the case, and the dossiers of its election."""
    of_election = where(ArchiveReading.asked).is_(stored_request({"election": case.election}))
    dossiers = work.tx.find(ArchiveReading, where(ArchiveReading.request).is_(PlanDossier.NAME), of_election)
    for row in (*work.tx.find(ArchiveReading, where(ArchiveReading.case).is_(case.number)), *dossiers):
        yield ReadAccess(row.reader, ReadItem(ReadKind.ARCHIVE, row.request), hour_of(row.at))


def _by_reply(work: UnitOfWork, case: Case) -> Iterator[ReadAccess]:
    """Yields the officers to whom the desk wrote about the case in answer to their reply, such as `toon 7`."""
    rota = work.env.settings.rota
    answers = work.tx.find(OutboxMail, where(OutboxMail.case).is_(case.number))
    for mail in answers:
        officer = rota.by_address(mail.recipient) if mail.kind is Kind.REPLY_ANSWER else None
        if officer is not None:
            yield ReadAccess(officer.id, ReadItem(ReadKind.REPLY, mail.id), hour_of(mail.queued_at))
