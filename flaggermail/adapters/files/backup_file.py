# SPDX-License-Identifier: EUPL-1.2
"""The file of a backup: a compressed tar (POSIX.1-2001), written and read as a stream, one member in memory at a time.

Members, in this order: `backup.json` (what it is), `configuration/...`, `rows/TABLE/NUMBER.json`, `octets/DIGEST`, and
`end.json` (what it holds), without which it is not whole.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ruamel.yaml.error import YAMLError
from sqlalchemy.exc import SQLAlchemyError

from flaggermail.adapters.files.blob_store import sync_folder
from flaggermail.errors import BackupFailure
from flaggermail.unfinished import hidden_path, new_file

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

BEGIN, END = "backup.json", "end.json"
ROWS, OCTETS, CONFIGURATION = "rows/", "octets/", "configuration/"
FORMAT = 1
LEVEL = 3  # of gzip: text of mail shrinks to a third, and more costs more time than it saves
LARGEST = 256 << 20  # octets of one mail: no server takes one that comes near it
MOST_ROWS = 32 << 20  # octets of a batch of rows, of which JSON makes twenty times as many in memory
MOST_OTHER = 8 << 20  # octets of a file of the configuration, or of what the backup says about itself
TIMES = 100  # as large as its file may a backup become: text of mail becomes 3 times as large, rows 15 times
SMALL = 1 << 30  # octets to which any may unpack
SPARE = 256 << 20  # octets that stay free on the disk
_PACKED = 1 << 16  # octets read at once
_HEADER = 1 << 20  # octets before a member's own: a header of tar, and a long name
_SHOWN = 200  # characters of a name

DAMAGES = (
    SQLAlchemyError, YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
"""What a value of a damaged or hostile backup raises where it is used."""


class BackupWriter:
    """Adds members to a backup."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, name: str, octets: bytes) -> None:
        """Adds a member. Raises OSError."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(octets), 0o600
        self._archive.addfile(member, io.BytesIO(octets))

    def add_json(self, name: str, document: Mapping[str, Json]) -> None:
        """Adds a document. Raises OSError."""
        self.add(name, json.dumps(document, ensure_ascii=False).encode())


@contextmanager
def writing(path: Path) -> Iterator[BackupWriter]:
    """Writes a backup beside `path`, and renames it at the end of the block; nothing stays if the block fails.

    Only this account can read it. Raises BackupFailure if `path` exists or cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise BackupFailure(f"{path}: is there already; name a new file")
    part = hidden_path(path)
    try:
        with os.fdopen(new_file(part, 0o600), "wb") as file:
            try:
                with _compressed(file) as archive:
                    yield BackupWriter(archive)
                file.flush()
                os.fsync(file.fileno())
                os.link(part, path)  # unlike a rename, it never replaces a file that came in meanwhile
            finally:
                part.unlink(missing_ok=True)  # still locked, so that it is this one
        sync_folder(path.parent)
    except FileExistsError:
        raise BackupFailure(f"{path}: is there already; name a new file") from None
    except BlockingIOError:
        raise BackupFailure(f"{path}: another backup is writing this file; wait for it, or name another") from None
    except OSError as fault:
        raise BackupFailure(f"{path}: cannot be written ({fault.strerror}); name another file, or make room") from fault


@contextmanager
def _compressed(file: BinaryIO) -> Iterator[tarfile.TarFile]:
    with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed, tarfile.open(mode="w|", fileobj=packed) as archive:
        yield archive


class _Unpacked:
    """The octets of a compressed file (gzip) as a stream that ends with a fault where too many of them come."""

    def __init__(self, path: Path, file: BinaryIO, most: int) -> None:
        self._path, self._file, self._left, self._most = path, file, most, most
        self._stream = zlib.decompressobj(wbits=31)  # of one stream; its checksum is compared
        self._allowed = 0

    def allow(self, octets: int) -> None:
        """Lets so many octets be read until it is called again: tarfile holds as many as a header asks for."""
        self._allowed = octets + tarfile.RECORDSIZE

    def read(self, size: int) -> bytes:
        """Returns at most `size` octets, none at the end. Raises BackupFailure, OSError, EOFError, zlib.error."""
        found = b""
        while not found and not self._stream.eof:
            packed = self._stream.unconsumed_tail or self._file.read(_PACKED)
            if not packed:
                raise EOFError
            found = self._stream.decompress(packed, size)
        if self._stream.eof and not found and (self._stream.unused_data or self._file.read(1)):
            raise EOFError  # something follows
        self._left, self._allowed = self._left - len(found), self._allowed - len(found)
        if self._left < 0:
            raise BackupFailure(
                f"{self._path}: unpacks to more than {self._most >> 20} MiB: {TIMES} times its size, or all that the "
                "disk has room for; if a desk of yours wrote it, restore it with --any-size where there is room"
            )
        if self._allowed < 0:
            raise BackupFailure(f"{self._path}: is damaged; use another backup")
        return found


def most_octets(path: Path, folder: Path, *, any_size: bool) -> int:
    """Returns how much a backup may unpack to: a number of times its size, and no more than `folder` has room for.

    Raises OSError.
    """
    room = max(0, shutil.disk_usage(folder).free - SPARE)
    return room if any_size else min(room, max(SMALL, TIMES * path.stat().st_size))


def members(path: Path, most: int, progress: Callable[[int, int], None]) -> Iterator[tuple[str, bytes]]:
    """Yields name and octets of each member, in the order of the file. Raises BackupFailure unless all is there.

    `most`: so many octets are unpacked, and no more. `progress` gets the octets of the file that are read, and its
    size.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            packed = _Unpacked(path, file, most)
            packed.allow(_HEADER)
            with tarfile.open(mode="r|", fileobj=packed) as archive:  # type: ignore[call-overload]  # it only reads
                for member in archive:
                    progress(file.tell(), size)
                    if not member.isreg() or member.issparse() or member.size > _largest(member.name):
                        raise BackupFailure(f"{path}: {member.name[:_SHOWN]!a} has no place in a backup")
                    packed.allow(member.size + _HEADER)
                    held = archive.extractfile(member)
                    yield member.name, held.read() if held is not None else b""
                    packed.allow(_HEADER)
            packed.allow(_HEADER)
            while packed.read(_PACKED):  # its checksum comes after what the tar itself reads
                pass
    except OSError as fault:
        why = fault.strerror or "it is no file of `flaggermail db backup`"
        raise BackupFailure(f"{path}: cannot be read ({why})") from fault
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError, zlib.error) as fault:
        raise BackupFailure(f"{path}: is cut off or damaged; use another backup") from fault


def _largest(name: str) -> int:
    """Returns how many octets a member of that name may have."""
    return LARGEST if name.startswith(OCTETS) else MOST_ROWS if name.startswith(ROWS) else MOST_OTHER


def identity(path: Path) -> str:
    """Returns what tells a backup from every other: its beginning holds the instant of its snapshot. Raises OSError."""
    with path.open("rb") as file:
        return f"{hashlib.sha256(file.read(_PACKED)).hexdigest()} {os.fstat(file.fileno()).st_size}"


def document(path: Path, octets: bytes) -> dict[str, Json]:
    """Returns a member's document. Raises BackupFailure."""
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BackupFailure(f"{path}: is damaged; use another backup")
    return found


def digest_of(path: Path, name: str, octets: bytes) -> str:
    """Returns the digest that a member is named by. Raises BackupFailure if its octets are others."""
    found = hashlib.sha256(octets).hexdigest()
    if name != OCTETS + found:
        raise BackupFailure(f"{path}: {name!a} holds other octets; use another backup")
    return found
