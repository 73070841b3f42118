# SPDX-License-Identifier: EUPL-1.2
"""Cases: the list, and all that is recorded of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from flaggermail.cases.holds import HeldOnDay
from flaggermail.cases.lifecycle import missing_of
from flaggermail.commands.cases import same_narrative
from flaggermail.commands.lookups import the_case
from flaggermail.desk.views.calculation import Calculation
from flaggermail.desk.views.view import Document, View, json_of, plain
from flaggermail.figures.ledger import of_rows
from flaggermail.figures.looks import MOST_LABELS
from flaggermail.figures.moments import TimelineLabel, shown
from flaggermail.figures.uses import PlatformUse, uses_of
from flaggermail.mail.message import Json, SenderVerdict
from flaggermail.notifications import clocks
from flaggermail.notifications.clocks import CLOCKS
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Case, ClockRow, ContactNote, Notification, Reminder, StoredMessage
from flaggermail.reminders.handover import open_clocks
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import READERS
from flaggermail.wording.report import Caption

_OF_EARLIER = (
    "number", "title", "election", "narratives", "decision", "decision_ground", "decision_reason", "decided_at",
    "criteria", "contradicts",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCase(View):
    """One case: its messages, its notifications with their clocks, its reminders and notes."""

    MAY: ClassVar[frozenset[str]] = READERS

    case: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns the case with everything about it. Raises NotFound."""
        case, tx, zone = the_case(work, self.case), work.tx, work.env.settings.zone
        messages = sorted(
            tx.find(StoredMessage, where(StoredMessage.case).is_(case.number)),
            key=lambda row: (row.received_at, row.id),
        )
        notes = sorted(
            tx.find(ContactNote, where(ContactNote.case).is_(case.number)), key=lambda row: (row.effective_at, row.id)
        )
        uses = _Uses(work, case)
        return {
            **plain(case, zone),
            "referrer_verdict": _verdict_on_referrer(case, messages),
            "missing": [item.value for item in missing_of(work, case)],
            "related_cases": [earlier(other, zone) for other in tx.find(Case, where(Case.number).in_(case.related))],
            "same_narrative": [earlier(other, zone) for other in same_narrative(tx, case)],
            "messages": [plain(message, zone) for message in messages],
            "notifications": uses.documents(),
            "reminders": uses.reminders_of(None),
            "running": uses.running_of(None),
            "notes": [plain(note, zone) for note in notes],
            "holds": [plain(hold, zone) for hold in HeldOnDay(tx, work.today, zone).of_case(case)],
        }


class _Uses:
    """The notifications of a case, with the clocks, reminders and open clocks of each and of the case itself."""

    def __init__(self, work: UnitOfWork, case: Case) -> None:
        tx, self._case, self._zone = work.tx, case, work.env.settings.zone
        found = tx.find(Notification, where(Notification.case).is_(case.number))
        self._notifications = sorted(found, key=lambda row: (row.drafted_at, row.id))
        self._clocks = tx.find(ClockRow, where(ClockRow.notification).in_([row.id for row in self._notifications]))
        self._reminders = sorted(
            tx.find(Reminder, where(Reminder.case).is_(case.number)), key=lambda row: (row.told_at, row.id)
        )
        self._now = work.now
        self._uses = {use.notification: use for use in uses_of(of_rows(tx)) if use.case == case.number}
        self._running = [
            (one.notification.id if one.notification else None, Calculation(work, one).document())
            for one in open_clocks(tx)
            if one.case.number == case.number
        ]

    def documents(self) -> list[Json]:
        """Returns the notifications in the order in which they were drafted."""
        return [
            {
                **plain(one, self._zone),
                "clocks": self._clocks_of(one.id, use),
                "reminders": self.reminders_of(one.id),
                "running": self.running_of(one.id),
                "timeline": [] if use is None else timeline(use, self._now, self._zone),
            }
            for one in self._notifications
            for use in [self._uses.get(one.id)]
        ]

    def _clocks_of(self, about: str, use: PlatformUse | None) -> list[Json]:
        own = [clock for clock in self._clocks if clock.notification == about]
        own.sort(key=lambda clock: CLOCKS.index(clock.kind))
        return [_clock(clock, use, self._zone, exercise=self._case.exercise) for clock in own]

    def reminders_of(self, about: str | None) -> list[Json]:
        """Returns the reminders about the notification, or about the case itself."""
        return [plain(one, self._zone) for one in self._reminders if one.notification == about]

    def running_of(self, about: str | None) -> list[Json]:
        """Returns the calculation of each open clock of the notification, or of the case itself."""
        return [document for of, document in self._running if of == about]


def _clock(clock: ClockRow, use: PlatformUse | None, zone: ZoneInfo, *, exercise: bool) -> Document:
    """Returns a clock, of a use with basis and form as in the figures; an exercise has minutes, but no figures."""
    minutes = None if clock.stopped_at is None else clocks.minutes(clock.started_at, clock.stopped_at)
    figures: dict[str, Json] = {"minutes": minutes, "hours": None, "spoken": None}
    if minutes is not None and not exercise:
        figures["hours"] = clocks.hours(minutes)
        figures["spoken"] = {language: clocks.spoken(minutes, language) for language in LanguageCode}
    stop = None if use is None else use.stop(clock.kind)
    rests = {"basis": None, "form": None} if stop is None else {"basis": stop.basis, "form": stop.form}
    return {**plain(clock, zone), **figures, **rests}


def _verdict_on_referrer(case: Case, messages: Sequence[StoredMessage]) -> str | None:
    """Returns "verified" if any mail of the referrer is, else the verdict on the first; None without a mail."""
    verdicts = [m.verdict for m in messages if m.direction is Direction.IN and m.from_address == case.referrer_address]
    return SenderVerdict.VERIFIED if SenderVerdict.VERIFIED in verdicts else next(iter(verdicts), None)


def earlier(case: Case, zone: ZoneInfo) -> Document:
    """Returns what an earlier case tells the officer: its decision and the reasoning."""
    known = plain(case, zone)
    return {name: known[name] for name in _OF_EARLIER}


# ---- What happened during a use, as the terminal draws it


def timeline(use: PlatformUse, as_of: datetime, zone: ZoneInfo) -> list[Json]:
    """Returns what happened during a use, in order."""
    return [entry(label, use.sent_at, zone) for label in shown(use, as_of, MOST_LABELS)]


def entry(label: TimelineLabel, sent_at: datetime, zone: ZoneInfo) -> dict[str, Json]:
    """Returns a moment, or several; "until" is the last of them, "minutes" those from the sending to the first."""
    return {
        "at": json_of(label.first, zone),
        "until": json_of(label.last, zone),
        "minutes": clocks.minutes(sent_at, label.first),
        "signs": list(label.signs),
        "words": [one.words("en") if isinstance(one, Caption) else one.english for one in label.words()],
    }
