# SPDX-License-Identifier: EUPL-1.2
"""A host of its own for one process: its network, host name, process numbers and clock, in namespaces (as root).

All that it reaches are relays at the other end of its only cable, where `localhost` is for it. The cable can be pulled.
"""

from __future__ import annotations

import itertools
import os
import secrets
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Network
from pathlib import Path

from tests.servers import program
from tests.servers.relay import Relay

_NETWORKS = IPv4Network("10.64.0.0/10")
_CABLE = 30  # bits: a network of two addresses
_SERIES = itertools.count(1)


class Host:
    """One host; `folder` holds its table of names."""

    def __init__(self, folder: Path, name: str, servers: Mapping[int, Callable[[], socket.socket]]) -> None:
        """Makes it; `servers`: what its relays reach, by their port."""
        self.name = name
        number = secrets.randbelow(2 ** (_CABLE - _NETWORKS.prefixlen))
        self._space = f"fm{os.getpid() % 100_000}n{next(_SERIES)}"
        near, far = (_NETWORKS[4 * number + at] for at in (1, 2))
        self.gateway = str(near)
        self._hosts = folder / "hosts"
        self._hosts.write_text(f"{near} localhost\n", "ascii")
        inner, outer = f"{self._space}i", self._space
        _ip("netns", "add", self._space)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self._space)
        _ip("addr", "add", f"{near}/{_CABLE}", "dev", outer)
        _ip("link", "set", outer, "up")
        for words in (("addr", "add", f"{far}/{_CABLE}", "dev", inner), ("link", "set", inner, "up"),
                      ("link", "set", "lo", "up")):  # fmt: skip
            _ip("-n", self._space, *words)
        self.relays = {port: Relay(self.gateway, port, connect) for port, connect in servers.items()}

    def inside(self, command: Sequence[str], name: str = "") -> list[str]:
        """Returns the command that runs `command` in it, as its only process: its end is the end of all it started.

        `name`: the host's name for this process, if not its own.
        """
        enters = [program("ip"), "netns", "exec", self._space, program("unshare"), "--uts", "--pid", "--fork",
                  "--kill-child", "--mount-proc"]  # fmt: skip
        script = 'hostname "$0" && mount --bind "$1" /etc/hosts && shift && exec "$@"'
        return [*enters, "sh", "-c", script, name or self.name, str(self._hosts), *command]

    def pull_cable(self) -> None:
        """Nothing leaves and nothing arrives from now on, and neither side is told."""
        _ip("link", "set", self._space, "down")

    def plug_cable(self) -> None:
        """Connects it again."""
        _ip("link", "set", self._space, "up")

    def remove(self) -> None:
        """Takes it away; what ran in it has ended."""
        for relay in self.relays.values():
            relay.close()
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._space)
        _ip("netns", "del", self._space)


def inner_process(outer: int) -> int:
    """Returns the process number, as seen here, of what runs inside; `outer` is the process of `inside`."""
    return int(Path(f"/proc/{outer}/task/{outer}/children").read_text("ascii").split()[0])


def _ip(*words: str) -> None:
    subprocess.run([program("ip"), *words], check=True, capture_output=True)
