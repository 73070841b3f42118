# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.bench.store`: what a write to the store costs beside a bare commit, and a row found by its key.

The ratios are what to compare between two changes; PostgreSQL runs as in the tests, without fsync.
"""

import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import text

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.migrate import upgrade
from flaggermail.adapters.db.store import SqlStore
from flaggermail.core.events import added, changed
from flaggermail.core.records import Alarm
from tests.servers.postgres import Postgres
from tests.store.samples import alarm, happened

ROUNDS = 5
COMMITS = 200
LOOKUPS = 500
SIZES = (2_000, 20_000)


@contextmanager
def stores() -> Iterator[dict[str, str]]:
    """The address of a new, migrated database on each engine."""
    with tempfile.TemporaryDirectory() as folder, Postgres.running() as server:
        urls = {"SQLite": f"sqlite:///{folder}/database", "PostgreSQL": server.database()}
        for url in urls.values():
            engine = make_engine(url)
            upgrade(engine)
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE bare (id integer PRIMARY KEY, number integer)"))
                connection.execute(text("INSERT INTO bare VALUES (1, 0)"))
            engine.dispose()
        yield urls


def per_second(work: Callable[[], int]) -> float:
    """How many of what `work` counts are done in a second."""
    begun = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - begun)


def bare_commits(store: SqlStore) -> int:
    """Change one number and commit, through the same engine."""
    for _ in range(COMMITS):
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE bare SET number = number + 1"))
    return COMMITS


def transactions(store: SqlStore) -> int:
    """Add a row by one event a transaction."""
    for _ in range(COMMITS):
        with store.begin() as tx:
            tx.append(happened(added(alarm(secrets.token_hex(8)))))
    return COMMITS


def events_at_once(store: SqlStore) -> int:
    """Add rows by many events of one transaction."""
    with store.begin() as tx:
        tx.append(*(happened(added(alarm(secrets.token_hex(8)))) for _ in range(COMMITS)))
    return COMMITS


def changes(store: SqlStore) -> int:
    """Read a row and change it, one event a transaction."""
    key = secrets.token_hex(8)
    with store.begin() as tx:
        tx.append(happened(added(alarm(key))))
    for number in range(COMMITS):
        with store.begin() as tx:
            (row,) = tx.find(Alarm, id=key)
            tx.append(happened(changed(row, alarm(key, text=str(number)))))
    return COMMITS


def lookups(store: SqlStore, keys: list[str]) -> int:
    """Find rows by their key in one reading transaction."""
    with store.read() as tx:
        for _ in range(LOOKUPS):
            assert tx.get(Alarm, secrets.choice(keys)) is not None
    return LOOKUPS


def measure(name: str, store: SqlStore) -> None:
    """Print the figures of one engine; the writes come last, on the table as the look-ups left it."""
    slow = [1 / statistics.median(looked_up(store, size)) for size in SIZES]
    for size, seconds in zip(SIZES, slow, strict=True):
        print(f"{name:<12}by key of {size:<8}{seconds * 1e6:>9.0f} us{seconds / slow[0]:>8.2f}")
    kinds: list[Callable[[SqlStore], int]] = [bare_commits, transactions, changes, events_at_once]
    found: dict[str, list[float]] = {kind.__name__: [] for kind in kinds}
    for _ in range(ROUNDS):  # they take turns, so that a busy moment strikes all of them
        for kind in kinds:
            found[kind.__name__].append(per_second(partial(kind, store)))
    medians = {kind: statistics.median(figures) for kind, figures in found.items()}
    for title, figure in medians.items():
        print(f"{name:<12}{title:<18}{figure:>9.0f}/s{figure / medians['bare_commits']:>8.2f} of bare commits")


def looked_up(store: SqlStore, size: int) -> list[float]:
    """Look-ups a second in a table of `size` rows, which it fills up to that."""
    with store.begin() as tx:
        keys = [row.id for row in tx.find(Alarm)]
        more = [secrets.token_hex(8) for _ in range(size - len(keys))]
        tx.append(*(happened(added(alarm(key))) for key in more))
    return [per_second(lambda: lookups(store, keys + more)) for _ in range(ROUNDS)]


def main() -> int:
    """Prints the table; returns the exit status."""
    with stores() as urls:
        for name, url in urls.items():
            store = SqlStore(url, lambda: secrets.token_bytes(16))
            measure(name, store)
            store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
