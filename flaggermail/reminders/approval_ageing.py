# SPDX-License-Identifier: EUPL-1.2
"""Drafts that wait: approvers off duty are asked, and the late sending of an approved text is told.

Both happen once for each draft, and for none that is older than a day: by then a person has seen that it waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from flaggermail.letters import writing
from flaggermail.notices import approval_letters, approval_requests
from flaggermail.ports import Transaction
from flaggermail.record.definition import where
from flaggermail.record.rows import Notification
from flaggermail.record.states import NotificationState
from flaggermail.services import Services, UnitOfWork

_WATCHED = timedelta(days=1)
_STATES = (NotificationState.DRAFT, NotificationState.APPROVED, NotificationState.FAILED)


def tick(env: Services) -> int:
    """Asks and tells what is due; returns the number of drafts concerned."""
    now = env.clock.now()
    with env.store.read() as tx:
        if not _due(UnitOfWork(env, tx, now)):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        found = _due(work)
        for draft in found:
            if draft.state == NotificationState.DRAFT:
                approval_requests.request_of_others(work, draft)
            else:
                approval_letters.tell_late(work, draft)
    return len(found)


def next_due(env: Services, tx: Transaction) -> datetime | None:
    """Returns when `tick` will next have something to do, if nothing but time changes."""
    work = UnitOfWork(env, tx, env.clock.now())
    return min((at for at, _ in _open(work)), default=None)


def _due(work: UnitOfWork) -> list[Notification]:
    return [draft for at, draft in _open(work) if at <= work.now]


def _open(work: UnitOfWork) -> Iterator[tuple[datetime, Notification]]:
    """Yields the drafts about which somebody is still to be asked or told, each with the instant."""
    if writing.is_on(work.tx):
        return
    for draft in work.tx.find(Notification, where(Notification.state).in_(list(_STATES))):
        if work.now - (draft.approved_at or draft.drafted_at) > _WATCHED:
            continue
        if draft.state == NotificationState.DRAFT:
            if approval_requests.not_asked(work.env, work.tx, draft):
                yield approval_requests.others_due_at(work.env, draft), draft
        elif (at := approval_letters.late_at(work.tx, draft)) and not approval_letters.is_late_told(work, draft):
            yield at, draft
