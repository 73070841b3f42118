# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail run`: the daemon in the foreground, under systemd or in a terminal."""

from __future__ import annotations

import gc
import os
import signal
import sys

import click

from flaggermail.cli.session import Session
from flaggermail.errors import MailboxReadBefore, MailboxUnproven


@click.command(name="run")
@click.option("--observe", is_flag=True, help="Start observing: take in and file all mail, send nothing.")
@click.option("--new-record", is_flag=True, help="Begin a new record on a mailbox that a desk has read before.")
@click.option("--json", "as_json", is_flag=True, help="Log JSON lines, as it does anyway where nobody watches.")
@click.pass_obj
def command(session: Session, *, observe: bool, new_record: bool, as_json: bool) -> None:
    """Run the daemon.

    It logs to standard error and ends within ten seconds of SIGTERM or Ctrl-C, after the current message. A desk that
    observes keeps observing, even without the option, until `flaggermail resume`.

    It does not start with what `flaggermail check` refuses, with the example's own address, host and organisation,
    with a new database on a mailbox that a desk has read before, whose mail would be answered again, or with a token
    that opens another mailbox than its own.

    Example: flaggermail --config /etc/flaggermail run
    """
    from flaggermail import logbook
    from flaggermail.cli import USUALLY
    from flaggermail.wiring.daemon_assembly import daemon

    logbook.configure(readable=not as_json)
    logbook.catch_crashes()
    running = daemon(session.directory, observe=observe, new_record=new_record)
    gc.set_threshold(*USUALLY)
    running.obey_signals()
    try:
        running.run()
    except BaseException as error:
        if error is not running.failure or isinstance(error, MailboxReadBefore | MailboxUnproven):
            raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # last words may find no reader
    failed = running.failure is not None  # already logged, without the values its text may contain
    if running.ending.overdue:  # the interpreter would wait for threads that still wait for a server
        sys.stderr.flush()
        os._exit(failed)
    sys.exit(failed)
