# SPDX-License-Identifier: EUPL-1.2
"""A table as CSV (RFC 4180): what strangers wrote into it acts neither on a terminal nor in a spreadsheet."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@")  # with which a cell begins that a spreadsheet would calculate
# Unicode general categories: control, format (bidirectional and invisible characters), surrogate, separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class _Lines:
    """What a CSV writer writes to."""

    def __init__(self) -> None:
        self.held: list[str] = []

    def write(self, text: str, /) -> None:
        """Keeps a line."""
        self.held.append(text)


USE_COLUMNS = ("case", "notification", "platform", "channel", "election", "sent_at", "sent_basis")
STOP_COLUMNS = ("at", "minutes", "hours", "basis", "form")
"""The columns of the latency CSV: those of a use, and those of each of its clocks."""


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Returns the heads and a line for each row; null is an empty cell."""
    page = _Lines()
    lines = csv.writer(page)
    lines.writerow(heads)
    lines.writerows([cell(value) for value in row] for row in rows)
    return "".join(page.held)


def cell(value: object) -> str:
    """Returns a value as text; an apostrophe before it keeps a spreadsheet from calculating it."""
    found = "" if value is None else str(value)
    guarded = f"'{found}" if found.startswith("\t") or found.lstrip().startswith(_FORMULA) else found
    return "".join(f"<U+{ord(sign):04X}>" if unicodedata.category(sign) in _UNSEEN else sign for sign in guarded)
