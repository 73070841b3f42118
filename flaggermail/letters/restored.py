# SPDX-License-Identifier: EUPL-1.2
"""What a desk that was restored from a backup must not do: act on what the other desk has asked, or write beside it.

The backup may be old, and the desk it was taken from may still run. So the restored one observes until an officer ends
that, and no reply to a mail from before acts: neither a token nor an officer's device holds any longer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flaggermail.letters import writing
from flaggermail.ports import Transaction
from flaggermail.record.events import Change, Event, EventKind, changed
from flaggermail.record.rows import Device, Token


def begin(tx: Transaction, now: datetime, actor: str, taken_at: datetime) -> None:
    """Records that the desk was restored from a backup taken at `taken_at`; `actor` is who restored it."""
    changes = (*_tokens(tx, now), *_devices(tx, now, actor))
    tx.append(Event(EventKind.DESK_RESTORED, now, actor, changes, facts={"taken_at": taken_at}))
    writing.begin_in(tx, now, actor)


def _tokens(tx: Transaction, now: datetime) -> tuple[Change, ...]:
    held = (token for token in tx.find(Token) if token.expires_at is None or token.expires_at > now)
    return tuple(changed(token, replace(token, expires_at=now)) for token in held)


def _devices(tx: Transaction, now: datetime, actor: str) -> tuple[Change, ...]:
    """Revokes every device: its secret is in no backup."""
    held = (device for device in tx.find(Device) if device.revoked_at is None)
    return tuple(changed(device, replace(device, revoked_at=now, revoked_by=actor)) for device in held)
