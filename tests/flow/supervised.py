# SPDX-License-Identifier: EUPL-1.2
"""A desk whose daemon runs as under systemd, with a notify socket whose messages are recorded."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.flow.desk_process import ROOT, DeskProcess, patiently


class Notified:
    """The service manager's end of the socket."""

    def __init__(self, line: socket.socket, address: str) -> None:
        self._line, self.address, self.words = line, address, list[str]()

    def read(self) -> list[str]:
        """Returns all messages so far."""
        while True:
            try:
                self.words.append(self._line.recv(4096).decode())
            except BlockingIOError:
                return self.words

    def wait_for(self, *parts: str) -> str:
        """Waits for a message with all these parts and returns the latest."""
        return patiently(
            lambda: next((word for word in reversed(self.read()) if all(part in word for part in parts)), None),
            f"{parts} on the notify socket, heard {self.words}",
        )


@contextmanager
def notify_socket(folder: Path) -> Iterator[Notified]:
    """Listens as systemd does."""
    address = str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address)
        line.setblocking(False)  # noqa: FBT003 - the standard library names no such parameter
        yield Notified(line, address)
    Path(address).unlink()


def start(
    desk: DeskProcess, notified: Notified, *options: str, script: Path | None = None,
    stderr: int | None = None, environment: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Starts the daemon under that supervisor, with a watchdog of four seconds; it logs to `stderr`, or else a file."""
    log = desk.folder / f"daemon-{len(desk.logs)}.log"
    desk.logs.append(log)
    program = ["-m", "flaggermail"] if script is None else [str(script)]
    supervised = {"NOTIFY_SOCKET": notified.address, "WATCHDOG_USEC": "4000000", "PYTHONPATH": str(ROOT)}
    with log.open("wb") as sink:
        desk.process = subprocess.Popen(
            [sys.executable, *program, "--config", str(desk.folder), "run", *options],
            stdin=subprocess.DEVNULL, stdout=sink, stderr=sink if stderr is None else stderr, cwd=ROOT,
            env={**os.environ, **supervised, **(environment or {})},
        )  # fmt: skip
