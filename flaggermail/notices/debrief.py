# SPDX-License-Identifier: EUPL-1.2
"""The debrief of a rehearsal: what happened when, who answered, what waited, which rule was silent, what had no answer.

It is read from the events since the start of the story, and is in no figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.letters.template_values import MomentKind
from flaggermail.notices import notices
from flaggermail.notices.notices import Notice
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, ClockRow, Delivery, Election, Notification, Page, Rehearsal, Reminder
from flaggermail.record.rows import StoredMessage as Stored
from flaggermail.record.states import ClockKind, ClockState
from flaggermail.services import EventRef, UnitOfWork

LISTED = 40  # entries per list in the mail; the command shows the rest


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened in a rehearsal.

    `minutes` since what it follows: an act since its case was opened, an acknowledgement since its reminder, an answer
    since the notification was sent; None if it follows nothing.
    """

    at: datetime
    turn: MomentKind
    about: str  # the number of the case, or the id of a mail without one
    officer: str | None = None  # an id: who did it, or who was reached
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A mail that waited in the quarantine until a person filed it, or still does."""

    message: Stored
    minutes: int
    still: bool


@dataclass(frozen=True, slots=True)
class Debrief:
    """What came of a rehearsal; `until` is its end, or now."""

    rehearsal: Rehearsal
    until: datetime
    moments: Sequence[Moment]
    waits: Sequence[Wait]  # the longest first
    silent: Sequence[Stored]  # mail of the story that no rule placed or classified
    unanswered: Sequence[Notification]  # no person answered
    undecided: Sequence[Case]
    unacknowledged: Sequence[Reminder]


_ACTS: Mapping[EventKind, MomentKind] = {
    EventKind.MESSAGE_PLACED: MomentKind.PLACED,
    EventKind.CASE_ASSIGNED: MomentKind.TAKEN,
    EventKind.CASE_ASSESSED: MomentKind.ASSESSED,
    EventKind.CASE_DECIDED: MomentKind.DECIDED,
    EventKind.NOTIFICATION_APPROVED: MomentKind.APPROVED,
    EventKind.CONTACT_NOTED: MomentKind.NOTED,
}
"""What officers do: the event's actor did it."""


def folder_of(election: str) -> str:
    """Returns the folder in which deliveries of a rehearsal's own mail are recorded; no server has it."""
    return f"exercise {election}"


def gather(work: UnitOfWork, rehearsal: Rehearsal) -> Debrief:
    """Gathers the current debrief."""
    election = work.tx.get(Election, rehearsal.election)
    until = (election.closed_at if election is not None else None) or work.now
    night = _Night(work, rehearsal)
    own = where(Notification.case).in_(sorted(night.cases))
    reminders = work.tx.find(
        Reminder, where(Reminder.case).in_(sorted(night.cases)), where(Reminder.withheld).is_(False)
    )
    moments, waits = night.moments_and_waits(until)
    return Debrief(
        rehearsal=rehearsal,
        until=until,
        moments=moments,
        waits=sorted(waits, key=lambda wait: -wait.minutes),
        silent=[row for row in night.of_story() if _is_silent(row)],
        unanswered=[use for use in work.tx.find(Notification, own) if use.sent_at and not _is_answered(work, use)],
        undecided=[case for case in night.cases.values() if case.decision is None],
        unacknowledged=[row for row in reminders if row.acknowledged_at is None],
    )


