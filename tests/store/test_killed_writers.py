# SPDX-License-Identifier: EUPL-1.2
"""A backup, restore or export that is killed leaves nothing that blocks the next, and `check` names what it left."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from flaggermail.adapters.files import backup_file
from flaggermail.adapters.files.blob_store import leftover_faults, replace_file
from flaggermail.cli.new_files import new_folder, write_new
from flaggermail.errors import BackupFailure, Refusal
from flaggermail.settings.mistakes import SetupFaultCode
from flaggermail.unfinished import leftovers
from flaggermail.wiring.desk_backup import Restored, restore
from tests.store.conftest import new_store
from tests.store.desk_fixtures import Desk
from tests.store.test_backup import at_work, backed_up, server, unseen

# Each says `ready` in the middle of its work and waits to be killed.
WRITERS = {
    "backup": """
from flaggermail.adapters.files import backup_file
with backup_file.writing(Path(sys.argv[1])) as file:
    file.add("octets/x", b"mail")
    wait()
""",
    "export": """
from flaggermail.cli.new_files import new_folder
with new_folder(Path(sys.argv[1])) as folder:
    (folder / "mail.eml").write_bytes(b"mail")
    wait()
""",
    "restore": """
from flaggermail.wiring.desk_backup import restore
restore(Path(sys.argv[2]), Path(sys.argv[1]), server(sys.argv[3]), wait, verify=False)
""",
    "after": """
from flaggermail import unfinished
from flaggermail.wiring import desk_backup
desk_backup.point_to = wait
desk_backup.restore(Path(sys.argv[2]), Path(sys.argv[1]), server(sys.argv[3]), lambda *_: None, verify=True)
""",
    "last": """
from flaggermail import unfinished
from flaggermail.wiring import desk_backup
real = unfinished.finish_folder
unfinished.finish_folder = lambda *all: [real(*all), wait()]
desk_backup.restore(Path(sys.argv[2]), Path(sys.argv[1]), server(sys.argv[3]), lambda *_: None, verify=True)
""",
    "files": """
import os
from flaggermail.cli.new_files import write_new
from flaggermail.cli.new_files import new_folder
real = os.fsync
os.fsync = wait
write_new([(Path(sys.argv[1]), b"report")])
""",
    "linked": """
