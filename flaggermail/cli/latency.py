# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail latency`: how often the line was used, and how long each platform took to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.completing import ELECTION
from flaggermail.cli.instants import INSTANT_HELP, typed_instant
from flaggermail.cli.lists import Field, fields, show_rows
from flaggermail.cli.new_files import printed, write_new
from flaggermail.cli.session import Session, as_json_option, show_json
from flaggermail.cli.showing import choice, minute, number, part, parts, print_csv, styled, table, text
from flaggermail.cli.terminal import safe_line
from flaggermail.documents.csv_table import STOP_COLUMNS, USE_COLUMNS
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.states import CLOCKS
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

Document = Mapping[str, "Json"]

_OF_SUMMARY = ("by", "name", "sent", "answered", "open", "median_minutes", "longest_minutes")
_MINUTES_A_DAY = 24 * 60
METHOD = (
    "Waits for a person's answer; an open one counts up to that instant. MEDIAN: from\n"
    "five uses on, estimated after Kaplan and Meier, in which a use without an\n"
    "answer counts as 'longer than so far'; the midpoint if exactly half are answered\n"
    "between two answers; none if half or more may still wait."
)


class FigureFormat(StrEnum):
    """How the figures are shown."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    SVG = "svg"
    HTML = "html"


_ENDINGS = {".txt": FigureFormat.TABLE, **{f".{form}": form for form in FigureFormat if form != FigureFormat.TABLE}}
_DRAWN: Mapping[FigureFormat, str] = {FigureFormat.SVG: "latency picture", FigureFormat.HTML: "latency page"}
"""By format: the document that the desk makes."""


@click.command(name="latency")
@click.option("--election", type=ELECTION, metavar="CODE", help="Only the uses in this election.")
@click.option("--platform", metavar="PLATFORM", help="Only the uses to this platform, by its code or name.")
@click.option(
    "--as-of", type=typed_instant, metavar="INSTANT",
    help="The figures as the record stood then: what was recorded later, be it a note or a correction about an earlier "
    f"time, does not count, and open uses wait until then. {INSTANT_HELP}",
)  # fmt: skip
@click.option(
    "--format", "form", type=choice(FigureFormat),
    help="How to show them. [default: as the ending of --out says, else table] `csv`: a line for each use. `svg`: the "
    "timeline of each use, as a picture. `html`: one page with the figures, their pictures and the method.",
)  # fmt: skip
@click.option(
    "--language", type=choice(LanguageCode), help="With `svg` and `html`. [default: the organisation's language]"
)
@click.option("--summary", is_flag=True, help="With `table` and `csv`: the summary only.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this new file instead; its ending says the format: .json, .csv, .svg, .html, or .txt for the table.",
)
@as_json_option
@click.pass_obj
def command(
    session: Session, *, election: str | None, platform: str | None, as_of: str | None, form: str | None, summary: bool,
    language: str | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Show how long each platform took to answer.

    A use is a notification to one platform; exercises and follow-ups are none. Each has three clocks: until a receipt
    of any kind, until a person's answer, until an answer to the matter. For each clock: the instant, the minutes, the
    hours in tenths, what the instant rests on (mail, sent copy, quoted words, by hand) and the form of the answer
    (mail, automatic, oral, portal).

    Example: flaggermail latency --election EP2024 --out latency.csv
    """
    wanted = _wanted(FigureFormat.JSON if as_json else form, out)
    if language is not None and wanted not in _DRAWN:
        raise click.BadParameter("goes with --format svg and html", param_hint="--language")
    asked = {"election": election, "platform": platform, "as_of": as_of}
    if wanted in _DRAWN:
        document = session.fetch(_DRAWN[wanted], **asked, language=language).whole()
    else:
        found = session.ask_all("latency", "uses", **asked)
        show = (_SUMMARY if summary else _WHOLE)[wanted]
        if out is None:
            show(found)
            return
        document = printed(lambda: show(found))
    if out is None:
        click.echo(document, nl=False)  # in UTF-8, as it says of itself, whatever the terminal's encoding
    else:
        write_new([(out, document)])


def _wanted(named: str | None, out: Path | None) -> FigureFormat:
    """Returns the format that is named, or that the file's ending says. Raises BadParameter if they contradict."""
    ending = out.suffix.lower() if out is not None else ""
    by_ending = _ENDINGS.get(ending)
    if named is None and ending and by_ending is None:
        known = ", ".join(_ENDINGS)
        raise click.BadParameter(
            f"{ending} is no format; end it in one of {known}, or name --format", param_hint="--out"
        )
    if named is not None and by_ending not in {None, named}:
        raise click.BadParameter(
            f"a file that ends in {ending} is {by_ending}, and {named} was asked for; leave one of them out",
            param_hint="--out",
        )
    return FigureFormat(named or by_ending or FigureFormat.TABLE)


# ---------------------------------------------------------------- as a table


def _show_figures(found: Document) -> None:
    for use in parts(found, "uses"):
        about = f"{use['platform']}, {use['channel']}, {use['election']}: {use['state']}"
        click.echo(f"{styled(text(use, 'notification'), bold=True)}  {safe_line(about)}")
        sent = ("sent", minute(use, "sent_at"), "", "", use["sent_basis"], "")
        table(("clock", *STOP_COLUMNS), [sent, *(_clock(kind, part(use, kind)) for kind in CLOCKS)], "")
        click.echo()
    _show_summary(found)


def _clock(kind: str, stop: Document) -> tuple[object, ...]:
    if not stop:
        return (kind, "runs", "", "", "", "")
    return (kind, minute(stop, "at"), stop["minutes"], stop["hours"], stop["basis"], stop["form"])


def _show_summary(found: Document) -> None:
    summary = parts(found, "summary")
    click.echo(f"As of {minute(found, 'as_of')}")
    show_rows(summary, (*fields("by", "name"), *SUMMED_UP), "no uses")
    if summary:
        click.echo(METHOD)


def waited(one: Document, name: str) -> str:
    """Returns a wait in minutes, from two days on with whole days; `none` for null."""
    if one[name] is None:
        return "none"
    count = number(one, name)
    days = count // _MINUTES_A_DAY
    return f"{count} min ({countable(days):day|days})" if days > 1 else f"{count} min"


SUMMED_UP = (
    *fields("sent", "answered", "open"), Field("median", "median_minutes", waited),
    Field("longest", "longest_minutes", waited),
)  # fmt: skip

# ---------------------------------------------------------------- as CSV


def _print_uses(found: Document) -> None:
    heads = (*USE_COLUMNS, *(f"{kind}_{name}" for kind in CLOCKS for name in STOP_COLUMNS), "state")
    print_csv(heads, [_line(use) for use in parts(found, "uses")])


def _line(use: Document) -> tuple[object, ...]:
    stops = [part(use, kind) for kind in CLOCKS]
    return (
        *(use[name] for name in USE_COLUMNS),
        *(stop.get(name) for stop in stops for name in STOP_COLUMNS),
        use["state"],
    )


def _print_summary(found: Document) -> None:
    print_csv(_OF_SUMMARY, [[one[name] for name in _OF_SUMMARY] for one in parts(found, "summary")])


_WHOLE: Mapping[FigureFormat, Callable[[Document], None]] = {
    FigureFormat.TABLE: _show_figures,
    FigureFormat.JSON: show_json,
    FigureFormat.CSV: _print_uses,
}
_SUMMARY: Mapping[FigureFormat, Callable[[Document], None]] = {
    FigureFormat.TABLE: _show_summary,
    FigureFormat.JSON: show_json,
    FigureFormat.CSV: _print_summary,
}
