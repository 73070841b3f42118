# SPDX-License-Identifier: EUPL-1.2
"""The store on both engines. Every test gets its own database, copied from one that was migrated once."""

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
from tests.desks.lived import Lived
from tests.doubles.migrated import migrate, migrated
from tests.doubles.paged import Browser, PlayedSource
from tests.patience import PATIENCE
from tests.servers.postgres import Postgres
from tests.store.desk_fixtures import Desk, NewDesk, desk_settings, equipped, opened
from tests.tools.make_desk import keep

SQLITE = "sqlite"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))
LATER_ON_POSTGRESQL = pytest.mark.parametrize(
    "engine_name",
    [SQLITE, pytest.param("postgresql", marks=[pytest.mark.xdist_group("postgres"), pytest.mark.long(one_in=6)])],
    indirect=True,
)
"""A large matrix: what it says of SQLite runs always, of PostgreSQL with the long tests."""
ON_SQLITE = pytest.mark.parametrize("engine_name", [SQLITE], indirect=True)
"""What only SQLite can be made to hold."""


def new_store(url: str, wait: float = 10) -> SqlStore:
    """Opens a store as the program does; tests that need two on one database open both with this."""
    return SqlStore(url, lambda: secrets.token_bytes(16), wait)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Runs each test that uses it once on each engine."""
    return str(request.param)


@pytest.fixture(scope="session")
def kept_desk(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a desk as a release keeps it: nine scenarios and one of most kinds that they lack, packed."""
    folder = tmp_path_factory.mktemp("kept") / "desk"
    keep(lived, folder)
    return folder


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a migrated SQLite file to copy, without a journal file."""
    path = tmp_path_factory.mktemp("template") / "database"
    path.write_bytes(migrated())
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: Postgres) -> str:
    """Returns the address of a migrated PostgreSQL database to copy."""
    return migrate(postgres.database())


@pytest.fixture
def new_database(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Returns a function that makes another migrated database and returns its address."""
    if engine_name != SQLITE:
        postgres: Postgres = request.getfixturevalue("postgres")
        template: str = request.getfixturevalue("migrated_database")
        return lambda: postgres.database(template)
    file: Path = request.getfixturevalue("migrated_file")
    numbers = count(1)
    return lambda: f"sqlite:///{shutil.copy(file, tmp_path / f'database{next(numbers)}')}"


@pytest.fixture
def empty_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Returns the address of a database without tables."""
    if engine_name == SQLITE:
        return f"sqlite:///{tmp_path / 'empty'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.database()


@pytest.fixture
def browser(desk: Desk) -> Browser:
    """Returns officer1 at the pages of a desk."""
    return Browser(PlayedSource(desk.env))


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    """Returns the address of a migrated database without rows."""
    return new_database()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """Returns a store without rows."""
    opened = new_store(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_path(migrated_file: Path, tmp_path: Path) -> Path:
    """Returns a migrated SQLite file, for tests of SQLite only."""
    return Path(shutil.copy(migrated_file, tmp_path / "only-sqlite"))


@pytest.fixture
def icu_url(postgres: Postgres) -> str:
    """Returns a migrated PostgreSQL database that sorts like a Dutch dictionary, not by code point."""
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
    """Returns a migrated PostgreSQL database, for tests of PostgreSQL only."""
    return postgres.database(migrated_database)


@pytest.fixture
def in_threads() -> Callable[[Callable[[int], object], int], list[object]]:
    """Returns a function that runs work(0), work(1) ... in threads that start at once, and raises what one raises."""

    def run(work: Callable[[int], object], threads: int) -> list[object]:
        together = threading.Barrier(threads)

        def begin(number: int) -> object:
            together.wait(PATIENCE)
            return work(number)

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(begin, range(threads)))

    return run


@pytest.fixture(scope="session")
def new_desk(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDesk]:
    """Returns a function that makes another, empty desk, where `persons` must approve a notification."""
    settings = {persons: desk_settings(persons) for persons in (1, 2)}
    made: list[Desk] = []
    fresh = tmp_path_factory.mktemp("fresh")
    shutil.copy(migrated_file, fresh / "database")
    equipment = equipped(settings[1], fresh)  # writes the record of the configuration, which every copy then contains
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
def desk(new_desk: NewDesk) -> Iterator[Desk]:
    """Yields an empty desk, and closes its database: a run of thousands of tests holds only so many files open."""
    made = new_desk()
    yield made
    made.env.store.close()
