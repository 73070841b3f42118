# SPDX-License-Identifier: EUPL-1.2
"""A file that a person names with `--out` or `--to` is whole or not there, and never replaces another."""

from __future__ import annotations

import errno
import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from flaggermail.cli import new_files
from flaggermail.cli.new_files import printed, write_new
from flaggermail.errors import Refusal
from tests.unit.cli.conftest import Desk
from tests.unit.cli.test_cli_help import everything

FILE_COMMANDS = {  # every command that writes a file which the person names, but `db backup` of tests/store/test_backup
    "archive retention": ("archive", "retention", "--out", "{}.txt"),
    "latency": ("latency", "--format", "csv", "--out", "{}.csv"),
    "report make": ("report", "make", "EP2024", "--draft", "--out", "{}.csv"),
}


def refused(files: list[tuple[Path, bytes]]) -> str:
    """Returns the refusal of these files."""
    with pytest.raises(Refusal) as fault:
        write_new(files)
    return str(fault.value)


def unread(path: Path) -> tuple[int, ...]:
    """Returns what the file system says of a file, but for when it was last read: that may be."""
    found = os.lstat(path)
    return (
        found.st_mode,
        found.st_ino,
        found.st_nlink,
        found.st_uid,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def test_files_are_written(tmp_path: Path) -> None:
    """Each holds its octets, and nothing else is left; the same may be written again."""
    files = [(tmp_path / "a", b"one"), (tmp_path / "b", b"two")]
    for _ in range(2):
        write_new(files)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"one", "b": b"two"}
    write_new([(tmp_path / "c", b"three")], mode=new_files.PRIVATE)
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600


def _file(path: Path) -> None:
    path.write_bytes(b"mine")


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    path.symlink_to("elsewhere")


@pytest.mark.parametrize("there", [_file, _folder, _link, os.mkfifo])
def test_what_is_there_stays_and_is_named(tmp_path: Path, there: Callable[[Path], None]) -> None:
    """A file, a folder, a link to nothing and a pipe each refuse all files of the command."""
    there(tmp_path / "b")
    before = unread(tmp_path / "b")
    said = refused([(tmp_path / "a", b"one"), (tmp_path / "b", b"two")])
    assert said == f"{tmp_path / 'b'}: is there already; name a new file, or move that one away; nothing was written"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    assert unread(tmp_path / "b") == before


def test_a_file_that_comes_in_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people write at once: the second is refused, and neither loses a file."""
    sync = os.fsync

    def another(descriptor: int) -> None:
        (tmp_path / "b").write_bytes(b"theirs")
        sync(descriptor)

    monkeypatch.setattr("flaggermail.cli.new_files.os.fsync", another)
    assert "b: is there already" in refused([(tmp_path / "a", b"one"), (tmp_path / "b", b"two")])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"b": b"theirs"}


def test_a_disk_without_room_leaves_no_file(tmp_path: Path) -> None:
    """The kernel refuses the second file half-way: neither is there, and the refusal names it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        said = refused([(tmp_path / "a", b"one"), (tmp_path / "b", b"two" * 1000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert said == f"{tmp_path / 'b'}: cannot be written ({os.strerror(errno.EFBIG)}); nothing was written"
    assert list(tmp_path.iterdir()) == []


def test_what_is_printed_is_kept_octet_for_octet() -> None:
    """Neither the ends of lines nor octets that are printed as such are changed."""

    def show() -> None:
        click.echo("één\r")
        click.echo(b"\x00\xff", nl=False)

    assert printed(show) == "één\r\n".encode() + b"\x00\xff"


def test_each_command_that_writes_a_file_is_tried_here() -> None:
    """A new option `--out FILE` comes with a line above."""
    found = {
        " ".join(path)
        for path, command in everything()
        if any("--out" in one.opts and one.make_metavar(click.Context(command)) == "FILE" for one in command.params)
    }
    assert found - {"db backup"} == set(FILE_COMMANDS)


@pytest.mark.parametrize("name", FILE_COMMANDS)
def test_no_command_writes_over_a_file(desk: Desk, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An existing file is refused by name; on a full disk no part of a file is left."""
    folder = tmp_path / "out"
    folder.mkdir()
    words = [word.format(folder / "new") for word in FILE_COMMANDS[name]]
    (tmp_path / "draft.yaml").write_text("remarks: {nl: Geen., en: None.}\n", "utf-8")
    desk.done("report", "draft", "EP2024", str(tmp_path / "draft.yaml"))
    desk.done(*words)
    for path in folder.iterdir():
        path.write_bytes(b"mine")
        ran = desk.type(*words)
        assert (ran.status, f"{path}: is there already; name a new file" in ran.err) == (1, True), ran
        assert path.read_bytes() == b"mine"
        path.unlink()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for path in folder.iterdir():
        path.unlink()
    monkeypatch.setattr("flaggermail.cli.new_files.os.fsync", full)
    ran = desk.type(*words)
    assert (ran.status, "cannot be written (No space left on device); nothing was written" in ran.err) == (1, True)
    assert list(folder.iterdir()) == []
