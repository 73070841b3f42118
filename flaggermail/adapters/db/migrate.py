# SPDX-License-Identifier: EUPL-1.2
"""Schema migrations with Alembic. Alembic takes half a second to import, so it is loaded only to migrate."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from flaggermail.adapters.db import inspection
from flaggermail.adapters.db.engine import as_store_failure, connect_reading, require_room
from flaggermail.adapters.db.inspection import CURRENT, revision_fault, unreadable
from flaggermail.errors import ConfigurationError, DiskFailure, StoreAway, StoreFailure
from flaggermail.settings.mistakes import SetupFaultCode


def upgrade(engine: Engine, revision: str = "head") -> str:
    """Migrates the schema, to the newest revision by default; returns the revision recorded in the database.

    Raises ConfigurationError, and changes nothing, if the database has a revision that this program does not know;
    raises StoreFailure if the database cannot be read or written.
    """
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(inspection.HERE))
    config.attributes["engine"] = engine
    with as_store_failure(writing=True):
        with connect_reading(engine) as connection:
            found = revision_fault(engine.url.render_as_string(), _current(connection))
        if found is not None and found.code is SetupFaultCode.DATABASE_NEWER:
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
        with as_store_failure(writing=False), connect_reading(engine) as connection:
            current = _current(connection) if inspect(connection).get_table_names() else empty
    except DiskFailure:
        require_room(Path(engine.url.database or ""))
        raise
    except StoreAway as away:
        raise StoreAway(f"{away}; start it, or mend store.database in flaggermail.yaml") from None
    except StoreFailure as fault:
        if engine.dialect.name == "sqlite":
            require_room(Path(engine.url.database or ""))  # half of a database, perhaps
        raise ConfigurationError(unreadable(database, engine.dialect.name, str(fault)).text) from None
    found = None if current == "" else revision_fault(database, current)
    if found is not None:
        raise ConfigurationError(found.text)
    return current
