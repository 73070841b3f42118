# SPDX-License-Identifier: EUPL-1.2
"""The lists of stored messages: by place, declined ones until they are destroyed, and those that wait for a person.

The database reads the lines that are shown and no others: a mailbox of years files tens of thousands as noise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.cases.erasure import due_at
from flaggermail.cases.holds import HeldOnDay
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.view import ListView, instant_of, stamp
from flaggermail.mail.fields import in_domains
from flaggermail.matching.scoring import read
from flaggermail.ports import Bookmark, Transaction
from flaggermail.record.case_values import Priority
from flaggermail.record.clocks import minutes
from flaggermail.record.definition import in_sequence, where
from flaggermail.record.kinds import ArrivalBasis, Place
from flaggermail.record.rows import Case, Decline, Platform, StoredMessage
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMessage(ViewAnswer):
    """A stored message."""

    row: Annotated[StoredMessage, FLAT]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageList(ViewAnswer):
    """Messages in the order of their arrival."""

    messages: tuple[ListedMessage, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMessages(ListView):
    """Messages in one place."""

    MAY: ClassVar[frozenset[str]] = READERS

    place: Place = Place.NOISE

    def show(self, work: UnitOfWork) -> MessageList:
        """Returns the messages. Raises Refusal for a cursor of another list."""
        here = where(StoredMessage.place).is_(self.place)
        found = self.ordered(work, StoredMessage, StoredMessage.received_at, here)
        return MessageList(messages=tuple(ListedMessage(row=row) for row in found.lines), next=found.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSuggestion(ViewAnswer):
    """A case to which a message may belong, with its score (0 to 100) and the evidence."""

    case: str
    title: str
    score: int
    why: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMessage(ViewAnswer):
    """A message that a person must place, with the cases to which it may belong, the likeliest first."""

    row: Annotated[StoredMessage, FLAT]
    platform: str | None  # the name of the one whose domain the sender's is
    suggestions: tuple[PlaceSuggestion, ...]
    age_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineList(ViewAnswer):
    """Messages that wait for a person, urgent ones first, then the oldest."""

    messages: tuple[WaitingMessage, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuarantine(ListView):
    """Messages that a person must place; with `old` those from files of old mail, which are listed apart."""

    MAY: ClassVar[frozenset[str]] = DESK

    old: bool = False

    def show(self, work: UnitOfWork) -> QuarantineList:
        """Returns the messages. Raises Refusal for a cursor of another list."""
        bases = [basis for basis in ArrivalBasis if basis.in_file is self.old]
        waiting = where(StoredMessage.place).is_(Place.QUARANTINE), where(StoredMessage.arrival).in_(bases)
        rank, at, _, key = self.begins_after((0, "", 0, ""))
        rows = list[StoredMessage]()
        for place, priority in enumerate(Priority):
            after = Bookmark(instant_of(at), key) if self.cursor and place == rank else None
            here, most = (*waiting, where(StoredMessage.priority).is_(priority)), self.limit + 1 - len(rows)
            if place >= rank and most:
                rows += work.tx.in_order(StoredMessage, StoredMessage.received_at, most, after, *here)
        ranks = list(Priority)
        found = self.cut(rows, lambda row: (ranks.index(row.priority), stamp(row.received_at), *in_sequence(row.key)))
        suggestions, platforms = suggested(work.tx, found.lines), work.tx.find(Platform)
        lines = (
            WaitingMessage(
                row=row, platform=_platform(platforms, row), suggestions=suggestions[row.id],
                age_minutes=minutes(row.received_at, work.now),
            )
            for row in found.lines
        )  # fmt: skip
        return QuarantineList(messages=tuple(lines), next=found.next)


def _platform(platforms: Collection[Platform], message: StoredMessage) -> str | None:
    domain = (message.from_address or "").rpartition("@")[2]
    return next((one.name for one in platforms if in_domains(domain, frozenset(one.domains))), None)


def suggested(tx: Transaction, messages: Collection[StoredMessage]) -> Mapping[str, tuple[PlaceSuggestion, ...]]:
    """Returns the cases to which each message may belong, the likeliest first, by its id."""
    found = {stored.id: [read(said) for said in stored.suggestions] for stored in messages}
    wanted = {one.case for several in found.values() for one in several}
    titles = dict(tx.columns(Case, (Case.number, Case.title), where(Case.number).in_(wanted))) if wanted else {}
    return {
        message: tuple(
            PlaceSuggestion(case=one.case, title=titles.get(one.case, ""), score=one.score, why=one.why)
            for one in several
        )
        for message, several in found.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclinedMessage(ViewAnswer):
    """A declined mail and the end of its retention; the legal holds in `held_by` keep it longer."""

    row: Annotated[StoredMessage, FLAT]
    kept_until: datetime
    held_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclinedList(ViewAnswer):
    """Declined mail in the order of its arrival, and how many senders were declined in each election."""

    messages: tuple[DeclinedMessage, ...]
    senders: Mapping[str, int]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeclined(ListView):
    """Declined mail, and how many senders were declined in each election."""

    MAY: ClassVar[frozenset[str]] = DESK

    def show(self, work: UnitOfWork) -> DeclinedList:
        """Returns the mails, and with each part of them the numbers of senders. Raises Refusal as the others do."""
        found = self.ordered(work, StoredMessage, StoredMessage.received_at, _DECLINED)
        kept = where(Decline.taken_back_at).is_(None)
        senders = Counter(election for (election,) in work.tx.columns(Decline, (Decline.election,), kept))
        held = HeldOnDay(work.tx, work.today, work.env.settings.zone)
        lines = (
            DeclinedMessage(
                row=row, kept_until=due_at(work.env, row.first_seen_at),
                held_by=tuple(hold.id for hold in held.of_message(row)),
            )
            for row in found.lines
        )  # fmt: skip
        return DeclinedList(messages=tuple(lines), senders=dict(sorted(senders.items())), next=found.next)


_DECLINED = where(StoredMessage.place).is_(Place.DECLINED)
