# SPDX-License-Identifier: EUPL-1.2
"""Acts of the officer on call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flaggermail.core import acts
from flaggermail.core.events import EventKind, added, changed
from flaggermail.core.records import Override, Reminder, Token
from flaggermail.desk.outcome import Outcome
from flaggermail.environment import About, Work
from flaggermail.errors import NotFound, Refusal


def acknowledge(work: Work, act: acts.Acknowledge) -> Outcome:
    """The officer is on it: officer's reminders are silent until this expires; the escalation is not.

    What was told in one mail is acknowledged as one.
    """
    reminder = work.tx.get(Reminder, act.reminder)
    if reminder is None:
        raise NotFound(f"reminder {act.reminder}: there is no such reminder; `flaggermail oncall now` shows them")
    if reminder.acknowledged_at is not None:
        raise Refusal(f"reminder {reminder.id}: was acknowledged by {reminder.acknowledged_by} already")
    told = [r for r in work.tx.find(Reminder, token=reminder.token) if r.acknowledged_at is None and not r.withheld]
    for row in told:
        changes = [changed(row, replace(row, acknowledged_at=work.now, acknowledged_by=work.actor))]
        token = work.tx.get(Token, row.token) if row == told[0] else None
        if token is not None:
            changes.append(changed(token, replace(token, used_at=work.now)))
        about = About(case=row.case, notification=row.notification)
        work.record(EventKind.REMINDER_ACKNOWLEDGED, *changes, about=about)
    zone = work.env.settings.zone
    until = work.now + timedelta(minutes=work.env.settings.desk.reminders.acknowledged_minutes)
    span = f"{work.now.astimezone(zone):%H:%M}-{until.astimezone(zone):%H:%M}"
    return Outcome(f"{', '.join(row.id for row in told)}: ok {span}", reminder.id)


def override(work: Work, act: acts.OverrideRota) -> Outcome:
    """Somebody else is on call for a while; what is not yet due goes to that person."""
    if work.env.settings.rota.officer(act.officer) is None:
        raise NotFound(f"officer {act.officer}: is not in oncall.yaml")
    if act.ends_at <= act.begins_at:
        raise Refusal(f"override: ends {act.ends_at.isoformat()}, which is not after its begin")
    row = Override(
        id=f"v{work.tx.number('override'):06d}",
        officer=act.officer,
        begins_at=act.begins_at,
        ends_at=act.ends_at,
        entered_by=work.actor,
        entered_at=work.now,
    )
    work.record(EventKind.ROTA_OVERRIDDEN, added(row), reason=act.officer)
    return Outcome(f"{act.officer} is on call from {act.begins_at.isoformat()} to {act.ends_at.isoformat()}", row.id)
