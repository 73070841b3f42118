# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail exercise`: exercises with marked mail and exercise addresses only, excluded from all figures."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session, as_json_option, report_answer


@click.group(name="exercise", cls=Noun)
def command() -> None:
    """Start and stop an exercise.

    Example: flaggermail exercise start "the night of the count"
    """


@command.command(name="start")
@click.argument("name")
@as_json_option
@click.pass_obj
def start(session: Session, name: str, *, as_json: bool) -> None:
    """Start an exercise: mail from the exercise addresses belongs to it, all other mail stays real.

    Example: flaggermail exercise start "the night of the count"
    """
    report_answer(session.ask("exercise start", name=name), as_json=as_json)


@command.command(name="stop")
@as_json_option
@click.pass_obj
def stop(session: Session, *, as_json: bool) -> None:
    """Stop the exercise: closes its cases and ends their reminders.

    Example: flaggermail exercise stop
    """
    report_answer(session.ask("exercise stop"), as_json=as_json)
