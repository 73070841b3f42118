# SPDX-License-Identifier: EUPL-1.2
"""What a test does to the machine below a desk: its clock is set, and a disk of its own fails."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from tests.flow.desk_process import DeskProcess

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


def status_of(desk: DeskProcess) -> dict[str, object]:
    """Returns `status.json` as it lies there; empty before it is written."""
    path = desk.folder / "status.json"
    found: dict[str, object] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


class FakedClock:
    """The wall's clock of one process, by libfaketime, which reads how far it is off from a file."""

    def __init__(self, folder: Path) -> None:
        assert FAKETIME is not None, "libfaketime is missing; ./dev test installs it"
        self._file, self.ahead = folder / "clock", timedelta(0)
        self.set(timedelta(0))
        self.environment = {
            "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def set(self, ahead: timedelta) -> None:
        """Sets the clock."""
        self.ahead = ahead
        part = self._file.with_suffix(".part")
        part.write_text(f"{ahead.total_seconds():+.0f}", "ascii")
        part.replace(self._file)

    def written(self, desk: DeskProcess) -> bool:
        """Returns whether the status was written by this clock a moment ago."""
        at = status_of(desk).get("written_at")
        return isinstance(at, str) and self._is_now(datetime.fromisoformat(at))

    def is_that_of(self, date: str) -> bool:
        """Returns whether the header Date of an answer (RFC 9110, 6.6.1) was written by this clock a moment ago."""
        return self._is_now(parsedate_to_datetime(date))

    def _is_now(self, at: datetime) -> bool:
        return abs(at - datetime.now(UTC) - self.ahead) < timedelta(seconds=20)


def mount(folder: Path, megabytes: int = 4) -> None:
    """Mounts a small disk at a folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)


def remount(folder: Path, how: str) -> None:
    """Mounts that disk anew, "ro" or "rw"."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def unmount(folder: Path) -> None:
    """Takes the disk away, also while a process uses it."""
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fills the disk; returns the file that does, for the test to remove."""
    filling = folder / "filling"
    with suppress(OSError), filling.open("wb") as file:
        while file.write(bytes(65536)):
            pass
    return filling
