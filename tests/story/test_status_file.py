# SPDX-License-Identifier: EUPL-1.2
"""The daemon writes `status.json` at each status tick, atomically, and a failed write does not stop the tick."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from click.testing import CliRunner

from flaggermail import logbook
from flaggermail.adapters.files.status_file import StatusFile
from flaggermail.adapters.server_answers.answer import Reader
from flaggermail.adapters.server_answers.recognise import worded
from flaggermail.cli import commands
from flaggermail.cli.acting import typed
from flaggermail.cli.connections import SYSTEM_DIRECTORY
from flaggermail.cli.session import Session
from flaggermail.daemon.service import Daemon
from flaggermail.desk.status import MACHINES, status_file
from flaggermail.errors import ConfigurationError, LinkLost, StoreFailure
from flaggermail.health.metrics import METRICS_FILE
from flaggermail.health.status_document import STATUS_FILE
from flaggermail.ports import Folder, Role
from flaggermail.services import Services
from flaggermail.stories.doubles import SetClock
from flaggermail.wiring import assembly, daemon_assembly
from flaggermail.wiring.runs import play
from flaggermail.wording.servers import MailboxFailure
from tests.doubles.broken_desks import sound
from tests.patience import PATIENCE
from tests.story.conftest import CONFIG, NOW
from tests.story.test_daemon import StepTicker, WatchedMailbox, a_daemon, running

SCENARIO = Path(__file__).parents[1] / "scenarios" / "S01"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Returns the path of the status file, beside the archive of `env`."""
    return tmp_path / STATUS_FILE


@contextmanager
def looking(env: Services, path: Path, losses: int = 0) -> Iterator[Daemon]:
    """Runs a daemon that writes to `path`, from after its first look to the end of the block."""
    mailbox = WatchedMailbox(env, losses=losses)
    daemon = a_daemon(env, mailbox)
    daemon.board = StatusFile(path)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    try:
        yield daemon
    finally:
        daemon.stop.set()
        thread.join(PATIENCE)


def tick(daemon: Daemon) -> None:
    """Runs the status tick."""
    assert isinstance(daemon.ticker, StepTicker)
    daemon.ticker.works["status"]()


def held(path: Path) -> dict[str, object]:
    """Returns the document in the file."""
    found = json.loads(path.read_bytes())
    assert isinstance(found, dict)
    return found


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Sets the umask for the block."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_each_tick_writes_it_anew(env: Services, clock: SetClock, path: Path) -> None:
    """The file is written after the first look and at every tick, changed or not."""
    with looking(env, path) as daemon:
        assert held(path)["written_at"] == "2027-03-17T10:00:00+01:00"
        assert held(path)["mailbox"] == {"last_read_at": "2027-03-17T10:00:00+01:00", "link": "up", "fault": None}
        clock.set(NOW.replace(second=10))
        tick(daemon)
        assert held(path)["written_at"] == "2027-03-17T10:00:10+01:00"


def test_the_fault_of_a_lost_link_is_in_it_until_it_is_back(env: Services, path: Path) -> None:
    """What happened and what to change, without an address, as long as the link is down."""
    seen: list[object] = []
    meaning = worded(MailboxFailure.CLEAR_TEXT, Reader())

    class Refusing(WatchedMailbox):
        """Refuses the first look."""

        def folders(self, only: Role | None = None) -> Sequence[Folder]:
            if not seen:
                raise LinkLost("mail.example: the server refuses desk@bzk.example", meaning)
            return super().folders(only)

    class Watched(StatusFile):
        """Records the fault of every document."""

        def show(self, document: object) -> str:
            assert isinstance(document, dict)
            seen.append(document["mailbox"]["fault"])
            return super().show(document)

    mailbox = Refusing(env)
    daemon = a_daemon(env, mailbox)
    daemon.board = Watched(path)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    daemon.stop.set()
    thread.join(PATIENCE)
    assert seen == [f"mail.example: the server refuses <address> {meaning.english}", None]


