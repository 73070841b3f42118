# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail exercise`: rehearsals, in marked mail, with exercise addresses only, in no figure."""

from __future__ import annotations

import click

from flaggermail.cli.session import Session, report
from flaggermail.commands.acts import StartExercise, StopExercise


@click.group(name="exercise")
def command() -> None:
    """Begin and end a rehearsal.

    Example: flaggermail exercise start "the night of the count"
    """


@command.command(name="start")
@click.argument("name")
@click.pass_obj
def start(session: Session, name: str) -> None:
    """Begin an exercise: mail from the exercise addresses belongs to it, all other mail stays real.

    Example: flaggermail exercise start "the night of the count"
    """
    report(session.act(StartExercise(name=name)))


@command.command(name="stop")
@click.pass_obj
def stop(session: Session) -> None:
    """End the exercise: its cases are closed, and nobody is reminded of them any more.

    Example: flaggermail exercise stop
    """
    report(session.act(StopExercise()))
