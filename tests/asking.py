# SPDX-License-Identifier: EUPL-1.2
"""What a desk's record holds now, by the values of fields: `mails(env, kind=Kind.DIGEST)`.

Each function reads in a unit of work of its own. Raises AttributeError for a field that the rows do not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from flaggermail.record.definition import where
from flaggermail.record.rows import (
    Alarm,
    Case,
    ClockRow,
    Delivery,
    Notification,
    OutboxMail,
    Page,
    Record,
    Reminder,
    StoredMessage,
)
from flaggermail.services import Services

R = TypeVar("R", bound=Record)


def having(env: Services, kind: type[R], wanted: Mapping[str, object]) -> list[R]:
    """Returns the rows of that kind whose fields have these values."""
    with env.store.read() as tx:
        return tx.find(kind, *(where(getattr(kind, name)).is_(value) for name, value in wanted.items()))


def mails(env: Services, **wanted: object) -> list[OutboxMail]:
    """Returns our mails whose fields have these values."""
    return having(env, OutboxMail, wanted)


def messages(env: Services, **wanted: object) -> list[StoredMessage]:
    """Returns the messages whose fields have these values."""
    return having(env, StoredMessage, wanted)


def deliveries(env: Services, **wanted: object) -> list[Delivery]:
    """Returns the copies of messages whose fields have these values."""
    return having(env, Delivery, wanted)


def alarms(env: Services, **wanted: object) -> list[Alarm]:
    """Returns the alarms whose fields have these values."""
    return having(env, Alarm, wanted)


def reminders(env: Services, **wanted: object) -> list[Reminder]:
    """Returns the reminders whose fields have these values."""
    return having(env, Reminder, wanted)


def pages(env: Services, **wanted: object) -> list[Page]:
    """Returns the pages whose fields have these values."""
    return having(env, Page, wanted)


def cases(env: Services, **wanted: object) -> list[Case]:
    """Returns the cases whose fields have these values."""
    return having(env, Case, wanted)


def notifications(env: Services, **wanted: object) -> list[Notification]:
    """Returns the notifications whose fields have these values."""
    return having(env, Notification, wanted)


def clock_rows(env: Services, **wanted: object) -> list[ClockRow]:
    """Returns the clocks whose fields have these values."""
    return having(env, ClockRow, wanted)
