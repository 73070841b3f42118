# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail ingest`: the mail of the years before, from files and folders."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flaggermail.cli.session import Session, as_json_option, login, show_json
from flaggermail.cli.terminal import safe_line

_PATH = click.Path(path_type=Path)


@click.command(name="ingest")
@click.argument("paths", metavar="PATH...", nargs=-1, type=_PATH)
@click.option("--sent", multiple=True, type=_PATH, metavar="PATH", help="A path that holds sent mail; repeatable.")
@as_json_option
@click.pass_obj
def command(session: Session, *, paths: tuple[Path, ...], sent: tuple[Path, ...], as_json: bool) -> None:
    """Take in old mail from files and folders.

    PATH is an mbox file, a Maildir, an .eml or .msg file, or a folder of any of these. The files are read only. Each
    mail is filed as the same mail in the mailbox would be, but nothing is sent, no clock stops and no case opens: its
    arrival is disputed until an officer says what it is (`flaggermail message mark`).

    Run it as the account of the desk; the daemon may run meanwhile. Killed or stopped, it is run again with the same
    paths: what was taken in is counted as already there. Exit status 1 if anything was refused.

    Example: flaggermail ingest /srv/old/2019.mbox --sent /srv/old/Verzonden.mbox
    """
    if not paths and not sent:
        raise click.UsageError("Name a file or a folder of old mail.")
    from flaggermail.wiring.runs import ingest_files

    services, hidden = session.services(), not sys.stderr.isatty()
    with click.progressbar(length=1, label="taking in", file=sys.stderr, hidden=hidden) as shown:

        def progress(read: int, size: int) -> None:
            shown.length = max(size, 1)
            shown.update(read - shown.pos)

        tally = ingest_files(services, paths, sent, progress, login())
    if as_json:
        refused = [{"place": one.place, "why": one.why.english} for one in tally.refused]
        show_json({"found": tally.found, "new": tally.new, "already_there": tally.known, "refused": refused})
    else:
        for one in tally.refused:
            click.echo(safe_line(f"refused: {one.place}: {one.why.english}"), err=True)
        click.echo(f"{tally.found} found: {tally.new} new, {tally.known} already there, {len(tally.refused)} refused")
    sys.exit(1 if tally.refused else 0)
