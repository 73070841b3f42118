# SPDX-License-Identifier: EUPL-1.2
"""Formats answers as tables and field lists. All output is made safe for a terminal.

On a terminal, tables are cut to its width and states are coloured; a file or a pipe gets every character and no colour.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import click

from flaggermail.cli.terminal import safe_line

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


def parts(document: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    """Returns the objects in the list called `name`."""
    found = document[name]
    return [part for part in found if isinstance(part, Mapping)] if isinstance(found, list | tuple) else []


def part(document: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Returns the object called `name`; empty for null."""
    found = document[name]
    return found if isinstance(found, Mapping) else {}


def texts(document: Mapping[str, Json], name: str) -> list[str]:
    """Returns the list called `name` as texts."""
    found = document[name]
    return [str(text) for text in found] if isinstance(found, list | tuple) else []


def text(document: Mapping[str, Json], name: str) -> str:
    """Returns a field as text; empty for null."""
    found = document[name]
    return "" if found is None else str(found)


def number(document: Mapping[str, Json], name: str) -> int:
    """Returns a whole number; 0 for null."""
    found = document[name]
    return found if isinstance(found, int) else 0


def tell_who_looks(document: Mapping[str, Json]) -> None:
    """Says on stderr who else looked at the case, draft or mail of this view in the last two minutes."""
    looking = parts(document, "looking") if "looking" in document else []
    if looking:
        from flaggermail.wording.sheets import LookingText

        people = [
            LookingText.ONE(officer=text(one, "officer"), at=f"{datetime.fromisoformat(text(one, 'at')):%H:%M}")
            for one in looking
        ]
        click.echo(safe_line(LookingText.ALSO(people=people).english), err=True)


def minute(document: Mapping[str, Json], name: str) -> str:
    """Returns an instant to the minute, with the offset that the desk gave it; empty for null."""
    found = document[name]
    return datetime.fromisoformat(found).isoformat(sep=" ", timespec="minutes") if isinstance(found, str) else ""


def print_csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints the heads and a line for each row; null is an empty cell."""
    from flaggermail.documents.csv_table import csv_of

    sys.stdout.write(csv_of(heads, rows))


def show_calculation(document: Mapping[str, Json], at: str | None = None, indent: str = "") -> None:
    """Prints the calculation in a view's "running"; `at`: it holds the reminders sent by then."""
    click.echo(safe_line(f"{indent}{document['about']} {document['clock']}, since {minute(document, 'since')}"))
    for line in calculation_lines(document, at):
        click.echo(safe_line(f"{indent}  {line}"))


def calculation_lines(document: Mapping[str, Json], at: str | None = None) -> Iterator[str]:
    """Yields the calculation, one line per reminder, and why nothing is due now."""
    steps, started = parts(document, "steps"), datetime.fromisoformat(text(document, "since"))
    yield from (_explained(step, started) for step in steps)
    if not steps:
        yield "nothing will be told by then" if at else "no step is left"
    if at is None:
        yield f"now: {document['now']}"


def _explained(step: Mapping[str, Json], started: datetime) -> str:
    due_at, told_at = (datetime.fromisoformat(text(step, name)) for name in ("due_at", "told_at"))
    to = f"to {step['officer_name'] or step['officer'] or 'nobody'}" + (" (head)" if step["to_head"] else "")
    if step["asks"]:
        return f"acknowledged until {_near(due_at, started)}: still on it?, {to}"
    held = f", put off by an acknowledgement until {_near(told_at, started)}" if told_at > due_at else ""
    by = "" if step["by_every_means"] else f", by {' and '.join(texts(step, 'how'))} alone"
    return f"{step['after']} min after {_near(started, started)} = {_near(due_at, started)}, {to}{by}{held}"


def _near(at: datetime, start: datetime) -> str:
    """Formats a time as the desk gave it, with the date or the offset if it differs from the clock's start."""
    if at.utcoffset() != start.utcoffset():
        return at.isoformat(sep=" ", timespec="minutes")
    return f"{at:%H:%M}" if at.date() == start.date() else f"{at:%Y-%m-%d %H:%M}"


