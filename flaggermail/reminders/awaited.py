# SPDX-License-Identifier: EUPL-1.2
"""Notifications of which nothing but the answer to the matter is awaited: lines of mails to officers."""

from __future__ import annotations

from collections.abc import Iterable

from flaggermail.notices import last_contact
from flaggermail.record.clocks import ClockKind
from flaggermail.record.rows import Platform
from flaggermail.reminders.open_clocks import OpenClock
from flaggermail.services import UnitOfWork


def alone(running: Iterable[OpenClock]) -> list[OpenClock]:
    """Returns the clocks of substance that run without another clock of their notification, in the order given."""
    clocks = list(running)
    others = {one.about for one in clocks if one.clock is not ClockKind.SUBSTANCE}
    return [one for one in clocks if one.clock is ClockKind.SUBSTANCE and one.about not in others]


def line_of(work: UnitOfWork, waiting: OpenClock) -> dict[str, object]:
    """Returns the template values of one line: which notification, since when, and the last that was heard of it."""
    use = waiting.notification
    platform = work.tx.get(Platform, use.platform) if use is not None else None
    return {
        "case": waiting.case.number,
        "title": waiting.case.title,
        "platform": platform.name if platform is not None else "",
        "sent_at": waiting.started_at,
        "contact": last_contact.last_contact(work, use) if use is not None else None,
        "exercise": waiting.case.exercise,
    }
