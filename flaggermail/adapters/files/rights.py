# SPDX-License-Identifier: EUPL-1.2
"""Which of the desk's files are open to another account than its own.

Only the uppermost folder of the archive is looked at: below it nobody comes who may not enter it.
"""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_JOURNALS = ("-wal", "-shm")  # what SQLite keeps beside the database, with its mode
_BACKUPS = "backup"  # the folder beside the archive into which the timer writes


@dataclass(frozen=True, slots=True)
class DeskPlaces:
    """Where a desk keeps its record and its secrets; `database` is None if it is on a server."""

    database: Path | None
    archive: Path
    codes: Path
    tokens: Path


def open_faults(places: DeskPlaces) -> Iterator[SetupFault]:
    """Yields each file or folder that other accounts may open; nothing for what this account cannot see."""
    if places.database is not None and os.path.isfile(places.database):  # noqa: PTH113 - Path.is_file may raise
        for end in ("", *_JOURNALS):
            yield from _fault(places.database.with_name(places.database.name + end))
    for path in (places.archive, places.codes, places.tokens, places.archive.with_name(_BACKUPS)):
        yield from _fault(path)


def _fault(path: Path) -> Iterator[SetupFault]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if mode & _OTHERS:
        words = ["chmod", *(["-R"] if stat.S_ISDIR(mode) else []), "go-rwx", str(path)]
        yield setup_fault(SetupFaultCode.FILE_OPEN, path=path, mode=f"{mode & 0o777:o}", command=shlex.join(words))


def account(login: str) -> pwd.struct_passwd | None:
    """Returns the account of this machine with that login; None if it has none."""
    try:
        return pwd.getpwnam(login)
    except KeyError:
        return None
