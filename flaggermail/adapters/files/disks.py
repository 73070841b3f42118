# SPDX-License-Identifier: EUPL-1.2
"""Disks without room: which one it is, by the folder at which it is mounted."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from flaggermail.settings.mistakes import CheckCode, Mistake, mistake

_LEAST = 65_536  # octets; SQLite alone makes a file of 32 KiB when it opens a database
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def full_disks(places: Mapping[str, Path]) -> Iterator[Mistake]:
    """Yields a mistake for each disk without room that holds one of `places`, which are named by their keys."""
    mounts = {key: full_disk(path) for key, path in places.items()}
    for mount in sorted({mount for mount in mounts.values() if mount is not None}):
        held = [key for key, found in mounts.items() if found == mount]
        paths = " and ".join(str(places[key]) for key in held)
        keys = " and ".join(f"store.{key}" for key in held)
        yield mistake(CheckCode.DISK_FULL, keys=keys, mount=mount, paths=paths)


def full_disk(path: Path, least: int = _LEAST) -> Path | None:
    """Returns the mount point of the disk on which `path` is or would be made; None if there is room, or none knows.

    A disk has no room for this account if it has less than `least` octets for it, or no number of a file (inode).
    """
    at = _nearest(path)
    try:
        disk = os.statvfs(at)
    except OSError:
        return None
    no_blocks = disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < least
    no_numbers = disk.f_files > 0 and disk.f_favail == 0
    return mount_point(at) if no_blocks or no_numbers else None


def is_read_only(path: Path) -> bool:
    """True if the disk of an existing path is mounted read-only; False where it does not answer, as others say so."""
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def mount_point(path: Path) -> Path:
    """Returns the folder at which the disk of an existing path is mounted."""
    at = path.resolve()
    while not at.is_mount() and at != at.parent:
        at = at.parent
    return at


def fault_words(fault: OSError, path: Path) -> str:
    """Returns the system's words, without the path that the error names; with the disk of `path` where it is full."""
    words = fault.strerror or str(fault)
    if fault.errno not in _NO_ROOM:
        return words
    return f"disk full: {words}; make room on the disk mounted at {mount_point(_nearest(path))}"


def _nearest(path: Path) -> Path:
    """Returns the path, or the nearest folder above it that is there."""
    at = path
    while not os.path.lexists(at) and at != at.parent:
        at = at.parent
    return at
