# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail notify`: drafts a notification; nothing is sent before it is approved."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

import click

from flaggermail.cli.completing import CASE, CHANNEL
from flaggermail.cli.new_files import unpacked
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import tell_who_looks, texts
from flaggermail.cli.showing import text as text_of
from flaggermail.cli.terminal import safe, safe_line

if TYPE_CHECKING:
    from flaggermail.documents.octets import Octets
    from flaggermail.mail.message import Json


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
    help="What the platform is asked to look at, or a letter of your own; from a file, - is standard input.",
)  # fmt: skip
@click.option("--contact", default="", metavar="TEXT", help="The contact for the platform.")
@click.option(
    "--preview", is_flag=True, help="Print the mail as it would be frozen now; no draft is made, and nobody is asked."
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

    A text whose first line is a salutation is a letter of your own: it is sent as written, with the number below it. It
    is refused if it lacks what a notification must say.

    With --preview nothing is stored: the mail is printed as it would be now, with XXXX for the tail of the number.

    Example: flaggermail notify VF-EP2024-0001 --channel x-urgent --text posts.txt --preview
    """
    wanted: dict[str, Json] = {
        "case": case, "channel": channel, "template": template, "title": title, "text": text.read() if text else "",
        "contact": contact,
    }  # fmt: skip
    if preview:
        _preview(session.fetch("notify preview", **wanted), as_json=as_json)
        return
    answer = session.ask("notify", **wanted)
    _warn(answer)
    if as_json:
        show_json(answer)
    else:
        click.echo(safe_line(text_of(answer, "state")), err=True)
        click.echo(answer["key"])


def _warn(answer: Mapping[str, Json]) -> None:
    for warning in texts(answer, "warnings"):
        click.echo(f"note: {safe_line(warning)}", err=True)


def _preview(found: Octets[Mapping[str, Json]], *, as_json: bool) -> None:
    """Prints the draft that would be made: unchanged octets to a file or pipe, made safe on a terminal."""
    from flaggermail.documents.octets import PREVIEWED_MAIL, PREVIEWED_TEXT

    files, facts = dict(unpacked(found)), found.facts
    octets, (subject, _, body) = files[PREVIEWED_MAIL], files[PREVIEWED_TEXT].decode().partition("\n\n")
    _warn(facts)
    tell_who_looks(facts)
    if as_json:
        show_json({"subject": subject, "text": body, "base64": b64encode(octets).decode("ascii"), **facts})
        return
    click.echo(f"note: only a preview; the draft will have its own: {', '.join(texts(facts, 'differs'))}", err=True)
    if not facts["by_mail"]:  # for a portal or the telephone there is no mail, only its text
        click.echo(f"{safe_line(subject)}\n\n{safe(body.strip())}")
    elif sys.stdout.isatty():
        click.echo(safe(octets.decode("utf-8", "backslashreplace").replace("\r\n", "\n")), nl=False)
    else:
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
