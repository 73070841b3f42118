# SPDX-License-Identifier: EUPL-1.2
"""How much room there is where database and archive lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def places(database: Path | None, archive: Path) -> dict[str, Path]:
    """Where room is needed, by name; a database that is no file is somebody else's."""
    return {"archive": archive} | ({"database": database} if database is not None else {})


def free_octets(where: Mapping[str, Path]) -> dict[str, int]:
    """What this account may still write at each place, in octets; nothing of one that cannot be asked."""
    found = {}
    for name, path in where.items():
        try:
            room = os.statvfs(path if path.exists() else path.parent)
        except OSError:
            continue
        found[name] = room.f_bavail * room.f_frsize
    return found
