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
        events += [_recorded(EventKind.ELECTION_ADDED, None, e, now) for e in env.settings.elections]
    platforms = {p.code: p for p in tx.find(Platform)}
    channels = {c.code: c for c in tx.find(Channel)}
    for platform in env.settings.platforms:
        if platforms.get(platform.code) != platform:
            events.append(_recorded(EventKind.PLATFORM_RECORDED, platforms.get(platform.code), platform, now))
    for channel in env.settings.channels:
        if channels.get(channel.code) != channel:
            events.append(_recorded(EventKind.CHANNEL_RECORDED, channels.get(channel.code), channel, now))
    return events


def _recorded(kind: EventKind, old: Record | None, new: Record, now: datetime) -> Event:
    change = added(new) if old is None else changed(old, new)
    return Event(kind, now, DAEMON, (change,), reason=new.key)
