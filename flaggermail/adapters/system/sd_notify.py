# SPDX-License-Identifier: EUPL-1.2
"""Tells the service manager how the daemon is: the protocol of sd_notify(3), datagrams on a socket of the system.

Without `$NOTIFY_SOCKET` nobody listens and nothing is said. What cannot be said is left unsaid: the manager notices
silence by itself, and a full or vanished socket must not harm the work.
"""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Mapping
from contextlib import suppress

_ABSTRACT = "@"  # stands for the zero octet of a name outside the file system (unix(7))


class SystemdSupervisor:
    """Implements `ports.Supervisor` by the variables that systemd sets (sd_notify(3), sd_watchdog_enabled(3))."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        address = variables.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith(_ABSTRACT) else address
        self._interval = _interval(variables)

    @property
    def interval(self) -> float:
        """Half of what the manager's watchdog waits, in seconds, as sd_watchdog_enabled(3) advises."""
        return self._interval

    def ready(self) -> None:
        """READY=1: units that are ordered behind this one may start."""
        self._say("READY=1")

    def status(self, text: str) -> None:
        """STATUS=: what `systemctl status` shows."""
        self._say("STATUS=" + " ".join(text.split()))  # a line break would begin another assignment

    def alive(self) -> None:
        """WATCHDOG=1: the manager's watchdog waits anew."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """STOPPING=1: what is left is done within the unit's TimeoutStopSec."""
        self._say("STOPPING=1")

    def _say(self, assignment: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.settimeout(0)
            line.sendto(assignment.encode("utf-8", "replace"), self._address)


def _interval(variables: Mapping[str, str]) -> float:
    if variables.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return math.inf  # meant for the process that started this one
    asked = variables.get("WATCHDOG_USEC", "")
    return int(asked) / 2_000_000 if asked.isascii() and asked.isdigit() and int(asked) else math.inf
