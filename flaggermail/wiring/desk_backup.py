# SPDX-License-Identifier: EUPL-1.2
"""Backs up a desk while it runs, and makes a new desk from a backup.

A backup holds every row from one snapshot, the octets that these rows name, and the configuration without its secrets.
It names no engine: one of PostgreSQL can be restored into SQLite, and the other way round.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path, PurePosixPath

from flaggermail import __version__, unfinished
from flaggermail.adapters.db.dump import RowBatch, ValueForm, load, reserved, snapshot, without_password
from flaggermail.adapters.db.inspection import newest
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files import backup_file
from flaggermail.adapters.files.backup_file import (
    BEGIN,
    CONFIGURATION,
    END,
    FORMAT,
    MOST_ROWS,
    OCTETS,
    ROWS,
    BackupWriter,
)
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.system.clock import SystemClock, SystemRandomness
from flaggermail.desk import audit
from flaggermail.errors import BackupFailure, ConfigurationError, OctetsLost
from flaggermail.letters import writing
from flaggermail.mail.message import Json
from flaggermail.ports import BlobStore
from flaggermail.record.audit import Kept, NamedDigests
from flaggermail.record.rows import BY_TABLE
from flaggermail.rules.configuration import load as load_settings
from flaggermail.settings.model import Settings, database_file
from flaggermail.settings.sections import OctetsPlace
from flaggermail.settings.yaml_files.composing import point_to
from flaggermail.wiring.databases import octets_of

Progress = Callable[[int, int], None]  # how much is done, of how much

_SUFFIXES = frozenset({".yaml", ".j2", ".md", ".txt", ".eml"})  # of configuration, templates and rules
_BELOW = ("templates", "rules")  # folders of a configuration
_MOST_SETTINGS = 1 << 18  # octets of flaggermail.yaml, which takes seconds to read
_MOST_MAILS, _MOST_TOGETHER = 200, 8 << 20  # mails, and octets, that are stored together
_DESK_FILE, _DATABASE, _ARCHIVE = "flaggermail.yaml", "flaggermail.db", "archive"
_HEAD_TABLE = "chain_head"
_FOLDER_MODE = 0o700  # like its archive
RESTORER = "restore"  # the actor: no officer, since the configuration may be that of another machine


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds, and the head of its chain; `missing` octets were destroyed meanwhile, or lost before."""

    seq: int
    digest: str
    taken_at: str  # ISO 8601
    rows: int
    mails: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """A desk made from a backup; `proof` is the document of `audit verify`, None if it was not asked for."""

    held: BackedUp
    database: str
    proof: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True)
class Server:
    """An empty PostgreSQL database to restore into, and whether it gets the octets too."""

    database: str
    with_octets: bool = False


def back_up(directory: Path, out: Path, progress: Progress) -> BackedUp:
    """Writes a backup of the desk in `directory`, whose daemon may run; `adapters.files.backup_file` has its form.

    Raises ConfigurationError, StoreFailure, ArchiveFailure, and BackupFailure if the file exists or cannot be written.
    """
    return back_up_desk(load_settings(directory), out, progress)


def back_up_desk(settings: Settings, out: Path, progress: Progress) -> BackedUp:
    """Writes a backup of the desk with these settings; see `back_up`."""
    database = database_file(settings.desk)
    if database is not None and not database.exists():
        raise ConfigurationError(f"database {database}: does not exist, so there is nothing to back up")
    with snapshot(settings.desk.store.database) as batches, backup_file.writing(out) as file:
        return _written(file, batches, settings, progress)


def _written(file: BackupWriter, batches: Iterator[RowBatch], settings: Settings, progress: Progress) -> BackedUp:
    taken_at, named, rows, head = SystemClock().now().isoformat(), NamedDigests(), 0, (0, "")
    file.add_json(BEGIN, {"format": FORMAT, "program": __version__, "revision": newest(), "taken_at": taken_at})
    for name, octets in _configuration(settings):
        file.add(CONFIGURATION + name, octets)
    number = 0
    for batch in batches:
        for octets in _pieces(batch):
            file.add(f"{ROWS}{batch.table}/{number:06}.json", octets)
            number += 1
        rows += len(batch.rows)
        for row in batch.rows:
            values = {name: v for name, v in zip(batch.columns, row, strict=True) if isinstance(v, str | int)}
            if batch.table in BY_TABLE:
                named.note(batch.table, batch.table, values)
            if batch.table == _HEAD_TABLE:
                head = int(values["seq"]), str(values["digest"])
    stored = sorted(digest for digest, kept, _ in named.items() if kept is Kept.STORED)
    with closing(SqlStore(settings.desk.store.database, SystemRandomness().salt)) as store:
        missing = tuple(_copied(file, octets_of(settings, store), stored, progress))
    found = BackedUp(*head, taken_at, rows, len(stored) - len(missing), missing)
    file.add_json(END, asdict(found))
    return found


