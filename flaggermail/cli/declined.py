# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail declined`: citizens' mail that was declined, until the end of its review window."""

from __future__ import annotations

from collections import Counter

import click

from flaggermail.cli.instants import shown
from flaggermail.cli.mail_text import show_mail
from flaggermail.cli.session import Session, as_json_option, report, show_json
from flaggermail.cli.showing import plain, table
from flaggermail.commands.acts import DeclineMessage
from flaggermail.record.finding import where
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Decline, StoredMessage


@click.group(name="declined")
def command() -> None:
    """List, show and decline citizens' mail.

    Example: flaggermail declined list
    """


@command.command(name="list")
@as_json_option
@click.pass_obj
def list_(session: Session, *, as_json: bool) -> None:
    """List declined mail in order of arrival, and the number of declined senders per election.

    Sender and subject are not kept; `declined show` reads the mail itself until it is destroyed.

    Example: flaggermail declined list
    """
    from flaggermail.citizens.retention import due_at

    with session.reading() as work:
        rows = sorted(
            work.tx.find(StoredMessage, where(StoredMessage.place).is_(Place.DECLINED)),
            key=lambda row: (row.received_at, row.id),
        )
        senders = Counter(row.election for row in work.tx.find(Decline, where(Decline.taken_back_at).is_(None)))
    until = {row.id: due_at(session.environment, row.first_seen_at) for row in rows}
    if as_json:
        messages = [{**plain(row, session.zone), "kept_until": shown(until[row.id], session.zone)} for row in rows]
        show_json({"messages": messages, "senders": dict(sorted(senders.items()))})
        return
    table(
        ("received", "id", "kinds", "kept", "reason"),
        [
            (
                shown(row.received_at, session.zone), row.id, " + ".join(row.kinds),
                f"destroyed {shown(row.discarded_at, session.zone)}" if row.discarded_at else
                f"until {until[row.id].astimezone(session.zone):%Y-%m-%d}", row.reason,
            )
            for row in rows
        ],
        "no mail is declined",
    )  # fmt: skip
    for election, count in sorted(senders.items()):
        click.echo(f"senders declined in {election}: {count}")


@command.command(name="show")
@click.argument("message", metavar="ID")
@as_json_option
@click.pass_obj
def show(session: Session, message: str, *, as_json: bool) -> None:
    """Show a declined mail in full, as long as it is kept.

    Example: flaggermail declined show m00000012
    """
    show_mail(session, message, as_json=as_json)


@command.command(name="add")
@click.argument("message", metavar="ID")
@click.pass_obj
def add(session: Session, message: str) -> None:
    """Decline a waiting mail. The sender is informed once per election period; little of the mail is kept.

    Example: flaggermail declined add m00000012
    """
    report(session.act(DeclineMessage(message=message)))
