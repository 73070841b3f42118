# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail exercise`: exercises with marked mail and exercise addresses only, excluded from all figures."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.lists import Field, Row, fields, show_rows
from flaggermail.cli.showing import minute, part, parts
from flaggermail.cli.terminal import safe_line
from flaggermail.wording.said import countable

MOMENTS = (Field("at", "at", minute), *fields("what", "about", "officer"), Field("minutes after", "minutes"))


@click.group(name="exercise", cls=Noun)
def command() -> None:
    """Start and stop an exercise, and show its debrief.

    Example: flaggermail exercise start "the night of the count"
    """


@command.acts("start")
@click.argument("name", required=False)
@click.option("--story", help="A shipped story that the desk plays: S05 or S08.")
@click.option("--speed", type=int, help="Minutes of the story and of the policy in one minute, 1 to 240 (default 60).")
@click.option("--even-today", is_flag=True, help="Play it even on the polling day of a real election.")
def start() -> None:
    """Start an exercise: mail from the exercise addresses belongs to it, all other mail stays real.

    With --story the desk writes as the story's referrers and platforms, to the real officers and their pagers; nothing
    leaves to a referrer or a platform. It ends by itself with a debrief.

    Example: flaggermail exercise start --story S08 --speed 60
    """


@command.acts("stop")
def stop() -> None:
    """Stop the exercise: closes its cases and ends their reminders.

    Example: flaggermail exercise stop
    """


@command.shows("debrief")
@click.argument("exercise", required=False)
def debrief(found: Row) -> None:
    """Show what came of the story of an exercise, by default the latest one, also while it runs.

    Example: flaggermail exercise debrief EX270317
    """
    click.echo(
        safe_line(f"{found['exercise']} played {found['story']}, {countable(found['speed']):minute|minutes} in one")
    )
    show_rows(parts(found, "moments"), MOMENTS, "nothing happened")
    for wait in parts(found, "waits"):
        still = ", still waits" if wait["still"] else ""
        click.echo(safe_line(f"waited {wait['minutes']} min in the quarantine: {_mail(part(wait, 'message'))}{still}"))
    for row in parts(found, "unclear"):
        click.echo(safe_line(f"no rule said what this is: {_mail(row)}"))
    for row in parts(found, "unanswered"):
        click.echo(safe_line(f"no person at {row['platform']} answered: {row['id']}"))
    for row in parts(found, "undecided"):
        click.echo(safe_line(f"not decided: {row['number']}"))
    for row in parts(found, "unacknowledged"):
        click.echo(safe_line(f"not acknowledged: {row['id']}"))


def _mail(row: Row) -> str:
    return f"{row['id']} {row['subject'] or ''}"
