# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail declined`: citizens' mail that was declined, until the end of its review window."""

from __future__ import annotations

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.lists import Field, Row, ShownList, joined
from flaggermail.cli.message import show_mail
from flaggermail.cli.session import Session, as_json_option
from flaggermail.cli.showing import minute, part, text, texts


def _kept(row: Row) -> str:
    if row["discarded_at"]:
        return f"destroyed {minute(row, 'discarded_at')}"
    held = texts(row, "held_by")
    return f"until {text(row, 'kept_until')[:10]}" + (f", and by {', '.join(held)}" if held else "")


DECLINED = ShownList(
    "declined list", "messages", "no mail is declined",
    (
        Field("received", "received_at", minute), Field("id", "id"), Field("kinds", "kinds", joined),
        Field("kept", _kept), Field("reason", "reason"),
    ),
)  # fmt: skip


@click.group(name="declined", cls=Noun)
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
    found = DECLINED.show(session, as_json=as_json)
    if found is None:
        return
    for election, count in part(found, "senders").items():
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


@command.acts("add")
@click.argument("message", metavar="ID")
def add() -> None:
    """Decline a waiting mail. The sender is informed once per election period; little of the mail is kept.

    Example: flaggermail declined add m00000012
    """
