# SPDX-License-Identifier: EUPL-1.2
"""How things stand, counted by SQLite itself, without SQLAlchemy: to load that takes half a second.

The names of tables and columns are written out here a second time; a test compares the answer with that of the store.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flaggermail.adapters.db.revision import CURRENT, newest
from flaggermail.core.overview import EXERCISE, Limits, Overview
from flaggermail.core.rota import Rota, Shift, on_call
from flaggermail.core.states import LEASE, LEAVING, SUPPRESSED, UNHEARD, UNHEARD_FOR, WAITING

WAIT = 10.0  # seconds for another process that holds the database

_CASES = "SELECT CASE WHEN exercise THEN ? ELSE state END AS counted, count(*) FROM case_file GROUP BY counted"
_CLOCKS = (
    "SELECT clock.kind, count(*) FROM clock JOIN notification ON notification.id = clock.notification"
    " WHERE clock.state = 'running' AND NOT notification.exercise GROUP BY clock.kind"
)
_QUARANTINE = "SELECT count(*), min(received_at) FROM message WHERE place = 'quarantine' AND NOT exercise"
_OUTBOX = "SELECT state, count(*) FROM outbox WHERE state IN (?, ?, ?) GROUP BY state"
_LOOKS = "SELECT folder, looked_at FROM cursor"
_OLDEST = "SELECT min(queued_at) FROM outbox WHERE state IN (?, ?)"
_LEASE = "SELECT until FROM lease WHERE name = ?"
_WATCHED = "SELECT id, value FROM watched WHERE wrong = ?"
_HELD_BACK = "SELECT count(*) FROM held_back WHERE told_at IS NULL"
_COUNTER = "SELECT value FROM counter WHERE name = ?"
_PAGES = "SELECT state, count(*) FROM page WHERE state IN (?, ?) AND queued_at > ? GROUP BY state"
_OVERRIDES = "SELECT officer, begins_at, ends_at FROM rota_override ORDER BY id"
_OBSERVING = "SELECT since FROM desk_state WHERE observing"


def overview(
    database: Path, folders: Sequence[str], rota: Rota, zone: ZoneInfo, limits: Limits, now: datetime
) -> Overview | None:
    """What the database holds at one instant; nothing when it does not answer or is of another revision."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", WAIT, uri=True)) as connection:
            connection.execute("PRAGMA query_only = 1")
            connection.execute("BEGIN")
            if connection.execute(CURRENT).fetchone() != (newest(),):
                return None
            quarantine, oldest = connection.execute(_QUARANTINE).fetchone()
            looks = dict(connection.execute(_LOOKS).fetchall())
            overrides = [Shift(by, _given(a), _given(b)) for by, a, b in connection.execute(_OVERRIDES)]
            observing = connection.execute(_OBSERVING).fetchone()
            return Overview(
                at=now,
                zone=zone,
                limits=limits,
                observing_since=_instant(observing[0]) if observing else None,
                cases=dict(connection.execute(_CASES, (EXERCISE,)).fetchall()),
                clocks=dict(connection.execute(_CLOCKS).fetchall()),
                quarantine=quarantine,
                oldest=_instant(oldest),
                outbox=dict(connection.execute(_OUTBOX, WAITING).fetchall()),
                looks={folder: _instant(looks.get(folder)) for folder in folders},
                on_call=on_call(rota, overrides, now),
                lease_until=_instant((connection.execute(_LEASE, (LEASE,)).fetchone() or (None,))[0]),
                waiting_since=_instant(connection.execute(_OLDEST, LEAVING).fetchone()[0]),
                wrong=dict(connection.execute(_WATCHED, (True,)).fetchall()),
                watched=dict(connection.execute(_WATCHED, (False,)).fetchall()),
                held_back=connection.execute(_HELD_BACK).fetchone()[0],
                suppressed=(connection.execute(_COUNTER, (SUPPRESSED,)).fetchone() or (0,))[0],
                pages=dict(connection.execute(_PAGES, (*UNHEARD, _written(now - UNHEARD_FOR))).fetchall()),
            )
    except sqlite3.Error:
        return None


def _instant(text: str | None) -> datetime | None:
    return None if text is None else _given(text)


def _given(text: str) -> datetime:
    """An instant as SQLAlchemy writes it: in UTC, without saying so."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _written(instant: datetime) -> str:
    """As SQLAlchemy writes it."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