from flaggermail.cli import new_files
real = new_files._put
new_files._put = lambda *all: [real(*all), wait()]
new_files.write_new([(Path(sys.argv[1]), b"report"), (Path(sys.argv[1] + "2"), b"report")])
""",
}
START = """
import sys
from pathlib import Path
from tests.store.test_backup import server
def wait(*_):
    print("ready", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def at_work_on(writer: str, *arguments: str | Path) -> Iterator[Popen[str]]:
    """Starts a writer and waits until it is in the middle; kills it with SIGKILL at the end of the block."""
    command = [sys.executable, "-c", START + WRITERS[writer], *map(str, arguments)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL


def named(folder: Path) -> list[str]:
    """Returns what `check` says is left, and asserts that it says how it is removed."""
    found = list(leftover_faults([folder]))
    assert {one.code for one in found} <= {SetupFaultCode.LEFT_OVER}
    for one in found:
        remove = shlex.split(one.text.rpartition(": `")[2].rstrip("`"))
        assert "root" in one.text
        assert remove[0] == "rm"
        assert Path(remove[-1]).parent == folder
        assert Path(remove[-1]).exists()
    return [one.path.name for one in leftovers([folder])]


def write(writer: str, place: Path) -> None:
    """Does what the writer does, whole."""
    match writer:
        case "backup":
            with backup_file.writing(place) as file:
                file.add("octets/x", b"mail")
        case "export":
            with new_folder(place) as folder:
                (folder / "mail.eml").write_bytes(b"mail")
        case _:
            write_new([(place, b"report")])


@pytest.mark.parametrize("writer", ["backup", "export", "files"])
def test_the_next_try_is_not_blocked(tmp_path: Path, writer: str) -> None:
    """The next try succeeds; while the first one runs `check` does not call it left, and afterwards names it."""
    place = tmp_path / "kept it"
    with at_work_on(writer, place):
        assert named(tmp_path) == []
        if writer != "files":  # of which each try has a name of its own
            with pytest.raises((BackupFailure, Refusal), match="wait for it"):
                write(writer, place)
        assert not place.exists()
    (left,) = named(tmp_path)
    assert "kept it" in left
    write(writer, place)
    assert place.exists()
    assert named(tmp_path) == ([left] if writer == "files" else [])
    assert oct(place.stat().st_mode & 0o7777) in {"0o600", "0o700", "0o644", "0o664"}


def test_files_that_have_their_names_are_whole(tmp_path: Path) -> None:
    """Killed between two files of one command, the first is there whole, and the same command goes on."""
    with at_work_on("linked", tmp_path / "a"):
        pass
    assert (tmp_path / "a").read_bytes() == b"report"
    write_new([(tmp_path / "a", b"report"), (tmp_path / "a2", b"report")])
    assert (tmp_path / "a2").read_bytes() == b"report"


@pytest.mark.parametrize("stage", ["restore", "after"])
def test_a_killed_restore_is_in_nobodys_way(desk: Desk, tmp_path: Path, empty_url: str, stage: str) -> None:
    """On either engine: killed while it fills the database, or when that is whole, the next begins anew."""
    at_work(desk)
    file, _ = backed_up(desk, tmp_path)
    target = "" if empty_url.startswith("sqlite") else empty_url
    with at_work_on(stage, tmp_path / "new", file, target):
        with pytest.raises(BackupFailure, match="wait for it"):
            restore(file, tmp_path / "new", server(target), unseen, verify=False)
        if target:
            with pytest.raises(BackupFailure, match="being filled by another restore"):
                restore(file, tmp_path / "other", server(target), unseen, verify=False)
    assert named(tmp_path) == [".new.part"]
    made = restored(file, tmp_path / "new", target)
    assert named(tmp_path) == []
    assert made.proof is not None
    assert made.proof["differences"] == []


def restored(file: Path, to: Path, target: str) -> Restored:
    """Restores a backup and verifies it."""
    return restore(file, to, server(target), unseen, verify=True)


def test_a_desk_in_its_place_is_never_taken_for_a_leftover(desk: Desk, tmp_path: Path, empty_url: str) -> None:
    """Killed after its last step but one the desk is whole, and no other restore empties its database."""
    file, _ = backed_up(desk, tmp_path)
    target = "" if empty_url.startswith("sqlite") else empty_url
    with at_work_on("last", tmp_path / "new", file, target):
        pass
    if target:
        with pytest.raises(BackupFailure, match="holds tables"):
            restored(file, tmp_path / "other", target)
    url = target or f"sqlite:///{tmp_path / 'new' / 'flaggermail.db'}"
    store = new_store(url)
    with store.read() as tx:
        assert tx.head() is not None
    store.close()


def test_a_restore_that_fails_leaves_an_empty_database(desk: Desk, tmp_path: Path, empty_url: str) -> None:
    """A damaged backup leaves no table on a server either, so that a right one can be restored there."""
    at_work(desk)
    file, _ = backed_up(desk, tmp_path)
    broken = tmp_path / "broken"
    broken.write_bytes(file.read_bytes()[:-50])
    target = "" if empty_url.startswith("sqlite") else empty_url
    with pytest.raises(BackupFailure, match="damaged"):
        restored(broken, tmp_path / "new", target)
    assert restored(file, tmp_path / "new", target).proof is not None


def test_what_is_not_ours_is_not_named(tmp_path: Path) -> None:
    """A person's own folder, a link and a file of another name are no leftover."""
    (tmp_path / "notes.incomplete").mkdir()
    (tmp_path / "film.part").write_bytes(b"x")
    (tmp_path / ".link.part").symlink_to("/etc/passwd")
    replace_file(tmp_path / "status.json", b"{}", 0o600)
    assert named(tmp_path) == []
    assert named(tmp_path / "nowhere") == []
