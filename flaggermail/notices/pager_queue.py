# SPDX-License-Identifier: EUPL-1.2
"""Queues a page in the same transaction as the reminder or alarm that caused it; `paging` makes the call.

The key of a page is its subject, the officer and the position of the pager in their list, so that no call is queued
twice, whichever process comes first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from flaggermail.cases.approval import Offer
from flaggermail.letters import stored_messages, writing
from flaggermail.letters.writing import render
from flaggermail.notices.pager_choice import alarm_text, code_text, draft_text
from flaggermail.record.case_values import SenderTrust
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added
from flaggermail.record.rows import Alarm, Notification, Page, PageCode, Platform, Token
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import PageState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.settings.sections import ByReply
from flaggermail.wording.alarms import PageText

HOUR = timedelta(hours=1)
TRIAL = "trial/"
"""Begins the subject of test pages."""
CALLED = (PageState.QUEUED, PageState.ATTEMPTING, PageState.SENT, PageState.FAILED)


@dataclass(frozen=True, slots=True)
class Wake:
    """The subject of a page, as its key, and its text."""

    about: str
    text: str
    case: str | None = None
    notification: str | None = None
    exercise: bool = False
    token: str | None = None  # of the approval request whose code is called out
    by_stranger: bool = False  # a stranger's mail caused it: half of the hour's calls are kept for other matters


def queue(work: UnitOfWork, officer: Officer, position: int, wake: Wake) -> Page | None:
    """Queues a call of the officer's pager at `position`; returns None if it was queued before or is suppressed.

    Beyond the hourly limit the page is recorded as held: the mail about the same subject is on its way, and status
    counts held pages.
    """
    identity = f"{wake.about}/{officer.id}/{position}"
    if position >= len(officer.pagers) or writing.is_on(work.tx) or work.tx.get(Page, identity) is not None:
        return None
    most = work.env.settings.desk.rate_limits.pages_per_hour // (2 if wake.by_stranger else 1)
    full = called_lately(work, officer, exercise=wake.exercise) >= most
    return _recorded(work, officer, position, wake, identity, full=full)


def _recorded(work: UnitOfWork, officer: Officer, position: int, wake: Wake, identity: str, *, full: bool) -> Page:
    """Records a page under its key, held if the calls of the hour are `full`."""
    page = Page(
        id=identity,
        about=wake.about,
        officer=officer.id,
        position=position,
        pager=officer.pagers[position].credential,
        case=wake.case,
        notification=wake.notification,
        text=wake.text,
        exercise=wake.exercise,
        state=PageState.HELD if full else PageState.QUEUED,
        queued_at=work.now,
    )
    kind = EventKind.PAGE_HELD if full else EventKind.PAGE_QUEUED
    carried = [added(PageCode(id=identity, token=wake.token))] if wake.token is not None else []
    work.record(kind, added(page), *carried, about=EventRef(wake.case, wake.notification), reason=page.pager)
    return page


def called_lately(work: UnitOfWork, officer: Officer, *, exercise: bool) -> int:
    """Returns the number of pages queued to that officer in the last hour, real or exercise.

    Those that were held do not count, nor do test pages.
    """
    return sum(not is_trial(page) for page in _called(work, officer) if page.exercise is exercise)


def _called(work: UnitOfWork, officer: Officer) -> list[Page]:
    return work.tx.find(
        Page,
        where(Page.queued_at).after(work.now - HOUR),
        where(Page.officer).is_(officer.id),
        where(Page.state).in_(CALLED),
    )


def is_trial(page: Page) -> bool:
    """True for a test page: no call of the night gives way to it, and its failure wakes nobody."""
    return page.about.startswith(TRIAL)


def queue_trial(work: UnitOfWork, officer: Officer) -> list[Page]:
    """Queues a test page to every pager of an officer, also where the desk observes; returns the pages.

    Test pages have an hourly limit of their own; beyond it they are held.
    """
    most = work.env.settings.desk.rate_limits.pages_per_hour
    called = sum(is_trial(page) for page in _called(work, officer))
    text = PageText.TRIAL().in_language(work.env.settings.desk.organisation.language)
    wake = Wake(f"{TRIAL}{officer.id}/{work.now.isoformat()}", text)
    keys = [f"{wake.about}/{position}" for position in range(len(officer.pagers))]
    return [
        work.tx.get(Page, key)  # asked twice in one instant, as in a replay
        or _recorded(work, officer, position, wake, key, full=called + position >= most)
        for position, key in enumerate(keys)
    ]


def exercise_prefix(work: UnitOfWork, *, exercise: bool) -> str:
    """Returns the prefix of an exercise page, the same as in mail subjects; empty for a real page."""
    language = work.env.settings.desk.organisation.language
    return render(work, stored_messages.MARK, language, None).subject if exercise else ""


def queue_for_alarm(
    work: UnitOfWork, officer: Officer, alarm: Alarm, *, exercise: bool = False, trust: SenderTrust | None = None
) -> None:
    """Queues a page for an alarm, to the first pager at once: the alarm may be that no mail arrives."""
    if not officer.pagers or alarm.kind == AlarmKind.PAGERS_FAILED:  # a page about failed pagers would never end
        return
    played = stored_messages.belongs_to_exercise(work, alarm.case, otherwise=exercise)
    platform, begins = platform_of(work, alarm.notification), exercise_prefix(work, exercise=played)
    language = work.env.settings.desk.organisation.language
    text = alarm_text(AlarmKind(alarm.kind), alarm.case, platform, begins, language=language)
    # a digest, because the id of an alarm may contain a recipient's address
    about = f"alarm/{hashlib.sha256(alarm.id.encode()).hexdigest()[:32]}"
    queue(work, officer, 0, Wake(about, text, alarm.case, alarm.notification, played, by_stranger=trust is not None))


def platform_of(work: UnitOfWork, notification_id: str | None) -> str | None:
    """Returns the name of the platform that a notification was sent to."""
    notification = work.tx.get(Notification, notification_id) if notification_id else None
    platform = work.tx.get(Platform, notification.platform) if notification else None
    return platform.name if platform else None


def offer_of(work: UnitOfWork, token: Token) -> Offer | None:
    """Returns what the approval request with that token offers.

    None if its draft waits for nobody, or if the desk's key for codes by pager cannot be read by this account.
    """
    draft = work.tx.get(Notification, token.notification) if token.notification else None
    if draft is None or token.officer is None or token.expires_at is None:
        return None
    key = work.env.codes.seal("codes by pager") if work.env.settings.desk.approval.means is ByReply.PAGER else b""
    return None if key is None else Offer(draft.id, token.token, draft.digest, token.officer, token.expires_at, key)


def queue_code(work: UnitOfWork, officer: Officer, draft: Notification, token: str) -> bool:
    """Queues a page with the code of the approval request that has this token; returns whether it will be called."""
    played = stored_messages.belongs_to_exercise(work, draft.case, otherwise=False)
    text = draft_text(draft.id, platform_of(work, draft.id), exercise_prefix(work, exercise=played))
    page = queue(work, officer, 0, Wake(f"code/{token}", text, draft.case, draft.id, played, token))
    return page is not None and page.state == PageState.QUEUED


def text_of(work: UnitOfWork, page: Page) -> str | None:
    """Returns the text to call a pager with: that of its row, below the code if it carries one; None if it is void."""
    carried = work.tx.get(PageCode, page.id)
    if carried is None:
        return page.text
    token = work.tx.get(Token, carried.token)
    offer = offer_of(work, token) if token is not None else None
    if offer is None or not offer.key or work.now >= offer.expires_at:
        return None
    return code_text(offer.code, page.text)
