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
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from flaggermail.adapters.files.durable import sync_folder
from flaggermail.errors import BackupFault

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json

BEGIN, END = "backup.json", "end.json"
ROWS, OCTETS, CONFIGURATION = "rows/", "octets/", "configuration/"
FORMAT = 1
LEVEL = 3  # of gzip: text of mail shrinks to a third, and more costs more time than it saves
LARGEST = 1 << 30  # octets of one member: no mail, and no batch of rows, comes near it


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

    Only this account can read it. Raises BackupFault if `path` exists or cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise BackupFault(f"{path}: is there already; name a new file")
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            with _compressed(file) as archive:
                yield BackupWriter(archive)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)  # unlike a rename, it never replaces a file that came in meanwhile
        sync_folder(path.parent)
    except FileExistsError:
        raise BackupFault(f"{path}: is there already; name a new file") from None
    except OSError as fault:
        raise BackupFault(f"{path}: cannot be written ({fault.strerror}); name another file, or make room") from fault
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _compressed(file: BinaryIO) -> Iterator[tarfile.TarFile]:
    with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed, tarfile.open(mode="w|", fileobj=packed) as archive:
        yield archive


def members(path: Path, progress: Callable[[int, int], None]) -> Iterator[tuple[str, bytes]]:
    """Yields name and octets of each member, in the order of the file. Raises BackupFault for what is no whole backup.

    `progress` gets the octets of the file that are read, and its size.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file, gzip.open(file) as packed, tarfile.open(mode="r|", fileobj=packed) as archive:
            for member in archive:
                progress(file.tell(), size)
                held = archive.extractfile(member) if member.isreg() else None
                if held is None or member.size > LARGEST:
                    raise BackupFault(f"{path}: {member.name!a} has no place in a backup")
                yield member.name, held.read()
            while packed.read(1 << 20):  # its checksum comes after what the tar itself reads
                pass
    except OSError as fault:
        why = fault.strerror or "it is no file of `flaggermail db backup`"
        raise BackupFault(f"{path}: cannot be read ({why})") from fault
    except (tarfile.TarError, EOFError, ValueError, zlib.error) as fault:
        raise BackupFault(f"{path}: is cut off or damaged; use another backup") from fault


def document(path: Path, octets: bytes) -> dict[str, Json]:
    """Returns a member's document. Raises BackupFault."""
    try:
        found = json.loads(octets)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BackupFault(f"{path}: is damaged; use another backup")
    return found


def digest_of(path: Path, name: str, octets: bytes) -> str:
    """Returns the digest that a member is named by. Raises BackupFault if its octets are others."""
    found = hashlib.sha256(octets).hexdigest()
    if name != OCTETS + found:
        raise BackupFault(f"{path}: {name!a} holds other octets; use another backup")
    return found
