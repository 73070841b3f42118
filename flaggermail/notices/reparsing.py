# SPDX-License-Identifier: EUPL-1.2
"""Parses stored mail again when other mail needs it; skips mail that is costly to read or lost."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.errors import OctetsLost
from flaggermail.mail.message import Message
from flaggermail.notices import notices
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import StoredMessage
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.alarms import AlarmText


def reparse(work: UnitOfWork, row: StoredMessage) -> Message | None:
    """Parses a stored mail again; None if its octets are lost, which raises an alarm, or if it is costly to read.

    A mail that turns out to be costly is marked, so that it costs once.
    """
    if row.costly or row.discarded_at is not None:
        return None
    try:
        message = work.env.parser.parse_again(work.env.octets.get(row.digest))
    except OctetsLost:
        raise_lost(work, row)
        return None
    if message.costly:
        about = EventRef(row.case, row.notification, row.id)
        work.record(EventKind.MESSAGE_COSTLY, changed(row, replace(row, costly=True)), about=about)
    return message


def raise_lost(work: UnitOfWork, row: StoredMessage) -> None:
    """Raises an alarm, once, for a mail whose octets are missing from the archive or changed there."""
    key = alarm_key(AlarmKind.OCTETS_LOST, row.id)
    text = AlarmText.LOST(key=row.id, digest=row.digest)
    lost = alarm(AlarmKind.OCTETS_LOST, key, text, work.now, row.case, row.notification)
    notices.raise_alarm(work, lost, f"flaggermail message show {row.id}")
