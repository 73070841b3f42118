# SPDX-License-Identifier: EUPL-1.2
"""Reports the daemon's state to the service manager: the protocol of sd_notify(3), datagrams on a Unix socket.

Without `$NOTIFY_SOCKET` nothing is sent. Send errors are ignored: the manager notices silence by itself, and a full or
missing socket must not disturb the daemon.
"""

from __future__ import annotations

import math
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress

_ABSTRACT = "@"  # stands for the leading zero octet of an abstract socket name (unix(7))


class SystemdSupervisor:
    """Implements `ports.Supervisor` with systemd's variables (sd_notify(3), sd_watchdog_enabled(3)).

    Several threads report; after `stopping` nothing more is sent.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        address = variables.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith(_ABSTRACT) else address
        self._interval = _interval(variables)
        self._turn = threading.Lock()
        self._stopping = False

    @property
    def interval(self) -> float:
        """Half the manager's watchdog timeout in seconds, as sd_watchdog_enabled(3) recommends."""
        return self._interval

    def ready(self) -> None:
        """Sends READY=1: units ordered after this one may start."""
        self._say("READY=1")

    def status(self, text: str) -> None:
        """Sends STATUS=, the text that `systemctl status` shows."""
        self._say("STATUS=" + " ".join(text.split()))  # a line break would start another assignment

    def alive(self) -> None:
        """Sends WATCHDOG=1, which resets the manager's watchdog timeout."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """Sends STOPPING=1; the unit's TimeoutStopSec limits the time left."""
        self._say("STOPPING=1", last=True)

    def _say(self, assignment: str, *, last: bool = False) -> None:
        with self._turn:
            if not self._address or self._stopping:
                return
            self._stopping = last
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(0)
                line.sendto(assignment.encode("utf-8", "replace"), self._address)


def _interval(variables: Mapping[str, str]) -> float:
    if variables.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return math.inf  # meant for a parent process
    asked = variables.get("WATCHDOG_USEC", "")
    return int(asked) / 2_000_000 if asked.isascii() and asked.isdigit() and int(asked) else math.inf
