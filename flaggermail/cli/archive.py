# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail archive`: whether every mail is kept unchanged, and what is found in the archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from flaggermail.cli.documents import minute, number, part, parts, text, texts
from flaggermail.cli.groups import Noun
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import table
from flaggermail.cli.terminal import safe_line
from flaggermail.errors import Refusal

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json

_EXTRA = "whole, but no row names it; a crash or a refused draft leaves such a file"


@click.group(name="archive", cls=Noun)
def command() -> None:
    """Verify and search the archive; for officers and archivists.

    Example: flaggermail archive verify
    """


@command.command(name="verify")
@as_json_option
@click.pass_obj
def verify(session: Session, *, as_json: bool) -> None:
    """Find missing, extra and changed files, and count every folder by month.

    The mails that the server held at the last complete look are archived, or excluded with a reason. Needs no server.
    The exit status is 1 if a file is missing or changed, or a count does not close.

    Example: flaggermail archive verify
    """
    found = session.ask("archive verify")
    findings = parts(found, "findings")
    if as_json:
        show_json(found)
    else:
        _tell(found)
    count = len(findings) + number(found, "further")
    if count:
        first = safe_line(f"{text(findings[0], 'name')}: {text(findings[0], 'text')}")
        raise Refusal(f"{first} ({count} finding{'s' if count > 1 else ''}; the archive does not close)")
    if not as_json:
        click.echo(f"{found['files']} files, all whole; every count closes")


def _tell(found: Mapping[str, Json]) -> None:
    heads = ("folder", "period", "server", "archived", "excluded", "difference", "gone", "seen")
    table(heads, [_cells(line) for line in parts(found, "counts")], "no folder was read yet")
    click.echo("server = archived + excluded + difference; gone: taken in before, no longer on the server")
    if left_out := texts(found, "excluded_folders"):
        click.echo(safe_line(f"not read, by the settings: {', '.join(left_out)}"))
    for one in parts(found, "findings"):
        click.echo(safe_line(f"{text(one, 'name')}: {text(one, 'text')}"))
        click.echo(safe_line(f"  {text(one, 'remedy')}"))
    if found["further"]:
        click.echo(f"and {found['further']} more")
    for name in texts(found, "extra"):
        click.echo(safe_line(f"note: archive {name}: {_EXTRA}"))
    if found["extra_further"]:
        click.echo(f"note: and {found['extra_further']} more such files")


def _cells(line: Mapping[str, Json]) -> tuple[object, ...]:
    excluded = ", ".join(f"{count} {reason}" for reason, count in part(line, "excluded").items())
    whole = line["period"] is None
    return (
        line["folder"], "all" if whole else line["period"], "?" if line["server"] is None else line["server"],
        line["archived"], excluded or "0", "?" if line["difference"] is None else line["difference"], line["gone"],
        minute(line, "looked_at") if whole else "",
    )  # fmt: skip
