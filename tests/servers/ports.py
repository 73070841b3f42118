# SPDX-License-Identifier: EUPL-1.2
"""Free loopback ports, and waiting until a server is there or gone."""

import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from tests.servers import ServerNotStartedError

HOST = "127.0.0.1"

# Below the range the kernel takes for outgoing connections: otherwise a client that tries again and again while a
# server is down may be given that very port as its own, connect to itself, and keep the server from coming back.
_PORTS = range(20000, 32768)
_POLL = 0.01


class Startable(Protocol):
    """Something that starts on ports chosen beforehand."""

    def start(self) -> None:
        """Start, or raise ServerNotStartedError."""


StartableT = TypeVar("StartableT", bound=Startable)


def free_ports(count: int) -> list[int]:
    """Return that many different ports nobody listens on."""
    found: set[int] = set()
    while len(found) < count:
        port = secrets.choice(_PORTS)
        if not taken([port]):
            found.add(port)
    return list(found)


def taken(ports: Iterable[int]) -> list[int]:
    """Return those of the ports that some process listens on."""
    return [port for port in ports if not _is_free(port)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections do not count
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def started(make: Callable[[], StartableT]) -> StartableT:
    """Make and start a server; once more, on new ports, when somebody took a port in between."""
    server = make()
    try:
        server.start()
    except ServerNotStartedError as error:
        if not error.port_was_taken:
            raise
        server = make()
        server.start()
    return server


def wait_until_greeting(port: int, seconds: float = 20) -> None:
    """Return as soon as the server on this port sends its first octet, else raise TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((HOST, port), timeout=seconds) as connection:
                if connection.recv(1):
                    return
        except OSError:
            pass  # refused: not there yet
        time.sleep(_POLL)
    raise TimeoutError(f"nothing greets on port {port} after {seconds} s")


def wait_until_refused(port: int, seconds: float = 20) -> None:
    """Return as soon as nobody listens on this port, else raise TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=seconds).close()
        except ConnectionRefusedError:
            return
        except OSError:
            pass  # reset: it is going down
        time.sleep(_POLL)
    raise TimeoutError(f"port {port} still answers after {seconds} s")


def terminate(pid_file: Path, seconds: float = 10) -> None:
    """End the server whose process id stands first in the file: SIGTERM, then SIGKILL; nothing without the file."""
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text("ascii").split()[0])
    for which in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, which)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _runs(pid):
                return
            time.sleep(_POLL)
    raise TimeoutError(f"process {pid} of {pid_file} cannot be ended")


def _runs(pid: int) -> bool:
    """Tell whether the process runs; one that only waits for a slow parent to collect it (state Z) does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
