# SPDX-License-Identifier: EUPL-1.2
"""Pages: derived from unacknowledged reminders, claimed, called, the result recorded.

queued -> attempting -> sent | failed (then the next pager of that person, at once)

As with mail, the attempt is committed before the network is touched. A call in progress when the program died is
repeated: to be woken twice is better than not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from flaggermail.letters import stored_messages
from flaggermail.notices import anew, notices, pager_queue
from flaggermail.notices.pager_choice import next_pager, reminder_text
from flaggermail.notices.pager_queue import Wake
from flaggermail.ports import Interrupt, Paged, Transaction
from flaggermail.ports.servers import PAGE_TITLE
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, ClockRow, Notification, Page, PageCode, Reminder
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import Means, PageState
from flaggermail.reminders import quarantine_ageing
from flaggermail.services import EventRef, Services, UnitOfWork, until_recorded
from flaggermail.settings.rota import Officer
from flaggermail.settings.steps import quicker
from flaggermail.wording.alarms import AlarmText, PageFailure, PageText
from flaggermail.wording.said import StoredText

LOOKED_BACK = timedelta(hours=12)  # older reminders call no pager
CODE_VOID = PageFailure.CODE_VOID()
MOST_TRIES = 2  # of one page: the second only after the program died during the first


def tick(env: Services) -> int:
    """Queues the pages that are due for unacknowledged reminders; returns their number."""
    with env.store.read() as tx:
        if not list(_due(UnitOfWork(env, tx, env.clock.now()))):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        queued = [(officer, pager_queue.queue(work, officer, at, wake)) for officer, at, wake in _due(work)]
        for officer, page in queued:
            if page is not None and page.state == PageState.HELD and _is_pager_only(work, page):
                _alarm_pagers_failed(work, officer, page, PageFailure.OFTEN())
    return sum(page is not None for _, page in queued)


def _due(work: UnitOfWork) -> Iterator[tuple[Officer, int, Wake]]:
    """Yields officer, pager position and text for each mail with unacknowledged reminders that calls a pager now."""
    rota = work.env.settings.rota
    if not any(officer.pagers for officer in rota.officers):
        return
    unanswered = work.tx.find(Reminder, where(Reminder.acknowledged_at).is_(None), where(Reminder.withheld).is_(False))
    recent = (r for r in unanswered if r.told_at > work.now - LOOKED_BACK and Means.PAGER in r.how)
    for _, together in groupby(sorted(recent, key=lambda r: (r.token, r.id)), key=lambda r: r.token):
        first, *more = together  # reminders in one mail share a token
        waiting = [reminder for reminder in (first, *more) if anew.runs(work.tx, reminder)]
        officer = rota.officer(first.officer)
        if officer is None or not waiting:
            continue
        speed = stored_messages.pace(work.tx, first.case)
        delays = [quicker(pager.after, speed) for pager in officer.pagers]
        states = [page.state for page in _pages_of(work.tx, first.id, officer)]
        urgent = first.kind == Kind.ESCALATION or Means.MAIL not in first.how
        position = next_pager(delays, states, first.told_at, work.now, at_once=urgent)
        if position is not None:
            yield officer, position, _wake(work, first.id, waiting)


def _pages_of(tx: Transaction, about: str, officer: Officer) -> list[Page]:
    return sorted(
        tx.find(Page, where(Page.about).is_(about), where(Page.officer).is_(officer.id)), key=lambda page: page.position
    )


def _wake(work: UnitOfWork, about: str, waiting: Sequence[Reminder]) -> Wake:
    """Returns the page for the open reminders of one mail: the first by name, the others as a count."""
    reminder, silent = waiting[0], work.now - _started_at(work, waiting[0])
    played = stored_messages.belongs_to_exercise(work, reminder.case, otherwise=False)
    platform, mark = (
        pager_queue.platform_of(work, reminder.notification),
        pager_queue.exercise_prefix(work, exercise=played),
    )
    minutes, more, parked = silent // timedelta(minutes=1), len(waiting) - 1, _has_mail_waiting(work, reminder)
    language = work.env.settings.desk.organisation.language
    waits = PageText.MAIL_WAITS().in_language(language) if parked else ""
    text = reminder_text(reminder.case, platform, minutes, more, mark, waits)
    return Wake(about, text, reminder.case, reminder.notification, played)


def _started_at(work: UnitOfWork, reminder: Reminder) -> datetime:
    """Returns when the clock of the reminder started."""
    clock = work.tx.get(ClockRow, f"{reminder.notification}/{reminder.clock}")
    case = work.tx.get(Case, reminder.case)
    return clock.started_at if clock else case.opened_at if case else reminder.due_at


def _has_mail_waiting(work: UnitOfWork, reminder: Reminder) -> bool:
    """True if mail waits in the quarantine that may be the answer."""
    use = work.tx.get(Notification, reminder.notification) if reminder.notification else None
    return bool(quarantine_ageing.waiting_for(work, reminder.case, use, _started_at(work, reminder)))


def drain(env: Services, stop: Interrupt | None = None) -> int:
    """Calls every queued pager; returns the number of calls tried. Stops between two calls when `stop` is set."""
    tried = 0
    while not (stop is not None and stop.is_set()) and (page := _claim(env)) is not None:
        _record_result(env, page, _called(env, page), stop)
        tried += 1
    return tried


def _record_result(env: Services, page: Page, answer: Paged, stop: Interrupt | None) -> None:
    """Records the result, held while the record is busy or away, until `stop` is set: else the call is repeated."""

    def record(tried: int) -> None:
        with env.store.begin() as tx:
            if not tried or tx.get(Page, page.id) == page:  # else only the answer to the commit was lost
                _settle(UnitOfWork(env, tx, env.clock.now()), page, answer)

    until_recorded(record, stop)


def _called(env: Services, page: Page) -> Paged:
    """Calls the pager; a code is filled in now, so that it is in no row."""
    with env.store.read() as tx:
        text = pager_queue.text_of(UnitOfWork(env, tx, env.clock.now()), page)
    return Paged(taken=False, why=CODE_VOID) if text is None else env.pager.call(page.pager, PAGE_TITLE, text)


def recover(env: Services) -> int:
    """Repeats calls that were in progress when the program last died; returns the number of pages."""
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now())
        doubtful = tx.find(Page, where(Page.state).is_(PageState.ATTEMPTING))
        for page in doubtful:
            if page.tries >= MOST_TRIES:
                _settle(work, page, Paged(taken=False, why=PageFailure.ENDED()))
            else:
                again = changed(page, replace(page, state=PageState.QUEUED))
                work.record(EventKind.PAGE_QUEUED, again, about=_about(page), reason="in doubt")
    return len(doubtful)


def _first(waiting: Iterable[Page]) -> Page | None:
    return min(waiting, key=lambda page: (pager_queue.is_trial(page), page.queued_at), default=None)


def _claim(env: Services) -> Page | None:
    """Takes the page that waits longest, a test page last; commits its attempt before the network is touched."""
    with env.store.read() as tx:
        if not tx.exists(Page, where(Page.state).is_(PageState.QUEUED)):
            return None
    with env.store.begin() as tx:
        page = _first(tx.find(Page, where(Page.state).is_(PageState.QUEUED)))
        if page is None:
            return None
        work = UnitOfWork(env, tx, env.clock.now())
        claimed = replace(page, state=PageState.ATTEMPTING, tries=page.tries + 1, tried_at=work.now)
        work.record(EventKind.PAGE_ATTEMPTED, changed(page, claimed), about=_about(page), reason=page.pager)
    return claimed


def _settle(work: UnitOfWork, page: Page, answer: Paged) -> None:
    """Records how the call ended. A failure calls the next pager at once; if none is left, an alarm is mailed.

    A test page has gone to every pager already, and whoever asked for it sees the result.
    """
    settled = replace(
        page, state=PageState.SENT if answer.taken else PageState.FAILED, done_at=work.now, answer=answer.why.english
    )
    kind = EventKind.PAGE_SENT if answer.taken else EventKind.PAGE_FAILED
    work.record(kind, changed(page, settled), about=_about(page), reason=page.pager)
    officer = work.env.settings.rota.officer(page.officer)
    if answer.taken or officer is None or pager_queue.is_trial(page):
        return
    if page.position + 1 < len(officer.pagers):
        carried = work.tx.get(PageCode, page.id)
        token = carried.token if carried is not None else None
        again = Wake(page.about, page.text, page.case, page.notification, page.exercise, token)
        pager_queue.queue(work, officer, page.position + 1, again)
    elif all(one.state == PageState.FAILED for one in _pages_of(work.tx, page.about, officer)):
        _alarm_pagers_failed(work, officer, page, answer.why)


def _is_pager_only(work: UnitOfWork, page: Page) -> bool:
    """True if it belongs to a reminder that was not mailed."""
    reminder = work.tx.get(Reminder, page.about)
    return reminder is not None and Means.MAIL not in reminder.how


def _alarm_pagers_failed(work: UnitOfWork, officer: Officer, page: Page, why: StoredText) -> None:
    """Raises an alarm that all pagers failed: once a day per person, but for each reminder that was not mailed."""
    alone = _is_pager_only(work, page)
    key = alarm_key(AlarmKind.PAGERS_FAILED, page.about if alone else f"{officer.id}/{work.today}")
    text = AlarmText.PAGERS(name=officer.name, page=page.text, pager=page.pager, why=why)
    concerns = (page.case, page.notification) if alone else (None, None)
    notices.raise_alarm(
        work, alarm(AlarmKind.PAGERS_FAILED, key, text, work.now, *concerns), f"flaggermail oncall page {officer.id}"
    )


def _about(page: Page) -> EventRef:
    return EventRef(page.case, page.notification)
