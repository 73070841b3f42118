# SPDX-License-Identifier: EUPL-1.2
"""`status.json`: one small file that monitoring reads. A reader sees the file before or the file after, never half."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

MODE = 0o644  # whatever the umask: who may read it is said by the folder


class StatusFile:
    """Implements `ports.StatusBoard`: writes beside `path`, then renames."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.part")  # always the same: a crash leaves one of them at most
        self._writing = threading.Lock()  # the watcher writes too, when the link to the mailbox comes or goes

    def show(self, document: Mapping[str, object]) -> str:
        """Replace the file; answers why that failed, or nothing. Never raises for what the disk does."""
        octets = json.dumps(document, indent=2).encode("ascii") + b"\n"
        with self._writing:
            try:
                self._write(octets)
                self._beside.replace(self._path)
            except OSError as fault:
                return fault.strerror or type(fault).__name__
        return ""

    def _write(self, octets: bytes) -> None:
        """Write and sync: after a power cut, a rename without a sync may leave an empty file under the name."""
        self._path.parent.mkdir(parents=True, exist_ok=True)  # the archive makes it with its first mail
        self._beside.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # EXCL: no link that somebody laid is followed
        with os.fdopen(os.open(self._beside, flags, MODE), "wb") as file:
            os.fchmod(file.fileno(), MODE)
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
