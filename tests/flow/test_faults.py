# SPDX-License-Identifier: EUPL-1.2
"""Faults of machines: full and read-only disks, a second daemon, a stalled connection, a film by mail."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

import pytest

from tests.doubles.stalling_line import StallingLine
from tests.flow.desk_process import ROOT, DeskProcess, configure, patiently, while_it_grows
from tests.flow.machine import status_of
from tests.flow.supervised import notify_socket, start
from tests.flow.test_database_away import is_green
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

REFERRER = "f.voorbeeld@lindewaard.example"
MAIL = (
    f"From: Fenna Voorbeeld <{REFERRER}>\r\nTo: %(to)s\r\nSubject: Verkeerde stemdag rondgestuurd\r\n"
    "Message-ID: <%(name)s@lindewaard.example>\r\n"
)
TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\nZie het bericht. Zelf twee keer gemeld.\r\n"


class NewDesk(Protocol):
    """Builds a desk between the real servers."""

    def __call__(
        self, changes: Mapping[str, Mapping[str, object]] | None = None, inside: tuple[str, ...] = ()
    ) -> DeskProcess:
        """Builds a desk with other settings, and commands run behind `inside`."""
        ...


@pytest.fixture
def new_desk(
    dovecot: Dovecot, postfix: Postfix, platform: PlatformServer, certificates: Certificates, mail_user: str
) -> Iterator[NewDesk]:
    """Returns a builder of desks; no process is left when the test ends."""
    assert platform.received() == []
    with ExitStack() as ending:

        def make(
            changes: Mapping[str, Mapping[str, object]] | None = None, inside: tuple[str, ...] = ()
        ) -> DeskProcess:
            folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="vf-")))
            tls: dict[str, object] = {"host": "localhost", "ca_file": str(certificates.ca_file), "user": mail_user}
            here: dict[str, dict[str, object]] = {
                "mailbox": {
                    **tls, "address": f"{mail_user}@bzk.example", "port": dovecot.imaps_port, "tls": "implicit",
                    "poll_seconds": 2,
                },
                "submission": {**tls, "port": postfix.submission_port, "tls": "starttls"},
            }  # fmt: skip
            for section, values in (changes or {}).items():
                here.setdefault(section, {}).update(values)
            configure(folder, here, f"o{mail_user[5:]}")
            for credential in ("imap-password", "smtp-password"):
                file = folder / "credentials" / credential
                file.write_text(dovecot.password, "utf-8")
                file.chmod(0o600)
            desk = DeskProcess(folder, mail_user, f"o{mail_user[5:]}", inside=inside)
            ending.callback(desk.end)
            postfix.set_dmarc_results({"lindewaard.example": "pass"})
            desk.hold_election()
            return desk

        yield make


def refer(desk: DeskProcess, postfix: Postfix, rest: str = TEXT) -> None:
    """Delivers a municipality's referral."""
    to = f"{desk.mailbox}@bzk.example"
    octets = (MAIL % {"to": to, "name": f"r.{desk.mailbox}"} + rest).encode()
    postfix.deliver_from_outside(octets, REFERRER, to)


def confirmed(desk: DeskProcess, platform: PlatformServer) -> None:
    """Waits for the confirmation, and checks that there is one case, one message and one confirmation."""
    platform.wait(1, recipient=REFERRER)
    patiently(lambda: _states(desk) == {"accepted"}, "nothing is left in the outbox")
    cases, messages = desk.listed("case", "list"), desk.listed("message", "list", "--place", "case")
    assert [case["number"] for case in cases] == ["VF-NU-0001"]
    assert [message["from_address"] for message in messages] == [REFERRER]
    assert len(platform.received(REFERRER)) == 1


def _states(desk: DeskProcess) -> set[str]:
    if desk.inside:  # its database is on a disk that only commands inside can see
        return {str(mail["state"]) for mail in desk.listed("outbox", "list", "--all")}
    return {str(state) for (state,) in desk.rows("SELECT DISTINCT state FROM outbox")}


