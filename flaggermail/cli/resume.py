# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail resume`: ends observing."""

from __future__ import annotations

import click

from flaggermail.cli.session import Session, as_json_option, report_answer


@click.command(name="resume")
@click.option("--with-waiting", is_flag=True, help="Also send mail that was waiting when observing began.")
@as_json_option
@click.pass_obj
def command(session: Session, *, with_waiting: bool, as_json: bool) -> None:
    """Stop observing: the desk sends again.

    Mail withheld while it observed (`flaggermail run --observe`) stays unsent, reminders included. The daemon may keep
    running. Only an officer or the head can do this, and it is recorded.

    Example: flaggermail resume
    """
    report_answer(session.ask("resume", with_waiting=with_waiting), as_json=as_json)
