# SPDX-License-Identifier: EUPL-1.2
"""The events of the record as a person or a program reads them: without tokens, and erased values only named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from flaggermail.commands.named_rows import the_case
from flaggermail.commands.requests import Instant
from flaggermail.desk import answers
from flaggermail.desk.answers import SECRET, AnswerReader, ViewAnswer
from flaggermail.desk.views.view import NO_CURSOR, ListView, cursor_of
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.event_codec import COMMITMENT
from flaggermail.record.events import Change, Event, EventKind, Scalar
from flaggermail.record.rows import BY_TABLE, Token
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.said import UNSAID, StoredText

MOST_NUMBERS = 1 << 31  # of events; PostgreSQL refuses to compare its column with a greater one
_ERASED = re.compile(rf"{re.escape(COMMITMENT)}[0-9a-f]{{64}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange(ViewAnswer):
    """The values that an event set in a row, as they are stored; `erased` names those that were erased since.

    `key` is null for a token, because it authorises acts by mail.
    """

    table: str
    key: str | None
    values: Mapping[str, object]
    erased: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent(ViewAnswer):
    """An event; `event` is its number in the chain."""

    event: int
    at: datetime
    actor: str
    kind: EventKind
    case: str | None
    notification: str | None
    message: str | None
    reason: StoredText
    facts: Mapping[str, object]
    changes: tuple[ShownChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventList(ViewAnswer):
    """Events in the order of their numbers."""

    events: tuple[ShownEvent, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEvents(ListView):
    """Events in the order in which they happened: about one case, from an instant on, or of one kind."""

    MAY: ClassVar[frozenset[str]] = READERS

    case: str | None = None
    since: Instant | None = None
    kind: EventKind | None = None

    def show(self, work: UnitOfWork) -> EventList:
        """Returns the events. Raises NotFound for an unknown case."""
        case = the_case(work, self.case).number if self.case is not None else None
        after = _number(self)
        events = work.tx.events(after, self.kind, case=case, since=self.since, most=self.limit + 1)
        found = self.cut(list(events), lambda one: (one[0],))
        return EventList(events=tuple(shown(number, event) for number, event in found.lines), next=found.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent(ViewAnswer):
    """An event of a case without the rows that it changed.

    `reason` is empty and `code` is the word that the event bears, such as the kind of a clock, where no sentence says
    it; otherwise `code` is empty.
    """

    event: int
    at: datetime
    actor: str
    kind: EventKind
    notification: str | None
    message: str | None
    reason: StoredText
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEventList(ViewAnswer):
    """Events of a case, the latest first; `next` is the cursor of earlier ones."""

    number: str  # of the case
    events: tuple[CaseEvent, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCaseEvents(ListView):
    """What happened in a case, the latest first."""

    MAY: ClassVar[frozenset[str]] = READERS

    case: str

    def show(self, work: UnitOfWork) -> CaseEventList:
        """Returns the events. Raises NotFound for an unknown case, Refusal for a cursor of another list."""
        case = the_case(work, self.case).number
        before = _number(self)
        found = work.tx.last_about(case, self.limit + 1, before)
        lines = found[: self.limit]
        return CaseEventList(
            number=case,
            events=tuple(_of_case(number, event) for number, event in lines),
            next=cursor_of((lines[-1][0],)) if len(found) > self.limit else None,
        )


def _number(asked: ListView) -> int:
    """Returns the number of the last event that was answered before; 0 at the beginning. Raises Refusal."""
    (number,) = asked.begins_after((0,))
    if abs(number) >= MOST_NUMBERS:
        raise Refusal(NO_CURSOR)
    return number


def _of_case(number: int, event: Event) -> CaseEvent:
    said = StoredText(event.reason)
    return CaseEvent.from_fields(
        event, event=number, reason=said if said.code else UNSAID, code="" if said.code else event.reason
    )


def shown(number: int, event: Event) -> ShownEvent:
    """Returns an event without tokens."""
    changes = tuple(map(_change, event.changes))
    return ShownEvent.from_fields(event, event=number, reason=StoredText(event.reason), changes=changes)


def document_of(number: int, event: Event, zone: ZoneInfo) -> dict[str, Json]:
    """Returns the English document of an event, for files of a dossier."""
    return answers.document_of(shown(number, event), AnswerReader(zone))


def _change(change: Change) -> ShownChange:
    personal = BY_TABLE[change.table].PERSONAL
    erased = tuple(name for name, value in change.values.items() if name in personal and _is_erased(value))
    values = {name: value for name, value in change.values.items() if name not in SECRET and name not in erased}
    key = None if change.table == Token.TABLE else change.key
    return ShownChange(table=change.table, key=key, values=values, erased=erased)


def _is_erased(value: Scalar) -> bool:
    """True for a commitment whose value is gone."""
    return isinstance(value, str) and _ERASED.fullmatch(value) is not None
