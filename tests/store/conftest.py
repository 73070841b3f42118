# SPDX-License-Identifier: EUPL-1.2
"""The store on both engines. Every test gets a database of its own, copied from one that was migrated once."""

import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import make_url

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.store import SqlStore
from tests.doubles.migrated import migrate, migrated
from tests.servers.postgres import Postgres
from tests.store.desk_fixtures import Desk, NewDesk, desk_settings, equipped, opened

SQLITE = "sqlite"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))


def new_store(url: str, wait: float = 10) -> SqlStore:
    """A store as the program opens it; tests that want two of them on one database open both by this."""
    return SqlStore(url, lambda: secrets.token_bytes(16), wait)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Whoever uses this runs once on each engine."""
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy, without a journal beside it."""
    path = tmp_path_factory.mktemp("template") / "database"
    path.write_bytes(migrated())
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: Postgres) -> str:
    """The address of a migrated PostgreSQL database to copy."""
    return migrate(postgres.database())


@pytest.fixture
def new_database(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Make one more migrated database and answer its address."""
    if engine_name != SQLITE:
        postgres: Postgres = request.getfixturevalue("postgres")
        template: str = request.getfixturevalue("migrated_database")
        return lambda: postgres.database(template)
    file: Path = request.getfixturevalue("migrated_file")
    numbers = count(1)
    return lambda: f"sqlite:///{shutil.copy(file, tmp_path / f'database{next(numbers)}')}"


@pytest.fixture
def empty_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table."""
    if engine_name == SQLITE:
        return f"sqlite:///{tmp_path / 'empty'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database()


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    """The address of a migrated database without a row."""
    return new_database()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """A store without a row."""
    opened = new_store(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_path(migrated_file: Path, tmp_path: Path) -> Path:
    """A migrated SQLite file, for what is only there."""
    return Path(shutil.copy(migrated_file, tmp_path / "only-sqlite"))


@pytest.fixture
def icu_url(postgres: Postgres) -> str:
    """A migrated PostgreSQL database that sorts as a Dutch dictionary does, not by code point."""
    url = make_url(postgres.database())
    engine = make_engine(url.render_as_string(hide_password=False))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = f"{url.database}_icu"
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'nl' LOCALE 'C.UTF-8'"
        )
    engine.dispose()
    return migrate(url.set(database=name).render_as_string(hide_password=False))


@pytest.fixture
def postgres_url(postgres: Postgres, migrated_database: str) -> str:
    """A migrated PostgreSQL database, for what is only there."""
    return postgres.database(migrated_database)


@pytest.fixture
def in_threads() -> Callable[[Callable[[int], object], int], list[object]]:
    """Call with 0, 1, 2 ... in as many threads, which all begin at the same instant; raises what any of them raises."""

    def run(work: Callable[[int], object], threads: int) -> list[object]:
        together = threading.Barrier(threads)

        def begin(number: int) -> object:
            together.wait(timeout=30)
            return work(number)

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(begin, range(threads)))

    return run


@pytest.fixture(scope="session")
def new_desk(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDesk]:
    """Make one more desk with nothing on it; `persons` approve a notification there."""
    settings = {persons: desk_settings(persons) for persons in (1, 2)}
    made: list[Desk] = []
    fresh = tmp_path_factory.mktemp("fresh")
    shutil.copy(migrated_file, fresh / "database")
    equipment = equipped(settings[1], fresh)  # writes the record of the configuration, which every copy then holds
    equipment.store.close()

    def make(persons: int = 1) -> Desk:
        folder = tmp_path_factory.mktemp("desk")
        shutil.copy(fresh / "database", folder / "database")
        made.append(opened(equipment, settings[persons], folder))
        return made[-1]

    yield make
    for desk in made:
        desk.env.store.close()
    equipment.close()


@pytest.fixture
def desk(new_desk: NewDesk) -> Desk:
    """A desk with nothing on it."""
    return new_desk()
