# SPDX-License-Identifier: EUPL-1.2
"""Compares everything in the database with its events: `flaggermail audit verify`.

Reads raw columns, page by page, and writes nothing. In memory are the last values of each row, as JSON; never mail.

1  tables and columns are those of this program
2  each event's digest follows from its octets and the digest before; its columns agree; the head names the last one
3  each personal value is the one committed to; one that is gone was erased by a later event about its row
4  every row of `record.rows` is the fold of the events, column by column
5  counters and cursors, which no event gives, have their seals (`sealed`)
6  the triggers that keep events from being changed are there, and no others
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, func, select, text

from flaggermail import progress
from flaggermail.adapters.db.dump import UNFINISHED
from flaggermail.adapters.db.mapping import all_tables, table_of
from flaggermail.adapters.db.raw import (
    PAGE,
    Beside,
    RawRow,
    RowComparison,
    any_text,
    as_number,
    named,
    orphans,
    rows,
    selected,
)
from flaggermail.adapters.db.sealed import SEALED, unsealed
from flaggermail.record.audit import LIMIT, AuditResult, Head, NamedDigests, RecordFinding, Subject
from flaggermail.record.event_codec import (
    COMMITMENT,
    GENESIS,
    Plain,
    StoredEvent,
    commitment,
    decode,
    link,
    plain,
    stored_event,
)
from flaggermail.record.events import ERASING, EventKind, Scalar
from flaggermail.record.rows import BY_TABLE, Record

EVENT, HEAD, PERSONAL = table_of("event"), table_of("chain_head"), table_of("personal")
INDEX, BEFORE = table_of("row_event"), EVENT.alias("before")
R = TypeVar("R", bound=Record)
NOT_GIVEN: Mapping[str, str] = {
    "lease": "says which process is the daemon now; it is renewed every two seconds and proves nothing about the past",
    "node": "says which daemons run now, on which machines; it proves nothing about the past",
    "kept_answer": "answers to commands of the last day, for whoever repeats one; what was done is in the events",
    "kept_form": "forms that persons left half filled within the last day; nothing was done with them",
    "octets": "raw octets by their digest, if the archive is in the database: compared as the archive, not as a record",
    "sealed_secret": "secrets, each sealed for its place under a key that the database has not: opened, they prove it",
    "reading": "says who read a case or a mail; no event makes it, and it goes after a term of its own",
    "alembic_version": "the revision of the schema, which every start compares with the program's",
}
"""Tables that are compared with nothing, each with the reason."""
TRIGGERS = {
    "sqlite": frozenset({"event_no_update", "event_no_delete", "event_no_replace"}),
    "postgresql": frozenset({"event_append_only"}),
}
_CHAIN = 0.6  # the share of a proof that reading the chain is; the rest compares the rows
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}
_COLUMNS = {
    "sqlite": (
        "SELECT found.name, of_it.name FROM sqlite_master AS found, pragma_table_xinfo(found.name) AS of_it "
        "WHERE found.type = 'table' AND found.name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    ),
    "postgresql": (
        "SELECT found.relname, of_it.attname FROM pg_class AS found JOIN pg_attribute AS of_it "
        "ON of_it.attrelid = found.oid AND of_it.attnum > 0 AND NOT of_it.attisdropped "
        "WHERE found.relkind IN ('r', 'p') AND found.relnamespace = current_schema()::regnamespace"
    ),
}
_CHANGED = "was changed, moved or taken away: the chain does not hold from there on"
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)
Key = tuple[str, str]


class Verification:
    """One comparison on one connection, which must see one snapshot; `indexed` tables have their changes indexed."""

    def __init__(self, connection: Connection, indexed: frozenset[str]) -> None:
        self._connection, self._dialect, self._indexed = connection, connection.dialect, indexed
        self._told: dict[Key, bytes] = {}  # the last values of each row, as JSON
        self._gone: dict[Key, dict[str, int]] = {}  # personal values that are gone, not yet erased by an event
        self._rows = self._personal = 0
        self._head = Head(0, GENESIS)
        self._octets = NamedDigests()

    def proof(self) -> AuditResult:
        """Compares everything."""
        findings: list[RecordFinding] = []
        further = 0
        with any_text(self._connection):
            for finding in self._everything():
                if len(findings) < LIMIT:
                    findings.append(finding)
                else:
                    further += 1
        return AuditResult(self._head, self._rows, self._personal, findings, further, self._octets)

    def _everything(self) -> Iterator[RecordFinding]:
        missing = list(_schema(self._connection))
        yield from missing
        if any(finding.stops for finding in missing):
            return
        whole = True
        for finding in self.chain():
            whole = whole and finding.subject is not Subject.EVENT
            yield finding
        if whole:  # else the rows may come from events beyond the break
            yield from self._compared()
        yield from _triggers(self._connection)

    # ---- the chain and its personal values

    def chain(self) -> Iterator[RecordFinding]:
        """Reads and folds the events; yields what differs. Stops at the first event that does not follow."""
        query = selected(self._connection, EVENT).order_by(EVENT.c.seq).limit(PAGE)
        compared, names, after = RowComparison(self._dialect, EVENT), EVENT.c.keys(), 0
        count = self._connection.execute(select(func.count()).select_from(EVENT)).scalar_one()
        while page := self._connection.execute(query.where(EVENT.c.seq > after)).all():
            found = [dict(zip(names, row, strict=True)) for row in page]
            after = int(str(found[-1]["seq"]).partition(".")[0])
            beside = Beside(self._connection, self._head.seq + 1, after)
            for row in found:
                event = self._linked(row, compared)
                if isinstance(event, RecordFinding):
                    yield event
                    return
                yield from self._take(event, beside)
            yield from beside.left()
            progress.told(_CHAIN * self._head.seq / max(1, count))
        yield from self._head_row()  # first: of a tail that was cut off, what remains is named one by one
        yield from orphans(self._connection, self._head.seq)

    def _linked(self, row: RawRow, compared: RowComparison) -> StoredEvent | RecordFinding:
        """Returns an event that follows from the last one, and takes it as the last; else what is wrong with it."""
        seq, octets = self._head.seq + 1, row["octets"]
        wrong = RecordFinding(Subject.EVENT, f"event {seq}", _CHANGED, seq)
        if not isinstance(octets, bytes):
            return wrong
        digest = link(self._head.digest, octets)
        try:
            event = stored_event(octets)
            EventKind(event["kind"])
            at = datetime.fromisoformat(event["at"])
            columns = _columns(event) | {"seq": seq, "digest": digest, "kind": event["kind"]}
        except _UNREADABLE:
            unknown = RecordFinding(Subject.EVENT, f"event {seq}", "is no event that this version knows", seq)
            return unknown if row["digest"] == digest else wrong
        if compared.differing(row, columns):
            return wrong
        self._head = Head(seq, digest, at)
        return event

    def _take(self, event: StoredEvent, beside: Beside) -> Iterator[RecordFinding]:
        """Folds the changes of the last event."""
        seq = self._head.seq
        erases = EventKind(event["kind"]) in ERASING
        for change in event["changes"]:
            record, key = BY_TABLE.get(change["table"]), (change["table"], change["key"])
            if record is None:
                yield RecordFinding(
                    Subject.EVENT, f"event {seq}", "changes a table that this version does not know", seq
                )
                continue
            if erases:
                self._gone.pop(key, None)
            values = dict(change["values"])
            for name in record.PERSONAL & values.keys():
                value = values[name]
                if isinstance(value, str) and value.startswith(COMMITMENT):
                    held = beside.reveal(value, seq)
                    if held is None:
                        self._gone.setdefault(key, {})[name] = seq
                    else:
                        values[name] = held
                        self._personal += 1
            told = self._told.get(key)
            self._told[key] = _packed({**_unpacked(told), **values})
            if change["table"] in self._indexed:
                beside.index(*key, seq)

    def _head_row(self) -> Iterator[RecordFinding]:
        told: dict[str, Plain] = {"id": 1, "seq": self._head.seq, "digest": self._head.digest}
        heads = list(rows(self._connection, HEAD))
        if len(heads) == 1 and not RowComparison(self._dialect, HEAD).differing(heads[0], told):
            return
        last, there = self._head.seq, as_number(heads[0]["seq"]) if len(heads) == 1 else None
        if there is not None and there > last:
            yield RecordFinding(
                Subject.HEAD, f"event {last + 1}", f"was taken away: the head names event {there}", last + 1
            )
        elif there is not None and there < last:
            first = there + 1
            yield RecordFinding(
                Subject.HEAD, f"event {first}", f"was added: the head names event {there} as the last", first
            )
        else:
            said = f"does not name event {last} with its digest, the last of the chain"
            yield RecordFinding(Subject.HEAD, "chain_head 1", said, last + 1)

    # ---- the rows

    def _compared(self) -> Iterator[RecordFinding]:
        for (table, key), names in self._gone.items():
            name, seq = min(names.items(), key=lambda item: item[1])
            lost = f"its personal value, {name} of {table} {key}, is gone, and no event says that it was erased"
            yield RecordFinding(Subject.PERSONAL, f"event {seq}", lost, seq)
        count = max(1, len(self._told))
        for record in BY_TABLE.values():
            yield from self._table(record, count)
        for (table, key), told in self._told.items():
            self._octets.note(table, f"{table} {key}", _unpacked(told))
            yield RecordFinding(Subject.ROW, f"{table} {named(key)}", "was taken away: the events give it")
        for sealed in SEALED:
            yield from unsealed(self._connection, sealed)

    def _table(self, record: type[Record], count: int) -> Iterator[RecordFinding]:
        """Compares the rows of one table, of `count` in all; leaves in `_told` what the table lacks."""
        table, absent = table_of(record.TABLE), _defaults(record)
        compared = RowComparison(self._dialect, table)
        for raw in rows(self._connection, table):
            self._rows += 1
            if self._rows % PAGE == 0:
                progress.told(_CHAIN + (1 - _CHAIN) * self._rows / count)
            key = raw[record.KEY]
            name = f"{record.TABLE} {named(key)}"
            told = self._told.pop((record.TABLE, key), None) if isinstance(key, str) else None
            if told is None:
                yield RecordFinding(Subject.ROW, name, "was added: no event gives it")
                continue
            values = absent | _unpacked(told)
            self._octets.note(record.TABLE, name, values)
            if differing := compared.differing(raw, values):
                yield RecordFinding(Subject.ROW, name, f"is not what the events say: {', '.join(sorted(differing))}")


def _schema(connection: Connection) -> Iterator[RecordFinding]:
    """Yields tables and columns that are missing, or that this program did not make."""
    dialect = connection.dialect.name
    there: dict[str, set[str]] = {}
    for table, column in connection.execute(text(_COLUMNS[dialect])):
        there.setdefault(table, set()).add(column)
    ours = {name: set(table.c.keys()) for name, table in all_tables().tables.items()}
    for name in sorted((there.keys() - {UNFINISHED}) ^ {*ours, "alembic_version"}):
        said = "is missing" if name not in there else "is no table of this program"
        yield RecordFinding(Subject.SCHEMA, f"table {name}", said, stops=name in ours)
    for name in sorted(there.keys() & ours.keys()):
        if columns := there[name] ^ ours[name]:
            said = f"has other columns: {', '.join(sorted(columns))}"
            yield RecordFinding(Subject.SCHEMA, f"table {name}", said, stops=True)


def _triggers(connection: Connection) -> Iterator[RecordFinding]:
    """Yields the triggers that are missing, or that this program did not make."""
    dialect = connection.dialect.name
    triggers = set(connection.execute(text(_TRIGGERS[dialect])).scalars())
    for name in sorted(triggers ^ TRIGGERS[dialect]):
        said = "was added" if name in triggers else "is missing: nothing prevents that events are changed"
        yield RecordFinding(Subject.SCHEMA, f"trigger {name}", said)


def _columns(event: StoredEvent) -> dict[str, Plain]:
    """Returns the values of an event that have their own column."""
    return {
        "at": event["at"],
        "actor": event["actor"],
        "case": event["case"],
        "notification": event["notification"],
        "message": event["message"],
    }


def _defaults(record: type[Record]) -> dict[str, Plain]:
    """Returns what a migration gave the columns that are younger than a row."""
    return {spec.name: plain(spec.default) for spec in fields(record) if spec.default is not MISSING}


def _packed(values: Mapping[str, Plain]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode("ascii")


def _unpacked(told: bytes | None) -> dict[str, Plain]:
    found: dict[str, Plain] = json.loads(told) if told else {}
    return found


def proved_row(connection: Connection, kind: type[R], key: str) -> R | None:
    """Returns the row as its events give it; None if they do not give a row.

    Each event must follow from the one before it, and each personal value must be the one committed to.
    """
    joined = select(EVENT.c.seq, EVENT.c.octets, EVENT.c.digest, BEFORE.c.digest)
    joined = joined.join(INDEX, INDEX.c.event == EVENT.c.seq).outerjoin(BEFORE, BEFORE.c.seq == EVENT.c.seq - 1)
    query = joined.where(INDEX.c.of_table == kind.TABLE, INDEX.c.key == key).order_by(EVENT.c.seq)
    values: dict[str, Scalar] = {}
    try:
        for seq, octets, digest, before in connection.execute(query).all():
            if link(before or GENESIS, octets) != digest:
                return None
            for change in decode(octets, partial(revealed, _proved_values(connection, seq))).changes:
                if (change.table, change.key) == (kind.TABLE, key):
                    values.update(change.values)
        return kind(**values)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):  # not what this program wrote
        return None


def _proved_values(connection: Connection, seq: int) -> dict[str, Plain]:
    """Returns the personal values of an event that are the ones it committed to."""
    query = select(PERSONAL.c.commitment, PERSONAL.c.salt, PERSONAL.c.value).where(PERSONAL.c.event == seq)
    held = {row.commitment: (row.salt, json.loads(row.value)) for row in connection.execute(query)}
    return {key: value for key, (salt, value) in held.items() if commitment(salt, value) == key}


def revealed(values: Mapping[str, Plain], key: str) -> Plain:
    """Returns the personal value of a commitment; of one that was erased the commitment itself."""
    return values.get(key, key)
