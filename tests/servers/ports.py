# SPDX-License-Identifier: EUPL-1.2
"""Free loopback ports, and waiting until a server is up or down."""

import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from tests.patience import PATIENCE
from tests.servers import ServerNotStartedError

HOST = "127.0.0.1"

# Below the kernel's range for outgoing connections. A client that retries while a server is down could otherwise be
# given that port as its own, connect to itself, and keep the server from restarting.
_PORTS = range(20000, 32768)
_POLL = 0.01
_NAME = "\0flaggermail test port "  # of an abstract socket (unix(7)), before the number of a port that is held


class Startable(Protocol):
    """A server that starts on ports chosen beforehand."""

    def start(self) -> None:
        """Starts, or raises ServerNotStartedError."""


StartableT = TypeVar("StartableT", bound=Startable)


def free_ports(count: int) -> list[int]:
    """Returns that many different unused ports, held for this process until it ends.

    Other processes that test choose ports meanwhile: none of them gets one of these, also while its server is down.
    """
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(_PORTS)
        if not taken([port]) and _hold(port):
            found.append(port)
    return found


def _hold(port: int) -> bool:
    """Holds a port; returns False if a process of this machine does. The system frees it with the process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        try:
            line.bind(f"{_NAME}{port}")
        except OSError:
            return False
        line.detach()
    return True


def taken(ports: Iterable[int]) -> list[int]:
    """Returns the ports that are in use."""
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
    """Makes and starts a server; retries once on new ports if a port was taken in the meantime."""
    server = make()
    try:
        server.start()
    except ServerNotStartedError as error:
        if not error.port_was_taken:
            raise
        server = make()
        server.start()
    return server


def wait_until_greeting(port: int, seconds: float = PATIENCE) -> None:
    """Returns when the server on this port sends its first octet; raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((HOST, port), timeout=seconds) as connection:
                if connection.recv(1):
                    return
        except OSError:
            pass  # refused: not up yet
        time.sleep(_POLL)
    raise TimeoutError(f"nothing greets on port {port} after {seconds} s")


def wait_until_refused(port: int, seconds: float = PATIENCE) -> None:
    """Returns when the port refuses connections; raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=seconds).close()
        except ConnectionRefusedError:
            return
        except OSError:
            pass  # reset: it is shutting down
        time.sleep(_POLL)
    raise TimeoutError(f"port {port} still answers after {seconds} s")


def terminate(pid_file: Path, seconds: float = PATIENCE) -> None:
    """Ends the server whose process id comes first in the file: SIGTERM, then SIGKILL; no-op without the file."""
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
    """True if the process runs; a zombie (state Z) that waits for its parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
