# SPDX-License-Identifier: EUPL-1.2
"""The revisions produce the tables, and a failed start leaves no partial database."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from flaggermail.adapters.db import inspection
from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.inspection import HERE, newest
from flaggermail.adapters.db.mapping import all_tables, table_of
from flaggermail.adapters.db.migrate import require_current, upgrade
from flaggermail.adapters.db.store import SqlStore
from flaggermail.errors import ConfigurationError, StoreFailure
from flaggermail.record.definition import Column, Record, record
from flaggermail.record.event_codec import GENESIS
from flaggermail.record.rows import BY_TABLE
from tests.doubles.migrated import with_a_later_revision
from tests.store.processes import go_on, other_process, told
from tests.tools.make_migration import make


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    """Returns an engine on a database without tables."""
    engine = make_engine(empty_url)
    yield engine
    engine.dispose()


def tables_of(engine: Engine) -> list[str]:
    """Returns the names of the existing tables."""
    return inspect(engine).get_table_names()


def schema(engine: Engine) -> dict[str, object]:
    """Returns the database's own description of its tables."""
    with engine.connect() as connection:
        found = inspect(connection)
        return {name: _described(found, name) for name in found.get_table_names() if name != "alembic_version"}


def _described(found: object, name: str) -> list[object]:
    aspects = ("columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints")
    return [_plain(getattr(found, f"get_{aspect}")(name)) for aspect in aspects]


def _plain(value: object) -> object:
    """Returns the description with comparable types, and with lists sorted."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, TypeEngine):
        return f"{value!r} {getattr(value, 'timezone', '')}"
    return value


def test_a_fresh_schema_equals_a_migrated_one(empty: Engine, store: SqlStore) -> None:
    """Columns, keys, references, indexes, uniqueness and checks are the same from the tables and from the revisions."""
    all_tables().create_all(empty)
    fresh = schema(empty)
    assert fresh == schema(store.engine)
    assert set(fresh) == set(all_tables().tables)


def test_alembic_finds_nothing_to_change(store: SqlStore) -> None:
    """Alembic's own comparison finds no difference between the migrated database and the tables."""
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, all_tables()) == []


def test_an_empty_database_is_made_current(empty: Engine) -> None:
    """The first start migrates and creates the chain's head; a second start changes nothing."""
    require_current(empty)
    require_current(empty)
    assert upgrade(empty) == newest()
    with empty.connect() as connection:
        assert connection.execute(text("SELECT id, seq, digest FROM chain_head")).all() == [(1, 0, GENESIS)]


def test_the_chain_has_one_head(store: SqlStore) -> None:
    """A second head row would let two writers proceed at once, so the database refuses it."""
    with pytest.raises(DBAPIError), store.engine.begin() as connection:
        connection.execute(text("INSERT INTO chain_head (id, seq, digest) VALUES (2, 0, '')"))


def test_a_migration_that_fails_leaves_nothing(empty: Engine) -> None:
    """A revision is one transaction: only the table that was in its way remains."""
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE outbox (id INTEGER)"))
    with pytest.raises((DBAPIError, StoreFailure)):
        upgrade(empty)
    assert tables_of(empty) == ["outbox"]


def test_all_revisions_are_one_transaction(empty: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a later revision fails, those before it are undone too, and the database equals its backup."""
    monkeypatch.setattr(inspection, "HERE", with_a_later_revision(tmp_path, "raise OSError('out of paper')"))
    with pytest.raises(OSError, match="out of paper"):
        upgrade(empty)
    assert tables_of(empty) == []


def test_an_older_revision_prevents_the_start(store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older schema is not changed; the message names both revisions and the command to run."""
    monkeypatch.setattr(inspection, "HERE", with_a_later_revision(tmp_path))
    with pytest.raises(ConfigurationError, match=r"is 0001, .* needs 9999: run `flaggermail db upgrade`"):
        require_current(store.engine)
    assert upgrade(store.engine) == "9999"
    require_current(store.engine)


@pytest.mark.parametrize("act", [require_current, upgrade], ids=["start", "db upgrade"])
def test_an_unknown_revision_is_refused_and_not_upgraded(store: SqlStore, act: Callable[[Engine], object]) -> None:
    """An older program says of a newer schema what helps, which is no upgrade."""
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=rf"is 9999, .* none after {newest()}: install the version"):
        act(store.engine)


def test_a_damaged_file_is_to_be_restored(tmp_path: Path) -> None:
    """There is no server to start behind an SQLite file that cannot be read."""
    (tmp_path / "database").write_bytes(b"no database, and longer than a header of SQLite, " * 8)
    damaged = make_engine(f"sqlite:///{tmp_path / 'database'}")
    with pytest.raises(ConfigurationError, match=r"cannot be read as an SQLite database .*; restore it"):
        require_current(damaged)
    damaged.dispose()


def test_foreign_tables_prevent_the_start(empty: Engine) -> None:
    """A database that belongs to another program is not taken over."""
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE somebody_elses (id INTEGER)"))
    with pytest.raises(ConfigurationError, match="tables of another program"):
        require_current(empty)
    assert tables_of(empty) == ["somebody_elses"]


@record
class Letter(Record):
    """A row of a table that no revision makes."""

    TABLE: ClassVar[str] = "letter"
    id: str
    urgent: Annotated[bool, Column.FILLED] = False


@pytest.fixture
def another_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Adds a table to those that the records define."""
    monkeypatch.setitem(BY_TABLE, Letter.TABLE, Letter)
    yield
    all_tables().remove(table_of(Letter.TABLE))


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """Returns a copy of the migrations whose first revision is written out, as from 0.9 on."""
    scripts = shutil.copytree(HERE, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.raises(SystemExit, match=r"needs no revision until 0\.9"):
        make("Nothing changes.", scripts)
    for revision in (scripts / "versions").glob("0*.py"):
        revision.unlink()
    everything = make("The first schema", scripts)
    assert everything.name == "0001_the_first_schema.py"
    assert everything.read_text("utf-8").count("op.create_table(") == len(all_tables().tables)
    return scripts


def test_the_next_revision_holds_what_the_tables_differ_in(frozen: Path) -> None:
    """`make_migration` finds no change now, and all tables if there is no revision yet."""
    nothing = make("Nothing changes.", frozen)
    assert nothing.name == "0002_nothing_changes.py"
    assert "op." not in nothing.read_text("utf-8").partition("def upgrade")[2]


def test_a_new_table_is_all_that_the_next_revision_makes(frozen: Path, request: pytest.FixtureRequest) -> None:
    """It bears the number after the newest, and the database fills a column that older rows lack."""
    request.getfixturevalue("another_table")
    made = make("Letters", frozen)
    assert made.name == "0002_letters.py"
    written = made.read_text("utf-8")
    assert written.count("op.create_table(") == 1
    assert "sa.Column('urgent', sa.Boolean(), server_default=sa.false(), nullable=False)" in written


@pytest.mark.outside
def test_two_starts_at_once_make_one_database(empty_url: str, empty: Engine) -> None:
    """Two commands that start at once on an empty database both succeed, with one schema."""
    with other_process("start", empty_url) as one, other_process("start", empty_url) as another:
        go_on(one)
        go_on(another)
        assert [told(one), told(another)] == ["done", "done"]
    assert set(tables_of(empty)) == {*all_tables().tables, "alembic_version"}
