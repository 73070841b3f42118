# SPDX-License-Identifier: EUPL-1.2
"""What an officer asked by mail to be shown: how things stand, or one case in at most forty lines."""

from __future__ import annotations

from flaggermail.commands.named_rows import the_case, whole_number
from flaggermail.letters.html_part import left_out
from flaggermail.notices.notices import Notice, entry_of, tell
from flaggermail.record import clocks
from flaggermail.record.case_values import Topic
from flaggermail.record.clocks import CLOCKS
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, ClockRow, Notification, Platform, StoredMessage
from flaggermail.record.states import CaseState, ClockState
from flaggermail.reminders import handover
from flaggermail.replies.answered import Understood
from flaggermail.replies.request import SHOW_CASE, Request
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import Officer

USES, MESSAGES = 3, 6  # shown of a case; the command line shows all


def check(work: UnitOfWork, asked: Request) -> None:
    """Raises NotFound or Refusal if there is no such case."""
    if asked.name == SHOW_CASE:
        _case(work, asked)


def show(work: UnitOfWork, officer: Officer, found: Understood, answers: StoredMessage, *, quotes: bool) -> None:
    """Queues the mail that shows it, in answer to the officer's; with titles and subjects only if it `quotes`."""
    asked = found.requests[0]
    case = _case(work, asked) if asked.name == SHOW_CASE else None
    undecided = case is not None and case.decision is None and case.state != CaseState.CLOSED
    topic = Topic.STAND if case is None else Topic.NEW_CASE if undecided else Topic.NOTICE
    notice = Notice(
        Kind.REPLY_ANSWER, "desk_summary" if case is None else "case_summary", f"answer/{answers.id}",
        EventRef(case.number if case is not None else None), topic=topic, answers=answers.message_id,
        language=found.language,
    )  # fmt: skip
    values = (
        _of_case(work, case, answers) if case is not None else {**handover.values(work), "sent_at": answers.received_at}
    )
    tell(work, officer, notice, values if quotes else left_out(values))


def _case(work: UnitOfWork, asked: Request) -> Case:
    return the_case(work, whole_number(work, str(asked.fields["case"])))


def _of_case(work: UnitOfWork, case: Case, answers: StoredMessage) -> dict[str, object]:
    uses = sorted(
        work.tx.find(Notification, where(Notification.case).is_(case.number)), key=lambda one: (one.drafted_at, one.id)
    )
    found = work.tx.find(StoredMessage, where(StoredMessage.case).is_(case.number))
    told = sorted(
        (one for one in found if Kind.OFFICER_REPLY not in one.kinds and not _is_to_officer(one)),
        key=lambda one: (one.received_at, one.id),
    )
    officer = work.env.settings.rota.officer(case.assigned_to or "")
    return {
        "title": case.title,
        "state": case.state,
        "decision": case.decision or "",
        "officer": officer.name if officer is not None else "",
        "sent_at": case.opened_at,
        "sender": case.referrer_address or "",
        "notifications": [_use(work, one) for one in uses[-USES:]],
        "entries": [entry_of(one) | {"ours": one.direction == Direction.OUT} for one in told[-MESSAGES:]],
        "more": max(len(uses) - USES, 0) + max(len(told) - MESSAGES, 0),
        "at": answers.received_at,
    }


def _is_to_officer(message: StoredMessage) -> bool:
    return message.direction == Direction.OUT and not set(message.kinds) & _TO_OTHERS


_TO_OTHERS = frozenset({
    Kind.NOTIFICATION, Kind.FOLLOW_UP, Kind.INTAKE_CONFIRMATION, Kind.DECISION_NOTICE, Kind.INFORMATION_REQUEST,
})  # fmt: skip


def _use(work: UnitOfWork, use: Notification) -> dict[str, object]:
    platform = work.tx.get(Platform, use.platform)
    clocks = work.tx.find(ClockRow, where(ClockRow.notification).is_(use.id))
    return {
        "platform": platform.name if platform is not None else "",
        "state": use.state,
        "sent_at": use.sent_at,
        "clocks": [_clock(work, one) for one in sorted(clocks, key=lambda one: CLOCKS.index(one.kind))],
    }


def _clock(work: UnitOfWork, clock: ClockRow) -> dict[str, object]:
    at = clock.stopped_at
    runs = clock.state == ClockState.RUNNING
    minutes = clocks.minutes(clock.started_at, at or work.now) if at is not None or runs else 0
    return {"kind": clock.kind, "state": clock.state, "at": at, "minutes": minutes}
