# SPDX-License-Identifier: EUPL-1.2
"""Counters and cursors: rows that no event gives, because an idle desk would write one for each look at a folder.

Each row has a seal, a SHA-256 over its values, and names the row created before it; the chain's head names the last
one. So a row that was changed, added or removed without this program is found, and named. A seal has no key: it finds
what was changed by hand, not somebody who computes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, Table, Update, bindparam, select, update

from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.raw import RawRow, RowComparison, as_plain, named, rows
from flaggermail.adapters.db.statements import adding
from flaggermail.record.audit import Discrepancy, Subject
from flaggermail.record.event_codec import Plain, plain, seal

HEAD = table_of("chain_head")
_KEY = "key_of_the_sealed_row"


@dataclass(frozen=True)
class Sealed:
    """A sealed table: its key column, the columns with values, and the column of the head with the last key.

    `later` columns are younger than the table: a seal made before them is that of a row where they are empty.
    """

    table: Table
    key: str
    values: tuple[str, ...]
    later: tuple[str, ...]
    last: ColumnElement[str | None]
    finding: Select[tuple[str | None]]
    changing: Update

    def seal_of(self, row: Mapping[str, Plain]) -> str:
        """Returns the seal of a row."""
        names = (self.key, "after", *self.values, *(name for name in self.later if row[name] is not None))
        return seal(self.table.name, *(row[name] for name in names))

    def write(self, connection: Connection, key: str, values: Mapping[str, str | int | datetime | None]) -> None:
        """Writes a row with its seal; a new one is linked to the row created before it."""
        known = connection.execute(self.finding, {_KEY: key}).first()
        after = known.after if known else connection.execute(select(self.last)).scalar_one()
        row = {self.key: key, "after": after, **values}
        sealed = {**values, "seal": self.seal_of({name: plain(value) for name, value in row.items()})}
        if known is not None:
            connection.execute(self.changing, {_KEY: key, **sealed})
            return
        connection.execute(adding(self.table.name), {**row, **sealed})
        connection.execute(update(HEAD).values({self.last: key}))


def unsealed(connection: Connection, sealed: Sealed) -> Iterator[Discrepancy]:
    """Yields the rows of a sealed table that were changed, added or taken away."""
    table, compared = sealed.table, RowComparison(connection.dialect, sealed.table)
    there: set[object] = set()
    claims: dict[object, str] = {}  # what names a row as the one created before it, by the row named
    for raw in rows(connection, table):
        key = raw[sealed.key]
        there.add(key)
        name = f"{table.name} {named(key)}"
        if raw["after"] is not None:
            claims[raw["after"]] = name
        if not _fits(sealed, compared, raw):
            yield Discrepancy(Subject.ROW, name, "was changed or added: its seal does not fit")
    last = connection.execute(select(sealed.last)).scalar()
    if last is not None:
        claims[last] = "the chain's head"
    for key, by in claims.items():
        if key not in there:
            yield Discrepancy(Subject.ROW, f"{table.name} {named(key)}", f"was taken away: {by} names it")
    for key in sorted(there - claims.keys(), key=repr):
        yield Discrepancy(Subject.ROW, f"{table.name} {named(key)}", "was added: no other row names it")


def _fits(sealed: Sealed, compared: RowComparison, raw: RawRow) -> bool:
    try:
        row = {name: as_plain(sealed.table.c[name], value) for name, value in raw.items()}
        return not compared.differing(raw, {**row, "seal": sealed.seal_of(row)})
    except (TypeError, ValueError):
        return False


def _sealed(name: str, key: str, *values: str, later: tuple[str, ...] = ()) -> Sealed:
    table = table_of(name)
    this = table.c[key] == bindparam(_KEY)
    return Sealed(
        table, key, values, later, HEAD.c[f"last_{name}"], select(table.c.after).where(this), update(table).where(this)
    )


COUNTERS = _sealed("counter", "name", "value")
CURSORS = _sealed("cursor", "folder", "uidvalidity", "uid", "looked_at", later=("held",))
SEALED = (COUNTERS, CURSORS)
