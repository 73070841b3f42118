# SPDX-License-Identifier: EUPL-1.2
"""Free space where database and archive are stored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def places(database: Path | None, archive: Path) -> dict[str, Path]:
    """Returns the paths that need space, by name; a database that is not a file is not ours to watch."""
    return {"archive": archive} | ({"database": database} if database is not None else {})


def free_octets(where: Mapping[str, Path]) -> dict[str, int]:
    """Returns the octets this account may still write at each path; paths that cannot be queried are left out."""
    found = {}
    for name, path in where.items():
        try:
            room = os.statvfs(path if path.exists() else path.parent)
        except OSError:
            continue
        found[name] = room.f_bavail * room.f_frsize
    return found