class _Night:
    """The cases of a rehearsal, and its events read from the first to the last."""

    def __init__(self, work: UnitOfWork, rehearsal: Rehearsal) -> None:
        self._tx, self._rehearsal = work.tx, rehearsal
        found = work.tx.find(Case, where(Case.election).is_(rehearsal.election))
        self.cases = {case.number: case for case in sorted(found, key=lambda case: case.opened_at)}
        self._story = {
            one.message for one in work.tx.find(Delivery, where(Delivery.folder).is_(folder_of(rehearsal.election)))
        }

    def of_story(self) -> list[Stored]:
        """Returns the mail that the desk played."""
        return [row for key in sorted(self._story) if (row := self._tx.get(Stored, key)) is not None]

    def moments_and_waits(self, until: datetime) -> tuple[list[Moment], list[Wait]]:
        """Returns what happened, in order, and what waited in the quarantine."""
        moments: list[Moment] = []
        waiting: dict[str, datetime] = {}
        waits: list[Wait] = []
        for _, event in self._tx.events(self._rehearsal.after_event):
            if event.at > until or (event.case not in self.cases and event.message not in self._story):
                continue
            moments += self._moments(event)
            place = _place_in(event)
            if place == Place.QUARANTINE and event.message:
                waiting.setdefault(event.message, event.at)
            elif place is not None and event.message in waiting:
                waits += self._wait(event.message, event.at - waiting.pop(event.message), still=False)
        waits += [one for key, since in waiting.items() for one in self._wait(key, until - since, still=True)]
        return moments, waits

    def _wait(self, key: str, lasted: timedelta, *, still: bool) -> list[Wait]:
        row = self._tx.get(Stored, key)
        return [] if row is None else [Wait(row, lasted // timedelta(minutes=1), still)]

    def _moments(self, event: Event) -> Iterator[Moment]:
        about = event.notification or event.case or event.message or ""
        if event.kind in _ACTS and (event.kind is not EventKind.MESSAGE_PLACED or _place_in(event) is not None):
            yield Moment(event.at, _ACTS[event.kind], about, event.actor, self._since_opened(event))
        elif event.kind is EventKind.NOTIFICATION_SENT:
            yield Moment(event.at, MomentKind.SENT, about, None, self._since_opened(event))
        elif event.kind is EventKind.MESSAGE_TAKEN_IN:
            yield from self._came(event, about)
        elif event.kind is EventKind.PAGE_SENT:
            pages = [self._tx.get(Page, change.key) for change in event.changes if change.table == Page.TABLE]
            yield from (Moment(event.at, MomentKind.PAGED, about, page.officer) for page in pages if page is not None)
        elif event.kind in {EventKind.REMINDER_SENT, EventKind.REMINDER_ACKNOWLEDGED}:
            rows = [self._tx.get(Reminder, change.key) for change in event.changes if change.table == Reminder.TABLE]
            yield from (self._reminded(event, about, row) for row in rows if row is not None)

    def _came(self, event: Event, about: str) -> Iterator[Moment]:
        row = self._tx.get(Stored, event.message or "")
        if row is None or row.direction != Direction.IN or row.enclosed_in or Kind.OFFICER_REPLY in row.kinds:
            return
        use = self._tx.get(Notification, row.notification) if row.notification else None
        if use is not None and use.sent_at is not None:
            yield Moment(event.at, MomentKind.ANSWERED, about, None, _minutes(use.sent_at, row.received_at))
        else:
            yield Moment(event.at, MomentKind.CAME, about)

    def _reminded(self, event: Event, about: str, row: Reminder) -> Moment:
        if event.kind is EventKind.REMINDER_ACKNOWLEDGED:
            return Moment(event.at, MomentKind.ACKNOWLEDGED, about, event.actor, _minutes(row.told_at, event.at))
        turn = MomentKind.ESCALATED if row.kind == Kind.ESCALATION else MomentKind.REMINDED
        return Moment(event.at, turn, about, row.officer)

    def _since_opened(self, event: Event) -> int | None:
        case = self.cases.get(event.case or "")
        return None if case is None else _minutes(case.opened_at, event.at)


def send(work: UnitOfWork, election: Election) -> None:
    """Mails the debrief to the head and the officers, if the exercise played a story; once."""
    rehearsal = work.tx.get(Rehearsal, election.code)
    if rehearsal is None:
        return
    values = _values(work, gather(work, rehearsal))
    for officer in work.env.settings.rota.officers:
        about = f"debrief/{election.code}/{officer.id}"
        notices.tell(work, officer, Notice(Kind.DIGEST, "debrief", about, EventRef(), exercise=True), values)


def _values(work: UnitOfWork, found: Debrief) -> dict[str, object]:
    def name(officer_id: str | None) -> str:
        known = work.env.settings.rota.officer(officer_id or "")
        return known.name if known is not None else officer_id or ""

    lists = (found.moments, found.waits, found.silent, found.unanswered, found.undecided, found.unacknowledged)
    return {
        "story": found.rehearsal.story,
        "speed": found.rehearsal.speed,
        "sent_at": found.rehearsal.started_at,
        "until": found.until,
        "moments": [
            {"at": m.at, "what": m.turn, "about": m.about, "officer": name(m.officer), "minutes": m.minutes}
            for m in found.moments[:LISTED]
        ],
        "waits": [
            {"place": w.message.id, "minutes": w.minutes, "still": w.still, "subject": w.message.subject or ""}
            for w in found.waits[:LISTED]
        ],
        "unclear": [{"place": row.id, "subject": row.subject or ""} for row in found.silent[:LISTED]],
        "unanswered": [
            {"about": about, "officer": name(officer), "at": at}
            for about, officer, at in (
                *((use.id, None, use.sent_at) for use in found.unanswered[:LISTED]),
                *((case.number, None, case.opened_at) for case in found.undecided[:LISTED]),
                *((row.notification or row.case, row.officer, row.told_at) for row in found.unacknowledged[:LISTED]),
            )
        ],
        "more": sum(max(len(one) - LISTED, 0) for one in lists),
    }


def _place_in(event: Event) -> object:
    """Returns where the event files its message; None if it does not."""
    own = [change.values for change in event.changes if change.table == Stored.TABLE and change.key == event.message]
    return next((values["place"] for values in own if "place" in values), None)


def _is_silent(row: Stored) -> bool:
    """True if no rule placed or classified it: it waits, or a person filed it or said what it is."""
    corrected = row.placed_by is not None or row.corrected_by is not None
    return row.place == Place.QUARANTINE or Kind.UNKNOWN in row.kinds or corrected


def _is_answered(work: UnitOfWork, use: Notification) -> bool:
    human = work.tx.get(ClockRow, f"{use.id}/{ClockKind.HUMAN}")
    return human is not None and human.state == ClockState.STOPPED


def _minutes(begin: datetime, end: datetime) -> int:
    return (end - begin) // timedelta(minutes=1)
