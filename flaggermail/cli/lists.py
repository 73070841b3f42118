# SPDX-License-Identifier: EUPL-1.2
"""Prints lists and sheets: each is a table of fields, which say what is read of a row and how it is shown.

How wide a column is and which one gives way on a narrow terminal follows from its heading, in `showing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import getitem
from typing import TYPE_CHECKING, NamedTuple

from flaggermail.cli.session import Session, show_json
from flaggermail.cli.showing import listed, parts, table, text, texts

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

Row = Mapping[str, "Json"]


class Field(NamedTuple):
    """A column of a list, or a line of a sheet, under its heading.

    `of` is the name of a field, which `shown` reads from the row as `showing.minute` does, or a function of the row.
    """

    head: str
    of: str | Callable[[Row], object]
    shown: Callable[[Row, str], object] = getitem

    def cell(self, row: Row) -> object:
        """Returns what is shown of a row."""
        return self.shown(row, self.of) if isinstance(self.of, str) else self.of(row)


def fields(*names: str) -> tuple[Field, ...]:
    """Returns fields that are shown as they are, under their own names."""
    return tuple(Field(name.replace("_", " "), name) for name in names)


def day_of(row: Row, name: str) -> str:
    """Returns the day of an instant, as the desk gave it."""
    return text(row, name)[:10]


def joined(row: Row, name: str) -> str:
    """Returns a list with plus signs between."""
    return " + ".join(texts(row, name))


@dataclass(frozen=True, slots=True)
class ShownList:
    """A list of the desk: the view, the field of its answer that holds the rows, and their columns.

    `empty` is printed instead of no rows.
    """

    view: str
    rows: str
    empty: str
    columns: tuple[Field, ...]

    def show(self, session: Session, *, as_json: bool, **request: Json) -> Row | None:
        """Asks for the list to its end and prints it; returns the answer, None if it was printed as JSON."""
        found = session.ask_all(self.view, self.rows, **request)
        if as_json:
            show_json(found)
            return None
        show_rows(parts(found, self.rows), self.columns, self.empty)
        return found


def show_rows(rows: Iterable[Row], columns: Iterable[Field], empty: str) -> None:
    """Prints rows as a table, or `empty` if there are none."""
    columns = tuple(columns)
    table([one.head for one in columns], ([one.cell(row) for one in columns] for row in rows), empty)


def show_sheet(document: Row, lines: Iterable[Field], indent: str = "") -> None:
    """Prints a document as aligned `name: value` lines; empty values are left out."""
    listed(((one.head, one.cell(document)) for one in lines), indent)
