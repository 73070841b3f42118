# SPDX-License-Identifier: EUPL-1.2
"""Draws the timeline of a use on a terminal: a line for each moment, with a bar to scale."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from flaggermail.cli.documents import minute, number, parts, texts
from flaggermail.record.clocks import Sign

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

_WIDTH, _BAR = 80, 20  # columns of the terminal, and of the bar with its marks
_SIGNS = tuple(Sign)


class _Pen(NamedTuple):
    """The signs of a terminal: of the bar, and of each kind of moment in the order of `Sign`."""

    bar: str
    marks: str


_DRAWN, _PLAIN = _Pen("\u2500", "\u25cf\u25cb\u25b3\u25a1\u25a0\u25c6>"), _Pen("-", "o.!=#*>")


def show_timeline(notification: Mapping[str, Json], indent: str) -> None:
    """Prints the timeline of a notification, if it is a use: in ASCII where the terminal is not in UTF-8."""
    for line in timeline_lines(parts(notification, "timeline"), indent, _pen(sys.stdout.encoding)):
        click.echo(line)


def _pen(encoding: str | None) -> _Pen:
    try:
        "".join(_DRAWN).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _DRAWN


def timeline_lines(moments: Sequence[Mapping[str, Json]], indent: str, pen: _Pen) -> Iterator[str]:
    """Yields the lines, none wider than 80 columns. The bar of an open matter, after an answer, is not to scale."""
    signs = [texts(moment, "signs") for moment in moments]
    answered = any(Sign.HUMAN in own for own in signs)
    timed = [
        number(one, "minutes") for one, own in zip(moments, signs, strict=True) if not (answered and Sign.OPEN in own)
    ]
    first, last = (min(timed), max(timed)) if timed else (0, 0)
    for moment, own in zip(moments, signs, strict=True):
        marks = "".join(pen.marks[_SIGNS.index(Sign(sign))] for sign in own)
        after = min(number(moment, "minutes"), last) - first
        length = (_BAR - len(marks)) * after // (last - first) if last > first else 0
        head = f"{indent}{minute(moment, 'at')}  {f'{pen.bar * length}{marks}':<{_BAR}}  "
        yield from textwrap.wrap(
            ", ".join([*texts(moment, "words"), *_until(moment)]), _WIDTH, initial_indent=head,
            subsequent_indent=" " * len(head),
        )  # fmt: skip


def _until(moment: Mapping[str, Json]) -> list[str]:
    return [f"until {minute(moment, 'until')}"] if moment["until"] != moment["at"] else []
