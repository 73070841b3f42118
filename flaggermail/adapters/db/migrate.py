# SPDX-License-Identifier: EUPL-1.2
"""Schema migrations with Alembic. Alembic takes half a second to import, so it is loaded only to migrate."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from flaggermail.adapters.db.engine import connect_reading
from flaggermail.adapters.db.faults import as_store_fault
from flaggermail.errors import BackupFault, ConfigurationError, StoreAway, StoreFault
from flaggermail.settings.mistakes import CheckCode, Mistake, mistake

HERE = Path(__file__).parent / "migrations"
_ENGINES = {"sqlite": "an SQLite database", "postgresql": "a PostgreSQL database of this desk"}
CURRENT = "SELECT version_num FROM alembic_version"


def upgrade(engine: Engine, revision: str = "head") -> str:
    """Migrates the schema, to the newest revision by default; returns the revision recorded in the database.

    Raises ConfigurationError, and changes nothing, if the database has a revision that this program does not know;
    raises StoreFault if the database cannot be read or written.
    """
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["engine"] = engine
    with as_store_fault(writing=True):
        with connect_reading(engine) as connection:
            found = revision_mistake(engine.url.render_as_string(), _current(connection))
        if found is not None and found.code is CheckCode.DATABASE_NEWER:
            raise ConfigurationError(found.text)
        command.upgrade(config, revision)
        with connect_reading(engine) as connection:
            return str(_current(connection))


def _current(connection: Connection) -> str | None:
    """Returns the database's revision; None if Alembic never ran on it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text(CURRENT)).scalar()


def require_current(engine: Engine) -> None:
    """Creates the schema in an empty database.

    Raises ConfigurationError for any revision other than the newest, and StoreAway.
    """
    if _revision(engine, empty="") == "":
        upgrade(engine)


def require_revision(engine: Engine) -> None:
    """Changes nothing, also if the database is empty.

    Raises ConfigurationError unless the database has the newest revision, and StoreAway.
    """
    _revision(engine, empty=None)


def _revision(engine: Engine, empty: str | None) -> str | None:
    """Returns the newest revision, or "" for an empty database if that is allowed.

    Raises ConfigurationError, and StoreAway: a server that is away comes back without a change of the configuration.
    """
    database = engine.url.render_as_string()
    try:
        with as_store_fault(writing=False), connect_reading(engine) as connection:
            current = _current(connection) if inspect(connection).get_table_names() else empty
    except StoreAway as away:
        raise StoreAway(f"{away}; start it, or mend store.database in flaggermail.yaml") from None
    except StoreFault as fault:
        raise ConfigurationError(unreadable(database, engine.dialect.name, str(fault)).text) from None
    found = None if current == "" else revision_mistake(database, current)
    if found is not None:
        raise ConfigurationError(found.text)
    return current


def unreadable(database: str, dialect: str, why: str) -> Mistake:
    """Returns the mistake of a database that is none, or is damaged."""
    return mistake(CheckCode.DATABASE_UNREADABLE, database=database, kind=_ENGINES[dialect], why=why)


def revision_mistake(database: str, revision: str | None) -> Mistake | None:
    """Returns what a database of that revision needs; None for the newest.

    A revision that no migration of this program leads to needs another program: no upgrade helps there.
    """
    if revision == newest():
        return None
    if revision is None:
        return mistake(CheckCode.DATABASE_FOREIGN, database=database)
    code = CheckCode.DATABASE_OLDER if revision in _known() else CheckCode.DATABASE_NEWER
    return mistake(code, database=database, revision=revision, newest=newest())


def newest() -> str:
    """Returns the newest revision known to this program, taken from the file names, which begin with a number."""
    return max(_known())


def require_known(revision: str) -> None:
    """Raises BackupFault if no migration of this program leads to that revision."""
    if revision not in _known():
        raise BackupFault(
            f"the backup is of schema revision {revision[:20]!a}, this program knows none after {newest()}: "
            "restore it with the version of flaggermail that wrote it"
        )


def _known() -> set[str]:
    return {path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py")}
