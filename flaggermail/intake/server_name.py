# SPDX-License-Identifier: EUPL-1.2
"""Notices that our own server goes by another name than `mailbox.authserv_id`, so that it verifies no sender.

The finding is a row like those of `health.self_check`, so `status` names it and a restart repeats nothing. It ends with
a mail that bears results under the configured name.
"""

from __future__ import annotations

from flaggermail.intake.triage import IntakeFacts
from flaggermail.mail.authentication import authres
from flaggermail.notices import notices
from flaggermail.ports import Role
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.rows import Alarm, StoredMessage, Watched
from flaggermail.services import UnitOfWork
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.said import Said

FOUND = "authserv_id"


def watch(work: UnitOfWork, facts: IntakeFacts, stored: StoredMessage) -> None:
    """Compares the name in a new mail's results with the configured one; raises one alarm a day while they differ.

    Old mail, mail of exercises and mail in the folder of sent mail say nothing about the server of today.
    """
    if facts.late or stored.exercise or facts.raw.role is Role.SENT:
        return
    trust, before = work.env.settings.desk.mailbox.trusted, work.tx.get(Watched, FOUND)
    if not authres.is_named(trust):
        if before is not None and before.failing:  # another method was chosen since
            _record(work, before, failing=False, value="not asked")
        return
    names = authres.servers(facts.trace, trust)
    configured = (trust.authserv_id or "").lower()
    if configured in names:
        if before is not None and before.failing:
            _record(work, before, failing=False, value="agrees")
    elif names:
        said = AlarmText.SERVER_NAMES(written=names[0], configured=configured)
        if before is None or (before.failing, before.value) != (True, said.english):
            _record(work, before, failing=True, value=said.english)
        _raise_alarm(work, said)


def _record(work: UnitOfWork, before: Watched | None, *, failing: bool, value: str) -> None:
    since = work.now if before is None or before.failing != failing else before.since
    row = Watched(id=FOUND, failing=failing, since=since, value=value)
    work.record(EventKind.PROBE_CHANGED, added(row) if before is None else changed(before, row), reason=FOUND)


def _raise_alarm(work: UnitOfWork, said: Said) -> None:
    key = alarm_key(AlarmKind.SERVER_MISNAMED, work.today)
    if work.tx.get(Alarm, key) is None:
        raised = alarm(AlarmKind.SERVER_MISNAMED, key, said, work.now)
        notices.raise_alarm(work, raised, "mailbox.authserv_id in flaggermail.yaml")
