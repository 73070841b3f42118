# SPDX-License-Identifier: EUPL-1.2
"""Opens what is in a stranger's folder: no link is followed, whatever is put in its place meanwhile.

Each folder on the way is opened relative to the one above it, so that a folder which becomes a link is refused too. A
second name of a file (a hard link), or a mount, cannot be told from the file itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# A pipe is not waited for, and a terminal does not become ours.
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class LinkFound(OSError):
    """A link is in the place of a file or folder."""


class NoPlainFile(OSError):
    """A pipe, socket, device or folder is in the place of a file."""


@dataclass(frozen=True, slots=True, order=True)
class FolderEntry:
    """A name in a folder, and what it is."""

    name: str
    is_folder: bool
    is_link: bool


@contextmanager
def plain_file(root: Path, path: Path) -> Iterator[BinaryIO]:
    """Opens a regular file below `root`, of which alone links are followed. Raises LinkFound, NoPlainFile, OSError."""
    with _folder(root, path.parent) as folder:
        mode = _mode(path.name, folder)
        if not stat.S_ISREG(mode):  # before it is opened: that alone makes some devices act
            raise NoPlainFile
        file = os.fdopen(os.open(path.name, os.O_RDONLY | _FLAGS, dir_fd=folder), "rb")
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NoPlainFile
        yield file


def entries(root: Path, folder: Path) -> list[FolderEntry]:
    """Returns what is in a folder at or below `root`, by name. Raises LinkFound, OSError."""
    with _folder(root, folder) as place:
        listed = os.open(".", os.O_RDONLY | os.O_DIRECTORY | _FLAGS, dir_fd=place)
        try:
            with os.scandir(listed) as found:
                return sorted(
                    FolderEntry(one.name, one.is_dir(follow_symlinks=False), one.is_symlink()) for one in found
                )
        finally:
            os.close(listed)


@contextmanager
def _folder(root: Path, folder: Path) -> Iterator[int]:
    """Yields a descriptor of a folder, by which names in it are opened."""
    place = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in folder.relative_to(root).parts:
            _mode(name, place)
            below = os.open(name, os.O_PATH | os.O_DIRECTORY | _FLAGS, dir_fd=place)
            os.close(place)
            place = below
        yield place
    finally:
        os.close(place)


def _mode(name: str, folder: int) -> int:
    """Returns what a name in a folder is. Raises LinkFound."""
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise LinkFound
    return mode