def doubt_of(verdict: str) -> str | None:
    """Returns what is not known of the sender of a mail with that verdict; None if they are verified."""
    from flaggermail.mail.message import SenderVerdict  # a list shows no sender

    if verdict == SenderVerdict.UNVERIFIED:
        return "not verified"
    return "failed the sender check" if verdict == SenderVerdict.FAILED else None


ELLIPSIS = "…"
_BETWEEN = "  "
_WHOLE = frozenset(
    {"annex", "case", "code", "draft", "id", "mail", "notification", "reminder"}
)  # heads of what people copy
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?:[+-]\d\d:\d\d)?)?")
_NARROWEST = 4  # columns of the terminal, of a column that is cut
_READABLE = 16  # of a column of words: before one has less, others are left out
_SPARE = (
    "origin", "type", "kinds", "placed by", "way", "suggestions", "tries", "kind", "with", "by", "enrolled by", "mail",
    "came back", "kept", "decision", "login", "roles", "transfer", "next", "age", "until", "see", "says", "reason",
)  # fmt: skip
"""Heads of columns that a narrow terminal does without, the first to go first."""

_STATES = frozenset({"decision", "result", "sender", "state", "verdict"})  # heads and names of what is coloured
_WORD = re.compile(r"\w+")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Prints a table; each column but the last is as wide as its widest cell. Prints `empty` if there are no rows.

    A terminal that is too narrow does without some columns, and says which. Then the widest are cut; keys and instants
    never are.
    """
    lines = [[safe_line(value_in_words(cell)) for cell in row] for row in rows]
    if not lines:
        click.echo(empty)
        return
    columns = [_Column.from_cells(head, cells) for head, *cells in zip(heads, *lines, strict=True)]
    left_out: list[str] = []
    if on_terminal():
        import shutil  # with every kind of archive it takes a twentieth of `status`

        columns, left_out = _for_room(columns, shutil.get_terminal_size().columns)
    _print_line([_padded(column.head.upper(), column.width, bold=True) for column in columns])
    for at in range(len(lines)):
        cells = [(column, column.cells[at]) for column in columns]
        _print_line([_padded(cell, one.width, colour=_colour(one.head, cell)) for one, cell in cells])
    if left_out:
        click.echo(f"left out, as the terminal is narrow: {', '.join(left_out)} (--json shows all)")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a table; `whole` if its cells are never cut."""

    head: str
    cells: Sequence[str]
    width: int
    whole: bool

    @classmethod
    def from_cells(cls, head: str, cells: Sequence[str]) -> _Column:
        """Returns a column as wide as its widest cell."""
        return cls(head, cells, max(map(columns_of, (head.upper(), *cells))), _is_whole(head, cells))


def _for_room(columns: list[_Column], room: int) -> tuple[list[_Column], list[str]]:
    """Returns the columns that are shown on a terminal, with their widths, and the heads of the others."""
    left_out = list[str]()
    while True:
        between = len(_BETWEEN) * (len(columns) - 1)
        widths = fitting([one.width for one in columns], [one.whole for one in columns], room - between)
        readable = all(width >= min(one.width, _READABLE) for width, one in zip(widths, columns, strict=True))
        heads = {one.head.lower(): one for one in columns}
        spare = next((head for head in _SPARE if head in heads), None)
        if (readable and sum(widths) + between <= room) or spare is None:
            return [replace(one, width=width) for one, width in zip(columns, widths, strict=True)], left_out
        columns = [one for one in columns if one is not heads[spare]]
        left_out.append(spare)


def _print_line(cells: Sequence[str]) -> None:
    click.echo(_BETWEEN.join(cells).rstrip())


def listed(pairs: Iterable[tuple[str, object]], indent: str = "") -> None:
    """Prints aligned `name: value` lines; empty values are left out."""
    kept = [(name, safe_line(value_in_words(value))) for name, value in pairs if value_in_words(value)]
    width = max((len(name) for name, _ in kept), default=0) + 1
    for name, value in kept:
        click.echo(f"{indent}{styled(f'{name}:'.ljust(width), bold=True)} {styled(value, colour=_colour(name, value))}")


