# SPDX-License-Identifier: EUPL-1.2
"""Files that are whole or not there, also after a power cut: written beside, synced, then renamed."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, octets: bytes, mode: int) -> None:
    """Replaces a file as a whole, with that mode whatever the umask; a reader never sees a part of it. Raises OSError.

    Its name is durable only after `sync_folder`; without that, a power cut may bring the old file back.
    """
    beside = path.with_name(f".{path.name}.part")  # a fixed name: a crash leaves at most one
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # EXCL: do not follow a planted link
    with os.fdopen(os.open(beside, flags, mode), "wb") as file:
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