def test_a_lost_link_is_in_it_at_once(env: Services, path: Path) -> None:
    """A lost connection is written at once, before the next tick."""
    seen: list[object] = []

    class Watched(StatusFile):
        """Records the link state of every document."""

        def show(self, document: object) -> str:
            assert isinstance(document, dict)
            seen.append(document["mailbox"]["link"])
            return super().show(document)

    mailbox = WatchedMailbox(env, losses=1)
    daemon = a_daemon(env, mailbox)
    daemon.board = Watched(path)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    daemon.stop.set()
    thread.join(PATIENCE)
    assert seen == ["down", "up"]


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_everybody_may_read_it_whatever_the_umask(path: Path, mask: int) -> None:
    """The file has mode 0644 whatever the umask; its folder decides who can reach it."""
    with umask(mask):
        assert StatusFile(path).show({"ok": True}) == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_reader_never_sees_half(path: Path) -> None:
    """A reader never sees a partial document while short and long ones alternate."""
    documents = [{"wrong": [sign * length]} for sign, length in (("a", 1), ("b", 200_000))]
    board, done, seen = StatusFile(path), threading.Event(), list[object]()
    board.show(documents[0])

    def read() -> None:
        while not done.is_set():
            seen.append(json.loads(path.read_bytes()))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for number in count():
        assert board.show(documents[number % 2]) == ""
        assert reader.is_alive()
        if number > 60 and len(seen) > 10:
            break
    done.set()
    reader.join(PATIENCE)
    assert all(found in documents for found in seen)
    assert {file.name for file in path.parent.glob("*status*")} == {STATUS_FILE, METRICS_FILE}


def test_what_a_crash_left_beside_is_in_nobodys_way(path: Path) -> None:
    """A leftover partial file or a symbolic link in its place does not prevent or redirect a write."""
    beside, other = path.with_name(f".{STATUS_FILE}.part"), path.with_name("other")
    beside.write_text('{"ok": ', encoding="ascii")
    assert StatusFile(path).show({"ok": True}) == ""
    other.write_text("mine", encoding="ascii")
    beside.symlink_to(other)
    assert StatusFile(path).show({"ok": False}) == ""
    assert (held(path), path.is_symlink(), other.read_text("ascii")) == ({"ok": False}, False, "mine")


def test_a_folder_that_the_archive_would_make_is_made(tmp_path: Path) -> None:
    """A missing folder is created, as on a first start without archive."""
    assert StatusFile(tmp_path / "var" / "desk" / STATUS_FILE).show({"ok": True}) == ""
    assert held(tmp_path / "var" / "desk" / STATUS_FILE) == {"ok": True}


def test_a_full_disk_stops_no_tick_and_is_said_once(
    env: Services, clock: SetClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the old document stays whole, each tick tries again and the log records each full disk once."""
    said: list[str] = []
    monkeypatch.setattr(logbook, "status_not_written", said.append)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with looking(env, path) as daemon:
        for minute in (1, 3):
            clock.set(NOW.replace(minute=minute))
            before = held(path)
            with monkeypatch.context() as disk:
                disk.setattr("flaggermail.adapters.files.blob_store.os.fsync", full)
                for _ in range(3):
                    tick(daemon)
            assert held(path) == before
            clock.set(NOW.replace(minute=minute + 1))
            tick(daemon)
            assert held(path)["written_at"] == f"2027-03-17T10:0{minute + 1}:00+01:00"
        assert daemon.failure is None
    assert said == ["No space left on device"] * 2


def test_a_folder_that_takes_no_file_is_a_reason_too(path: Path) -> None:
    """An unwritable path returns the system's reason and raises nothing."""
    (path.parent / "file").write_text("", encoding="ascii")
    assert StatusFile(path.parent / "file" / STATUS_FILE).show({"ok": True})
    path.mkdir()
    assert StatusFile(path).show({"ok": True}) == "Is a directory"


@pytest.mark.parametrize(
    ("named", "environ", "where"),
    [
        (None, {}, ""),
        (None, {"RUNTIME_DIRECTORY": "/run/flaggermail-status"}, "/run/flaggermail-status"),
        (None, {"RUNTIME_DIRECTORY": "/run/flaggermail-status:/run/other"}, "/run/flaggermail-status"),
        (Path("/srv/status"), {"RUNTIME_DIRECTORY": "/run/flaggermail-status"}, "/srv/status"),
    ],
)
def test_where_the_daemon_writes(env: Services, named: Path | None, environ: dict[str, str], where: str) -> None:
    """Into the folder that is configured, else the unit's own, else the one above the archive."""
    store = env.settings.desk.store.model_copy(update={"status": named})
    settings = env.settings.model_copy(update={"desk": env.settings.desk.model_copy(update={"store": store})})
    assert daemon_assembly.status_folder(settings, environ) == (Path(where) if where else settings.archive.parent)


def test_everybody_reads_the_status_of_a_record_that_nobody_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the record is closed; `status` and a reader of metrics need only the daemon's runtime folder."""
    desk, runtime = sound(tmp_path / "desk"), tmp_path / "run"
    runtime.mkdir(mode=0o755)
    monkeypatch.setattr("flaggermail.desk.status.RUNTIME_FOLDER", str(runtime))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(runtime))
    monkeypatch.setattr(assembly, "services_on", ends_here)
    with pytest.raises(StoreFailure):
        daemon_assembly.daemon(desk, clock=SetClock(datetime.now(UTC)))
    assert {file.name for file in runtime.iterdir()} >= {STATUS_FILE, METRICS_FILE}
    assert not (desk / STATUS_FILE).exists()
    ran = CliRunner().invoke(commands, ["status"], obj=Session(desk))
    assert "daemon:         is starting\n" in ran.output
    other = sound(tmp_path / "other")
    assert status_file(other) == other / STATUS_FILE  # that desk has another archive


