# SPDX-License-Identifier: EUPL-1.2
"""Copies elections, platforms and channels from the configuration into the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaggermail.record.events import Event, EventKind, added, changed
from flaggermail.record.rows import Channel, Election, Platform, Record
from flaggermail.services import DAEMON

if TYPE_CHECKING:
    from datetime import datetime

    from flaggermail.ports import Transaction
    from flaggermail.services import Services


def register(env: Services) -> None:
    """Records every platform and channel that is new or changed; adds the elections if the record has none."""
    with env.store.read() as tx:
        wanted = _differences(env, tx, env.clock.now())
    if wanted:
        with env.store.begin() as tx:
            tx.append(*_differences(env, tx, env.clock.now()))


def _differences(env: Services, tx: Transaction, now: datetime) -> list[Event]:
    events = []
    if not tx.find(Election):
        seeds = env.settings.elections
        events += [Event(EventKind.ELECTION_ADDED, now, DAEMON, (added(one),), reason=one.code) for one in seeds]
    held: dict[tuple[str, str], Record] = {(one.TABLE, one.key): one for one in (*tx.find(Platform), *tx.find(Channel))}
    new: list[Record] = [*env.settings.platforms, *env.settings.channels]
    differing = [(held.get((one.TABLE, one.key)), one) for one in new if held.get((one.TABLE, one.key)) != one]
    if differing:
        changes = tuple(added(one) if old is None else changed(old, one) for old, one in differing)
        named = ", ".join(one.key for _, one in differing)
        events.append(Event(EventKind.PLATFORMS_RECORDED, now, DAEMON, changes, reason=named))
    return events
