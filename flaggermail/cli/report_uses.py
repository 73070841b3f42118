# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail report uses`: how often the line was used across elections, and which uses are behind each figure."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from flaggermail.cli.instants import INSTANT_HELP, first_day, last_day, typed_instant
from flaggermail.cli.latency import METHOD, SUMMED_UP
from flaggermail.cli.lists import Field, show_rows
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import choice, minute, number, on_terminal, part, parts, print_csv, text, texts
from flaggermail.cli.terminal import safe_line

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

Document = Mapping[str, "Json"]

GROUPS = ("platform", "election", "year", "type", "channel")
_FORMATS = ("table", "csv")
_FIGURES = ("sent", "answered", "open", "median_minutes", "longest_minutes")
_BEHIND = {"sent": "uses", "answered": "answered_uses", "open": "open_uses", "longest": "longest_uses"}
_HEADS = ("since", "until", "as_of", "by", "name", *_FIGURES, "cases", *_BEHIND.values())
_TOTAL = "all"
_PRINTED = 80  # columns of a line that is not for a terminal


@click.command(name="uses")
@click.option(
    "--from", "since", type=first_day, metavar="YEAR|DAY",
    help="Uses sent from then on: a year (2019) or a day (2019-03-20), in the configured zone. [default: all]",
)  # fmt: skip
@click.option("--to", "until", type=last_day, metavar="YEAR|DAY", help="Up to and including that year or day.")
@click.option(
    "--by", type=choice(GROUPS), default=GROUPS[0], show_default=True,
    help="How to group them; `year` is that of the sending, `type` that of the case.",
)  # fmt: skip
@click.option("--platform", metavar="PLATFORM", help="Only the uses to this platform, by its code or name.")
@click.option(
    "--as-of", type=typed_instant, metavar="INSTANT", help=f"The figures as the record stood then. {INSTANT_HELP}"
)
@click.option(
    "--format", "form", type=choice(_FORMATS), default=_FORMATS[0], show_default=True, help="How to show them."
)
@as_json_option
@click.pass_obj
def uses(session: Session, /, *, form: str, as_json: bool, **asked: str | None) -> None:
    """Show how often the line was used across elections, and behind each figure the uses.

    A use is a notification to one platform; exercises and follow-ups are none. Uses of earlier years that were entered
    by hand count as well. What was not used is shown with 0: each platform, each year, each type of case, and each
    election whose period lies in these days.

    Example: flaggermail report uses --from 2019 --by election
    """
    found = session.ask("report uses", **asked)
    if as_json:
        show_json(found)
    elif form == _FORMATS[0]:
        _show(found)
    else:
        print_csv(_HEADS, [_line(found, name, group) for name, group in _groups(found)])


def _groups(found: Document) -> list[tuple[str, Document]]:
    """Returns each group with its name, and all uses together last."""
    return [*((text(group, "name"), group) for group in parts(found, "groups")), (_TOTAL, part(found, "total"))]


def _show(found: Document) -> None:
    groups = _groups(found)
    click.echo(f"Uses{_span(found)}, as of {minute(found, 'as_of')}")
    named = [{**group, "name": name} for name, group in groups]
    show_rows(named, (Field(text(found, "by"), "name"), *SUMMED_UP), "")
    click.echo(METHOD)
    if number(part(found, "total"), "sent"):
        click.echo("\nBehind the figures:")
        for name, group in groups[:-1]:
            _show_behind(name, group)


def _span(found: Document) -> str:
    """Returns which uses are shown, in words."""
    to = f" to {platform}" if (platform := text(found, "platform")) else ""
    sent = " sent" if found["since"] or found["until"] else ""
    since = f" from {found['since']}" if found["since"] else ""
    until = f" up to and including {found['until']}" if found["until"] else ""
    return safe_line(f"{to}{sent}{since}{until}")


def _show_behind(name: str, group: Document) -> None:
    """Prints the numbers behind each figure of a group, in lines that fit; nothing if there was no use."""
    width = shutil.get_terminal_size().columns if on_terminal() else _PRINTED
    shown = [(figure, texts(group, behind)) for figure, behind in _BEHIND.items()]
    for figure, numbers in shown:
        if numbers:
            line = f"{name}, {figure}: {', '.join(numbers)}"
            folded = textwrap.wrap(safe_line(line), width, subsequent_indent="    ", break_on_hyphens=False)
            click.echo("\n".join(folded))


def _line(found: Document, name: str, group: Document) -> list[object]:
    asked = [found["since"], found["until"], found["as_of"], "total" if name == _TOTAL else found["by"], name]
    numbers = [" ".join(texts(group, behind)) for behind in ("cases", *_BEHIND.values())]
    return [*asked, *(group[figure] for figure in _FIGURES), *numbers]