def value_in_words(value: object) -> str:
    """Returns a value in words: yes and no, lists with commas, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(value_in_words, value))
    return str(value)


def choice(values: Iterable[str]) -> click.Choice[str]:
    """Returns the type of an option with one of `values`; click would offer the names of an enumeration's members."""
    return click.Choice([str(value) for value in values])


# ---------------------------------------------------------------- the terminal


def on_terminal() -> bool:
    """True if standard output is a terminal."""
    return sys.stdout.isatty()


def styled(text: str, *, bold: bool = False, colour: str | None = None) -> str:
    """Returns `text`, on a terminal in bold or in a colour; never if NO_COLOR is set."""
    if not (bold or colour) or not on_terminal() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return click.style(text, bold=bold or None, fg=colour)


def fitting(widths: Sequence[int], whole: Sequence[bool], room: int) -> list[int]:
    """Returns the widths of the columns in a line of `room`: the widest give way first, those that are whole never."""
    shared = room - sum(width for width, kept in zip(widths, whole, strict=True) if kept)
    cut = [width for width, kept in zip(widths, whole, strict=True) if not kept]
    at_most = max(cut, default=0)
    while at_most > _NARROWEST and sum(min(width, at_most) for width in cut) > shared:
        at_most -= 1
    left = shared - sum(min(width, at_most) for width in cut)  # less than one for each column that was cut
    found = []
    for width, kept in zip(widths, whole, strict=True):
        spare = not kept and width > at_most and left > 0
        left -= spare
        found.append(width if kept else min(width, at_most + spare))
    return found


def columns_of(text: str) -> int:
    """Returns how many columns of a terminal `text` takes: two for a wide sign, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of_sign, text))


def _columns_of_sign(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "FW" else 1


def _is_whole(head: str, cells: Sequence[str]) -> bool:
    return head in _WHOLE or all(not cell or _INSTANT.fullmatch(cell) for cell in cells)


def _padded(text: str, width: int, *, bold: bool = False, colour: str | None = None) -> str:
    """Returns `text` in exactly `width` columns, cut with an ellipsis if it is wider."""
    if columns_of(text) > width:
        kept = 0
        for end, sign in enumerate(text):
            kept += _columns_of_sign(sign)
            if kept > width - 1:
                text = text[:end] + ELLIPSIS
                break
    return styled(text, bold=bold, colour=colour) + " " * (width - columns_of(text))


def _colour(name: str, value: str) -> str | None:
    """Returns the colour of the state that `value` begins with; None if `name` is not that of a state."""
    found = _WORD.match(value) if name in _STATES and on_terminal() else None
    return next((colour for colour, words in _colours().items() if found.group() in words), None) if found else None


@cache
def _colours() -> Mapping[str, frozenset[str]]:
    """Returns the words of each colour; imported on a terminal alone, which takes a tenth of a command."""
    from flaggermail.mail.message import SenderVerdict
    from flaggermail.record.states import AttemptResult, CaseState, MailState, NotificationState

    return {
        "yellow": frozenset({
            CaseState.OPEN, NotificationState.DRAFT, NotificationState.APPROVED, MailState.QUEUED, MailState.ATTEMPTING,
            AttemptResult.DEFERRED, SenderVerdict.UNVERIFIED,
        }),
        "red": frozenset({
            NotificationState.FAILED, NotificationState.REJECTED, MailState.REFUSED, MailState.UNCERTAIN,
            AttemptResult.UNKNOWN, AttemptResult.UNREACHABLE, AttemptResult.DENIED, AttemptResult.UNCLEAR,
        }),
        "green": frozenset({
            CaseState.ANSWERED, NotificationState.SENT, MailState.ACCEPTED, SenderVerdict.VERIFIED,
        }),
    }  # fmt: skip
