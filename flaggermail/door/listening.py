# SPDX-License-Identifier: EUPL-1.2
"""The socket of the door as a file: who may lie in its place, who may open it, and how it goes."""

from __future__ import annotations

import fcntl
import grp
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flaggermail.errors import MachineFailure
from flaggermail.sockets import LONGEST, SOCKET_NAME, SYSTEM_SOCKET

BACKLOG = 256  # connections that the kernel keeps until they are accepted
_MODE = 0o660
_TURN_WITHIN = 5.0  # seconds for another door that binds in the same folder
_ANSWERS_WITHIN = 2.0  # seconds for a door that lives to accept


def default_socket(directory: Path) -> Path:
    """Returns where a desk's door listens: in its configuration directory if this account owns that."""
    try:
        owned = directory.stat().st_uid == os.geteuid()
    except OSError:
        owned = False
    return directory / SOCKET_NAME if owned else SYSTEM_SOCKET


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens at `path`; `inode` tells it from one that another door put there since."""

    path: Path
    line: socket.socket
    inode: int

    def remove(self) -> None:
        """Removes the file, unless another one lies there by now; idempotent."""
        with suppress(OSError):
            if self.path.lstat().st_ino == self.inode:
                self.path.unlink()


def listen(path: Path, group: str | None = None, key: str = "door.group") -> Listening:
    """Returns a socket that listens at `path`, for this account and the members of `group` alone.

    `key` is that of the configuration which names the group. The socket of a door that has ended is replaced. Raises
    MachineFailure if a door listens there, if something else lies there, or if the folder is one in which others could
    put something in its place.
    """
    if len(os.fsencode(path)) > LONGEST:
        raise MachineFailure(f"{path}: is longer than the {LONGEST} octets of a socket's path; name a shorter one")
    members = _group(group, key)
    with _turn(path.parent):
        _make_way(path)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            _bind(line, path, members, f"flaggermail.yaml {key}")
            line.listen(BACKLOG)
        except OSError as fault:
            line.close()
            raise MachineFailure(
                f"{path}: no socket can be made there ({fault.strerror}); name another with --socket"
            ) from fault
        return Listening(path, line, path.lstat().st_ino)


def _group(name: str | None, key: str) -> int | None:
    if name is None:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise MachineFailure(f"flaggermail.yaml {key}: this machine has no group {name}; make it first") from None


def _bind(line: socket.socket, path: Path, group: int | None, key: str) -> None:
    """Binds so that nobody can open the socket before it has its group and mode."""
    os.fchmod(line.fileno(), 0)  # Linux takes the mode of the file from the socket: unix(7)
    line.bind(os.fspath(path))
    if group is not None:
        try:
            os.chown(path, -1, group, follow_symlinks=False)
        except PermissionError:
            path.unlink()
            raise MachineFailure(f"{key}: the account of the desk is no member of that group; make it one") from None
    path.chmod(_MODE if group is not None else stat.S_IRUSR | stat.S_IWUSR)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Waits until no other door binds in the folder. Raises MachineFailure if others could put files into it."""
    try:
        found = folder.stat()
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as fault:
        raise MachineFailure(f"{folder}: cannot hold a socket ({fault.strerror}); make the folder first") from fault
    try:
        if found.st_mode & stat.S_IWOTH or found.st_uid not in {0, os.geteuid()}:
            raise MachineFailure(
                f"{folder}: others may put a socket there in place of ours; take a folder of root or of this account"
            )
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    until = time.monotonic() + _TURN_WITHIN
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                raise MachineFailure(f"{folder}: another process keeps it locked; try again") from None
            time.sleep(0.05)
        else:
            return


def _make_way(path: Path) -> None:
    """Removes the socket of a door that has ended. Raises MachineFailure for whatever else lies there."""
    try:
        there = path.lstat()
    except FileNotFoundError:
        return
    except OSError as fault:
        raise MachineFailure(f"{path}: cannot be looked at ({fault.strerror})") from fault
    if not stat.S_ISSOCK(there.st_mode):
        raise MachineFailure(f"{path}: is no socket; see what it is, and move it away")
    if there.st_uid != os.geteuid():
        raise MachineFailure(f"{path}: is the socket of user {there.st_uid}; see whose it is, and remove it")
    if _answers(path):
        raise MachineFailure(f"{path}: a door listens there already; stop it first, or name another with --socket")
    path.unlink()


def _answers(path: Path) -> bool:
    """True if a process listens there; one that does not accept in time counts as one that does."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)) as line:
        line.settimeout(_ANSWERS_WITHIN)
        try:
            line.connect(os.fspath(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
        return True
