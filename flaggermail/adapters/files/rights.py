# SPDX-License-Identifier: EUPL-1.2
"""Which of the desk's files are open to more accounts than need them.

Only the uppermost folder of the archive is looked at: below it nobody comes who may not enter it.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault

_OTHERS, _GROUP = stat.S_IRWXO, stat.S_IRWXG
_JOURNALS = ("-wal", "-shm")  # what SQLite keeps beside the database, with its mode


@dataclass(frozen=True, slots=True)
class DeskPlaces:
    """Where a desk keeps its record and its secrets; `database` is None if it is on a server."""

    database: Path | None
    archive: Path
    codes: Path
    tokens: Path


def open_faults(places: DeskPlaces) -> Iterator[SetupFault]:
    """Yields each file or folder that is too open: the record to others than the group, a secret to any but its owner.

    Nothing is yielded for what this account cannot see.
    """
    if places.database is not None and os.path.isfile(places.database):  # noqa: PTH113 - Path.is_file may raise
        for end in ("", *_JOURNALS):
            yield from _fault(places.database.with_name(places.database.name + end), _OTHERS)
    yield from _fault(places.archive, _OTHERS)
    for path in (places.codes, places.tokens):
        yield from _fault(path, _OTHERS | _GROUP)


def _fault(path: Path, closed_to: int) -> Iterator[SetupFault]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if mode & closed_to:
        whom = "go" if closed_to & _GROUP else "o"
        words = ["chmod", *(["-R"] if stat.S_ISDIR(mode) else []), f"{whom}-rwx", str(path)]
        yield setup_fault(SetupFaultCode.FILE_OPEN, path=path, mode=f"{mode & 0o777:o}", command=shlex.join(words))
