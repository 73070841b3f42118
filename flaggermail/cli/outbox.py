# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail outbox`: outgoing mail."""

from __future__ import annotations

from dataclasses import replace

import click

from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import INSTANT_HELP
from flaggermail.cli.lists import Field, Row, ShownList, show_rows, show_sheet
from flaggermail.cli.session import Session, as_json_option, report_answer
from flaggermail.cli.showing import choice, minute, parts
from flaggermail.record.states import WITHHELD, MailState, ServerState


def _state(mail: Row) -> str:
    if mail["bounced"]:
        return f"{mail['state']}, bounced"
    is_withheld = mail["state"] == MailState.QUEUED and mail["next_try_at"] is None
    return WITHHELD if is_withheld else str(mail["state"])


WAITING = ShownList(
    "outbox list", "mails", "nothing waits",
    (
        Field("id", "id"), Field("queued", "queued_at", minute), Field("state", _state), Field("tries", "tries"),
        Field("kind", "kind"), Field("to", "recipient"), Field("subject", "subject"),
    ),
)  # fmt: skip
MAIL = (
    Field("id", "id"), Field("state", _state), Field("kind", "kind"), Field("case", "case"),
    Field("notification", "notification"), Field("to", "recipient"), Field("subject", "subject"),
    Field("Message-ID", "message_id"), Field("queued", "queued_at", minute), Field("next try", "next_try_at", minute),
    Field("done", "done_at", minute), Field("answer", "answer"),
)  # fmt: skip
ATTEMPTS = (
    Field("started", "started_at", minute), Field("ended", "ended_at", minute),
    Field("result", lambda tried: tried["result"] or "not known"), Field("code", lambda tried: tried["code"] or ""),
    Field("text", "text"),
)  # fmt: skip


@click.group(name="outbox", cls=Noun)
def command() -> None:
    """List outgoing mail; resolve, retry or cancel it.

    Example: flaggermail outbox list
    """


@command.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Include sent, refused and cancelled mails.")
@click.option("--state", type=choice(MailState), help="Only mails in this state.")
@as_json_option
@click.pass_obj
def list_(session: Session, *, everything: bool, state: str | None, as_json: bool) -> None:
    """List waiting and uncertain mails, one line per recipient.

    Example: flaggermail outbox list --state uncertain
    """
    shown = replace(WAITING, empty="nothing") if everything or state else WAITING
    found = shown.show(session, as_json=as_json, everything=everything, state=state)
    if found is not None and found["held_since"]:
        why = "cannot be reached" if found["standing"] == ServerState.AWAY else "refuses mail"
        click.echo(f"queued: the submission server {why} since {minute(found, 'held_since')}")


@command.shows("show", "attempts")
@click.argument("mail", metavar="ID")
def show(found: Row) -> None:
    """Show a mail and every delivery attempt.

    Example: flaggermail outbox show o00000003
    """
    show_sheet(found, MAIL)
    show_rows(parts(found, "attempts"), ATTEMPTS, "no attempt yet")


@command.command(name="resolve")
@click.argument("mail", metavar="ID")
@click.option("--sent-at", metavar="INSTANT", help=f"It was sent at this time. {INSTANT_HELP}")
@click.option("--again", is_flag=True, help="It was not sent; send it again.")
@as_json_option
@click.pass_obj
def resolve(session: Session, mail: str, sent_at: str | None, *, again: bool, as_json: bool) -> None:
    """Resolve an uncertain mail: state when it was sent, or have it sent again.

    Example: flaggermail outbox resolve o00000003 --sent-at 2024-06-06T10:34
    """
    if (sent_at is None) != again:
        raise click.UsageError("Say either when it was sent, --sent-at, or that it is to be sent --again.")
    report_answer(session.ask("outbox resolve", mail=mail, sent_at=sent_at, again=again), as_json=as_json)


@command.acts("cancel")
@click.argument("mail", metavar="ID")
def cancel() -> None:
    """Cancel a mail that every attempt failed to hand over, or that was never attempted.

    Example: flaggermail outbox cancel o00000003
    """


@command.acts("retry")
@click.argument("mail", metavar="[ID]", required=False)
def retry() -> None:
    """Try at once what was refused or not yet attempted, never a mail in doubt.

    Example: flaggermail outbox retry
    """
