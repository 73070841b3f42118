# SPDX-License-Identifier: EUPL-1.2
"""What the first mail needs is made before it comes, and nothing is kept of the mail that makes it."""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.errors import StoreBusy
from flaggermail.intake.warming import FOLDER, get_ready, warm
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
from flaggermail.services import Services
from flaggermail.stories.doubles import SetClock
from flaggermail.wiring import daemon_assembly
from tests.doubles.broken_desks import sound
from tests.store.desk_fixtures import REFERRER, START, Desk, mail
from tests.store.samples import broken_commitment, broken_link
from tests.store.test_reading_once import statements


def whole(desk: Desk) -> list[str]:
    """Returns all that is in the database."""
    assert isinstance(desk.env.store, SqlStore)
    with closing(sqlite3.connect(str(desk.env.store.engine.url.database))) as connection:
        return list(connection.iterdump())


def test_nothing_is_kept_of_the_mail(desk: Desk) -> None:
    """Database and archive are as before, to the counters; the next mail gets the first numbers."""
    assert isinstance(desk.env.store, SqlStore)
    before, archived = whole(desk), list(desk.env.octets.files())
    with statements(desk.env.store) as sent:
        warm(desk.env)
    written = {statement.split()[2] for statement in sent if statement.startswith("INSERT INTO")}
    assert written >= {"case_file", "token", "message", "delivery", "outbox", "event", "personal", "row_event"}, (
        "all the way"
    )
    assert whole(desk) == before
    assert list(desk.env.octets.files()) == archived
    desk.take_in(mail(REFERRER, "Wrong polling day", "A post names a wrong day. " * 9))
    assert min(row.id for row in desk.messages()) == "m00000001"
    assert [len(desk.all(kind)) for kind in (Case, StoredMessage, OutboxMail)] == [1, 3, 2]
    with desk.env.store.read() as tx:
        assert tx.cursor(FOLDER) is None
        assert isinstance(tx, SqlTransaction)
        assert (broken_link(tx), broken_commitment(tx)) == (None, None)


def test_a_store_that_is_busy_keeps_no_desk_from_starting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is warmed then, and nothing raised: what needs the database next tells of it."""

    def busy(_: SqlStore) -> None:
        raise StoreBusy("busy")

    monkeypatch.setattr(SqlStore, "begin", busy)
    warm(desk.env)


def test_what_is_loaded_is_out_of_the_collectors_sight(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon collects its garbage once and freezes the rest."""
    done: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: done.append("collected"))
    monkeypatch.setattr(gc, "freeze", lambda: done.append("frozen"))
    get_ready(desk.env)
    assert done == ["collected", "frozen"]


def test_a_daemon_gets_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `run` starts warms the services that it works with."""
    warmed: list[Services] = []
    monkeypatch.setattr(daemon_assembly, "get_ready", warmed.append)
    daemon = daemon_assembly.daemon(sound(tmp_path / "desk"), clock=SetClock(START))
    assert daemon.warm is not None
    daemon.warm()
    assert [one.store for one in warmed] == [daemon.env.store]
    daemon.env.close()
