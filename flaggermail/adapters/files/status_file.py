# SPDX-License-Identifier: EUPL-1.2
"""`status.json`, a small file for monitoring. It is replaced atomically: a reader never sees a partial file."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

MODE = 0o644  # regardless of the umask: the folder's mode decides who may read it


class StatusFile:
    """Implements `ports.StatusBoard`: writes a temporary file next to `path`, then renames it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.part")  # a fixed name: a crash leaves at most one
        self._writing = threading.Lock()  # the mailbox thread writes too, when its connection is lost or restored

    def show(self, document: Mapping[str, object]) -> str:
        """Replaces the file; returns why that failed, or an empty string. Never raises OSError."""
        octets = json.dumps(document, indent=2).encode("ascii") + b"\n"
        with self._writing:
            try:
                self._write(octets)
                self._temporary.replace(self._path)
            except OSError as fault:
                return fault.strerror or type(fault).__name__
        return ""

    def _write(self, octets: bytes) -> None:
        """Writes and syncs: after a power cut, a rename without a sync may leave an empty file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)  # the archive creates it with its first mail
        self._temporary.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # EXCL: do not follow a planted link
        with os.fdopen(os.open(self._temporary, flags, MODE), "wb") as file:
            os.fchmod(file.fileno(), MODE)
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
