# SPDX-License-Identifier: EUPL-1.2
"""Warns of an officer's reply that did nothing because our server did not verify its sender.

Only mail with a token of ours comes here, so a stranger who uses an officer's address changes nothing; and one who got
hold of a token rings once a day for each officer, counted against the limits of strangers' mail.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flaggermail import logbook
from flaggermail.cases import attention
from flaggermail.notices import notices
from flaggermail.ports import Transaction
from flaggermail.record.rows import Alarm, StoredMessage
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.wording.alarms import AlarmText

LATELY = timedelta(hours=24)
MOST = 1000  # counted; `status` needs no exact figure beyond it
_REPLIES = "unverified officer replies"  # counter of all replies; under "... N" the minute of the Nth


def warn(work: UnitOfWork, stored: StoredMessage, officer: Officer) -> None:
    """Counts the reply and logs it; raises one alarm a day and officer, to the officer on call and to the head."""
    nth = work.tx.number(_REPLIES)
    work.tx.set_number(f"{_REPLIES} {nth}", int(work.now.timestamp()) // 60)  # fits 32 bits beyond 2038
    logbook.officer_unheard(officer.id, stored.id, stored.verdict_basis.english)
    key = alarm_key(AlarmKind.OFFICER_UNHEARD, f"{officer.id}/{work.today}")
    if work.tx.get(Alarm, key) is not None:
        return
    text = AlarmText.SENDER(address=officer.name, basis=stored.verdict_basis)
    raised = alarm(AlarmKind.OFFICER_UNHEARD, key, text, work.now)
    trust = attention.trust_of(work, stored)
    notices.raise_alarm(
        work, raised, f"flaggermail message show {stored.id}", reach=notices.AlarmReaders.HEAD_TOO, trust=trust
    )


def lately(tx: Transaction, now: datetime) -> int:
    """Returns the number of officers' replies of the last 24 hours that were not verified, at most MOST."""
    total = tx.reached(_REPLIES)
    for counted in range(min(total, MOST)):
        if datetime.fromtimestamp(tx.reached(f"{_REPLIES} {total - counted}") * 60, UTC) <= now - LATELY:
            return counted
    return min(total, MOST)
