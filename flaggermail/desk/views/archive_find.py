# SPDX-License-Identifier: EUPL-1.2
"""What is found in the archive. For officers and associates; each search is an event, each further part of it too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from flaggermail.archive import find
from flaggermail.archive.find import Criteria, MailMatch
from flaggermail.commands.named_rows import the_case
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import ArchiveView, ListView, stamp
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case
from flaggermail.record.states import CaseState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import ViewRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingCase(ViewAnswer):
    """A case of the mails that were found, or one with the number or the tag that was asked for."""

    number: str
    title: str
    election: str
    state: CaseState
    opened_at: datetime
    narratives: tuple[str, ...]
    exercise: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingMail(ViewAnswer):
    """A mail that fulfils everything that was asked."""

    id: str
    case: str | None
    received_at: datetime
    direction: Direction
    from_address: str | None
    subject: str | None
    kinds: tuple[Kind, ...]
    place: Place
    digest: str
    discarded_at: datetime | None
    exercise: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFound(ViewAnswer):
    """Cases by number, then mails by arrival; `unread` are the ids of mails whose text could not be searched."""

    cases: tuple[MatchingCase, ...]
    mails: tuple[MatchingMail, ...]
    unread: tuple[str, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindInArchive(ArchiveView, ListView):
    """Mails by number, correspondent, date and tag; within one case also by words of their text.

    Nothing else is searched across cases. The event of the reading holds what was asked, but no words of `text`.
    `limit` counts cases and mails.
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

    def show(self, work: UnitOfWork) -> ArchiveFound:
        """Returns what is found; each part searches anew. Raises Refusal, NotFound."""
        asked, case = self._criteria(work), self.about(work)
        if self.text is not None and case is None:
            raise Refusal(ViewRefusal.TEXT_WITHIN_CASE())
        if asked.is_empty and case is None:
            raise Refusal(ViewRefusal.NOTHING_TO_FIND())
        mails, unread = find.mails(work, asked, case), list[str]()
        if self.text is not None:
            mails, unread = find.with_text(work, mails, self.text)
        found: list[Case | MailMatch] = [*find.cases(work, asked, mails), *mails]
        page = self.cut(found, _place)
        rows = find.rows_of(work, [row for row in page.lines if isinstance(row, MailMatch)])
        return ArchiveFound(
            cases=tuple(MatchingCase.from_fields(row) for row in page.lines if isinstance(row, Case)),
            mails=tuple(map(MatchingMail.from_fields, rows)),
            unread=tuple(unread),
            next=page.next,
        )

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


def _place(row: Case | MailMatch) -> tuple[int, str, str]:
    return (0, "", row.number) if isinstance(row, Case) else (1, stamp(row.received_at), row.id)
