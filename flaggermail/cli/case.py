# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail case`: the officer's work on a case, from opening to closing."""

from __future__ import annotations

from datetime import datetime
from typing import TextIO

import click

from flaggermail.cases.checklist import Item
from flaggermail.cli.case_assess import assess
from flaggermail.cli.case_show import list_, show
from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import INSTANT_HELP, instant
from flaggermail.cli.session import Session, report
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.commands import acts
from flaggermail.errors import NotFound
from flaggermail.record.case_values import DeclineReason
from flaggermail.record.rows import Notification


@click.group(name="case", cls=Noun)
def command() -> None:
    """Open, assess, decide and follow cases.

    Example: flaggermail case list --state open
    """


command.add_command(list_)
command.add_command(show)
command.add_command(assess)


@command.command(name="open")
@click.option("--election", required=True, metavar="CODE", help="The election concerned.")
@click.option("--type", "type_", required=True, type=click.Choice(acts.CASE_TYPES), help="The type of the case.")
@click.option("--origin", required=True, type=click.Choice(acts.ORIGINS), help="How the case came up.")
@click.option("--title", default="", metavar="TEXT", help="A short title. [default: the subject of the message]")
@click.option("--source", type=click.Choice(acts.SOURCES), help="Who reported it.")
@click.option("--from-message", metavar="ID", help="The stored message to open it from.")
@click.option("--related", multiple=True, metavar="CASE", help="An earlier case on the same narrative; repeatable.")
@click.pass_obj
def open_(
    session: Session, *, election: str, type_: str, origin: str, title: str, source: str | None,
    from_message: str | None, related: tuple[str, ...],
) -> None:  # fmt: skip
    """Open a case without a referral, or from a stored message.

    Example: flaggermail case open --election EP2024 --type D_general_warning --origin earlier_cases
    --related VF-PS2023-0001 --related VF-TK2023-0001
    """
    report(
        session.act(
            acts.OpenCase(
                election=election, type=type_, origin=origin, title=title, source=source, from_message=from_message,
                related=related,
            )
        )
    )  # fmt: skip


@command.command(name="decide")
@click.argument("case")
@click.argument("decision", type=click.Choice(acts.DECISIONS))
@click.option(
    "--reason", required=True, metavar="TEXT",
    help=f"The reason, kept in the record. With decline, one of {', '.join(DeclineReason)}.",
)  # fmt: skip
@click.option("--text", default="", metavar="TEXT", help="With decline: a further explanation to the referrer.")
@click.option("--advice", default="", metavar="TEXT", help="Advice to the referrer, if the usual one does not fit.")
@click.pass_obj
def decide(session: Session, *, case: str, decision: str, reason: str, text: str, advice: str) -> None:
    """Record the decision on a case: notify, decline, refer or none. The referrer is informed once.

    Example: flaggermail case decide VF-EP2024-0001 notify --reason "a vote cast that way is invalid"
    """
    if decision != "decline" and text:
        raise click.UsageError("--text belongs to decline; write it as --reason.")
    words = decision != "decline" or (" " in reason and not text)  # the officer's own words: reason "other"
    ground, why = (None, reason) if words else (reason, text)
    report(session.act(acts.Decide(case=case, decision=decision, reason=why, advice=advice, ground=ground)))


@command.command(name="assign")
@click.argument("case")
@click.argument("officer")
@click.pass_obj
def assign(session: Session, case: str, officer: str) -> None:
    """Assign a case to an officer, named by the id in oncall.yaml.

    Example: flaggermail case assign VF-EP2024-0001 officer2
    """
    report(session.act(acts.AssignCase(case=case, officer=officer)))


@command.command(name="link")
@click.argument("case")
@click.argument("related", nargs=-1, required=True)
@click.pass_obj
def link(session: Session, case: str, related: tuple[str, ...]) -> None:
    """Link earlier cases on the same narrative.

    Example: flaggermail case link VF-EP2024-0001 VF-PS2023-0001 VF-TK2023-0001
    """
    report(session.act(acts.LinkCase(case=case, related=related)))


