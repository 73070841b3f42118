# SPDX-License-Identifier: EUPL-1.2
"""Collects the desk's status for the supervisor's line and `status.json`, at each status tick of the daemon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from flaggermail import __version__
from flaggermail.health.status_document import AGES, EXERCISE, Limits, Overview, impersonal
from flaggermail.letters import standing, writing
from flaggermail.mail.message import SenderVerdict
from flaggermail.notices import pager_queue, unheard
from flaggermail.notices.duty import officer_on_call
from flaggermail.ports import Transaction
from flaggermail.record.definition import where
from flaggermail.record.kinds import FROM_MAILBOX, Place
from flaggermail.record.rows import (
    Alarm,
    Attempt,
    Case,
    ClockRow,
    HeldBack,
    Notification,
    OutboxMail,
    Page,
    Reminder,
    StoredMessage,
    UnfetchedMail,
    Watched,
)
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import (
    CASE_STATES,
    PLATFORM_MAILS,
    SUPPRESSED,
    UNDELIVERED_FOR,
    UNDELIVERED_PAGES,
    WAITING,
    WITHHELD,
    CaseState,
    ClockState,
    ServerState,
)
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import DeskSettings

_REFUSING = {ServerState.DENIES, ServerState.DOUBTED}


def limits_of(desk: DeskSettings) -> Limits:
    """Returns the limits of the configuration."""
    return Limits(
        mailbox=timedelta(minutes=desk.mailbox.alarm_after_minutes),
        outbox=timedelta(minutes=desk.submission.alarm_after_minutes),
        free=desk.watch.disk_free_mb,
    )


def gather(work: UnitOfWork, *, link: bool | None) -> Overview:
    """Returns the current status; `link`: whether the mailbox is reachable. Growing tables are counted, not read."""
    tx, settings, state = work.tx, work.env.settings, writing.state_of(work.tx)
    mailbox = settings.desk.mailbox
    cursors = {folder: tx.cursor(folder) for folder in (mailbox.inbox, mailbox.sent)}
    parked = [
        message.received_at
        for message in tx.find(
            StoredMessage,
            where(StoredMessage.place).is_(Place.QUARANTINE),
            where(StoredMessage.exercise).is_(False),
            where(StoredMessage.arrival).in_(FROM_MAILBOX),
        )
    ]
    undelivered = _undelivered(work)
    clocks, mails = running_clocks(tx), tx.readable(OutboxMail, where(OutboxMail.state).in_(WAITING))
    outlook = standing.look(tx)
    return Overview(
        at=work.now,
        zone=settings.zone,
        version=__version__,
        limits=limits_of(settings.desk),
        link=link,
        observing_since=state.since if state is not None and state.observing else None,
        cases=_cases(tx),
        clocks=Counter(clock.kind for clock in clocks),
        oldest_clock=min((clock.started_at for clock in clocks), default=None),
        clocks_older={
            age: Counter(clock.kind for clock in clocks if work.now - clock.started_at >= timedelta(minutes=age))
            for age in AGES
        },
        reminders=_reminders(tx, clocks),
        platform_mails={verdict: tx.reached(f"{PLATFORM_MAILS} {verdict}") for verdict in SenderVerdict},
        unjudged=tx.count(Alarm, where(Alarm.kind).is_(AlarmKind.UNJUDGED)),
        quarantine=len(parked),
        oldest=min(parked, default=None),
        set_aside=_set_aside(tx),
        outbox=Counter(WITHHELD if mail.is_withheld else mail.state for mail in mails),
        waiting_since=min((one.queued_at for one in outlook.waiting if not outlook.answer_lost(one)), default=None),
        held_since=standing.held_since(tx, outlook),
        denied=outlook.standing in _REFUSING,
        last_error=_last_error(tx, mails),
        looks={folder: cursor.looked_at if cursor else None for folder, cursor in cursors.items()},
        on_call=officer_on_call(work) is not None,
        wrong={row.id: row.value for row in tx.find(Watched, where(Watched.failing).is_(True))},
        wrong_since={row.id: row.since for row in tx.find(Watched, where(Watched.failing).is_(True))},
        watched={row.id: row.value for row in tx.find(Watched, where(Watched.failing).is_(False))},
        ends={row.id: row.until for row in tx.find(Watched) if row.until is not None},
        held_back=len(tx.find(HeldBack, where(HeldBack.told_at).is_(None))),
        unheard=unheard.lately(tx, work.now),
        suppressed=tx.reached(SUPPRESSED),
        pages=Counter(page.state for page in undelivered),
        undelivered_since=min((page.queued_at for page in undelivered), default=None),
        free=work.env.health_probe.free(),
    )


def _undelivered(work: UnitOfWork) -> list[Page]:
    """Returns the pages of the last day that reached nobody; a test page is not one of them."""
    lately = where(Page.queued_at).after(work.now - UNDELIVERED_FOR)
    found = work.tx.find(Page, lately, where(Page.state).in_(UNDELIVERED_PAGES))
    return [page for page in found if not pager_queue.is_trial(page)]


def denial(tx: Transaction) -> str | None:
    """Returns the submission server's words, made impersonal, while it refuses the desk itself; else None."""
    outlook = standing.look(tx)
    return (_last_error(tx, outlook.waiting) or "no words") if outlook.standing in _REFUSING else None


