# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail notify`: drafts a notification; nothing is sent before it is approved."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from flaggermail.cli.documents import texts
from flaggermail.cli.session import Session
from flaggermail.cli.terminal import safe, safe_line
from flaggermail.errors import NotFound
from flaggermail.record.rows import Notification


@click.command(name="notify")
@click.argument("case")
@click.option("--channel", required=True, metavar="CODE", help="The channel of the platform, as in platforms.yaml.")
@click.option("--template", metavar="NAME", help="The template. [default: the one for the type of the case]")
@click.option(
    "--title", default="", metavar="TEXT", help="A short title for the subject. [default: the title of the case]"
)
@click.option(
    "--text", type=click.File(encoding="utf-8"),
    help="What the platform is asked to look at, from a file; - is standard input.",
)  # fmt: skip
@click.option("--contact", default="", metavar="TEXT", help="The contact for the platform.")
@click.option(
    "--preview", is_flag=True, help="Print the exact octets that would be sent; the id goes to standard error."
)
@click.pass_obj
def command(
    session: Session, *, case: str, channel: str, template: str | None, title: str, text: TextIO | None, contact: str,
    preview: bool,
) -> None:  # fmt: skip
    """Draft a notification to a platform.

    Prints the id of the draft. It is sent octet for octet as it is now, but only after an officer has approved it: with
    `flaggermail approve`, or by answering the request that is mailed to every officer who may.

    Example: flaggermail notify VF-EP2024-0001 --channel x-urgent --text posts.txt --preview
    """
    answer = session.ask(
        "notify",
        case=case,
        channel=channel,
        template=template,
        title=title,
        text=text.read() if text else "",
        contact=contact,
    )
    for warning in texts(answer, "warnings"):
        click.echo(f"note: {safe_line(warning)}", err=True)
    click.echo(safe_line(str(answer["state"])), err=True)
    if preview:
        _print_octets(session, str(answer["key"]))
    else:
        click.echo(str(answer["key"]))


def _print_octets(session: Session, draft: str) -> None:
    """Prints the draft: unchanged octets to a file or pipe, made safe on a terminal."""
    from flaggermail.commands.portal_texts import wording

    with session.reading() as work:
        notification = work.tx.get(Notification, draft)
        if notification is None:
            raise NotFound(f"draft {draft}: is gone")
        body = wording(work, notification).body
    if not notification.to:  # for a portal or the telephone there is no mail, only its text
        click.echo(f"{safe_line(notification.subject)}\n\n{safe(body.strip())}")
        return
    octets = session.environment.octets.get(notification.digest)
    if sys.stdout.isatty():
        click.echo(safe(octets.decode("utf-8", "backslashreplace").replace("\r\n", "\n")), nl=False)
    else:
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
