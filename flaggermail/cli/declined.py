# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail declined`: citizens' mail that was declined, until the end of its review window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.message import show_mail
from flaggermail.cli.session import Session, as_json_option, report_answer, show_json
from flaggermail.cli.showing import minute, part, parts, table, text, texts

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


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
    found = session.ask_all("declined list", "messages")
    if as_json:
        show_json(found)
        return
    table(
        ("received", "id", "kinds", "kept", "reason"),
        [
            (
                minute(row, "received_at"), row["id"], " + ".join(texts(row, "kinds")),
                _kept(row), row["reason"],
            )
            for row in parts(found, "messages")
        ],
        "no mail is declined",
    )  # fmt: skip
    for election, count in part(found, "senders").items():
        click.echo(f"senders declined in {election}: {count}")


def _kept(row: Mapping[str, Json]) -> str:
    if row["discarded_at"]:
        return f"destroyed {minute(row, 'discarded_at')}"
    held = texts(row, "held_by")
    return f"until {text(row, 'kept_until')[:10]}" + (f", and by {', '.join(held)}" if held else "")


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
@as_json_option
@click.pass_obj
def add(session: Session, message: str, *, as_json: bool) -> None:
    """Decline a waiting mail. The sender is informed once per election period; little of the mail is kept.

    Example: flaggermail declined add m00000012
    """
    report_answer(session.ask("declined add", message=message), as_json=as_json)
