# SPDX-License-Identifier: EUPL-1.2
"""Schema migrations with Alembic. Alembic takes half a second to import, so it is loaded only to migrate."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from flaggermail.adapters.db.engine import connect_reading
from flaggermail.adapters.db.faults import as_store_fault
from flaggermail.errors import ConfigurationError, StoreAway, StoreFault

HERE = Path(__file__).parent / "migrations"
_ENGINES = {"sqlite": "an SQLite database", "postgresql": "a PostgreSQL database of this desk"}
CURRENT = "SELECT version_num FROM alembic_version"


def upgrade(engine: Engine) -> str:
    """Migrates the schema to the newest revision; returns the revision recorded in the database.

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
            _require_known(_current(connection))
        command.upgrade(config, "head")
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
    try:
        with as_store_fault(writing=False), connect_reading(engine) as connection:
            current = _current(connection) if inspect(connection).get_table_names() else empty
    except StoreAway as away:
        raise StoreAway(f"{away}; start it, or mend store.database in flaggermail.yaml") from None
    except StoreFault as fault:
        raise ConfigurationError(
            f"database {engine.url.render_as_string()}: cannot be read as {_ENGINES[engine.dialect.name]} ({fault}); "
            "restore it, or mend store.database in flaggermail.yaml"
        ) from None
    if current not in {newest(), ""}:
        _require_known(current)
        raise ConfigurationError(
            f"database: schema revision is {current}, this program needs {newest()}: "
            "run `flaggermail db upgrade` with the daemon stopped"
        )
    return current


def _require_known(revision: str | None) -> None:
    """Raises ConfigurationError for a revision that no migration of this program leads to: no upgrade helps there."""
    if revision is not None and revision not in _known():
        raise ConfigurationError(
            f"database: schema revision is {revision}, this program knows none after {newest()}: "
            "install the version of flaggermail that wrote it, or mend store.database in flaggermail.yaml"
        )


def newest() -> str:
    """Returns the newest revision known to this program, taken from the file names, which begin with a number."""
    return max(_known())


def _known() -> set[str]:
    return {path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py")}
