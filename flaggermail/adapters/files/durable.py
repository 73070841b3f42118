# SPDX-License-Identifier: EUPL-1.2
"""Files that are whole or not there, also after a power cut: written beside, synced, then renamed; and what is left."""

from __future__ import annotations

import fcntl
import os
import pwd
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from flaggermail.settings.mistakes import CheckCode, Mistake, mistake
from flaggermail.unfinished import leftovers

_BACKUPS = "backup"  # the folder below that of the record into which the timer writes


def replace_file(path: Path, octets: bytes, mode: int) -> None:
    """Replaces a file as a whole, with that mode whatever the umask; a reader never sees a part of it. Raises OSError.

    Its name is durable only after `sync_folder`; without that, a power cut may bring the old file back.
    """
    beside = path.with_name(f".{path.name}.part")  # a fixed name: a crash leaves at most one
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # EXCL: do not follow a planted link
    with os.fdopen(os.open(beside, flags, mode), "wb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)  # not left by a killed writer, for `check`
        os.fchmod(file.fileno(), mode)
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())  # else the rename may survive a power cut, and the octets not
    beside.replace(path)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable (fsync(2), notes: syncing a file does not sync its name). Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def left_over_mistakes(folders: Iterable[Path]) -> Iterator[Mistake]:
    """Yields what killed backups, restores and exports left in these folders, and in `backup` below each."""
    for one in leftovers(below for folder in folders for below in (folder.absolute(), folder.absolute() / _BACKUPS)):
        command = shlex.join(["rm", "-r", str(one.path)] if one.is_folder else ["rm", str(one.path)])
        yield mistake(CheckCode.LEFT_OVER, path=shlex.quote(str(one.path)), owner=_account(one.owner), command=command)


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # of another machine, or removed
        return f"the account {number}"
