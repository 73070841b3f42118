# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail exercise`: exercises with marked mail and exercise addresses only, excluded from all figures."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session, report
from flaggermail.commands.acts import StartExercise, StopExercise


@click.group(name="exercise", cls=Noun)
def command() -> None:
    """Start and stop an exercise.

    Example: flaggermail exercise start "the night of the count"
    """


@command.command(name="start")
@click.argument("name")
@click.pass_obj
def start(session: Session, name: str) -> None:
    """Start an exercise: mail from the exercise addresses belongs to it, all other mail stays real.

    Example: flaggermail exercise start "the night of the count"
    """
    report(session.act(StartExercise(name=name)))


@command.command(name="stop")
@click.pass_obj
def stop(session: Session) -> None:
    """Stop the exercise: closes its cases and ends their reminders.

    Example: flaggermail exercise stop
    """
    report(session.act(StopExercise()))
