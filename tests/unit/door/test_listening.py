# SPDX-License-Identifier: EUPL-1.2
"""The socket as a file: what may lie in its place, and whose it is."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from flaggermail.door import listening
from flaggermail.errors import MachineFailure


def test_the_socket_is_this_accounts_alone(tmp_path: Path) -> None:
    """0600 without a group; it goes with the door, and one that was put there since stays."""
    path = tmp_path / "desk.sock"
    found = listening.listen(path)
    with closing(found.line):
        assert stat.S_IMODE(path.lstat().st_mode) == 0o600
        path.rename(tmp_path / "old")
        path.touch()
        found.remove()
        assert path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to another group")
def test_the_socket_is_its_groups_too(tmp_path: Path) -> None:
    """0660 with the group that the configuration names."""
    path = tmp_path / "desk.sock"
    with closing(listening.listen(path, "daemon").line):
        assert stat.S_IMODE(path.lstat().st_mode) == 0o660
        assert path.lstat().st_gid == 1


def test_a_dead_doors_socket_is_replaced_and_a_live_ones_is_not(tmp_path: Path) -> None:
    """Two doors never share a path."""
    path = tmp_path / "desk.sock"
    first = listening.listen(path)
    with closing(first.line), pytest.raises(MachineFailure, match="a door listens there already"):
        listening.listen(path)
    assert path.exists()  # its process was killed
    with closing(listening.listen(path).line) as line:
        assert line.getsockname() == str(path)


def put_link(path: Path) -> None:
    """Puts a link to a file in the place of the socket."""
    (path.parent / "target").touch()
    path.symlink_to(path.parent / "target")


def put_link_to_socket(path: Path) -> None:
    """Puts a link to a dead socket there."""
    with closing(socket.socket(socket.AF_UNIX)) as line:
        line.bind(str(path.parent / "other.sock"))
    path.symlink_to(path.parent / "other.sock")


def put_file(path: Path) -> None:
    """Puts a file there."""
    path.write_text("x", encoding="ascii")


@pytest.mark.parametrize("put", [put_link, put_link_to_socket, put_file, Path.mkdir, os.mkfifo])
def test_what_is_no_socket_is_left_alone(tmp_path: Path, put: object) -> None:
    """A link, a file, a folder or a pipe in the place of ours is refused by name, and stays."""
    path = tmp_path / "desk.sock"
    assert callable(put)
    put(path)
    before = path.lstat()
    with pytest.raises(MachineFailure, match="is no socket"):
        listening.listen(path)
    assert path.lstat() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes sockets of others")
def test_a_strangers_socket_is_left_alone(tmp_path: Path) -> None:
    """Though nobody listens on it."""
    path = tmp_path / "desk.sock"
    with closing(socket.socket(socket.AF_UNIX)) as line:
        line.bind(str(path))
    os.chown(path, 1, 1)
    with pytest.raises(MachineFailure, match="user 1"):
        listening.listen(path)
    assert path.exists()


def test_a_folder_in_which_others_write_holds_no_socket(tmp_path: Path) -> None:
    """There somebody could put a socket of their own in the place of ours."""
    tmp_path.chmod(0o777)
    with pytest.raises(MachineFailure, match="others may put a socket there"):
        listening.listen(tmp_path / "desk.sock")


@pytest.mark.parametrize(
    ("path", "words"),
    [("gone/desk.sock", "make the folder first"), ("x" * 200, "longer than"),
    ("file/desk.sock", "cannot hold a socket")],
)  # fmt: skip
def test_a_place_that_cannot_hold_it_is_named(tmp_path: Path, path: str, words: str) -> None:
    """In one line, with what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(MachineFailure, match=words):
        listening.listen(tmp_path / path)


def test_a_group_that_the_machine_lacks_is_named(tmp_path: Path) -> None:
    """By the key of the configuration."""
    with pytest.raises(MachineFailure, match=r"door\.group: this machine has no group of-nobody"):
        listening.listen(tmp_path / "desk.sock", "of-nobody")


def test_the_default_is_in_the_folder_that_this_account_owns(tmp_path: Path) -> None:
    """Else where the units put it."""
    assert listening.default_socket(tmp_path) == tmp_path / "desk.sock"
    assert listening.default_socket(tmp_path / "gone") == Path("/run/flaggermail/desk.sock")
