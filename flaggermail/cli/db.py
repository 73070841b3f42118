# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail db`: database maintenance."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session


@click.group(name="db", cls=Noun)
def command() -> None:
    """Maintain the database.

    Example: flaggermail db upgrade
    """


@command.command(name="upgrade")
@click.pass_obj
def upgrade(session: Session) -> None:
    """Migrate the database to the schema of this program; stop the daemon first.

    Example: flaggermail db upgrade
    """
    from flaggermail.wiring import upgrade_database

    click.echo(f"database is at revision {upgrade_database(session.directory)}")
