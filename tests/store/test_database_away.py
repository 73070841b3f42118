# SPDX-License-Identifier: EUPL-1.2
"""What the store raises when PostgreSQL ends a session, refuses work or is away, and what delivery does then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from flaggermail.adapters.db.migrate import require_current, upgrade
from flaggermail.adapters.db.store import IN_DOUBT, SqlStore
from flaggermail.errors import StoreAway, StoreFailure
from flaggermail.outbox import delivery
from flaggermail.ports import Store, Transaction
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Attempt
from flaggermail.record.states import MailState
from tests.servers.postgres import Postgres
from tests.store.conftest import new_store
from tests.store.desk_fixtures import Desk
from tests.store.samples import happened
from tests.store.test_chain import ELECTION

NOON = datetime(2024, 6, 6, 12, tzinfo=UTC)
PG = pytest.mark.xdist_group("postgres")


@pytest.fixture
def on_postgresql(postgres_url: str) -> Iterator[SqlStore]:
    """Returns a store on PostgreSQL."""
    store = new_store(postgres_url)
    yield store
    store.close()


def write(tx: Transaction) -> None:
    """Writes one event with its row."""
    tx.append(happened(added(ELECTION)))


def terminate(store: SqlStore, postgres: Postgres) -> None:
    """Ends every session of the store's database."""
    name = store.engine.url.database
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608 - the name is the test's own


@PG
def test_a_session_that_is_ended_is_an_outage(on_postgresql: SqlStore, postgres: Postgres) -> None:
    """The unit of work raises StoreAway in one line and leaves nothing; the next one succeeds."""

    def cut(tx: Transaction) -> None:
        terminate(on_postgresql, postgres)
        write(tx)

    with pytest.raises(StoreAway, match="terminating connection") as caught, on_postgresql.begin() as tx:
        cut(tx)
    assert "\n" not in str(caught.value)
    assert IN_DOUBT not in str(caught.value)
    with on_postgresql.begin() as tx:
        write(tx)
    with on_postgresql.read() as tx:
        assert len(list(tx.events())) == 1


@PG
def test_a_commit_without_an_answer_says_so(on_postgresql: SqlStore, postgres: Postgres) -> None:
    """If the session ends during COMMIT, nobody can know whether it took effect."""

    def ended(_connection: Connection) -> None:
        terminate(on_postgresql, postgres)

    event.listen(on_postgresql.engine, "commit", ended)
    with pytest.raises(StoreAway, match=IN_DOUBT), on_postgresql.begin() as tx:
        write(tx)
    event.remove(on_postgresql.engine, "commit", ended)


@PG
def test_a_read_only_server_is_an_outage_for_writers_only(on_postgresql: SqlStore) -> None:
    """A standby refuses what the desk writes; a reader that writes is a fault of this program alone."""
    with on_postgresql.engine.begin() as connection:
        name = on_postgresql.engine.url.database
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    on_postgresql.close()
    with on_postgresql.read() as tx:  # whose connection the writer is given
        assert list(tx.events()) == []
    with pytest.raises(StoreAway, match="read-only"), on_postgresql.begin() as tx:
        write(tx)
    with pytest.raises(StoreAway, match="read-only"):
        on_postgresql.acquire("daemon", "host:1:now", 30)
    with pytest.raises(DBAPIError), on_postgresql.read() as tx:
        write(tx)


@PG
def test_a_right_that_is_missing_is_said_in_words(on_postgresql: SqlStore, postgres: Postgres) -> None:
    """A table that the account may not read is a fault for the administrator."""
    postgres.execute("DROP ROLE IF EXISTS nobody")
    postgres.execute("CREATE ROLE nobody LOGIN")
    stranger = new_store(on_postgresql.engine.url.set(username="nobody").render_as_string(hide_password=False))
    with pytest.raises(StoreFailure, match="permission denied"), stranger.begin() as tx:
        write(tx)
    stranger.close()
    postgres.execute("DROP ROLE nobody")


def test_a_server_that_is_away_is_no_fault_of_the_configuration() -> None:
    """Another start mends it: exit status 2 would keep systemd from trying."""
    store = new_store("postgresql+psycopg://desk@/desk?host=/nowhere")
    for act in (require_current, upgrade):
        with pytest.raises(StoreAway, match=r"/nowhere") as caught:
            act(store.engine)
        assert "\n" not in str(caught.value)
    store.close()


# ---------------------------------------------------------------- a result that cannot be recorded


class Patience:
    """An interrupt that is set after some waits."""

    def __init__(self, waits: int) -> None:
        self.left = waits

    def set(self) -> None:
        """Sets it."""
        self.left = 0

    def is_set(self) -> bool:
        """Returns whether it is set."""
        return self.left <= 0

    def wait(self, seconds: float) -> bool:
        """Counts a wait."""
        assert seconds > 0
        self.left -= 1
        return self.is_set()

    def fileno(self) -> int:
        """Returns no descriptor: nothing selects on it here."""
        return -1


class AwayStore:
    """A store that is away for some units of work, from the third on: after a claim has been committed."""

    def __init__(self, store: Store, away: int, *, commits: bool) -> None:
        self._store, self._away, self._commits, self.begun = store, away, commits, 0

    def __getattr__(self, name: str) -> object:
        """Delegates everything else."""
        return getattr(self._store, name)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Opens a unit of work; one that is away fails before its commit, or after it."""
        self.begun += 1
        away = 1 < self.begun <= 1 + self._away
        with self._store.begin() as tx:
            yield tx
            if away and not self._commits:
                raise StoreAway("away")
        if away:
            raise StoreAway("away")


@pytest.mark.parametrize("commits", [False, True], ids=["nothing recorded", "only the answer lost"])
def test_a_result_is_held_until_the_database_answers(desk: Desk, *, commits: bool) -> None:
    """Each mail was accepted once; its result is recorded once, whether or not the lost commit took effect."""
    desk.approved()
    mails, before = (
        desk.mails(state=MailState.QUEUED),
        desk.happened(EventKind.MAIL_ACCEPTED),
    )
    store = AwayStore(desk.env.store, 1 if commits else 2, commits=commits)
    stop = Patience(1000)
    delivery.drain(replace(desk.env, store=store), stop)  # type: ignore[arg-type] # it delegates the rest
    told = desk.mails(kind=Kind.OFFICER_NOTICE)
    assert {mail.notification for mail in told} == {mails[0].notification}  # that it was sent: queued when it was
    mails = [*mails, *told]
    assert len(desk.server.envelopes) == len(mails) == 1 + 4
    assert stop.left == 1000 - (1 if commits else 2)
    for mail in mails:
        assert [attempt.result for attempt in desk.all(Attempt, where(Attempt.mail).is_(mail.id))] == ["accepted"]
    assert desk.happened(EventKind.MAIL_ACCEPTED) == before + len(mails)


def test_a_stop_does_not_wait_for_the_database(desk: Desk) -> None:
    """A result that cannot be recorded before the stop is settled at the next start, as after a crash."""
    (mail,) = desk.mails(notification=desk.approved(), state=MailState.QUEUED, at_most_once=True)
    store = AwayStore(desk.env.store, 10, commits=False)
    with pytest.raises(StoreAway):
        delivery.drain(replace(desk.env, store=store), Patience(3))  # type: ignore[arg-type] # it delegates the rest
    assert [attempt.result for attempt in desk.all(Attempt, where(Attempt.mail).is_(mail.id))] == [None]
    assert delivery.recover(desk.env) == 1
