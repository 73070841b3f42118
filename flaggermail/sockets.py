# SPDX-License-Identifier: EUPL-1.2
"""The socket of a door as its clients see it: where it lies, whose it must be, and HTTP over it."""

from __future__ import annotations

import http.client
import os
import socket
import stat
import struct
from pathlib import Path

from flaggermail.errors import DoorFailure

SYSTEM_SOCKET = Path("/run/flaggermail/desk.sock")
SOCKET_NAME, WEB_SOCKET = "desk.sock", "web.sock"
LONGEST = 107  # octets of a path: `sun_path` in unix(7) has 108 with its end
START_IT = "start it with `systemctl start flaggermail-door` or `flaggermail serve`"
_ROOT = 0
_PEER = struct.Struct("iII")  # pid, uid, gid of `struct ucred` in unix(7)
_TIME = struct.Struct("ll")  # seconds and microseconds of `struct timeval`


class UnixConnection(http.client.HTTPConnection):
    """A connection to a server on a Unix socket; `seconds` bound each step, None bounds none."""

    def __init__(self, path: str, seconds: float | None) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Connects. Raises OSError."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        if self.timeout:  # the kernel's own: with one of Python's, a door whose line is full would be refused at once
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIME.pack(int(self.timeout) + 1, 0))
        self.sock.connect(self._path)
        self.sock.settimeout(self.timeout)

    def peer(self) -> int:
        """Returns the account of the process that listens (SO_PEERCRED, unix(7)). Raises OSError."""
        uid: int = _PEER.unpack(self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))[1]
        return uid


def connected(path: Path, seconds: float | None = None) -> UnixConnection:
    """Returns a connection to the door at `path`; `seconds` bound each step, None bounds none.

    Raises DoorFailure if none listens there, or if it may be a stranger's.
    """
    owner = owner_of_door(path)
    line = UnixConnection(os.fspath(path), seconds)
    try:
        line.connect()
        peer = line.peer()
    except PermissionError as fault:
        line.close()
        raise DoorFailure(f"{path}: is not open to this account; only members of the desk's group may ask") from fault
    except OSError as fault:
        line.close()
        raise DoorFailure(f"{path}: no door answers there ({fault.strerror or fault}); {START_IT}") from fault
    if peer not in {_ROOT, owner}:
        line.close()
        raise DoorFailure(f"{path}: user {peer} listens there, and the socket is user {owner}'s; find out why")
    return line


def owner_of_door(path: Path) -> int:
    """Returns the account whose socket lies at `path`, one that could not have planted it for this account.

    That is root, this account, or one to which root gave the folder of the socket, as `/run/flaggermail` to the desk's.
    Raises DoorFailure for every other thing that lies there.
    """
    folder = path.parent
    try:
        there, around, above = path.lstat(), folder.stat(), folder.resolve().parent.stat()
    except FileNotFoundError as fault:
        raise DoorFailure(f"{path}: no door listens there; {START_IT}") from fault
    except OSError as fault:
        raise DoorFailure(f"{path}: cannot be looked at ({fault.strerror}); see who may enter its folder") from fault
    if not stat.S_ISSOCK(there.st_mode):
        raise DoorFailure(f"{path}: is no socket, and not used; name the socket of the desk's door with --socket")
    if around.st_mode & stat.S_IWOTH and not around.st_mode & stat.S_ISVTX:
        raise DoorFailure(f"{folder}: everybody may put a socket there, so it is not used; chmod o-w the folder")
    trusted = {_ROOT, os.geteuid()}
    if there.st_uid in trusted and around.st_uid in trusted:
        return there.st_uid
    given = around.st_uid == there.st_uid and above.st_uid == _ROOT and not above.st_mode & stat.S_IWOTH
    if (around.st_uid in trusted or given) and not around.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return there.st_uid
    raise DoorFailure(
        f"{path}: is user {there.st_uid}'s, in a folder that others than root, the desk's account and this one fill; "
        "it is not used"
    )
