# SPDX-License-Identifier: EUPL-1.2
"""Faults of the machine below a running daemon: a clock that is set, signals, a log that nobody reads."""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import running
from tests.command_line import type_here
from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.machine import FakedClock, fill, mount, remount, status_of, unmount
from tests.flow.supervised import Notified, start
from tests.flow.test_reload import own_rules, reload
from tests.patience import PATIENCE
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix

NO_STOP = (
    signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF,
    signal.SIGIO, signal.SIGPWR, signal.SIGWINCH, signal.SIGURG, signal.SIGRTMIN, signal.SIGRTMAX,
)  # fmt: skip


def question(number: int) -> bytes:
    """Returns a mail that matches nothing."""
    return (
        f"From: Fenna <f.voorbeeld@lindewaard.example>\r\nSubject: Vraag {number}\r\n"
        f"Message-ID: <q{number}@lindewaard.example>\r\n\r\nVraag nummer {number}.\r\n"
    ).encode()


def troubles(desk: DeskProcess) -> str:
    """Returns what is wrong according to `status.json`."""
    return json.dumps(status_of(desk).get("wrong", "not written"))


def taken_in(desk: DeskProcess) -> int:
    """Returns how many mails this start has taken in."""
    return desk.log().count("message taken in")


@pytest.mark.long
def test_work_goes_on_while_the_clock_is_set_and_set_right(
    desk: DeskProcess, notified: Notified, dovecot: Dovecot
) -> None:
    """Set back by an hour, the clock stops nothing and is an alarm, until it is right again."""
    clock = FakedClock(desk.folder)
    start(desk, notified, environment=clock.environment)
    notified.wait_for("READY=1")
    patiently(lambda: clock.written(desk), "the status")
    for number, ahead in enumerate((timedelta(hours=-1), timedelta(0)), 1):
        clock.set(ahead)
        dovecot.append(desk.mailbox, "INBOX", question(number), datetime.now(UTC))
        patiently(lambda: taken_in(desk) == number, "a mail is taken in")  # noqa: B023 - called at once
        patiently(lambda: clock.written(desk), "the status by the new clock")
        patiently(lambda: ("own clock" in troubles(desk)) == bool(clock.ahead), f"own clock, {ahead}", 3 * PATIENCE)
    assert desk.stop() == []


STOPS_BEFORE_A_LIBRARY = """
import os, signal, sys
class Stopping:
    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root != "flaggermail" and root not in sys.stdlib_module_names:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGSTOP)
sys.meta_path.insert(0, Stopping())
from flaggermail.__main__ import main
main()
"""
"""Runs the program, which stands still when it is about to load the first library."""


def ignored(pid: int) -> set[int]:
    """Returns the signals that a process ignores."""
    found = re.search(r"^SigIgn:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text("ascii"), re.MULTILINE)
    mask = int(found[1], 16) if found else 0
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


def test_no_signal_but_a_stop_ends_it_from_the_first_instruction_on(desk: DeskProcess, notified: Notified) -> None:
    """Every signal that is not a stop is ignored before the first library is loaded, and later; SIGTERM stops."""
    script = desk.folder / "stopping.py"
    script.write_text(STOPS_BEFORE_A_LIBRARY, "ascii")
    start(desk, notified, script=script)
    assert desk.process is not None
    pid = desk.process.pid
    assert os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]), desk.log()
    assert set(NO_STOP) - {signal.SIGWINCH, signal.SIGURG} <= ignored(pid)  # these do nothing by default
    desk.process.send_signal(signal.SIGCONT)
    rounds, deadline = 0, time.monotonic() + PATIENCE
    while not any("READY=1" in word for word in notified.read()) or rounds < 40:
        for number in NO_STOP:
            desk.process.send_signal(number)
        rounds += 1
        time.sleep(0.05)
        assert desk.process.poll() is None, desk.log()
        assert time.monotonic() < deadline, "it is not ready"
    patiently(lambda: at_rest(pid), "the rules that SIGHUP asked for are read")
    assert desk.stop() == []


def at_rest(pid: int) -> bool:
    """True if for a second no thread of a process wants a processor; one that waits for it, as others run, does."""
    for _ in range(20):
        if any(state(task) in "RD" for task in Path(f"/proc/{pid}/task").iterdir()):
            return False
        time.sleep(0.05)
    return True


