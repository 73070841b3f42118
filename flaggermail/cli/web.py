# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail web`: the pages of the door for one person, on loopback, under that person's own login."""

from __future__ import annotations

import signal
import threading
import webbrowser

import click

from flaggermail.cli.connections import no_door, socket_of
from flaggermail.cli.session import Session, as_json_option, show_json_line

HIGHEST_PORT = 65_535


@click.command(name="web")
@click.option(
    "--port", type=click.IntRange(0, HIGHEST_PORT), default=0, show_default="a free one", help="The port on 127.0.0.1."
)
@click.option("--open", "opens", is_flag=True, help="Open the address in the browser of this session.")
@as_json_option
@click.pass_obj
def command(session: Session, *, port: int, opens: bool, as_json: bool) -> None:
    """Show the desk in a browser on this machine.

    You act there as yourself. It prints one address, which works once, and answers programs of this account alone. It
    ends with Ctrl-C, or with the terminal.

    Example: flaggermail web --open
    """
    from flaggermail.cli.web_bridge import bridged
    from flaggermail.sockets import connected

    path = session.socket or socket_of(session.directory)
    if path is None:
        raise no_door(session.directory)
    connected(path).close()  # says at once what is wrong with it
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    with bridged(path, port) as address:
        if as_json:
            show_json_line({"address": address})
        else:
            click.echo(address)
        if opens:
            webbrowser.open(address)
        stopped.wait()
