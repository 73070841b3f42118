# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail election`: the elections that cases belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import ELECTION
from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import day
from flaggermail.cli.lists import Field, Row, ShownList, fields
from flaggermail.cli.session import Session, as_json_option, report_answer

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


def _state(election: Row) -> str:
    state = "open" if election["closed_at"] is None else "closed"
    return f"{state}, exercise" if election["exercise"] else state


ELECTIONS = ShownList(
    "election list", "elections", "no elections; `flaggermail election add` adds one",
    (
        *fields("code", "polling_days"), Field("from", "period_from"), Field("until", "period_until"),
        Field("state", _state), Field("name", "name"),
    ),
)  # fmt: skip


@click.group(name="election", cls=Noun)
def command() -> None:
    """List, add and close elections.

    Example: flaggermail election list
    """


@command.lists("list", ELECTIONS)
def list_() -> None:
    """List the elections with their polling days and periods.

    Example: flaggermail election list
    """


@command.command(name="add")
@click.argument("code")
@click.option("--name-nl", required=True, metavar="NAME", help="Its name in Dutch.")
@click.option("--name-en", required=True, metavar="NAME", help="Its name in English.")
@click.option(
    "--polling-day", "polling_days", required=True, multiple=True, type=day, metavar="DATE",
    help="YYYY-MM-DD; repeat it for each polling day.",
)  # fmt: skip
@click.option(
    "--period", required=True, nargs=2, type=(day, day), metavar="FROM UNTIL",
    help="First and last day of the election period, YYYY-MM-DD.",
)  # fmt: skip
@click.option("--exercise", is_flag=True, help="An exercise, excluded from all figures.")
@as_json_option
@click.pass_obj
def add(session: Session, /, *, period: tuple[str, str], as_json: bool, **asked: Json) -> None:
    """Add an election, effective at once and without a restart.

    Example: flaggermail election add GR2026 --name-nl "Gemeenteraadsverkiezingen 2026"
    --name-en "Municipal elections 2026" --polling-day 2026-03-18 --period 2026-02-02 2026-04-01
    """
    answer = session.ask("election add", **asked, period_from=period[0], period_until=period[1])
    report_answer(answer, as_json=as_json)


@command.acts("close")
@click.argument("code", type=ELECTION)
def close() -> None:
    """Close an election, so that no new case can belong to it.

    Example: flaggermail election close EP2024
    """