# ---------------------------------------------------------------- two daemons


@pytest.mark.long
def test_a_second_daemon_on_the_same_database_is_refused(
    new_desk: NewDesk, postfix: Postfix, platform: PlatformServer
) -> None:
    """A second daemon exits with an error that names the lease holder, and the first continues."""
    desk = new_desk()
    desk.start()
    assert desk.process is not None
    command = [sys.executable, "-m", "flaggermail", "--config", str(desk.folder), "run"]
    second = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=PATIENCE)
    assert second.returncode != 0
    assert "lease mailbox is held by node " in second.stderr
    assert "Traceback" not in second.stderr
    refer(desk, postfix)
    confirmed(desk, platform)
    desk.stop()


# ---------------------------------------------------------------- disks


class Disk:
    """A small file system, visible only to commands run behind `inside`."""

    def __init__(self, place: Path, holder: int) -> None:
        self.place = place
        as_root = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")
        self.inside = ("nsenter", "--target", str(holder), *as_root, "--mount")

    def run(self, script: str) -> None:
        """Runs a script on it; `$0` is its path."""
        subprocess.run([*self.inside, "sh", "-c", script, str(self.place)], check=True, timeout=PATIENCE)

    def fill(self) -> None:
        """Fills the disk."""
        self.run('cat /dev/zero > "$0/ballast" 2>/dev/null || true')

    def make_room(self) -> None:
        """Frees the space."""
        self.run('rm "$0/ballast"')

    def remount(self, how: str) -> None:
        """Remounts it "rw" or "ro"."""
        self.run(f'mount -o remount,{how} "$0"')


