# SPDX-License-Identifier: EUPL-1.2
"""A desk that is kept: its configuration, one archive of what the program wrote, and what a reader must find.

vN/*.yaml           the configuration
vN/desk.tar.xz      the database and the archive of octets
vN/expected.json    every row as the store read it then, the number of events, the chain's head, the figures
"""

from __future__ import annotations

import json
import lzma
import shutil
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TypedDict

from sqlalchemy import select

from flaggermail.adapters.db.mapping import table_of
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.ports import Transaction
from flaggermail.record import clocks
from flaggermail.record.clocks import CLOCKS
from flaggermail.record.definition import where
from flaggermail.record.event_codec import Plain, plain
from flaggermail.record.events import Rows
from flaggermail.record.rows import ClockRow, Notification
from flaggermail.services import Services

HERE = Path(__file__).parent
PACKED, EXPECTED = "desk.tar.xz", "expected.json"
WRITTEN = ("flaggermail.db", "archive")  # by the program, in the folder of its configuration
Json = Mapping[str, object]


class Table(TypedDict):
    """The rows of a table as stored in `expected.json`."""

    columns: list[str]
    rows: list[list[Plain]]


def pack(desk: Path, into: Path) -> None:
    """Packs what the program wrote in `desk`; the same desk gives the same octets."""
    found = sorted(path for name in WRITTEN for path in (desk / name, *(desk / name).rglob("*")) if path.is_file())
    plain_tar = BytesIO()
    with tarfile.open(fileobj=plain_tar, mode="w") as tar:
        for path in found:
            entry = tarfile.TarInfo(str(path.relative_to(desk)))
            entry.size, entry.mode = path.stat().st_size, 0o640
            with path.open("rb") as octets:
                tar.addfile(entry, octets)
    (into / PACKED).write_bytes(lzma.compress(plain_tar.getvalue(), preset=9 | lzma.PRESET_EXTREME))


def unpack(kept: Path, into: Path) -> None:
    """Restores the desk with its configuration."""
    with tarfile.open(kept / PACKED) as tar:
        tar.extractall(into, filter="data")
    configure(kept, into)


def configure(configuration: Path, into: Path) -> None:
    """Copies the files of a configuration."""
    for file in configuration.glob("*.yaml"):
        shutil.copy(file, into)


def found(env: Services) -> Json:
    """Returns everything a reader finds on a desk."""
    with env.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        kinds = Counter(event.kind.value for _, event in tx.events())
        mailbox = env.settings.desk.mailbox
        cursors = {folder: tx.cursor(folder) for folder in (mailbox.inbox, mailbox.sent, mailbox.junk)}
        return {
            "events": kinds.total(),
            "head": digests(env)[-1],
            "kinds": dict(sorted(kinds.items())),
            "counters": _counters(env),
            "cursors": {name: at and at.position for name, at in cursors.items()},
            "figures": figures(tx),
            "rows": tables(tx.rows()),
        }


def digests(env: Services) -> list[str]:
    """Returns the digest of each event; the last is the chain's head."""
    assert isinstance(env.store, SqlStore)
    event = table_of("event")
    with env.store.engine.connect() as connection:
        return [str(digest) for digest in connection.execute(select(event.c.digest).order_by(event.c.seq)).scalars()]


def _counters(env: Services) -> dict[str, int]:
    assert isinstance(env.store, SqlStore)
    counter = table_of("counter")
    with env.store.engine.connect() as connection:
        rows = connection.execute(select(counter.c.name, counter.c.value).order_by(counter.c.name))
        return {row.name: row.value for row in rows}


def figures(tx: Transaction) -> dict[str, dict[str, str | int | None]]:
    """Returns the waiting time of each notification, by clock: minutes, and the hours that are reported."""
    result: dict[str, dict[str, str | int | None]] = {}
    for use in tx.find(Notification):
        for clock in tx.find(ClockRow, where(ClockRow.notification).is_(use.id)):
            stopped = clock.stopped_at
            count = None if stopped is None else clocks.minutes(clock.started_at, stopped)
            held = result.setdefault(use.id, {})
            held[clock.kind] = count
            held[f"{clock.kind}_hours"] = None if count is None else clocks.hours(count)
    assert set(CLOCKS) >= {name for held in result.values() for name in held if not name.endswith("_hours")}
    return result


def tables(rows: Rows) -> dict[str, Table]:
    """Returns the rows by table, ordered by key: the column names once, then the values of each row."""
    result: dict[str, Table] = {}
    for (table, _), values in sorted(rows.items()):
        held = result.setdefault(table, Table(columns=sorted(values), rows=[]))
        held["rows"].append([plain(values[name]) for name in held["columns"]])
    return result


def written(document: Json) -> str:
    """Returns the document as JSON with one line per row and figure, so that a diff is readable."""
    return "{\n" + ",\n".join(f"{_json(name)}: {_pretty(value)}" for name, value in document.items()) + "\n}\n"


def _pretty(value: object) -> str:
    if isinstance(value, Mapping):
        return "{\n" + ",\n".join(f" {_json(name)}: {_inner(inner)}" for name, inner in value.items()) + "\n}"
    return _json(value)


def _inner(value: object) -> str:
    if isinstance(value, Mapping) and "rows" in value:
        rows: Iterator[str] = (f"  {_json(row)}" for row in value["rows"])
        return f'{{"columns": {_json(value["columns"])}, "rows": [\n' + ",\n".join(rows) + "\n ]}"
    return _json(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
