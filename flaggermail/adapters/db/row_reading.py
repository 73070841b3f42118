# SPDX-License-Identifier: EUPL-1.2
"""Reads the rows of the record on one connection, by statements on their tables that are made once for each shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from math import prod
from typing import TypeVar, TypeVarTuple, cast

from sqlalchemy import Connection, Select

from flaggermail.adapters.db.gathered import GatheredRows
from flaggermail.adapters.db.known_rows import (
    KnownRows,
    Shape,
    as_readable,
    by_value,
    checked,
    is_empty,
    names_of,
    shape_of,
    with_one,
    words_of,
)
from flaggermail.adapters.db.mapping import (
    AT,
    BEHIND,
    MOST,
    VALUES,
    counting,
    finding,
    grouping,
    having,
    keys,
    latest,
    leading,
    looking,
    ordering,
    parameters,
    selecting,
    stepping,
    to_fields,
    to_record,
)
from flaggermail.adapters.db.prepared import fetched
from flaggermail.errors import RowUnreadable
from flaggermail.ports import Bookmark
from flaggermail.record.definition import Comparison, FieldCondition
from flaggermail.record.rows import Record

R = TypeVar("R", bound=Record)
Fields = TypeVarTuple("Fields")
_Asked = Callable[[Shape], Select[*tuple[object, ...]]]
FEW_ALIKE = 100  # different values that are found in steps over an index
MOST_ASKED = 10_000  # values in one statement: SQLite takes 32,766


class RowReader:
    """The part of `ports.Transaction` that reads rows; what was asked before is known, and not asked again."""

    def __init__(self, connection: Connection, known: KnownRows) -> None:
        """`known`: what was read already, and what a reading adds to it."""
        self._bare = connection
        self._gathered: GatheredRows | None = None
        self.known = known

    @property
    def _connection(self) -> Connection:
        """The connection, on which a statement finds all rows written."""
        if self._gathered is not None:
            self._gathered.write_out()
        return self._bare

    def gather(self) -> None:
        """Keeps new rows until the end, or until the database has to be asked about them; see `ports.Transaction`."""
        self._gathered = self._gathered or GatheredRows(self._bare)

    def _kept(self, kind: type[R], conditions: Sequence[FieldCondition]) -> list[R]:
        """Returns the rows that meet the conditions and are not written yet."""
        return [] if self._gathered is None else self._gathered.matching(kind, conditions)

    def get(self, kind: type[R], key: str) -> R | None:
        """Returns the row with that key, or None."""
        found = self.find(kind, FieldCondition(kind, kind.KEY, Comparison.EQUAL, key))
        return found[0] if found else None

    def find(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns the rows that meet the conditions, ordered by key."""
        known = self.known.find(kind, conditions)
        if known is not None:
            return known
        if is_empty(conditions):
            checked(kind, conditions)
            return []
        several = by_value(conditions)
        if several:
            return self._find_each(kind, conditions, *several)
        found = self._select(kind, conditions)
        self.known.learn(kind, conditions, list(found))
        return found

    def look_for(self, kind: type[R], condition: FieldCondition) -> None:
        """Asks once which of several values rows have; see `ports.Transaction`."""
        checked(kind, [condition])
        if condition.comparison is not Comparison.ONE_OF or not isinstance(condition.value, tuple):
            raise TypeError(f"{condition.name} is looked for by several values, none of them None")
        here = having(kind.TABLE, condition.name)
        wanted = sorted({str(value) for value in condition.value})
        for part in (wanted[first : first + MOST_ASKED] for first in range(0, len(wanted), MOST_ASKED)):
            found = self._connection.execute(here, {VALUES: part}).scalars()
            self.known.miss(kind, condition.name, set(part).difference(found))

    def _find_each(
        self, kind: type[R], conditions: Sequence[FieldCondition], several: FieldCondition
    ) -> list[R]:  # fmt: skip
        """Returns the rows with one of several values; asks for those alone that were not asked for before."""
        checked(kind, conditions)
        values = dict.fromkeys(several.value if isinstance(several.value, tuple) else ())
        single = {value: with_one(conditions, several, value) for value in values}
        missing = tuple(value for value in values if self.known.find(kind, single[value]) is None)
        rows: dict[object, list[Record]] = {value: [] for value in missing}
        for part in (missing[first : first + MOST_ASKED] for first in range(0, len(missing), MOST_ASKED)):
            some = [one._replace(value=part) if one is several else one for one in conditions]
            for row in self._select(kind, some if part[1:] else single[part[0]]):
                rows[getattr(row, several.name)].append(row)
        for value, found in rows.items():
            self.known.learn(kind, single[value], found)
        every = (row for value in values for row in self.known.find(kind, single[value]) or ())
        return sorted(every, key=lambda row: row.key)

    def _select(self, kind: type[R], conditions: Sequence[FieldCondition]) -> list[R]:
        checked(kind, conditions)
        if is_empty(conditions):
            return []
        found = self._kept(kind, conditions)
        with as_readable(kind.TABLE):
            query = finding(kind.TABLE, shape_of(conditions))
            found += [to_record(kind, row) for row in fetched(self._bare, query, parameters(conditions))]
        return sorted(found, key=lambda row: row.key)  # not in SQL, where the order depends on the server's locale

    def columns(
        self, kind: type[R], fields: tuple[*Fields], *conditions: FieldCondition
    ) -> list[tuple[*Fields]]:  # fmt: skip
        """Returns fields of the rows that meet the conditions, unordered; see `ports.Transaction`."""
        asked = partial(selecting, kind.TABLE, names_of(kind, fields))
        return self._fields(kind, fields, conditions, asked)[0]

    def leading(
        self, kind: type[R], fields: tuple[*Fields], most: int, after: str, *conditions: FieldCondition
    ) -> list[tuple[*Fields]]:  # fmt: skip
        """Returns fields of the first rows behind a text in the last of them; see `ports.Transaction`."""
        here = self._bare.dialect.name == "postgresql"
        asked = partial(leading, kind.TABLE, names_of(kind, fields), in_postgresql=here)
        return self._fields(kind, fields, conditions, asked, **{MOST: most, BEHIND: after})[0]

    def alike(
        self, kind: type[R], by: datetime, fields: tuple[*Fields], *conditions: FieldCondition
    ) -> list[tuple[int, tuple[datetime, *Fields]]]:  # fmt: skip
        """Returns the different values of fields, their number and first instant; see `ports.Transaction`."""
        (name,), names = names_of(kind, (by,)), names_of(kind, fields)
        others = [one for one in conditions if one.name not in names[:-1] or one.comparison is not Comparison.ONE_OF]
        asked = partial(grouping, kind.TABLE, name, names)
        words = words_of(kind, names[:-1], conditions)
        stepwise = bool(words) and prod(map(len, words)) <= FEW_ALIKE
        if stepwise:
            steps = partial(stepping, kind.TABLE, name, names, words=words)
            found, rows = self._fields(kind, (by, *fields), others, steps, **{MOST: FEW_ALIKE})
        if not stepwise or len(rows) == FEW_ALIKE:  # of many, one look at all is quicker
            found, rows = self._fields(kind, (by, *fields), conditions, asked)
        return [(int(str(row[-1])), values) for values, row in zip(found, rows, strict=True)]

    def _fields(
        self, kind: type[R], fields: tuple[*Fields], conditions: Sequence[FieldCondition], asked: _Asked,
        **others: object,
    ) -> tuple[list[tuple[*Fields]], Sequence[Sequence[object]]]:  # fmt: skip
        """Returns the values of these fields in the rows of a statement for those conditions, and the rows."""
        checked(kind, conditions)
        names = names_of(kind, fields)
        if is_empty(conditions):
            return [], []
        with as_readable(kind.TABLE):
            rows = fetched(self._connection, asked(shape_of(conditions)), {**parameters(conditions), **others})
            found = to_fields(kind, names, rows)
        return cast("list[tuple[*Fields]]", found), rows

    def newest(self, kind: type[R], most: int, *conditions: FieldCondition) -> list[R]:
        """Returns the last `most` rows that `find` would return, last first. Keys must all have the same length."""
        checked(kind, conditions)
        known = self.known.newest(kind, most, conditions)
        if known is not None:
            return known
        query = latest(kind.TABLE, kind.KEY, shape_of(conditions))
        found = self._kept(kind, conditions)
        with as_readable(kind.TABLE):
            rows = fetched(self._bare, query, {**parameters(conditions), MOST: most})
            found += [to_record(kind, row) for row in rows]
        found = sorted(found, key=lambda row: row.key, reverse=True)[:most] if self._gathered else found
        self.known.see(kind, most, conditions, list(found))
        return found

    def in_order(
        self, kind: type[R], by: datetime, most: int, after: Bookmark | None = None, *conditions: FieldCondition
    ) -> list[R]:  # fmt: skip
        """Returns the first rows behind a place in the order of a field, then of the key; see `ports.Transaction`."""
        checked(kind, conditions)
        (name,), shape, here = names_of(kind, (by,)), shape_of(conditions), self._bare.dialect.name == "postgresql"
        query = ordering(kind.TABLE, kind.KEY, name, shape, begun=after is not None, in_postgresql=here)
        values = {**parameters(conditions), MOST: most, **dict(zip((AT, BEHIND), after or (), strict=False))}
        with as_readable(kind.TABLE):
            return [to_record(kind, row) for row in self._connection.execute(query, values)]

    def keys(self, kind: type[R], *conditions: FieldCondition) -> list[str]:
        """Returns the keys of the rows that `find` would return, also of rows with values that cannot be read."""
        checked(kind, conditions)
        query = keys(kind.TABLE, kind.KEY, shape_of(conditions))
        return sorted(str(found) for found in self._connection.execute(query, parameters(conditions)).scalars())

    def readable(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns what `find` returns, without rows that hold a value which cannot be read."""
        try:
            return self.find(kind, *conditions)
        except RowUnreadable:
            found: list[R] = []
            for key in self.keys(kind, *conditions):
                with suppress(RowUnreadable):
                    row = self.get(kind, key)
                    found += [] if row is None else [row]
            return found

    def exists(self, kind: type[R], *conditions: FieldCondition) -> bool:
        """True if `find` would return a row; the cost does not depend on how many match."""
        checked(kind, conditions)
        if self.known.lacks(kind, conditions):
            return False
        if self._kept(kind, conditions):
            return True
        query = looking(kind.TABLE, kind.KEY, shape_of(conditions))
        return bool(fetched(self._bare, query, parameters(conditions)))

    def count(self, kind: type[R], *conditions: FieldCondition) -> int:
        """Counts the rows that `find` would return, without reading them."""
        checked(kind, conditions)
        if is_empty(conditions):
            return 0
        query = counting(kind.TABLE, shape_of(conditions))
        return self._connection.execute(query, parameters(conditions)).scalar_one()
