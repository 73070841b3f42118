# SPDX-License-Identifier: EUPL-1.2
"""How things stand, as one mail for a telephone: open clocks by lateness, what waits, what is in doubt or held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flaggermail.letters import standing
from flaggermail.mail.message import SenderVerdict
from flaggermail.notices import duty, notices, unheard
from flaggermail.record.case_values import Decision
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Case, HeldBack, Notification, Platform, StoredMessage
from flaggermail.record.states import CaseState, NotificationState, ServerState
from flaggermail.reminders import handover
from flaggermail.reminders.open_clocks import OpenClock
from flaggermail.services import UnitOfWork

LISTED = 8  # entries per list; the rest is counted


def values(work: UnitOfWork) -> dict[str, object]:
    """Returns the values of the template `desk_summary`, as of now."""
    note, officer = handover.gather(work), duty.officer_on_call(work)
    clocks = sorted((one for one, _ in note.clocks), key=lambda one: (_first_due(one), one.started_at, one.about))
    late = [one for one in clocks if _first_due(one) <= work.now]
    drafts = work.tx.find(Notification, where(Notification.state).is_(NotificationState.DRAFT))
    answers = _unverified(work, [*clocks, *note.awaited])
    replies, outlook, stuck = unheard.lately(work.tx, work.now), standing.look(work.tx), _stuck(work)
    return {
        "at": work.now,
        "late": [_clock(work, one) for one in late[:LISTED]],
        "going_on": [_clock(work, one) for one in clocks[len(late) :][:LISTED]],
        "awaited": [handover.line_of_awaited(work, one) for one in note.awaited[:LISTED]],
        "drafts": [_draft(work, one) for one in sorted(drafts, key=lambda one: (one.drafted_at, one.id))[:LISTED]],
        "stuck": [{"case": one.number, "title": one.title, "exercise": one.exercise} for one in stuck[:LISTED]],
        "answers": [notices.entry_of(one) | {"number": one.case} for one in answers[:LISTED]],
        "entries": [{**notices.entry_of(one), "exercise": one.exercise} for one in note.quarantine[:LISTED]],
        "uncertain": [handover.line_of_mail(one) for one in note.uncertain[:LISTED]],
        "withheld": [handover.line_of_mail(one) for one in note.withheld[:LISTED]],
        "counts": {
            "late": len(late), "running": len(clocks) - len(late), "awaited": len(note.awaited),
            "drafts": len(drafts), "stuck": len(stuck), "answers": len(answers), "entries": len(note.quarantine),
            "uncertain": len(note.uncertain), "withheld": len(note.withheld), "replies": replies,
            "held": work.tx.count(HeldBack, where(HeldBack.told_at).is_(None)),
            "outbox": len(outlook.waiting) if outlook.standing is not ServerState.TAKES else 0,
        },
        "waiting": len(drafts) + len(stuck) + len(answers) + len(note.quarantine) + replies,
        "officer": officer.name if officer is not None else "",
    }  # fmt: skip


def _stuck(work: UnitOfWork) -> list[Case]:
    """Returns the cases of which a platform is to be notified, and nothing is on its way: refused, or rejected."""
    decided = work.tx.find(
        Case, where(Case.state).is_(CaseState.DECIDED), where(Case.decision).is_(Decision.NOTIFY)
    )  # fmt: skip
    under_way = {NotificationState.DRAFT, NotificationState.APPROVED, NotificationState.SENT}
    uses = work.tx.find(Notification, where(Notification.case).in_([case.number for case in decided]))
    busy = {use.case for use in uses if use.state in under_way}
    return [case for case in decided if case.number not in busy]


def _first_due(one: OpenClock) -> datetime:
    """Returns when its first step falls due; a clock without a step is never late."""
    return min(
        (step.due_at(one.started_at) for step in one.steps), default=datetime.max.replace(tzinfo=one.started_at.tzinfo)
    )


def _clock(work: UnitOfWork, one: OpenClock) -> dict[str, object]:
    platform = work.tx.get(Platform, one.notification.platform) if one.notification else None
    return {
        "case": one.case.number, "title": one.case.title, "platform": platform.name if platform else "",
        "clock": one.clock, "minutes": (work.now - one.started_at) // timedelta(minutes=1),
        "exercise": one.case.exercise,
    }  # fmt: skip


def _draft(work: UnitOfWork, draft: Notification) -> dict[str, object]:
    platform = work.tx.get(Platform, draft.platform)
    return {
        "draft": draft.id, "platform": platform.name if platform else "", "at": draft.drafted_at,
        "exercise": draft.exercise,
    }  # fmt: skip


def _unverified(work: UnitOfWork, waiting: Sequence[OpenClock]) -> list[StoredMessage]:
    """Returns the answers to what is awaited of which a person must say whether they are genuine."""
    uses = [one.notification.id for one in waiting if one.notification is not None]
    found = work.tx.find(
        StoredMessage,
        where(StoredMessage.notification).in_(uses),
        where(StoredMessage.direction).is_(Direction.IN),
    )
    doubted = (
        one for one in found
        if one.verdict == SenderVerdict.UNVERIFIED or (one.disputed and one.verdict == SenderVerdict.VERIFIED)
    )  # fmt: skip
    return sorted(doubted, key=lambda one: (one.received_at, one.id))
