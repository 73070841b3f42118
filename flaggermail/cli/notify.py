# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail notify`: drafts a notification; nothing is sent before it is approved."""

from __future__ import annotations

import base64
import sys
from typing import TextIO

import click

from flaggermail.cli.completing import CASE, CHANNEL
from flaggermail.cli.documents import text as text_of
from flaggermail.cli.documents import texts
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.terminal import safe, safe_line


@click.command(name="notify")
@click.argument("case", type=CASE)
@click.option(
    "--channel", type=CHANNEL, required=True, metavar="CODE", help="The channel of the platform, as in platforms.yaml."
)
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
@as_json_option
@click.pass_obj
def command(
    session: Session, *, case: str, channel: str, template: str | None, title: str, text: TextIO | None, contact: str,
    preview: bool, as_json: bool,
) -> None:  # fmt: skip
    """Draft a notification to a platform.

    Prints the id of the draft. It is sent octet for octet as it is now, but only after an officer has approved it: with
    `flaggermail approve`, or by answering the request that is mailed to every officer who may.

    Example: flaggermail notify VF-EP2024-0001 --channel x-urgent --text posts.txt --preview
    """
    answer = session.ask(
        "notify", case=case, channel=channel, template=template, title=title, text=text.read() if text else "",
        contact=contact,
    )  # fmt: skip
    for warning in texts(answer, "warnings"):
        click.echo(f"note: {safe_line(warning)}", err=True)
    if as_json:
        show_json(answer)
        return
    click.echo(safe_line(text_of(answer, "state")), err=True)
    if preview:
        _print_octets(session, text_of(answer, "key"))
    else:
        click.echo(answer["key"])


def _print_octets(session: Session, draft: str) -> None:
    """Prints the draft: unchanged octets to a file or pipe, made safe on a terminal."""
    found = session.ask("notify octets", draft=draft)
    if found["base64"] is None:  # for a portal or the telephone there is no mail, only its text
        click.echo(f"{safe_line(text_of(found, 'subject'))}\n\n{safe(text_of(found, 'text').strip())}")
        return
    octets = base64.b64decode(text_of(found, "base64"))
    if sys.stdout.isatty():
        click.echo(safe(octets.decode("utf-8", "backslashreplace").replace("\r\n", "\n")), nl=False)
    else:
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
