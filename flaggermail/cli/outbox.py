# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail outbox`: outgoing mail."""

from __future__ import annotations

from datetime import datetime

import click

from flaggermail.cli.instants import INSTANT_HELP, instant, shown
from flaggermail.cli.session import Session, as_json_option, report, show_json
from flaggermail.cli.showing import listed, plain, table
from flaggermail.commands.acts import CancelMail, ResolveMail
from flaggermail.record.finding import where
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.states import WAITING


@click.group(name="outbox")
def command() -> None:
    """List outgoing mail; resolve or cancel it.

    Example: flaggermail outbox list
    """


@command.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Include sent, refused and cancelled mails.")
@as_json_option
@click.pass_obj
def list_(session: Session, *, everything: bool, as_json: bool) -> None:
    """List waiting and uncertain mails, one line per recipient.

    Example: flaggermail outbox list
    """
    with session.reading() as work:
        found = (
            work.tx.find(OutboxMail) if everything else work.tx.find(OutboxMail, where(OutboxMail.state).in_(WAITING))
        )
    mails = sorted(found, key=lambda mail: (mail.queued_at, mail.id))
    if as_json:
        show_json([plain(mail, session.zone) for mail in mails])
        return
    table(
        ("id", "queued", "state", "tries", "kind", "to", "subject"),
        [
            (
                mail.id,
                shown(mail.queued_at, session.zone),
                f"{mail.state}, bounced" if mail.bounced else mail.state,
                mail.tries,
                mail.kind,
                mail.recipient,
                mail.subject,
            )
            for mail in mails
        ],
        "nothing" if everything else "nothing waits",
    )


@command.command(name="show")
@click.argument("mail", metavar="ID")
@as_json_option
@click.pass_obj
def show(session: Session, mail: str, *, as_json: bool) -> None:
    """Show a mail and every delivery attempt.

    Example: flaggermail outbox show o00000003
    """
    from flaggermail.commands.lookups import the_mail

    with session.reading() as work:
        found = the_mail(work, mail)
        attempts = sorted(
            work.tx.find(Attempt, where(Attempt.mail).is_(found.id)), key=lambda row: (row.started_at, row.id)
        )
    zone = session.zone
    if as_json:
        show_json({**plain(found, zone), "attempts": [plain(attempt, zone) for attempt in attempts]})
        return
    listed(
        (
            ("id", found.id), ("state", f"{found.state}, bounced" if found.bounced else found.state),
            ("kind", found.kind), ("case", found.case), ("notification", found.notification),
            ("to", found.recipient), ("subject", found.subject), ("Message-ID", found.message_id),
            ("queued", shown(found.queued_at, zone)), ("next try", shown(found.next_try_at, zone)),
            ("done", shown(found.done_at, zone)), ("answer", found.answer),
        )
    )  # fmt: skip
    table(
        ("started", "ended", "result", "code", "text"),
        [
            (shown(a.started_at, zone), shown(a.ended_at, zone), a.result or "not known", a.code or "", a.text)
            for a in attempts
        ],
        "no attempt yet",
    )


@command.command(name="resolve")
@click.argument("mail", metavar="ID")
@click.option("--sent-at", type=instant, metavar="INSTANT", help=f"It was sent at this time. {INSTANT_HELP}")
@click.option("--again", is_flag=True, help="It was not sent; send it again.")
@click.pass_obj
def resolve(session: Session, mail: str, sent_at: datetime | None, *, again: bool) -> None:
    """Resolve an uncertain mail: state when it was sent, or have it sent again.

    Example: flaggermail outbox resolve o00000003 --sent-at 2024-06-06T10:34
    """
    if (sent_at is None) != again:
        raise click.UsageError("Say either when it was sent, --sent-at, or that it is to be sent --again.")
    report(session.act(ResolveMail(mail=mail, sent_at=sent_at, again=again)))


@command.command(name="cancel")
@click.argument("mail", metavar="ID")
@click.pass_obj
def cancel(session: Session, mail: str) -> None:
    """Cancel a mail that was never attempted.

    Example: flaggermail outbox cancel o00000003
    """
    report(session.act(CancelMail(mail=mail)))
