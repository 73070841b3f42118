# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive`: the archive for those who keep and check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from flaggermail.cli.archive_export import export
from flaggermail.cli.archive_retention import retention
from flaggermail.cli.completing import CASE, ELECTION
from flaggermail.cli.groups import Noun
from flaggermail.cli.instants import day
from flaggermail.cli.lists import Field, Row, fields, joined, show_rows
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import minute, number, part, parts, text, texts, value_in_words
from flaggermail.cli.terminal import safe_line, waited_for
from flaggermail.errors import Refusal
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


_EXTRA = "whole, but no row names it; a crash or a refused draft leaves such a file"


@click.command(name="verify")
@as_json_option
@click.pass_obj
def verify(session: Session, *, as_json: bool) -> None:
    """Find missing, extra and changed files, and count every folder by month.

    The mails that the server held at the last complete look are archived, or excluded with a reason. Needs no server.
    The exit status is 1 if a file is missing or changed, or a count does not close.

    Example: flaggermail archive verify
    """
    with waited_for("verifying"):
        found = session.ask("archive verify")
    findings = parts(found, "findings")
    if as_json:
        show_json(found)
    else:
        _tell(found)
    count = len(findings) + number(found, "further")
    if count:
        first = safe_line(f"{text(findings[0], 'name')}: {text(findings[0], 'text')}")
        raise Refusal(f"{first} ({count} finding{'s' if count > 1 else ''}; the archive does not close)", printed=True)
    if not as_json:
        click.echo(f"{countable(found['files']):file|files}, all whole; every count closes")


@click.command(name="find")
@click.argument("words", metavar="[WORDS]...", nargs=-1)
@click.option("--number", type=CASE, metavar="N", help="A case number or its last digits; a platform's reference.")
@click.option("--correspondent", metavar="A", help="A mail address, or a domain with those below it.")
@click.option("--date", metavar="FROM..TO", help="Days of arrival, such as 2024-06-01..2024-06-30, or 2024-06.")
@click.option("--tag", metavar="T", help="A narrative of a case, or a label of a mail.")
@click.option("--case", "case", type=CASE, metavar="CASE", help="Mails of this case only.")
@click.option("--text", metavar="WORDS", help='Words of the text, "in this order", or a begin*; with --case only.')
@as_json_option
@click.pass_obj
def find(session: Session, /, *, words: Sequence[str], as_json: bool, **asked: str | None) -> None:
    """Find mails by number, correspondent, date and tag; in one case also by words of the text.

    WORDS are taken for what their form says. A mail must fulfil everything that is asked. Handles and addresses of
    posts are never found. Each search is an event of the record, without the words of --text.

    Example: flaggermail archive find --tag closed-stations --date 2024-06
    """
    given = {name: value for name, value in asked.items() if value is not None}
    with waited_for("searching"):
        found = session.ask_all("archive find", "cases", "mails", words=list(words), **given)
    if as_json:
        show_json(found)
        return
    for case in parts(found, "cases"):
        tags = f" ({value_in_words(case['narratives'])})" if case["narratives"] else ""
        click.echo(safe_line(f"case {case['number']}, {case['state']}: {case['title']}{tags}"))
    show_rows(parts(found, "mails"), FOUND, "no mail is found")
    for unread in texts(found, "unread"):
        click.echo(f"note: {unread} could not be searched: its octets are destroyed or lost, or it is costly to read")


def _tell(found: Mapping[str, Json]) -> None:
    show_rows(parts(found, "counts"), COUNTS, "no folder was read yet")
    click.echo("server = archived + excluded + difference; gone: taken in before, no longer on the server")
    if left_out := texts(found, "excluded_folders"):
        click.echo(safe_line(f"not read, by the settings: {', '.join(left_out)}"))
    for one in parts(found, "taken_out"):
        said_why = f"note: {text(one, 'message')}: {text(one, 'reason')} ({text(one, 'by')}, {text(one, 'at')[:10]})"
        click.echo(safe_line(said_why))
    if found["taken_out_further"]:
        click.echo(f"note: and {found['taken_out_further']} more that were taken out")
    for one in parts(found, "findings"):
        click.echo(safe_line(f"{text(one, 'name')}: {text(one, 'text')}"))
        click.echo(safe_line(f"  {text(one, 'remedy')}"))
    if found["further"]:
        click.echo(f"and {found['further']} more")
    for name in texts(found, "extra"):
        click.echo(safe_line(f"note: archive {name}: {_EXTRA}"))
    if found["extra_further"]:
        click.echo(f"note: and {found['extra_further']} more such files")


def _known(line: Row, name: str) -> object:
    return "?" if line[name] is None else line[name]


def _excluded(line: Row) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in part(line, "excluded").items()) or "0"


FOUND = (
    Field("received", "received_at", minute), *fields("id", "case"), Field("from", "from_address"),
    Field("kinds", "kinds", joined), Field("subject", "subject"),
)  # fmt: skip
COUNTS = (
    Field("folder", "folder"), Field("period", lambda line: "all" if line["period"] is None else line["period"]),
    Field("server", "server", _known), Field("archived", "archived"), Field("excluded", _excluded),
    Field("difference", "difference", _known), Field("gone", "gone"),
    Field("seen", lambda line: minute(line, "looked_at") if line["period"] is None else ""),
)  # fmt: skip


@click.group(name="archive", cls=Noun)
def command() -> None:
    """Verify, search and export the archive; show terms, place holds.

    For officers, archivists and report writers.

    Example: flaggermail archive verify
    """


command.add_command(verify)
command.add_command(find)
command.add_command(export)
command.add_command(retention)


@command.acts("exclude")
@click.argument("message", metavar="MESSAGE")
@click.option("--reason", required=True, metavar="TEXT", help="Why, without names: it stays.")
def exclude() -> None:
    """Take noise or private mail out of the archive, in its review window. It cannot be undone.

    The octets, and who wrote it about what, are destroyed; that it was there, who took it out and why stays. Mail of a
    case, of a platform, in answer to ours, or on hold is refused. `archive retention` lists what is in its window. For
    the head and archivists.

    Example: flaggermail archive exclude m00000012 --reason "private mail"
    """


@command.acts("hold")
@click.argument("case", type=CASE, required=False)
@click.option(
    "--election", type=ELECTION, metavar="CODE", help="The election, with all that belongs to it, instead of a case."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why: the request, question or objection, and its date.")
@click.option("--until", type=day, metavar="DATE", help="Its last day. [default: until somebody lifts it]")
def hold() -> None:
    """Put a case, or a whole election, on legal hold: nothing of it is destroyed.

    Its mail stays where that hold keeps it. Several holds may keep the same; each ends by itself.

    Example: flaggermail archive hold VF-EP2024-0001 --reason "request under the Woo of 3 July 2024"
    """


@command.acts("release")
@click.argument("hold")
@click.option("--reason", required=True, metavar="TEXT", help="Why it may end.")
def release() -> None:
    """Lift a legal hold; `archive retention` lists them.

    Citizens' mail whose time is over is destroyed within the hour, unless another hold keeps it.

    Example: flaggermail archive release h00000001 --reason "request answered on 1 November 2024"
    """
