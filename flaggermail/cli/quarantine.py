# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail quarantine`: mail that an officer must place."""

from __future__ import annotations

import click

from flaggermail.cli.instants import age, shown
from flaggermail.cli.mail_text import document_of, show_mail
from flaggermail.cli.message import KINDS
from flaggermail.cli.session import Session, as_json_option, report, show_json
from flaggermail.cli.showing import sender, table
from flaggermail.commands.acts import CASE_TYPES, SOURCES, PlaceMessage
from flaggermail.notifications.latency import minutes
from flaggermail.record.finding import where
from flaggermail.record.kinds import Place
from flaggermail.record.rows import StoredMessage


@click.group(name="quarantine")
def command() -> None:
    """List, show and place quarantined mail.

    Example: flaggermail quarantine list
    """


@command.command(name="list")
@as_json_option
@click.pass_obj
def list_(session: Session, *, as_json: bool) -> None:
    """List quarantined mail, oldest first, with the reason and suggested cases.

    Example: flaggermail quarantine list
    """
    with session.reading() as work:
        waiting = sorted(
            work.tx.find(StoredMessage, where(StoredMessage.place).is_(Place.QUARANTINE)),
            key=lambda row: (row.received_at, row.id),
        )
    if as_json:
        show_json(
            [{**document_of(row, session.zone), "age_minutes": minutes(row.received_at, work.now)} for row in waiting]
        )
        return
    table(
        ("age", "received", "id", "from", "subject", "reason", "suggestions"),
        [
            (
                age(row.received_at, work.now),
                shown(row.received_at, session.zone),
                row.id,
                sender(row),
                row.subject,
                row.reason,
                row.suggestions,
            )
            for row in waiting
        ],
        "the quarantine is empty",
    )


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
@click.argument("case", required=False)
@click.option("--new", is_flag=True, help="Open a new case with it.")
@click.option("--noise", is_flag=True, help="Treat it as noise; requires --reason.")
@click.option(
    "--type",
    "type_",
    default=CASE_TYPES[0],
    type=click.Choice(CASE_TYPES),
    show_default=True,
    help="Type of the new case.",
)
@click.option("--election", metavar="CODE", help="Election of the new case. [default: the current one]")
@click.option("--source", type=click.Choice(SOURCES), help="Source of the new case: who reported it.")
@click.option("--kind", "kinds", multiple=True, type=KINDS, metavar="KIND", help="The kind of mail; repeatable.")
@click.option("--back", is_flag=True, help="Return it to the quarantine, which undoes a placement.")
@click.option("--reason", default="", metavar="TEXT", help="The reason, kept in the record.")
@click.pass_obj
def place(
    session: Session, *, message: str, case: str | None, type_: str, election: str | None, source: str | None,
    kinds: tuple[str, ...], reason: str, new: bool, noise: bool, back: bool,
) -> None:  # fmt: skip
    """Place a mail: in CASE, in a new case, in the noise, or back in the quarantine.

    The time of arrival does not change, and a clock stopped by the mail stops at that time. A referrer is told the
    number of their case. Any mail can be placed, including declined mail, noise, and mail in the wrong case.

    Example: flaggermail quarantine place m00000012 VF-EP2024-0001 --kind platform_ack
    """
    if sum((case is not None, new, noise, back)) != 1:
        raise click.UsageError("Say where it belongs with one of CASE, --new, --noise and --back.")
    report(
        session.act(
            PlaceMessage(
                message=message, case=case, new=new, noise=noise, back=back, reason=reason, type=type_,
                election=election, source=source, kinds=kinds,
            )
        )
    )  # fmt: skip
