# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail serve`: the door in the foreground, under systemd or in a terminal."""

from __future__ import annotations

import gc
import signal
from pathlib import Path

import click

from flaggermail.cli.session import Session


@click.command(name="serve")
@click.option(
    "--socket", "path", type=click.Path(path_type=Path), metavar="PATH",
    help="The Unix socket. [default: DIR/desk.sock if this account owns DIR, else /run/flaggermail/desk.sock]",
)  # fmt: skip
@click.option(
    "--web-socket", "web_path", type=click.Path(path_type=Path), metavar="PATH",
    help="The Unix socket for the reverse proxy whose account door.proxy_account names. [default: web.sock beside it]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Log JSON lines, as it does anyway where nobody watches.")
@click.option("--apart", is_flag=True, hidden=True, help="Answer requests of a door, given on standard input.")
@click.pass_obj
def command(
    session: Session, *, path: Path | None, web_path: Path | None, as_json: bool, apart: bool
) -> None:  # fmt: skip
    """Serve the desk on a Unix socket.

    Officers' commands and other programs ask the desk there, each under the login of its account. The door sends no
    mail and needs no password of the mailbox; the daemon sends what a command writes. It ends within ten seconds of
    SIGTERM or Ctrl-C.

    Example: flaggermail --config /etc/flaggermail serve
    """
    from flaggermail import logbook
    from flaggermail.cli import USUALLY
    from flaggermail.wiring.door_assembly import answer_apart, door

    logbook.configure(readable=not as_json)
    logbook.catch_crashes()
    if apart:
        answer_apart(session.directory)
        return
    opened = door(session.directory, path or session.socket, web_path)
    gc.set_threshold(*USUALLY)
    gc.collect()
    gc.freeze()  # what is loaded stays: to look through it for garbage would hold a view up for a tenth of a second
    opened.obey_signals()
    try:
        web = f", and for the reverse proxy on {opened.web_path}" if opened.web_path else ""
        opened.run(lambda: click.echo(f"listens on {opened.path}{web}"))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # last words may find no reader
    opened.exit_if_overdue()
