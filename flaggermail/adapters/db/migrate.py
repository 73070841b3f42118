# SPDX-License-Identifier: EUPL-1.2
"""The schema, brought up to date by Alembic, which is loaded when there is something to do: it takes half a second."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from flaggermail.adapters.db.engine import connect_reading
from flaggermail.adapters.db.revision import CURRENT, HERE, newest
from flaggermail.errors import ConfigurationError


def upgrade(engine: Engine) -> str:
    """Bring the schema to the newest revision; answers which one the database says it has."""
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
    with connect_reading(engine) as connection:
        return str(_current(connection))


def _current(connection: Connection) -> str | None:
    """The revision of the database; nothing in one that Alembic never saw."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text(CURRENT)).scalar()


def require_current(engine: Engine) -> None:
    """Make an empty database current; refuse one that is behind or ahead, naming the command that helps."""
    try:
        with connect_reading(engine) as connection:
            empty = not inspect(connection).get_table_names()
            current = _current(connection)
    except DBAPIError as error:
        raise ConfigurationError(
            f"database {engine.url.render_as_string()}: does not answer ({type(error.orig).__name__}); "
            "start it, or mend store.database in flaggermail.yaml"
        ) from None
    if empty:
        upgrade(engine)
    elif current != newest():
        raise ConfigurationError(
            f"database: schema revision is {current}, this program needs {newest()}: "
            "run `flaggermail db upgrade` with the daemon stopped"
        )