def _configuration(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Yields the files of configuration, templates and rules, as `init` lays them out; no database and no secret."""
    yield from ((path.name, path.read_bytes()) for path in sorted(settings.directory.glob("*.yaml")))
    for name, folder in (("templates", settings.templates), ("rules", settings.rules_directory)):
        for path in sorted(folder.rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                yield f"{name}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _pieces(batch: RowBatch) -> Iterator[bytes]:
    """Yields the rows as documents, none larger than one may be that is restored."""
    document = {"columns": dict(batch.columns), "rows": [list(row) for row in batch.rows]}
    octets = json.dumps(document, ensure_ascii=False).encode()
    if len(octets) <= MOST_ROWS or len(batch.rows) == 1:
        yield octets
        return
    half = len(batch.rows) // 2
    for rows in (batch.rows[:half], batch.rows[half:]):
        yield from _pieces(replace(batch, rows=rows))


def _copied(file: BackupWriter, octets: BlobStore, digests: list[str], progress: Progress) -> Iterator[str]:
    """Adds the octets; yields the digests of those that are not in the archive any more."""
    for done, digest in enumerate(digests):
        progress(done, len(digests))
        try:
            file.add(OCTETS + digest, octets.get(digest))
        except OctetsLost:
            yield digest
    progress(len(digests), len(digests))


def restore(
    path: Path, to: Path, server: Server | None, progress: Progress, *, verify: bool, any_size: bool = False
) -> Restored:
    """Makes the desk of a backup anew in the folder `to`, which must not exist, or be empty.

    Without `server` an SQLite file in the folder is made. The desk observes, and no token or device from before holds:
    see `letters.writing`. Nothing stays if it fails; what a killed one left is removed by the next, but for mails in
    the database if that reads the same backup. `any_size`: only the disk bounds what is unpacked. Raises BackupFailure,
    ConfigurationError, StoreFailure, ArchiveFailure.
    """
    if to.is_symlink() or (to.exists() and (not to.is_dir() or any(to.iterdir()))):
        raise BackupFailure(
            f"{to}: is there already and not empty; name a new folder: no desk is ever restored onto another"
        )
    _require_readable(path)
    part = unfinished.hidden_path(to.absolute())
    try:
        lock = unfinished.new_folder(part, _FOLDER_MODE)
    except BlockingIOError:
        raise BackupFailure(f"{to}: another restore is writing this folder; wait for it, or name another") from None
    except OSError as fault:
        raise _unmade(to, fault) from fault
    try:
        url = server.database if server else f"sqlite:///{part / _DATABASE}"
        place = OctetsPlace.DATABASE if server and server.with_octets else OctetsPlace.FOLDER
        with reserved(url, to.absolute(), backup_file.identity(path)):
            reader = _Reader(path, part, backup_file.most_octets(path, part, any_size=any_size), progress)
            held, proof = _restored(
                reader, url, part / _ARCHIVE if place is OctetsPlace.FOLDER else None, verify=verify
            )
            point_to(part / _DESK_FILE, _ARCHIVE, server.database if server else f"sqlite:///{_DATABASE}", place)
            unfinished.finish_folder(lock, part, to)
    except OSError as fault:
        raise _unmade(to, fault) from fault
    except backup_file.DAMAGES as fault:  # whatever a hostile file holds in the place of a value
        raise BackupFailure(f"{path}: is damaged ({type(fault).__name__}); use another backup") from fault
    finally:
        shutil.rmtree(part, ignore_errors=True)
        os.close(lock)
    return Restored(held, without_password(server.database if server else f"sqlite:///{to / _DATABASE}"), proof)


def _require_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            return
    except OSError as fault:
        raise BackupFailure(
            f"{path}: cannot be read ({fault.strerror}); name a file that `flaggermail db backup` wrote"
        ) from fault


def _unmade(to: Path, fault: OSError) -> BackupFailure:
    return BackupFailure(f"{to}: cannot be made ({fault.strerror}); name another folder, or make room")


def _restored(
    reader: _Reader, database: str, archive: Path | None, *, verify: bool
) -> tuple[BackedUp, Mapping[str, Json] | None]:
    """Fills an empty database with the rows, then its archive: a folder, or None for the database itself."""
    rows = load(database, reader.revision(), reader.batches())
    with closing(SqlStore(database, SystemRandomness().salt)) as store:
        store.octets.is_own = True
        octets = store.octets if archive is None else FileBlobStore(archive)
        reader.fill(octets)
        held = reader.end(rows)
        with store.begin() as tx:
            writing.begin_restored(tx, SystemClock().now(), RESTORER, datetime.fromisoformat(held.taken_at))
        if not verify:
            return held, None
        with store.read() as tx:
            return held, audit.prove(tx, octets, [(held.seq, held.digest)])


class _Reader:
    """Reads a backup once, in the order of its members, and puts each where it belongs."""

    def __init__(self, path: Path, folder: Path, most: int, progress: Progress) -> None:
        self._path, self._folder = path, folder
        self._members = backup_file.members(path, most, progress)
        self._mails = 0
        self._end: dict[str, Json] = {}

    def revision(self) -> str:
        """Returns the revision of the schema. Raises BackupFailure if this program cannot read the file."""
        name, octets = next(self._members, ("", b""))
        begin = backup_file.document(self._path, octets) if name == BEGIN else {}
        if begin.get("format") != FORMAT:
            raise BackupFailure(
                f"{self._path}: is no backup that this program can read; `flaggermail db backup` makes one"
            )
        return str(begin.get("revision"))

    def batches(self) -> Iterator[RowBatch]:
        """Yields the rows; writes the configuration, which comes before them."""
        for name, octets in self._members:
            if name.startswith(ROWS):
                yield self._batch(name, octets)
            elif name.startswith(CONFIGURATION):
                self._write(name.removeprefix(CONFIGURATION), octets)
            else:
                self._members = chain([(name, octets)], self._members)
                return

    def fill(self, archive: BlobStore) -> None:
        """Stores the octets that come after the rows. No transaction waits for them: the server would end it."""
        some, size = list[bytes](), 0
        for name, octets in self._members:
            if name.startswith(OCTETS):
                backup_file.digest_of(self._path, name, octets)
                some, size, self._mails = [*some, octets], size + len(octets), self._mails + 1
                if len(some) >= _MOST_MAILS or size >= _MOST_TOGETHER:
                    archive.put_all(some)
                    some, size = [], 0
            elif name == END:
                self._end = backup_file.document(self._path, octets)
            else:
                raise BackupFailure(f"{self._path}: {name!a} has no place in a backup")
        if some:
            archive.put_all(some)

    def end(self, rows: int) -> BackedUp:
        """Returns what the backup holds. Raises BackupFailure if that is not what was read: the file is cut off."""
        held = self._end
        if (held.get("rows"), held.get("mails")) != (rows, self._mails):
            raise BackupFailure(f"{self._path}: is cut off or damaged; use another backup")
        missing = held["missing"]
        return BackedUp(
            seq=int(str(held["seq"])), digest=str(held["digest"]), taken_at=str(held["taken_at"]), rows=rows,
            mails=self._mails, missing=tuple(map(str, missing)) if isinstance(missing, list) else (),
        )  # fmt: skip

    def _batch(self, name: str, octets: bytes) -> RowBatch:
        found = backup_file.document(self._path, octets)
        columns, rows = found.get("columns"), found.get("rows")
        if not isinstance(columns, dict) or not isinstance(rows, list):
            raise BackupFailure(f"{self._path}: {name!a} is damaged; use another backup")
        try:
            forms = {column: ValueForm(str(form)) for column, form in columns.items()}
        except ValueError:
            raise BackupFailure(f"{self._path}: {name!a} is from a later program; use that") from None
        return RowBatch(name.split("/")[1], forms, [row for row in rows if isinstance(row, list)])

    def _write(self, name: str, octets: bytes) -> None:
        """Writes a file of the configuration; its name leads nowhere else than `_configuration` takes it from."""
        path = PurePosixPath(name)
        ours = path.parts[0] in _BELOW if len(path.parts) > 1 else path.suffix == ".yaml"
        if path.is_absolute() or ".." in path.parts or path.suffix not in _SUFFIXES or not path.stem or not ours:
            raise BackupFailure(f"{self._path}: {name[:200]!a} is no file of a configuration")
        if name == _DESK_FILE and len(octets) > _MOST_SETTINGS:
            raise BackupFailure(f"{self._path}: {name!a} is no file of a configuration")
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(octets)
