# SPDX-License-Identifier: EUPL-1.2
"""What lies beside a page of events: their personal values, and the index of the rows they changed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Connection, or_

from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.raw import as_number, named, selected
from flaggermail.record.audit import Discrepancy, Subject
from flaggermail.record.event_codec import Plain, commitment

PERSONAL, INDEX = table_of("personal"), table_of("row_event")
_UNREADABLE = (TypeError, ValueError, RecursionError)


class Beside:
    """The personal values and index rows of the events from `first` to `last`; each must be claimed by its event."""

    def __init__(self, connection: Connection, first: int, last: int) -> None:
        values, index = (
            connection.execute(selected(connection, table).where(table.c.event.between(first, last)))
            for table in (PERSONAL, INDEX)
        )
        self._values = {row.commitment: (row.salt, row.value, row.event) for row in values}
        self._index = {(row.of_table, row.key, as_number(row.event)) for row in index}
        self._claimed: set[tuple[object, object, object]] = set()
        self._wrong: list[Discrepancy] = []

    def reveal(self, key: str, seq: int) -> Plain:
        """Returns the value behind a commitment of event `seq`; None if it was erased."""
        held = self._values.pop(key, None)
        if held is None:
            return None
        salt, text, event = held
        value = _fitting(key, salt, text)
        if value is None or as_number(event) != seq:
            said = "its personal value is not the one that it vouches for: value, salt or number was changed"
            self._wrong.append(Discrepancy(Subject.PERSONAL, f"event {seq}", said, seq))
        return value if value is not None else key

    def index(self, table: str, key: str, seq: int) -> None:
        """Claims the index row of a change."""
        self._claimed.add((table, key, seq))

    def left(self) -> Iterator[Discrepancy]:
        """Yields what was changed, what no event claimed, and index rows that are missing."""
        yield from self._wrong
        for key, (_, _, event) in self._values.items():
            yield _unknown_value(key, event)
        for row in sorted(self._claimed - self._index, key=repr):
            yield Discrepancy(Subject.ROW, _index_name(row), "was taken away: the events give it")
        for row in sorted(self._index - self._claimed, key=repr):
            yield Discrepancy(Subject.ROW, _index_name(row), "was added: no event gives it")


def outside(connection: Connection, last: int) -> Iterator[Discrepancy]:
    """Yields personal values and index rows of events that do not exist."""
    values, index = (
        connection.execute(selected(connection, table).where(or_(table.c.event < 1, table.c.event > last)))
        for table in (PERSONAL, INDEX)
    )
    for row in values:
        yield _unknown_value(row.commitment, row.event)
    for row in index:
        name = _index_name((row.of_table, row.key, row.event))
        yield Discrepancy(Subject.ROW, name, "was added: no event gives it")


def _fitting(key: str, salt: object, text: object) -> Plain:
    """Returns the value if its text is as we write it, and it and the salt fit the commitment; else None."""
    if not isinstance(salt, bytes) or not isinstance(text, str):
        return None
    try:
        value: Plain = json.loads(text)
        fits = text == json.dumps(value, ensure_ascii=False) and commitment(salt, value) == key
    except _UNREADABLE:
        return None
    return value if fits else None


def _unknown_value(key: object, event: object) -> Discrepancy:
    seq = as_number(event)
    said = f"its personal value {str(key)[:20]} was added: the event names no such value"
    return Discrepancy(Subject.PERSONAL, f"event {event!a}"[:80] if seq is None else f"event {seq}", said, seq)


def _index_name(row: tuple[object, object, object]) -> str:
    return f"row_event {' '.join(map(named, (row[0], row[1], as_number(row[2]) or row[2])))}"
