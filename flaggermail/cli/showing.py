# SPDX-License-Identifier: EUPL-1.2
"""Formats answers as tables and field lists. All output is made safe for a terminal.

On a terminal, tables are cut to its width and states are coloured; a file or a pipe gets every character and no colour.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import click

from flaggermail.cli.terminal import safe_line
from flaggermail.mail.message import SenderVerdict
from flaggermail.record.states import AttemptResult, CaseState, MailState, NotificationState

DOUBTS: Mapping[str, str] = {
    SenderVerdict.UNVERIFIED: "not verified",
    SenderVerdict.FAILED: "failed the sender check",
}

ELLIPSIS = "…"
_BETWEEN = "  "
_WHOLE = frozenset({"case", "code", "draft", "id", "mail"})  # heads of columns whose cells people copy
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?:[+-]\d\d:\d\d)?)?")
_NARROWEST = 4  # columns of the terminal, of a column that is cut
_READABLE = 16  # of a column of words: before one has less, others are left out
_SPARE = (
    "origin", "type", "kinds", "placed by", "way", "suggestions", "tries", "kind", "with", "by", "enrolled by", "mail",
    "came back", "kept", "decision", "login", "roles", "transfer", "next", "age", "until", "see", "says", "reason",
)  # fmt: skip
"""Heads of columns that a narrow terminal does without, the first to go first."""

_STATES = frozenset({"decision", "result", "sender", "state", "verdict"})  # heads and names of what is coloured
_COLOURS: Mapping[str, frozenset[str]] = {
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
_WORD = re.compile(r"\w+")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Prints a table; each column but the last is as wide as its widest cell. Prints `empty` if there are no rows.

    A terminal that is too narrow does without some columns, and says which. Then the widest are cut; keys and instants
    never are.
    """
    lines = [[safe_line(said(cell)) for cell in row] for row in rows]
    if not lines:
        click.echo(empty)
        return
    columns = [_Column.of(head, cells) for head, *cells in zip(heads, *lines, strict=True)]
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
    def of(cls, head: str, cells: Sequence[str]) -> _Column:
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
    kept = [(name, safe_line(said(value))) for name, value in pairs if said(value)]
    width = max((len(name) for name, _ in kept), default=0) + 1
    for name, value in kept:
        click.echo(f"{indent}{styled(f'{name}:'.ljust(width), bold=True)} {styled(value, colour=_colour(name, value))}")


def said(value: object) -> str:
    """Returns a value in words: yes and no, lists with commas, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(said, value))
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
    found = _WORD.match(value) if name in _STATES else None
    return next((colour for colour, words in _COLOURS.items() if found and found.group() in words), None)