def test_who_may_not_read_the_configuration_reads_the_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the machine's own desk alone: of any other nobody knows where its status lies."""
    assert MACHINES == SYSTEM_DIRECTORY
    desk, runtime = sound(tmp_path / "desk"), tmp_path / "run"
    runtime.mkdir()
    StatusFile(runtime / STATUS_FILE).show({"written_at": None, "ok": True, "wrong": [], "quarantine": 3})
    monkeypatch.setattr("flaggermail.desk.status.RUNTIME_FOLDER", str(runtime))
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != desk)
    with pytest.raises(ConfigurationError, match="is closed to this account"):
        status_file(desk)
    monkeypatch.setattr("flaggermail.desk.status.MACHINES", desk)
    assert status_file(desk) == runtime / STATUS_FILE


def ends_here(*_: object, **__: object) -> None:
    """Ends a start before it has its database."""
    raise StoreFailure("no database")


def test_a_start_says_so_before_it_has_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`status` says "starting" from the first second on, with the counts of the last daemon; a dead start says nothing.

    A start that failed leaves a process number of nobody: then the daemon does not run.
    """
    desk = sound(tmp_path / "desk")
    status = desk / STATUS_FILE
    StatusFile(status).show({"written_at": "2020-01-01T00:00:00+00:00", "ok": True, "wrong": [], "quarantine": 3})

    def seen(*_: object, **__: object) -> None:
        ran = CliRunner().invoke(commands, ["status"], obj=Session(desk))
        assert (ran.exit_code, "daemon:         is starting\n" in ran.output) == (1, True), ran.output
        assert ran.output.endswith("wrong:          the daemon is starting\n")
        raise StoreFailure("no database")

    monkeypatch.setattr(assembly, "services_on", seen)
    with pytest.raises(StoreFailure):
        daemon_assembly.daemon(desk, clock=SetClock(datetime.now(UTC)))
    document = json.loads(status.read_bytes())
    assert (document["quarantine"], document["process"]["pid"]) == (3, os.getpid())
    with subprocess.Popen(["true"]) as gone:
        pass
    status.write_text(json.dumps({**document, "process": {**document["process"], "pid": gone.pid}}), "utf-8")
    ran = CliRunner().invoke(commands, ["status"], obj=Session(desk))
    assert "does not run" in ran.output
    assert "starting" not in ran.output


def test_a_daemon_is_starting_until_its_first_look_has_ended(env: Services, path: Path) -> None:
    """A status tick during the first look says so, and the document after it does not."""
    seen: list[object] = []

    class Ticking(WatchedMailbox):
        """Lets the status tick come while it is looked at."""

        def folders(self, only: Role | None = None) -> Sequence[Folder]:
            tick(daemon)
            seen.append((held(path)["starting"], "the daemon is starting" in str(held(path)["wrong"])))
            return super().folders(only)

    mailbox = Ticking(env)
    daemon = a_daemon(env, mailbox)
    daemon.board = StatusFile(path)
    thread = running(daemon)
    assert mailbox.looked.wait(PATIENCE)
    daemon.stop.set()
    thread.join(PATIENCE)
    assert seen[0] == (True, True)
    assert (held(path)["starting"], held(path)["wrong"]) == (False, [])


def test_a_replay_writes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay writes no status file."""

    def never(*_: object) -> str:
        raise AssertionError("a replay wrote the status")

    monkeypatch.setattr(StatusFile, "show", never)
    assert play(SCENARIO, typed).differences == ()
    assert not (CONFIG / STATUS_FILE).exists()


def test_status_in_a_replay_says_that_no_daemon_runs(env: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a replay, `status` reports that no daemon runs, and does not look for the real desk's file."""
    monkeypatch.setattr("flaggermail.desk.status.status_file", None)
    ran = CliRunner().invoke(commands, ["status"], obj=Session(CONFIG, given=env))
    assert ran.exit_code == 1
    assert ran.output == "written: never\ndaemon:  does not run\nwrong:   the daemon does not run\n"
