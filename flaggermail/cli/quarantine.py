# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail quarantine`: mail that an officer must place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import CASE, ELECTION
from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import hours
from flaggermail.cli.lists import Field, ShownList
from flaggermail.cli.message import KINDS, sender, show_mail, suggestions
from flaggermail.cli.session import Session, as_json_option, report_answer
from flaggermail.cli.showing import choice, minute, number
from flaggermail.record.case_values import CaseType, Source

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

QUARANTINE = ShownList(
    "quarantine list", "messages", "the quarantine is empty",
    (
        Field("age", lambda row: hours(number(row, "age_minutes"))), Field("received", "received_at", minute),
        Field("id", "id"), Field("from", sender), Field("subject", "subject"), Field("reason", "reason"),
        Field("suggestions", suggestions),
    ),
)  # fmt: skip


@click.group(name="quarantine", cls=Noun)
def command() -> None:
    """List, show and place quarantined mail.

    Example: flaggermail quarantine list
    """


@command.lists("list", QUARANTINE)
@click.option("--old", is_flag=True, help="List mail from files of old mail instead; see `flaggermail ingest`.")
def list_() -> None:
    """List quarantined mail, urgent first, with the reason and suggested cases.

    Example: flaggermail quarantine list
    """


@command.command(name="show")
@click.argument("message", metavar="ID")
@as_json_option
@click.pass_obj
def show(session: Session, message: str, *, as_json: bool) -> None:
    """Show a quarantined mail in full, with the reason and suggested cases.

    Example: flaggermail quarantine show m00000012
    """
    show_mail(session, message, as_json=as_json)


@command.command(name="place")
@click.argument("message", metavar="ID")
@click.argument("case", type=CASE, required=False)
@click.option("--new", is_flag=True, help="Open a new case with it.")
@click.option("--remember", is_flag=True, help="With --new: the sender's domain is a known referrer's from now on.")
@click.option("--noise", is_flag=True, help="Treat it as noise; requires --reason.")
@click.option(
    "--type", default=CaseType.CONTENT.value, type=choice(CaseType), show_default=True,
    help="Type of the new case.",
)  # fmt: skip
@click.option("--election", type=ELECTION, metavar="CODE", help="Election of the new case. [default: the current one]")
@click.option("--source", type=choice(Source), help="Source of the new case: who reported it.")
@click.option("--kind", "kinds", multiple=True, type=KINDS, metavar="KIND", help="The kind of mail; repeatable.")
@click.option("--back", is_flag=True, help="Return it to the quarantine, which undoes a placement.")
@click.option("--reason", default="", metavar="TEXT", help="The reason, kept in the record.")
@as_json_option
@click.pass_obj
def place(
    session: Session, /, *, case: str | None, new: bool, remember: bool, noise: bool, back: bool, as_json: bool,
    **asked: Json,
) -> None:  # fmt: skip
    """Place a mail: in CASE, in a new case, in the noise, or back in the quarantine.

    The time of arrival does not change, and a clock stopped by the mail stops at that time. A referrer is told the
    number of their case. Any mail can be placed, including declined mail, noise, and mail in the wrong case.

    Example: flaggermail quarantine place m00000012 VF-EP2024-0001 --kind platform_ack
    """
    if sum((case is not None, new, noise, back)) != 1:
        raise click.UsageError("Say where it belongs with one of CASE, --new, --noise and --back.")
    if remember and not new:
        raise click.UsageError("--remember goes with --new.")
    answer = session.ask("quarantine place", case=case, new=new, remember=remember, noise=noise, back=back, **asked)
    report_answer(answer, as_json=as_json)