@command.command(name="tag")
@click.argument("case")
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@click.option("--remove", multiple=True, metavar="TAG", help="Remove this narrative; repeatable.")
@click.pass_obj
def tag(session: Session, case: str, tags: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Tag a case with its narratives, from the list `tags.narratives`. The case then shows earlier cases on them.

    Example: flaggermail case tag VF-EP2024-0001 two-boxes --remove wrong-day
    """
    if not tags and not remove:
        raise click.UsageError("Name a TAG, or one to --remove.")
    report(session.act(acts.TagCase(case=case, tags=tags, remove=remove)))


@command.command(name="ask")
@click.argument("case")
@click.option(
    "--item", "items", multiple=True, type=click.Choice([item.value for item in Item]), help="Ask for this; repeatable."
)
@click.option("--text", type=click.File(encoding="utf-8"), help="A further question, from a file; - is standard input.")
@click.pass_obj
def ask(session: Session, case: str, items: tuple[str, ...], text: TextIO | None) -> None:
    """Ask the referrer for missing information; without --item and --text, for all that `case show` lists as missing.

    Example: flaggermail case ask VF-EP2024-0001 --item screenshot --item contact
    """
    report(session.act(acts.AskReferrer(case=case, items=items, text=text.read() if text else "")))


@command.command(name="reclassify")
@click.argument("case")
@click.option("--type", "type_", type=click.Choice(acts.CASE_TYPES), help="The type of the case.")
@click.option("--source", type=click.Choice(acts.SOURCES), help="Who reported it.")
@click.pass_obj
def reclassify(session: Session, case: str, type_: str | None, source: str | None) -> None:
    """Correct the type or source of a case; the record keeps the earlier value.

    Example: flaggermail case reclassify VF-EP2024-0001 --type B_channel
    """
    report(session.act(acts.ReclassifyCase(case=case, type=type_, source=source)))


@command.command(name="note")
@click.argument("case")
@click.option("--means", required=True, type=click.Choice(["phone", "portal", "meeting"]), help="The means of contact.")
@click.option("--text", metavar="TEXT", help="What was said or shown.")
@click.option("--file", "file", type=click.File(encoding="utf-8"), help="The text, from a file; - is standard input.")
@click.option("--at", type=instant, metavar="INSTANT", help=f"When it happened, if not now. {INSTANT_HELP}")
@click.option(
    "--counts-as", multiple=True, type=click.Choice(acts.COUNTS), help="Which clocks it starts or stops; repeatable."
)
@click.option("--channel", metavar="CODE", help="The channel concerned, if several were notified.")
@click.pass_obj
def note(
    session: Session, *, case: str, means: str, text: str | None, file: TextIO | None, at: datetime | None,
    counts_as: tuple[str, ...], channel: str | None,
) -> None:  # fmt: skip
    """Record a contact by phone, portal or meeting. A note cannot be changed afterwards.

    Example: flaggermail case note VF-PS2027-0006 --means phone --at 2027-03-17T21:45 --counts-as platform_ack
    --text "They have it, a colleague is looking."
    """
    if (text is None) == (file is None):
        raise click.UsageError("Give the note with either --text or --file.")
    words = text if text is not None else file.read() if file is not None else ""
    report(
        session.act(
            acts.NoteContact(
                case=case, means=means, text=words, effective_at=at, counts_as=counts_as, channel=channel
            )
        )
    )  # fmt: skip


@command.command(name="reply")
@click.argument("case")
@click.option("--to", required=True, type=click.Choice(["platform", "referrer"]), help="The recipient.")
@click.option("--channel", metavar="CODE", help="The channel of the platform, if several were notified.")
@click.option(
    "--text", required=True, type=click.File(encoding="utf-8"), help="The text, from a file; - is standard input."
)
@click.pass_obj
def reply(session: Session, case: str, to: str, channel: str | None, text: TextIO) -> None:
    """Write a follow-up mail. It does not count as a notification and starts no clock.

    A mail to a platform needs approval like a notification; a mail to the referrer is sent at once.

    Example: flaggermail case reply VF-EP2024-0001 --to platform --text answer.txt
    """
    if to == "referrer":
        if channel is not None:
            raise click.UsageError("A referrer has no channel: leave out --channel.")
        report(session.act(acts.ReplyToReferrer(case=case, text=text.read())))
        return
    report(session.act(acts.Draft(case=case, channel=channel or "", text=text.read(), follow_up=True)))


@command.command(name="text")
@click.argument("draft")
@click.pass_obj
def text_(session: Session, draft: str) -> None:
    """Print a notification as a platform reads it: to approve it, paste it into a portal, or read it out by phone.

    Example: flaggermail case text VF-EP2024-0001/1
    """
    from flaggermail.commands.portal_texts import wording

    with session.reading() as work:
        notification = work.tx.get(Notification, draft)
        if notification is None or not notification.digest:
            raise NotFound(f"draft {draft}: there is no text of it; `flaggermail case show` lists the notifications")
        said = wording(work, notification)
    click.echo(f"{safe_line(said.subject)}\n\n{safe(said.body.strip())}")


@command.command(name="close")
@click.argument("case")
@click.pass_obj
def close(session: Session, case: str) -> None:
    """Close a case; a later answer reopens it.

    Example: flaggermail case close VF-EP2024-0001
    """
    report(session.act(acts.CloseCase(case=case)))
