# SPDX-License-Identifier: EUPL-1.2
"""Files and folders that are written beside their place, then renamed, and what killed writers left of them.

A writer locks what it writes (flock(2)), and the kernel ends the lock with the process, whatever killed it. A folder
bears the sticky bit as well: one that a person gave such a name, if it is no hidden one, is never removed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

INCOMPLETE, PART = ".incomplete", ".part"  # end the names
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LOCKS = frozenset({errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP})  # of some network file systems


def hidden_path(path: Path) -> Path:
    """Returns the hidden name under which `path` is written."""
    return path.with_name(f".{path.name}{PART}")


def new_file(path: Path, mode: int) -> int:
    """Creates and locks a file; replaces one that a killed writer left. Returns a descriptor to write to.

    Raises BlockingIOError if the writer of that file still runs, and OSError.
    """
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        except FileExistsError:
            _remove_file(path)
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # not taken for one that was left, before it was locked
            return descriptor
        os.close(descriptor)


def new_folder(path: Path, mode: int) -> int:
    """Makes and locks a folder; replaces one that a killed writer left. Returns a descriptor that holds the lock.

    Raises BlockingIOError if the writer of that folder still runs, FileExistsError if it is none of ours, and OSError.
    """
    while True:
        try:
            path.mkdir(mode | stat.S_ISVTX)
            made = True
        except FileExistsError:
            made = False
        descriptor = os.open(path, _FOLDER)
        try:
            locked = _locked(descriptor)
            if not _is_at(path, descriptor):
                continue
            if made:
                return os.dup(descriptor)  # the lock is of both
            if not locked or not _is_ours(path, os.fstat(descriptor)):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            shutil.rmtree(path)
        finally:
            os.close(descriptor)


def finish_folder(descriptor: int, folder: Path, place: Path) -> None:
    """Renames a folder to its place, which is an empty folder or nothing. Raises OSError."""
    folder.rename(place)
    os.fchmod(descriptor, stat.S_IMODE(os.fstat(descriptor).st_mode) & ~stat.S_ISVTX)


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a killed writer left; `owner` is the number of the account."""

    path: Path
    is_folder: bool
    owner: int


def leftovers(folders: Iterable[Path]) -> Iterator[Leftover]:
    """Yields what killed writers left in these folders; what cannot be looked at is not yielded."""
    for folder in dict.fromkeys(folders):
        try:
            paths = sorted(folder.iterdir())
        except OSError:
            continue
        for path in paths:
            found = _leftover(path)
            if found is not None:
                yield found


def _leftover(path: Path) -> Leftover | None:
    if not path.name.endswith((PART, INCOMPLETE)):
        return None
    try:
        before = path.lstat()
        is_folder = stat.S_ISDIR(before.st_mode)
        if not _is_ours(path, before) or _is_written(path, is_folder=is_folder):
            return None
    except OSError:
        return None
    return Leftover(path, is_folder, before.st_uid)


def _is_ours(path: Path, found: os.stat_result) -> bool:
    """True for what has a hidden name of ours, and for a folder with our mark."""
    if path.name.startswith(".") and path.name.endswith(PART):
        return stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)
    return stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)


def _is_written(path: Path, *, is_folder: bool) -> bool:
    """True if the writer still runs; of what this account may not open nobody can tell, and it is called left."""
    try:
        descriptor = os.open(path, _FOLDER if is_folder else os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _remove_file(path: Path) -> None:
    """Removes a file, or a planted link, that nobody writes. Raises BlockingIOError, OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    except OSError as fault:
        if fault.errno != errno.ELOOP:
            raise
        path.unlink(missing_ok=True)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Locks a folder; False if its file system cannot. Raises BlockingIOError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        if fault.errno in _NO_LOCKS:
            return False
        raise
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
