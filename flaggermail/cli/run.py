# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail run`: the daemon in the foreground; systemd or a terminal holds it."""

from __future__ import annotations

import click

from flaggermail.cli.session import Session


@click.command(name="run")
@click.pass_obj
def command(session: Session) -> None:
    """Run the daemon.

    It logs to standard error and ends within ten seconds of SIGTERM or Ctrl-C, after the message in hand.

    Example: flaggermail --config /etc/flaggermail run
    """
    from flaggermail import logbook  # noqa: PLC0415 - slow to load, and --help needs none of it
    from flaggermail.wiring import daemon  # noqa: PLC0415 - slow to load, and --help needs none of it

    running = daemon(session.directory)
    logbook.configure()
    running.obey_signals()
    running.run()
