# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail db`: database maintenance."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session, as_json_option, show_json


@click.group(name="db", cls=Noun)
def command() -> None:
    """Maintain the database.

    Example: flaggermail db upgrade
    """


@command.command(name="upgrade")
@as_json_option
@click.pass_obj
def upgrade(session: Session, *, as_json: bool) -> None:
    """Migrate the database to the schema of this program; stop the daemon first.

    Example: flaggermail db upgrade
    """
    found = session.ask("db upgrade")
    if as_json:
        show_json(found)
    else:
        click.echo(f"database is at revision {found['revision']}")
