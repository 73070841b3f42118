# SPDX-License-Identifier: EUPL-1.2
"""A full disk is called that, with the place at which it is mounted; nobody is told to restore a backup for it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from click.testing import CliRunner

from flaggermail.adapters.files.blob_store import FileBlobStore, fault_words, full_disk, mount_point
from flaggermail.cli.check import command as check
from flaggermail.cli.session import Session
from flaggermail.errors import ArchiveFailure, StoreFailure
from flaggermail.rules.configuration import load
from flaggermail.settings.mistakes import SetupFaultCode
from flaggermail.wiring import assembly, setup_checks
from tests.doubles.broken_desks import ARCHIVE, DATABASE, SETTINGS, edit, sound
from tests.unit.settings.test_mistakes import NOW

Disks = Callable[[Mapping[Path, tuple[int, int]]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns a desk without a fault."""
    return sound(tmp_path / "desk")


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> Disks:
    """Returns a function that mounts disks, each with so many free blocks and file numbers.

    The kernel is played here; `tests/flow/test_faults.py` fills a real disk.
    """

    def mount(free: Mapping[Path, tuple[int, int]]) -> None:
        def statvfs(path: Path) -> SimpleNamespace:
            blocks, numbers = next((disk for at, disk in free.items() if Path(path).is_relative_to(at)), (10**6, 10**6))
            of_files = {"f_files": 10**7, "f_favail": numbers}
            return SimpleNamespace(f_blocks=10**7, f_bavail=blocks, f_frsize=4096, f_flag=0, **of_files)

        monkeypatch.setattr(os, "statvfs", statvfs)
        is_mount = Path.is_mount
        monkeypatch.setattr(Path, "is_mount", lambda path: path in free or is_mount(path))

    return mount


@pytest.mark.parametrize("free", [(0, 10**6), (3, 10**6), (10**6, 0)], ids=["no block", "a few", "no file number"])
def test_check_names_the_full_disk_and_what_is_on_it(folder: Path, disks: Disks, free: tuple[int, int]) -> None:
    """One fault for each disk, with its mount point; the daemon is not kept from starting, as room may come."""
    edit(folder / SETTINGS, "archive: archive", f"archive: {folder.parent}/mails/archive")
    (folder.parent / "mails").mkdir()
    disks({folder.parent / "mails": free})
    with time_machine.travel(NOW, tick=False):
        result = CliRunner().invoke(check, obj=Session(folder))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == (
        f"fault: flaggermail.yaml store.archive: disk full: the disk mounted at {folder.parent}/mails has no room left "
        f"for {folder.parent}/mails/archive; make room on it, or move them to another disk"
    )


def test_one_disk_of_both_is_told_once(folder: Path, disks: Disks) -> None:
    """Database and archive on one disk are one sentence, and a database that cannot be read there is no second one."""
    (folder / DATABASE).write_bytes(b"\0" * 8192)
    disks({folder: (0, 10**6)})
    found = setup_checks.machine_faults(load(folder), setup_checks.marks_in_file)
    assert [one.code for one in found] == [SetupFaultCode.DISK_FULL]
    assert f"no room left for {folder}/{ARCHIVE} and {folder}/{DATABASE}; make room" in found[0].text


def test_a_disk_with_room_is_none(folder: Path, disks: Disks) -> None:
    """A file system that does not count its blocks or its files is not full."""
    disks({folder: (16, 10**6)})
    assert full_disk(folder / "new" / "archive") is None
    assert full_disk(folder / DATABASE) is None


def test_a_database_that_cannot_open_for_want_of_room_is_no_fault_of_the_settings(folder: Path, disks: Disks) -> None:
    """The process ends with status 1, not 2, and nobody is told to restore a backup."""
    (folder / DATABASE).write_bytes(b"no database " * 999)
    disks({folder: (0, 10**6)})
    with pytest.raises(StoreFailure, match=f"store.database: disk full: the disk mounted at {folder} has no room left"):
        assembly.open_services(folder)


def test_a_write_that_finds_no_room_names_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive says which disk; another fault has the system's words alone."""

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(ArchiveFailure, match="disk full: No space left on device; make room on the disk mounted at /"):
        FileBlobStore(tmp_path / "archive").put(b"mail")
    assert fault_words(OSError(errno.EIO, "Input/output error"), tmp_path) == "Input/output error"
    assert mount_point(Path("/proc/self")) == Path("/proc")
