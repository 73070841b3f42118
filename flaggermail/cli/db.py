# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail db`: database maintenance."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import parts, text
from flaggermail.cli.terminal import counting, safe_line
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.wiring.desk_backup import BackedUp

_FILE = click.Path(path_type=Path)


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


@command.command(name="backup")
@click.option("--out", required=True, metavar="FILE", type=_FILE, help="The file to write; it must not exist.")
@as_json_option
@click.pass_obj
def backup(session: Session, out: Path, *, as_json: bool) -> None:
    """Write a backup of the desk into one file, while the daemon runs.

    It holds every row of the database from one instant, all mail that these rows name, and the configuration with its
    rules and templates. It holds no password, no secret of one-time codes, and nothing that a server has. The exit
    status is 1 if the archive lacks mail that the database names; the backup is made all the same.

    Example: flaggermail db backup --out /backup/flaggermail-2027-03-17.tar.gz
    """
    from flaggermail.wiring.desk_backup import back_up

    with counting("backing up") as progress:
        found = back_up(session.directory, out, progress)
    if as_json:
        show_json({"file": str(out), **asdict(found), "missing": list(found.missing)})
    else:
        click.echo(f"{out}: {_counted(found)}, up to event {found.seq}:{found.digest}")
    for digest in found.missing:
        click.echo(f"the archive lacks {digest}: `flaggermail audit verify` says which mail that is", err=True)
    if found.missing:
        raise click.exceptions.Exit(1)


@command.command(name="restore")
@click.argument("file", type=_FILE)
@click.option("--to", required=True, metavar="DIR", type=_FILE, help="The folder to make; it must be new or empty.")
@click.option("--database", metavar="URL", help="An empty PostgreSQL database, instead of an SQLite file in DIR.")
@click.option("--octets-in-database", is_flag=True, help="Put the mails into that database too: for several machines.")
@click.option("--verify", is_flag=True, help="Compare the whole record with its events and its archive, too.")
@click.option("--any-size", is_flag=True, help="Unpack as much as the disk has room for; only a file of your own.")
@as_json_option
def restore(
    file: Path, to: Path, database: str | None, *, octets_in_database: bool, verify: bool, any_size: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Make a new desk from a backup: database, mail and configuration in one folder.

    The new desk observes: it sends nothing until `flaggermail resume`. No reply to a mail of the old desk acts, and
    officers enrol their devices anew. Passwords are not in a backup: put them into DIR/credentials. If it is killed,
    give the same command again: mails that are in the database already are not stored again.

    Example: flaggermail db restore flaggermail-2027-03-17.tar.gz --to /srv/restored --verify
    """
    from flaggermail.wiring.desk_backup import Server
    from flaggermail.wiring.desk_backup import restore as restored

    if octets_in_database and not (database or "").startswith("postgresql"):
        raise click.UsageError("--octets-in-database needs --database with the address of a PostgreSQL database")
    server = Server(database, with_octets=octets_in_database) if database else None
    with counting("restoring") as progress:
        made = restored(file, to, server, progress, verify=verify, any_size=any_size)
    found, proof = made.held, made.proof
    wrong = [f"{text(one, 'name')}: {text(one, 'text')}" for one in parts(proof, "differences")] if proof else []
    if as_json:
        document = {"file": str(file), "directory": str(to), "database": made.database, **asdict(found)}
        show_json({**document, "missing": list(found.missing), "proof": proof})
    else:
        click.echo(f"{to}: {_counted(found)} of {found.taken_at}, in {made.database}")
        click.echo(f"the desk observes; `flaggermail --config {to} resume` lets it send")
    for line in wrong:
        click.echo(safe_line(line), err=True)
    if wrong:
        raise click.exceptions.Exit(1)


def _counted(held: BackedUp) -> str:
    return f"{countable(held.rows):row|rows} and {countable(held.mails):mail|mails}"
