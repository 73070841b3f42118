# SPDX-License-Identifier: EUPL-1.2
"""The schema, brought up to date by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DBAPIError

from flaggermail.adapters.db.engine import connect_reading
from flaggermail.errors import ConfigurationError

HERE = Path(__file__).parent / "migrations"


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine) -> str:
    """Bring the schema to the newest revision; answers which one that is."""
    command.upgrade(_config(engine), "head")
    return newest(engine)


def newest(engine: Engine) -> str:
    """The newest revision that this program knows."""
    return str(ScriptDirectory.from_config(_config(engine)).get_current_head())


def require_current(engine: Engine) -> None:
    """Make an empty database current; refuse one that is behind or ahead, naming the command that helps."""
    try:
        with connect_reading(engine) as connection:
            empty = not inspect(connection).get_table_names()
            current = MigrationContext.configure(connection).get_current_revision()
    except DBAPIError as error:
        raise ConfigurationError(
            f"database {engine.url.render_as_string()}: does not answer ({type(error.orig).__name__}); "
            "start it, or mend store.database in flaggermail.yaml"
        ) from None
    if empty:
        upgrade(engine)
    elif current != newest(engine):
        raise ConfigurationError(
            f"database: schema revision is {current}, this program needs {newest(engine)}: "
            "run `flaggermail db upgrade` with the daemon stopped"
        )