def state(task: Path) -> str:
    """Returns the letter by which the kernel names the state of a thread; "S", asleep, for one that has ended."""
    try:
        return (task / "stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return "S"


class UnreadPipe:
    """A pipe that is full, and is read when the test says so."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._read = b""
        self.fill()

    def fill(self) -> None:
        """Fills the pipe."""
        os.set_blocking(self.writer, False)
        with suppress(BlockingIOError):
            while os.write(self.writer, b"." * 512):
                pass
        os.set_blocking(self.writer, True)

    def read(self) -> str:
        """Returns all that was written."""
        with suppress(BlockingIOError):
            while octets := os.read(self._reader, 65536):
                self._read += octets
        return self._read.decode()


def test_a_log_that_nobody_reads_holds_neither_intake_nor_the_stop(
    desk: DeskProcess, notified: Notified, dovecot: Dovecot
) -> None:
    """With a full pipe for a log mail is taken in, the status says how much is lost, and the log too once it is read.

    Full again, it does not hold the stop.
    """
    pipe = UnreadPipe()
    start(desk, notified, stderr=pipe.writer)
    notified.wait_for("READY=1")
    for number in range(1, 4):
        dovecot.append(desk.mailbox, "INBOX", question(number), datetime.now(UTC))
    patiently(
        lambda: desk.rows("SELECT count(*) FROM message WHERE message_id LIKE 'q%@lindewaard.example'")[0][0] == 3,
        "three mails",
    )
    patiently(lambda: "lines lost so far" in troubles(desk), "the status says so")
    patiently(lambda: '"action": "lines of the log were dropped"' in pipe.read(), "the log says so")
    patiently(lambda: status_of(desk)["ok"], "the status is green again")
    pipe.fill()
    assert desk.stop() == []


@pytest.mark.long
def test_an_archive_that_is_not_there_is_not_made_anew(desk: DeskProcess, notified: Notified, dovecot: Dovecot) -> None:
    """With the archive's folder moved away, or its disk not mounted, nothing is taken in, and status and check say so.

    Once it is back the desk goes on by itself, also one that was started without.
    """
    archive, away = desk.folder / "archive", desk.folder / "elsewhere"
    start(desk, notified)
    notified.wait_for("READY=1")
    for number, empty in enumerate((False, True)):
        archive.rename(away)
        if empty:
            archive.mkdir()  # a mount point
            desk.stop()
            start(desk, notified)
        patiently(lambda: "disk is not mounted" in troubles(desk), "the status says so")
        assert f"{archive} is not the archive of this record" in faults_of_check(desk)
        dovecot.append(desk.mailbox, "INBOX", question(number), datetime.now(UTC))
        time.sleep(7)  # longer than from one look to the next
        assert taken_in(desk) == 0
        assert not list(archive.glob("*"))
        assert "archive" in troubles(desk)
        if empty:
            archive.rmdir()
        away.rename(archive)
        patiently(lambda: taken_in(desk) == 1, "the mail that waited is taken in")
        patiently(lambda: "archive" not in troubles(desk), "the status is green again")
        desk.stop()
        start(desk, notified)
        patiently(lambda: "parser confined" in desk.log(), "the next start")
    desk.stop()
    assert "chain intact" in desk.run("audit", "verify")


def faults_of_check(desk: DeskProcess) -> str:
    """Returns what `check` prints about a desk with faults."""
    ran = type_here(["--config", str(desk.folder), "check"])
    assert ran.status == 1, ran.err
    return " ".join((ran.out + ran.err).split())


def shown(desk: DeskProcess) -> dict[str, object]:
    """Returns what `status` says now, right or wrong."""
    found = type_here(["--config", str(desk.folder), "status", "--json"]).json
    assert isinstance(found, dict)
    return found


def test_a_killed_daemon_does_not_run_at_once(desk: DeskProcess, notified: Notified) -> None:
    """`status` asks for the process: killed it does not run, also while its parent has not waited for it."""
    start(desk, notified)
    notified.wait_for("READY=1")
    patiently(lambda: shown(desk)["ok"], "the status is green")
    assert desk.process is not None
    end = Path(f"/proc/{desk.process.pid}/stat")
    desk.process.kill()
    patiently(lambda: ") Z " in end.read_text("utf-8"), "its end")
    assert (shown(desk)["daemon"], shown(desk)["wrong"]) == (False, ["the daemon does not run"])
    path, document = desk.folder / "status.json", status_of(desk)
    process = document["process"]
    assert isinstance(process, dict)
    path.write_text(json.dumps({**document, "process": {**process, "pid": os.getpid()}}), "ascii")
    assert shown(desk)["daemon"] is False


def test_broken_rules_stand_in_the_status_until_they_are_mended(desk: DeskProcess, notified: Notified) -> None:
    """Rules that were refused on a running desk stand under `wrong`, with the place and without what was typed."""
    file = own_rules(desk)
    sound = file.read_text("utf-8")
    start(desk, notified)
    notified.wait_for("READY=1")
    patiently(lambda: status_of(desk).get("ok"), "the status is green")
    reload(desk, file, "rules: [geheim\n", "rules or templates refused")
    patiently(lambda: "90-noise.yaml" in troubles(desk), "the status names the file")
    assert "geheim" not in troubles(desk)
    reload(desk, file, sound, "rules and templates taken")
    patiently(lambda: status_of(desk)["ok"], "the status is green again")
    desk.stop()


def test_a_mailbox_out_of_reach_is_not_green(desk: DeskProcess, notified: Notified, dovecot: Dovecot) -> None:
    """While the link is down the status is red, not only after a quarter of an hour."""
    start(desk, notified)
    notified.wait_for("STATUS=", "link up")
    patiently(lambda: status_of(desk).get("ok"), "the status is green")
    dovecot.stop()
    try:
        patiently(lambda: "the mailbox cannot be reached" in troubles(desk), "the status is red")
    finally:
        dovecot.start()
    patiently(lambda: status_of(desk)["ok"], "the status is green again")
    desk.stop()


def test_a_full_mailbox_is_not_green(desk: DeskProcess, notified: Notified, dovecot: Dovecot, postfix: Postfix) -> None:
    """While the mailbox is over its quota the status says so; the mail that our server kept back then comes in."""
    dovecot.append(desk.mailbox, "INBOX", question(1), datetime.now(UTC))
    dovecot.set_quota(desk.mailbox, 1)
    try:
        start(desk, notified)
        patiently(lambda: "mailbox: full or nearly so (1 of 1 KiB)" in troubles(desk), "the status is red")
        long_one = question(2) + (b"x" * 70 + b"\r\n") * 30
        postfix.deliver_from_outside(long_one, "f.voorbeeld@lindewaard.example", f"{desk.mailbox}@bzk.example")
        time.sleep(3)
        assert len(dovecot.messages(desk.mailbox)) == 1
    finally:
        dovecot.set_quota(desk.mailbox, None)
    patiently(lambda: taken_in(desk) == 2, "the mail that waited")
    patiently(lambda: status_of(desk)["ok"], "the status is green")
    desk.stop()


def test_little_address_space_leaves_the_sandbox_whole(desk: DeskProcess, notified: Notified, dovecot: Dovecot) -> None:
    """A daemon with less address space than the limit of its parser confines that all the same, and reads mail."""
    script = desk.folder / "small.py"
    script.write_text(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))\n"
        "from flaggermail.__main__ import main\nmain()\n",
        "ascii",
    )
    dovecot.append(desk.mailbox, "INBOX", question(1), datetime.now(UTC))
    start(desk, notified, script=script)
    patiently(lambda: taken_in(desk) == 1, "the mail is taken in")
    (line,) = [json.loads(line) for line in desk.log().splitlines() if "parser confined" in line]
    assert line["no_new_privileges"]
    assert line["seccomp"]
    assert "missing" not in line
    document = desk.read("message", "show", "<q1@lindewaard.example>")
    assert "parser ended" not in json.dumps(document)
    desk.stop()


def test_a_start_with_broken_rules_works_with_the_last_in_force(
    desk: DeskProcess, notified: Notified, dovecot: Dovecot
) -> None:
    """Rules or a template that are half-written at a start: those of before judge and write, and `wrong` says it.

    Mended while it runs, the files count again.
    """
    file = own_rules(desk)
    reminder = desk.folder / "templates" / "nl" / "reminder.j2"
    sound = {path: path.read_text("utf-8") for path in (file, reminder)}
    start(desk, notified)
    patiently(lambda: status_of(desk).get("ok"), "the status is green")
    for number, path in enumerate((file, reminder), 1):
        desk.stop()
        path.write_text(sound[path][: len(sound[path]) // 2] + "{{", "utf-8")
        start(desk, notified)
        dovecot.append(desk.mailbox, "INBOX", question(number), datetime.now(UTC))
        patiently(lambda: taken_in(desk) == 1 or desk.process_ended(), "the mail is taken in")
        assert not desk.process_ended(), desk.log()
        patiently(lambda: path.name in troubles(desk), "the status names the file")  # noqa: B023 - called at once
        reload(desk, path, sound[path], "rules and templates taken")
        patiently(lambda: status_of(desk)["ok"], "the status is green again")
    desk.stop()


@contextmanager
def no_file_beyond(octets: int, desk: DeskProcess) -> Iterator[None]:
    """Lets each write of the daemon fail that goes beyond so many octets of a file, as on a disk with a bad part."""
    assert desk.process is not None
    soft, hard = resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, (octets, hard))
    yield
    resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone limits another process")
def test_a_disk_of_the_database_that_fails_is_waited_out(
    desk: DeskProcess, notified: Notified, dovecot: Dovecot
) -> None:
    """Every write of the write-ahead log fails: the desk waits, red, and takes in the mail once it can be written."""
    start(desk, notified)
    notified.wait_for("READY=1")
    patiently(lambda: status_of(desk).get("ok"), "the status is green")
    with no_file_beyond(60_000, desk):
        dovecot.append(desk.mailbox, "INBOX", question(1), datetime.now(UTC))
        patiently(lambda: "database: its disk is full, read-only, fails" in troubles(desk), "the status says so")
        assert taken_in(desk) == 0
        assert not desk.process_ended()
    patiently(lambda: taken_in(desk) == 1, "the mail is taken in", 3 * PATIENCE)
    patiently(lambda: status_of(desk)["ok"], "the status is green again", 3 * PATIENCE)
    assert "Traceback" not in desk.log()
    assert desk.stop() == []
    assert "chain intact" in desk.run("audit", "verify")


@pytest.mark.long
def test_a_fault_of_the_archive_that_no_look_explains_is_waited_out(
    desk: DeskProcess, notified: Notified, dovecot: Dovecot
) -> None:
    """A file lies where a folder of the archive was: intake waits with a red status, and tries again after a minute."""
    archive = desk.folder / "archive"
    start(desk, notified)
    notified.wait_for("READY=1")
    patiently(lambda: status_of(desk).get("ok"), "the status is green")
    mail, folder = next(
        (mail, folder)
        for mail in map(question, range(1, 100))
        if not any((folder := archive / hashlib.sha256(mail).hexdigest()[:2]).glob("*"))
    )
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("no folder", "ascii")
    dovecot.append(desk.mailbox, "INBOX", mail, datetime.now(UTC))
    patiently(lambda: "archive: its folder cannot be used: " in troubles(desk), "the status says so")
    patiently(lambda: desk.rows("SELECT kind FROM alarm WHERE kind = 'archive away'"), "the alarm", 3 * PATIENCE)
    assert not desk.process_ended()
    folder.unlink()
    folder.mkdir()
    patiently(lambda: taken_in(desk) == 1, "the mail is taken in", 3 * PATIENCE)
    patiently(lambda: status_of(desk)["ok"], "the status is green again", 3 * PATIENCE)
    assert "Traceback" not in desk.log()
    desk.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk")
def test_an_archive_that_takes_nothing_pauses_the_desk_and_ends_no_start(
    desk: DeskProcess, notified: Notified, dovecot: Dovecot
) -> None:
    """With its disk read-only, and then full, the desk runs and starts, takes in nothing and says so, and goes on."""
    archive = desk.folder / "archive"
    archive.mkdir()
    mount(archive)
    try:
        start(desk, notified)
        notified.wait_for("READY=1")
        remount(archive, "ro")
        patiently(lambda: "cannot be written" in troubles(desk), "the status says that it is read-only")
        desk.stop()
        assert "is mounted read-only" in faults_of_check(desk)
        start(desk, notified)
        dovecot.append(desk.mailbox, "INBOX", question(1), datetime.now(UTC))
        patiently(lambda: "cannot be written" in troubles(desk), "a start without it")
        remount(archive, "rw")
        patiently(lambda: taken_in(desk) == 1, "the mail is taken in")
        filling = fill(archive)
        patiently(lambda: "is full" in troubles(desk), "the status says that it is full")
        dovecot.append(desk.mailbox, "INBOX", question(2), datetime.now(UTC))
        time.sleep(7)  # longer than from one look to the next
        assert taken_in(desk) == 1
        filling.unlink()
        patiently(lambda: taken_in(desk) == 2, "the next mail is taken in")
        patiently(lambda: "archive" not in troubles(desk).replace("disk of archive", ""), "the archive is in order")
        desk.stop()
    finally:
        desk.end()
        unmount(archive)


def test_a_backup_put_in_the_place_of_a_running_database_ends_the_daemon(desk: DeskProcess, dovecot: Dovecot) -> None:
    """It does not write on where nobody looks; started again it works with what lies there, and observes."""
    desk.start()
    dovecot.deliver(desk.mailbox, question(1))
    patiently(lambda: taken_in(desk) == 1, "the first mail")
    desk.run("db", "backup", "--out", str(desk.folder / "backup.tar.gz"))
    desk.run("db", "restore", str(desk.folder / "backup.tar.gz"), "--to", str(desk.folder / "restored"))
    assert desk.process is not None
    running.expect_no_more(desk.process)
    for beside in ("-wal", "-shm"):
        (desk.folder / f"flaggermail.db{beside}").unlink()
    (desk.folder / "restored" / "flaggermail.db").replace(desk.folder / "flaggermail.db")
    dovecot.deliver(desk.mailbox, question(2))
    assert desk.process.wait(PATIENCE) == 1
    assert "another file than the one that this process opened" in desk.log()
    assert "Traceback" not in desk.log()
    desk.start()
    patiently(lambda: desk.rows("SELECT count(*) FROM delivery") == [(2,)], "both mails are on record")
    said = ["--config", str(desk.folder), "status"]  # of the daemon before, until this one has written its own
    patiently(lambda: "observing" in type_here(said).out, "the status is that of the new daemon")
    desk.stop()
