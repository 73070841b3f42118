# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.bench.store`: the cost of a write to the store compared with a bare commit, and of a look-up by key.

Compare the ratios between two changes; PostgreSQL runs as in the tests, without fsync.
"""

import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from sqlalchemy import text

from flaggermail.adapters.db.migrate import upgrade
from flaggermail.adapters.db.store import SqlStore
from flaggermail.record.definition import where
from flaggermail.record.events import added, changed
from flaggermail.record.rows import Alarm
from tests.servers.postgres import Postgres
from tests.store.samples import alarm, happened

ROUNDS = 9
COMMITS = 100
LOOKUPS = 500
SIZES = (2_000, 20_000)


@contextmanager
def stores() -> Iterator[dict[str, dict[int, SqlStore]]]:
    """Yields for each engine a store of each size, each on its own database."""
    with tempfile.TemporaryDirectory() as folder, Postgres.running() as server, ExitStack() as stack:
        opened: dict[str, dict[int, SqlStore]] = {"SQLite": {}, "PostgreSQL": {}}
        for size in SIZES:
            for name, url in (("SQLite", f"sqlite:///{folder}/{size}"), ("PostgreSQL", server.database())):
                store = SqlStore(url, lambda: secrets.token_bytes(16))
                stack.callback(store.close)
                upgrade(store.engine)
                fill(store, size)
                opened[name][size] = store
        yield opened


def fill(store: SqlStore, size: int) -> None:
    """Adds `size` rows with the keys "0", "1", "2" ..., and the table for bare commits."""
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE bare (id integer PRIMARY KEY, number integer)"))
        connection.execute(text("INSERT INTO bare VALUES (1, 0)"))
    with store.begin() as tx:
        tx.append(*(happened(added(alarm(str(number)))) for number in range(size)))


def per_second(work: Callable[[], int]) -> float:
    """Returns how many of the things that `work` counts are done in a second."""
    begun = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - begun)


def bare_commits(store: SqlStore) -> int:
    """Changes one number and commits, through the same engine."""
    for _ in range(COMMITS):
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE bare SET number = number + 1"))
    return COMMITS


def transactions(store: SqlStore) -> int:
    """Adds a row with one event per transaction."""
    for _ in range(COMMITS):
        with store.begin() as tx:
            tx.append(happened(added(alarm(secrets.token_hex(8)))))
    return COMMITS


def events_at_once(store: SqlStore) -> int:
    """Adds rows with many events in one transaction."""
    with store.begin() as tx:
        tx.append(*(happened(added(alarm(secrets.token_hex(8)))) for _ in range(COMMITS)))
    return COMMITS


def changes(store: SqlStore) -> int:
    """Reads a row and changes it, with one event per transaction."""
    key = secrets.token_hex(8)
    with store.begin() as tx:
        tx.append(happened(added(alarm(key))))
    for number in range(COMMITS):
        with store.begin() as tx:
            (row,) = tx.find(Alarm, where(Alarm.id).is_(key))
            tx.append(happened(changed(row, alarm(key, text=str(number)))))
    return COMMITS


def lookups(store: SqlStore, size: int) -> int:
    """Finds rows by key in one reading transaction."""
    with store.read() as tx:
        for _ in range(LOOKUPS):
            assert tx.get(Alarm, str(secrets.randbelow(size))) is not None
    return LOOKUPS


def medians(works: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Returns how often each is done in a second; they take turns, so that load affects all of them."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            found[name].append(per_second(work))
    return {name: statistics.median(figures) for name, figures in found.items()}


def measure(name: str, by_size: dict[int, SqlStore]) -> None:
    """Prints the figures of one engine: look-ups, then writes to the largest store."""
    looks = medians({f"by key of {size}": partial(lookups, store, size) for size, store in by_size.items()})
    for title, figure in looks.items():
        print(f"{name:<12}{title:<18}{1e6 / figure:>9.0f} us{next(iter(looks.values())) / figure:>7.2f} of the smaller")
    store = by_size[SIZES[-1]]
    kinds: list[Callable[[SqlStore], int]] = [bare_commits, transactions, changes, events_at_once]
    writes = medians({kind.__name__.replace("_", " "): partial(kind, store) for kind in kinds})
    for title, figure in writes.items():
        print(f"{name:<12}{title:<18}{figure:>9.0f}/s{figure / writes['bare commits']:>8.2f} of bare commits")


def main() -> int:
    """Prints the table; returns the exit status."""
    with stores() as opened:
        for name, by_size in opened.items():
            measure(name, by_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
