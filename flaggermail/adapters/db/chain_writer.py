# SPDX-License-Identifier: EUPL-1.2
"""The events of a transaction, encoded and linked as they are appended, and written together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from flaggermail.adapters.db.statements import adding
from flaggermail.record.event_codec import Plain, commitment, encode, link
from flaggermail.record.events import Event
from flaggermail.record.rows import Notification, OutboxMail

INDEXED = frozenset({OutboxMail.TABLE, Notification.TABLE})  # compared with their events before a mail is sent
_JSON = json.JSONEncoder(ensure_ascii=False)
_Columns = dict[str, object]


@dataclass(frozen=True, slots=True)
class ChainLink:
    """An event as it is stored: number, digest, columns, personal values, and the rows for the index."""

    seq: int
    digest: str
    columns: _Columns
    personal: tuple[_Columns, ...]
    index: tuple[_Columns, ...]


def linked(event: Event, seq: int, previous: str, salt: Callable[[], bytes]) -> ChainLink:
    """Encodes an event and links it to the digest of the one before it; `salt` gives one for each personal value."""
    kept: list[_Columns] = []

    def commit(value: Plain) -> str:
        salted = salt()
        key = commitment(salted, value)
        kept.append(
            {"commitment": key, "salt": salted, "value": _JSON.encode(value), "event": seq}
        )  # fmt: skip
        return key

    octets = encode(event, commit)
    digest = link(previous, octets)
    columns: _Columns = {"seq": seq, "octets": octets, "digest": digest, **_columns(event)}
    touched = {(change.table, change.key) for change in event.changes if change.table in INDEXED}
    index = tuple({"of_table": table, "key": key, "event": seq} for table, key in sorted(touched))
    return ChainLink(seq, digest, columns, tuple(kept), index)


class ChainWriter:
    """Keeps links until they are written, each table's rows in one statement."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._links: list[ChainLink] = []

    def add(self, links: Iterable[ChainLink]) -> None:
        """Keeps more links."""
        self._links += links

    def write_out(self) -> None:
        """Writes what is kept."""
        links, self._links = self._links, []
        rows: dict[str, list[_Columns]] = {
            "event": [link.columns for link in links],
            "personal": [value for link in links for value in link.personal],
            "row_event": [row for link in links for row in link.index],
        }
        for table, those in rows.items():
            if those:
                self._connection.execute(adding(table), those)

    def forget(self) -> None:
        """Forgets what was not written."""
        self._links.clear()


def _columns(event: Event) -> _Columns:
    """Returns the values of an event that have their own column, for queries."""
    return {
        "at": event.at,
        "kind": event.kind.value,
        "actor": event.actor,
        "case": event.case,
        "notification": event.notification,
        "message": event.message,
    }