def _cases(tx: Transaction) -> dict[str, int]:
    states = {
        state: tx.count(Case, where(Case.state).is_(CaseState(state)), where(Case.exercise).is_(False))
        for state in CASE_STATES
    }
    return {**states, EXERCISE: tx.count(Case, where(Case.state).in_(list(CaseState)), where(Case.exercise).is_(True))}


def _set_aside(tx: Transaction) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in tx.find(UnfetchedMail, where(UnfetchedMail.ended_at).is_(None)):
        found.setdefault(row.folder, []).append(row.item)
    return found


def running_clocks(tx: Transaction) -> list[ClockRow]:
    """Returns the running clocks, except those of exercises."""
    running = tx.find(ClockRow, where(ClockRow.state).is_(ClockState.RUNNING))
    rehearsed = {
        use.id
        for use in tx.find(
            Notification,
            where(Notification.id).in_([c.notification for c in running]),
            where(Notification.exercise).is_(True),
        )
    }
    return [clock for clock in running if clock.notification not in rehearsed]


def _reminders(tx: Transaction, clocks: Iterable[ClockRow]) -> dict[str, Counter[str]]:
    """Counts the mails that reminded officers of these clocks, by kind of clock and step."""
    running = {(clock.notification, clock.kind) for clock in clocks}
    found: dict[str, Counter[str]] = {}
    for told in tx.find(Reminder, where(Reminder.notification).in_(sorted({use for use, _ in running}))):
        if (told.notification, told.clock) in running:
            found.setdefault(told.clock, Counter())[str(told.step)] += 1
    return found


def _last_error(tx: Transaction, mails: Iterable[OutboxMail]) -> str | None:
    """Returns the server's last answer about a waiting mail, without words that reveal its recipient or subject."""
    tried = {mail.id: mail for mail in mails if mail.tries}
    ended = [
        (attempt.ended_at, attempt)
        for attempt in tx.find(Attempt, where(Attempt.mail).in_(list(tried)))
        if attempt.ended_at
    ]
    if not ended:
        return None
    _, last = max(ended, key=lambda pair: (pair[0], pair[1].id))
    mail = tried[last.mail]
    subjects = (mail.subject, mail.subject.partition("] ")[2])  # with and without the case number in front
    named = {*subjects, *(address.rpartition("@")[0] for address in (mail.recipient, mail.sender))}
    return impersonal(f"{last.code or ''} {last.text.english}".strip(), named) or None
