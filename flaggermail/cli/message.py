# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail message`: shows mails, and records an officer's corrections to sender and kind."""

from __future__ import annotations

from pathlib import Path

import click

from flaggermail.cli.instants import shown
from flaggermail.cli.mail_text import show_mail
from flaggermail.cli.session import Session, as_json_option, report, show_json
from flaggermail.cli.showing import plain, sender, table
from flaggermail.cli.terminal import safe_line
from flaggermail.commands.acts import ConfirmMessage, ReclassifyMessage, RefuseMessage
from flaggermail.record.finding import where
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import StoredMessage

KINDS = click.Choice([kind.value for kind in Kind])


@click.group(name="message")
def command() -> None:
    """List, show and correct messages.

    Example: flaggermail message show m00000012
    """


@command.command(name="list")
@click.option(
    "--place", type=click.Choice(["noise", "declined", "case", "own"]), default="noise", help="The place to list."
)
@as_json_option
@click.pass_obj
def list_(session: Session, place: str, *, as_json: bool) -> None:
    """List messages by place, the quarantine excepted, which has its own list. No message is ever dropped.

    Example: flaggermail message list --place declined
    """
    with session.reading() as work:
        found = sorted(
            work.tx.find(StoredMessage, where(StoredMessage.place).is_(Place(place))),
            key=lambda row: (row.received_at, row.id),
        )
    if as_json:
        show_json([plain(row, session.zone) for row in found])
        return
    table(
        ("received", "id", "from", "subject", "kinds", "reason"),
        [
            (
                shown(row.received_at, session.zone),
                row.id,
                sender(row),
                row.subject,
                " + ".join(row.kinds),
                row.reason,
            )
            for row in found
        ],
        f"no message is in {place}",
    )


@command.command(name="show")
@click.argument("message", metavar="ID")
@as_json_option
@click.pass_obj
def show(session: Session, message: str, *, as_json: bool) -> None:
    """Show a mail in full, by its id or its Message-ID.

    Example: flaggermail message show m00000012
    """
    show_mail(session, message, as_json=as_json)


@command.command(name="confirm")
@click.argument("message", metavar="ID")
@click.pass_obj
def confirm(session: Session, message: str) -> None:
    """Confirm the sender of a mail, or a disputed arrival: from now on the mail counts.

    Example: flaggermail message confirm m00000012
    """
    report(session.act(ConfirmMessage(message=message)))


@command.command(name="refuse")
@click.argument("message", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why the sender is not authentic.")
@click.pass_obj
def refuse(session: Session, message: str, reason: str) -> None:
    """Reject the sender of a mail as not authentic: the mail stops no clock.

    Example: flaggermail message refuse m00000012 --reason "the platform says by phone that it did not write this"
    """
    report(session.act(RefuseMessage(message=message, reason=reason)))


@command.command(name="reclassify")
@click.argument("message", metavar="ID")
@click.option("--kind", "kinds", multiple=True, type=KINDS, metavar="KIND", help="The kind of mail; repeatable.")
@click.option("--case", metavar="CASE", help="The case it belongs to.")
@click.option("--notification", metavar="ID", help="The notification it answers, such as VF-EP2024-0001/2.")
@click.pass_obj
def reclassify(
    session: Session, *, message: str, kinds: tuple[str, ...], case: str | None, notification: str | None
) -> None:
    """Correct the kind or the case of a mail. Clocks, reminders and figures follow at once; the history is kept.

    Example: flaggermail message reclassify m00000012 --kind platform_ack --case VF-EP2024-0002
    """
    outcome = session.act(ReclassifyMessage(message=message, kinds=kinds, case=case, notification=notification))
    report(outcome)
    click.echo(f"note: to teach the rules: flaggermail message sample {outcome.key} --out DIR", err=True)


@command.command(name="sample")
@click.argument("message", metavar="ID")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="The output folder."
)
@click.option("--name", metavar="NAME", help="The name of both files. [default: the kind of mail and a number]")
@click.pass_obj
def sample(session: Session, message: str, out: Path, name: str | None) -> None:
    """Write an anonymised mail as a sample for the rules: NAME.eml and NAME.yaml.

    Read both before you share them: no program recognises every name.

    Example: flaggermail message sample m00000012 --out samples --name platform-receipt-portal-nl
    """
    from flaggermail.rule_changes.sampling import write_sample

    with session.reading() as work:
        written = write_sample(work, message, out, name)
    for path in written.files:
        click.echo(safe_line(str(path)))
    for difference in written.differences:
        click.echo(f"note: not read as the mail itself is: {difference}", err=True)
    click.echo(
        "note: read both files before anybody else sees them: names, places and numbers may be left in the text. Then "
        f"write `about`, put them into rules/samples, and add to the rule: samples: {{match: [{written.name}]}}",
        err=True,
    )