@contextmanager
def small_disk(place: Path) -> Iterator[Disk]:
    """Mounts a disk in a mount namespace of its own, held by a sleeping process until the end."""
    as_root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    mount = 'mount -t tmpfs -o size=16m tmpfs "$0" && echo mounted && exec sleep 7200'
    command = ["unshare", *as_root, "--mount", "sh", "-c", mount, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "mounted\n"
            yield Disk(place, holder.pid)
        finally:
            holder.kill()


@pytest.fixture
def disk() -> Iterator[Disk]:
    """Builds a small disk."""
    with tempfile.TemporaryDirectory(prefix="vf-") as name, small_disk(Path(name)) as made:
        yield made


def wrong(desk: DeskProcess) -> list[str]:
    """Returns what is wrong by the status; a disk as small as here is low on space, too."""
    found = status_of(desk).get("wrong", [])
    assert isinstance(found, list)
    return found


def waits(desk: DeskProcess, why: str) -> None:
    """Waits until the journal and the status say that the database is away; the daemon runs on."""
    patiently(lambda: '"database away"' in desk.log(), "the journal says it")
    patiently(lambda: any(why in one for one in wrong(desk)), why)
    assert not desk.process_ended(), desk.log()
    for word in ("Traceback", "worker failed", "crashed"):
        assert word not in desk.log()


def test_a_full_disk_of_the_database_is_waited_out_and_loses_nothing(
    new_desk: NewDesk, disk: Disk, postfix: Postfix, platform: PlatformServer
) -> None:
    """It pauses the daemon, also one that starts, with a red status. With room again it goes on by itself."""
    desk = new_desk({"store": {"database": f"sqlite:///{disk.place}/flaggermail.db"}}, disk.inside)
    desk.start()
    disk.fill()
    refer(desk, postfix)
    waits(desk, "database: its disk is full, read-only, fails or is not there since ")
    assert f"disk full: the disk mounted at {disk.place}" in desk.log()
    desk.end()
    desk.start(waits=False)
    waits(desk, "database: its disk is full")
    assert platform.received() == []
    disk.make_room()
    confirmed(desk, platform)
    patiently(lambda: not any(one.startswith("database:") for one in wrong(desk)), "it is back", 3 * PATIENCE)
    desk.stop()
    assert "chain intact" in desk.run("audit", "verify")


def test_a_full_disk_of_all_is_waited_out_and_loses_nothing(
    new_desk: NewDesk, disk: Disk, postfix: Postfix, platform: PlatformServer
) -> None:
    """Database and archive on one disk: nothing is taken in and nothing ends. With room again it goes on by itself."""
    store = {"database": f"sqlite:///{disk.place}/flaggermail.db", "archive": str(disk.place / "archive")}
    desk = new_desk({"store": store}, disk.inside)
    desk.start()
    disk.fill()
    refer(desk, postfix)
    patiently(lambda: '"archive cannot be used"' in desk.log(), "the journal says that the archive is full")
    assert not desk.process_ended(), desk.log()
    assert platform.received() == []
    disk.make_room()
    confirmed(desk, platform)
    desk.stop()
    assert "chain intact" in desk.run("audit", "verify")


def test_check_and_run_name_the_disk_that_is_full(new_desk: NewDesk, disk: Disk) -> None:
    """`check` and the journal of `run` say "disk full" and where it is mounted, and name no backup to restore."""
    store = {"database": f"sqlite:///{disk.place}/flaggermail.db", "archive": str(disk.place / "archive")}
    desk = new_desk({"store": store}, disk.inside)
    disk.fill()
    full = f"disk full: the disk mounted at {disk.place} has no room left for {disk.place}/archive and {disk.place}/"
    command = [*disk.inside, sys.executable, "-m", "flaggermail", "--config", str(desk.folder), "check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (checked.returncode, checked.stdout.count(full)) == (1, 1), checked.stdout
    assert "backup" not in checked.stdout
    desk.start(waits=False)
    patiently(lambda: full in desk.log(), "the journal names the disk")
    desk.end()


def test_a_read_only_disk_is_waited_for(
    new_desk: NewDesk, disk: Disk, postfix: Postfix, platform: PlatformServer
) -> None:
    """A start on a read-only disk waits, with a red status; mounted for writing it goes on, and takes in the mail."""
    desk = new_desk({"store": {"database": f"sqlite:///{disk.place}/flaggermail.db"}}, disk.inside)
    disk.remount("ro")
    refer(desk, postfix)
    desk.start(waits=False)
    waits(desk, "database: its disk is full, read-only")
    assert "Read-only file system" in desk.log()
    disk.remount("rw")
    confirmed(desk, platform)
    desk.stop()


# ---------------------------------------------------------------- a connection that stalls


@pytest.mark.long
def test_a_network_that_stalls_is_waited_out(
    new_desk: NewDesk, dovecot: Dovecot, postfix: Postfix, platform: PlatformServer
) -> None:
    """On a stalled connection the daemon retries, and takes in all mail once when it recovers."""
    with StallingLine(dovecot.imaps_port).running() as line:
        desk = new_desk({"mailbox": {"port": line.port, "timeout_seconds": 1}})
        desk.start()
        line.stall()
        refer(desk, postfix)
        patiently(lambda: desk.log().count("link lost") >= 2, "the daemon notices more than once")
        assert desk.listed("case", "list") == []
        line.go_on()
        confirmed(desk, platform)
        assert desk.stop() == []


@pytest.mark.long
def test_a_first_look_at_a_server_that_drips_is_told(
    new_desk: NewDesk, dovecot: Dovecot, postfix: Postfix, platform: PlatformServer
) -> None:
    """The officer has the alarm after the minute that is set; one daemon is red all the while, and green afterwards."""
    with StallingLine(dovecot.imap_port).running() as line, ExitStack() as ending:
        here = {"port": line.port, "tls": "none", "ca_file": None, "timeout_seconds": 1, "alarm_after_minutes": 1}
        desk = new_desk({"mailbox": here})
        refer(desk, postfix)
        dovecot.wait_for_messages(desk.mailbox, 1)
        line.drip_after(b"EXAMINE")
        notified = ending.enter_context(notify_socket(desk.folder))
        began = datetime.now(UTC)
        start(desk, notified)
        # The socket holds ten words only.
        patiently(lambda: notified.read() and desk.officers_mail(dovecot), "the officer has a mail", 3 * PATIENCE)
        ((kind, raised_at),) = desk.rows("SELECT kind, raised_at FROM alarm")
        assert kind == "mailbox silent"
        assert datetime.fromisoformat(f"{raised_at}+00:00") - began >= timedelta(minutes=1)
        assert line.drips > 3
        assert not is_green(desk)
        assert desk.listed("case", "list") == []
        line.go_on()
        # As late as the growing pauses allow.
        patiently(lambda: notified.read() and platform.received(REFERRER), "the referral is confirmed", 5 * PATIENCE)
        confirmed(desk, platform)
        patiently(lambda: is_green(desk), "status is green", 3 * PATIENCE)
        assert not desk.process_ended()
        assert desk.rows("SELECT kind FROM alarm ORDER BY raised_at") == [("mailbox silent",), ("mailbox back",)]
        assert len([word for word in notified.read() if "WATCHDOG=1" in word]) > 20
        assert "worker failed" not in desk.log()
        desk.stop()


# ---------------------------------------------------------------- a mailbox that was not read for long


@pytest.mark.long
def test_three_thousand_waiting_messages_are_one_digest(
    new_desk: NewDesk, dovecot: Dovecot, platform: PlatformServer
) -> None:
    """Three thousand old mails are each in a case with their arrival time.

    One digest goes to the officer, no other mail.
    """
    desk, waiting = new_desk(), 3000
    to, morning = f"{desk.mailbox}@bzk.example", datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
    vouched = "Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example\r\n"
    received = f"Received: from mail.lindewaard.example by mx.bzk.example; {format_datetime(morning)}\r\n"
    # Each mail names another district, since a repeated referral waits for an officer.
    head = f"{vouched}{received}{MAIL}{TEXT}".replace("rondgestuurd", "rondgestuurd in wijk %(name)s")
    dovecot.lay(desk.mailbox, ((head % {"to": to, "name": f"w{n}"}).encode() for n in range(waiting)), morning)
    desk.start()
    count = "SELECT count(*) FROM delivery"
    while_it_grows(lambda: desk.rows(count)[0][0], lambda: _states(desk) == {"accepted"}, "the digest has left")
    with closing(sqlite3.connect(desk.folder / "flaggermail.db")) as record:
        count = "SELECT count(*), count(DISTINCT message), count(DISTINCT internaldate) FROM delivery"
        assert record.execute(count).fetchone() == (waiting, waiting, 1)
        assert record.execute("SELECT count(*) FROM case_file").fetchone() == (waiting,)
    assert desk.stop() == []
    (digest,) = patiently(lambda: desk.officers_mail(dovecot), "the digest")
    assert b"3000" in digest
    assert platform.received() == []


# ---------------------------------------------------------------- a film by mail


@pytest.mark.long
def test_a_referral_of_forty_megabytes_is_confirmed(
    new_desk: NewDesk, postfix: Postfix, platform: PlatformServer, dovecot: Dovecot
) -> None:
    """A referral of forty megabytes opens a case and is archived whole; the notice does not contain the film."""
    desk = new_desk()
    desk.start()
    film = ("QUJDREVG" * 9 + "\r\n") * 540_000
    rest = (
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="cut"\r\n\r\n--cut\r\n' + TEXT + "\r\n--cut\r\n"
        'Content-Type: video/mp4; name="film.mp4"\r\nContent-Transfer-Encoding: base64\r\n'
        'Content-Disposition: attachment; filename="film.mp4"\r\n\r\n' + film + "\r\n--cut--\r\n"
    )
    refer(desk, postfix, rest)
    confirmed(desk, platform)
    desk.stop()
    largest = max((path for path in (desk.folder / "archive").rglob("*") if path.is_file()), key=_size)
    assert film.encode() in largest.read_bytes()
    (notice,) = patiently(lambda: desk.officers_mail(dovecot), "the officer's notice")
    assert b"film.mp4" in notice
    assert len(notice) < 10_000


def _size(path: Path) -> int:
    return path.stat().st_size
