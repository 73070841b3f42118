# SPDX-License-Identifier: EUPL-1.2
"""A store whose views are read from a hot standby: what it shows while the standby is behind, or a server away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.exc import OperationalError

from flaggermail.adapters.db.inspection import newest
from flaggermail.adapters.db.migrate import upgrade
from flaggermail.adapters.db.replica import ReplicatedStore
from flaggermail.adapters.system.clock import SystemRandomness
from flaggermail.errors import ConfigurationError, ReadCancelled, ServerFull, StoreAway
from flaggermail.ports import Transaction
from flaggermail.ports.probing import ReplicaSeen
from flaggermail.wiring.databases import open_replicated, open_store
from flaggermail.wiring.online_means import means
from tests.flow.desk_process import patiently
from tests.servers.postgres import Postgres
from tests.servers.postgres_pair import PostgresPair
from tests.store.conftest import new_store
from tests.store.desk_fixtures import desk_settings
from tests.store.test_archive_contract import FILLS_THE_DISK
from tests.store.test_postgres_pair import number, write

pytestmark = pytest.mark.xdist_group("postgres")
BEHIND = "SELECT pg_wal_replay_pause()"
AGAIN = "SELECT pg_wal_replay_resume()"


@pytest.fixture
def url(postgres_pair: PostgresPair) -> str:
    """Returns the URL of an empty record on the pair, which finds the primary; the standby has its tables."""
    found = postgres_pair.database()
    with closing(new_store(found)) as store, closing(new_store(of_standby(postgres_pair, found))) as standby:
        upgrade(store.engine)
        patiently(lambda: _has_tables(standby.engine), "the standby has the tables")
    return found


def _has_tables(engine: Engine) -> bool:
    with suppress(OperationalError):  # no such database yet
        return inspect(engine).has_table("chain_head")
    return False


def of_standby(pair: PostgresPair, url: str) -> str:
    """Returns the URL of the same record on the standby."""
    return of_server(pair.standby, url)


def of_server(server: Postgres, url: str) -> str:
    """Returns the URL of the same record on one server."""
    return PostgresPair.url(url.rpartition("@/")[2].partition("?")[0], server)


@pytest.fixture
def store(postgres_pair: PostgresPair, url: str) -> Iterator[ReplicatedStore]:
    """Returns the store of a door, with one event that the standby has."""
    with closing(open_replicated(url, of_standby(postgres_pair, url), SystemRandomness())) as found:
        write(found)
        with closing(new_store(of_standby(postgres_pair, url))) as standby:
            patiently(lambda: number(standby) == 1, "the standby has the event")
        yield found


def is_away(store: ReplicatedStore) -> bool:
    """Returns whether the store takes its primary for one that is away."""
    return store.primary_away


def read_from(store: ReplicatedStore) -> str:
    """Returns the folder of the server that answers a view."""
    asked: list[str] = []

    def noted(connection: Connection, *_: object) -> None:
        asked.append(str(connection.engine.url.query["host"]))

    event.listen(Engine, "before_cursor_execute", noted)
    try:
        with store.read() as tx:
            asked.clear()
            tx.head()
    finally:
        event.remove(Engine, "before_cursor_execute", noted)
    return asked[0].partition(",")[0]


def test_a_view_is_read_from_the_standby_and_never_older_than_what_was_recorded(
    postgres_pair: PostgresPair, store: ReplicatedStore, url: str
) -> None:
    """While the standby is behind the last command of this process, the primary answers, to this process alone."""
    standby, primary = str(postgres_pair.standby.folder), str(postgres_pair.primary.folder)
    assert read_from(store) == standby
    postgres_pair.standby.execute(BEHIND)
    write(store)
    assert (number(store), read_from(store)) == (2, primary)
    with closing(open_replicated(url, of_standby(postgres_pair, url), SystemRandomness())) as other:
        assert (number(other), read_from(other)) == (1, standby)
        other.catch_up()
        assert (number(other), read_from(other)) == (2, primary)
        with other.begin():  # a repeat records nothing, and its answer is of what is on record
            pass
        assert number(other) == 2
    postgres_pair.standby.execute(AGAIN)
    patiently(lambda: read_from(store) == standby, "the standby has come so far")
    assert number(store) == 2


def test_a_view_is_as_old_as_its_standby_where_this_process_knows_no_better(
    postgres_pair: PostgresPair, store: ReplicatedStore, url: str
) -> None:
    """What others recorded is shown once the standby has it, or once the primary was asked for another reason."""
    postgres_pair.standby.execute(BEHIND)
    with closing(new_store(url)) as daemon:
        write(daemon)
        write(store)
        write(daemon)
        assert number(store) == 4
        postgres_pair.standby.execute(AGAIN)
        with closing(new_store(of_standby(postgres_pair, url))) as standby:
            patiently(lambda: number(standby) == 4, "the standby has the events")
        postgres_pair.standby.execute(BEHIND)
        write(daemon)
    assert number(store) == 4


def test_while_the_primary_is_away_the_standby_answers_as_it_is(
    postgres_pair: PostgresPair, store: ReplicatedStore, url: str
) -> None:
    """Even if it is behind; what is recorded is away. A store may be opened meanwhile; then all is as before."""
    postgres_pair.standby.execute(BEHIND)
    write(store)
    postgres_pair.primary.stop()
    assert number(store) == 1
    assert is_away(store)
    with pytest.raises(StoreAway):
        write(store)
    with closing(open_replicated(url, of_standby(postgres_pair, url), SystemRandomness())) as other:
        assert number(other) == 1
    postgres_pair.standby.execute(AGAIN)
    postgres_pair.promote()
    postgres_pair.go_alone()
    write(store)
    assert number(store) == 3
    assert not is_away(store)


def test_a_primary_whose_disk_is_full_is_not_away(
    postgres_pair: PostgresPair, store: ReplicatedStore, url: str
) -> None:
    """It can be read (SQLSTATE 53100): what this process has recorded is shown, however far the standby is behind."""
    postgres_pair.standby.execute(BEHIND)
    write(store)
    with closing(new_store(url)) as other, other.engine.begin() as connection:
        connection.execute(text(FILLS_THE_DISK))
        connection.execute(text("CREATE TRIGGER full_disk BEFORE INSERT ON event EXECUTE FUNCTION full_disk()"))
    with pytest.raises(ServerFull):
        write(store)
    assert (is_away(store), number(store)) == (False, 2)


def test_while_the_standby_is_away_the_primary_answers(postgres_pair: PostgresPair, store: ReplicatedStore) -> None:
    """And once both are away, the view is."""
    postgres_pair.standby.stop()
    postgres_pair.go_alone()
    write(store)
    assert number(store) == 2
    assert not store.primary_away
    postgres_pair.primary.stop()
    with pytest.raises(StoreAway):
        number(store)


def test_a_replica_that_is_another_desk_is_refused(postgres_pair: PostgresPair, url: str) -> None:
    """While the primary is away only its schema can be known."""
    empty = PostgresPair.url("postgres", postgres_pair.standby)
    postgres_pair.primary.stop()
    with pytest.raises(ConfigurationError):
        open_replicated(url, empty, SystemRandomness())


_READERS = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND backend_xmin IS NOT NULL"


def test_a_reader_in_the_way_of_the_replay_is_cancelled_and_may_ask_again(
    postgres_pair: PostgresPair, store: ReplicatedStore, url: str
) -> None:
    """The standby waits for no reader here; the next one finds what the first was in the way of."""
    postgres_pair.standby.execute("ALTER SYSTEM SET max_standby_streaming_delay = 0")
    postgres_pair.standby.execute("SELECT pg_reload_conf()")

    def read_on(tx: Transaction) -> None:
        assert tx.head()
        assert postgres_pair.standby.execute(_READERS)
        with closing(new_store(url)) as primary, primary.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE chain_head ADD COLUMN made_up int")  # the reader holds its lock
        # A statement that is sent while the server ends the session may hear that it is away, and not why.
        patiently(lambda: not postgres_pair.standby.execute(_READERS), "the reader's session has ended")
        tx.head()

    with pytest.raises(ReadCancelled, match="recovery"), store.read() as tx:
        read_on(tx)
    assert number(store) == 1


def test_the_online_check_tells_what_a_replica_is(postgres_pair: PostgresPair, url: str, postgres_url: str) -> None:
    """It asks under a role that owns the database and nothing else; a replica that lags is behind by events."""
    with closing(new_store(url)) as store, store.engine.begin() as connection:
        connection.execute(text("CREATE ROLE poor LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO poor"))
    standby, primary = (
        of_server(one, url).replace("vf@", "poor@") for one in (postgres_pair.standby, postgres_pair.primary)
    )
    postgres_pair.standby.execute(BEHIND)
    with closing(new_store(url)) as store:
        write(store)
        write(store)
    good = ReplicaSeen(is_standby=True, is_of_database=True, revision=newest(), wanted=newest(), behind=0)
    seen = online(primary, standby)
    postgres_pair.standby.execute(AGAIN)
    assert seen == replace(good, behind=2)
    patiently(lambda: online(primary, standby) == good, "the standby has the events")
    assert online(primary, primary) == replace(good, is_standby=False)
    with closing(open_store(postgres_url, SystemRandomness())):
        assert online(primary, postgres_url) == replace(good, is_standby=False, is_of_database=False, behind=2)
    postgres_pair.standby.stop()
    with pytest.raises(StoreAway):
        online(primary, standby)


def online(database: str, replica: str) -> ReplicaSeen | None:
    """Returns what the online check of a desk with these servers sees of the replica."""
    settings = desk_settings()
    store = settings.desk.store.model_copy(update={"database": database, "replica": replica})
    desk = settings.desk.model_copy(update={"store": store})
    return means(settings.model_copy(update={"desk": desk})).replica()
