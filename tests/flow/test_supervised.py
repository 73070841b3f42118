# SPDX-License-Identifier: EUPL-1.2
"""The daemon as a process under a supervisor: its messages, and its prompt stop in every state."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.doubles.scripted_smtp import Fault, ScriptedSmtp
from tests.doubles.stalling_line import StallingLine
from tests.flow.desk_process import DeskProcess, configure, patiently
from tests.flow.pausing_daemon import GO_ON, NTH, PAUSED
from tests.flow.supervised import Notified, start
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot

PAUSING = Path(__file__).with_name("pausing_daemon.py")
REFERRER = "f.voorbeeld@lindewaard.example"


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    """Runs a submission server that takes a message and never answers the final dot."""
    server = ScriptedSmtp(replies={".": Fault.HANG})
    with server.running():
        yield server


@pytest.fixture
def desk(dovecot: Dovecot, smtp: ScriptedSmtp, certificates: Certificates, mail_user: str) -> Iterator[DeskProcess]:
    """Builds a desk between the real mailbox and the silent submission server."""
    with tempfile.TemporaryDirectory(prefix="vf-") as name:
        folder = Path(name)
        changes: dict[str, dict[str, object]] = {
            "mailbox": {
                "host": "localhost", "ca_file": str(certificates.ca_file), "user": mail_user, "tls": "implicit",
                "address": f"{mail_user}@bzk.example", "port": dovecot.imaps_port, "poll_seconds": 60,
            },
            "submission": {"host": "127.0.0.1", "port": smtp.port, "tls": "none", "timeout_seconds": 60},
        }  # fmt: skip
        configure(folder, changes, f"o{mail_user[5:]}")
        for credential in ("imap-password", "smtp-password"):
            file = folder / "credentials" / credential
            file.write_text(dovecot.password, "utf-8")
            file.chmod(0o600)
        desk = DeskProcess(folder, mail_user, f"o{mail_user[5:]}")
        try:
            yield desk
        finally:
            desk.end()


def question(number: int) -> bytes:
    """Returns a mail that matches nothing, which causes a notice to the officer on call."""
    return (
        f"From: Fenna <{REFERRER}>\r\nSubject: Vraag {number}\r\nMessage-ID: <q{number}@lindewaard.example>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nVraag nummer {number}.\r\n"
    ).encode()


def attempting(desk: DeskProcess) -> list[str]:
    """Returns the mails in the state `attempting`."""
    with sqlite3.connect(desk.folder / "flaggermail.db") as database:
        return [key for (key,) in database.execute("SELECT id FROM outbox WHERE state = 'attempting'")]


def log_lines(desk: DeskProcess) -> list[dict[str, object]]:
    """Returns the lines of the log."""
    return [json.loads(line) for line in desk.log().splitlines()]


def test_it_says_ready_alive_how_things_stand_and_stopping(desk: DeskProcess, notified: Notified) -> None:
    """READY is sent after the first look, WATCHDOG repeatedly, also during IDLE, and STOPPING last."""
    start(desk, notified)
    notified.wait_for("READY=1")
    notified.wait_for("STATUS=", "last mail seen never", "link up", "0 waiting, 0 in doubt")
    _stands(desk)
    patiently(lambda: notified.read().count("WATCHDOG=1") >= 4, "signs of life while the watcher is in IDLE")
    assert desk.stop() == []
    assert notified.read()[-1] == "STOPPING=1"
    assert notified.words.count("READY=1") == 1
    assert log_lines(desk)[-1]["action"] == "daemon stopped"


def _stands(desk: DeskProcess) -> None:
    """Checks that `status.json` (mode 0644) has the supervisor's figures, and `status` reads it and exits with 0."""
    path = desk.folder / "status.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    found = json.loads(path.read_bytes())
    assert (found["ok"], found["mailbox"]["link"], found["outbox"]["waiting"]) == (True, "up", 0)
    again = desk.read("status")
    assert isinstance(again, dict)
    assert (again["daemon"], again["ok"], again["on_call"]) == (True, True, True)
    first = again["written_at"]
    patiently(lambda: json.loads(path.read_bytes())["written_at"] > first, "the next tick writes it anew")


def test_it_ends_during_a_wait_for_the_next_try(desk: DeskProcess, notified: Notified) -> None:
    """A daemon whose login is refused is ready, and stops in time during its back-off of a minute."""
    (desk.folder / "credentials" / "imap-password").write_text("wrong", "utf-8")
    start(desk, notified)
    notified.wait_for("READY=1")
    notified.wait_for("STATUS=", "link down")
    assert desk.stop() == []


@pytest.mark.long
def test_it_ends_while_a_server_does_not_answer(
    desk: DeskProcess, notified: Notified, dovecot: Dovecot, smtp: ScriptedSmtp
) -> None:
    """On a stop the pending attempt stays as recorded. The next start settles it and sends the mail."""
    dovecot.append(desk.mailbox, "INBOX", question(1), datetime.now(UTC))
    start(desk, notified)
    patiently(lambda: smtp.wire, "the message is with the silent server")
    assert desk.stop() == ["ticker"]
    (in_hand,) = attempting(desk)
    smtp.replies = {}
    start(desk, notified)
    patiently(lambda: attempting(desk) == [] and len(smtp.wire) == 2, "the mail is sent again")
    assert smtp.wire[0] == smtp.wire[1]
    mail = patiently(lambda: _settled(desk, in_hand), "the answer is recorded")
    assert [attempt["result"] for attempt in mail] == ["unknown", "accepted"]
    desk.stop()


def _settled(desk: DeskProcess, mail: str) -> list[dict[str, object]] | None:
    document = desk.read("outbox", "show", mail)
    assert isinstance(document, dict)
    return document["attempts"] if document["state"] == "accepted" else None


@pytest.mark.long
def test_it_ends_while_the_mailbox_does_not_answer(desk: DeskProcess, notified: Notified, dovecot: Dovecot) -> None:
    """A daemon whose mailbox does not answer stops without waiting for the time-out of half a minute."""
    with StallingLine(dovecot.imaps_port).running() as line:
        line.stall()
        settings = desk.folder / "flaggermail.yaml"
        settings.write_text(settings.read_text("utf-8").replace(f"port: {dovecot.imaps_port}", f"port: {line.port}"))
        start(desk, notified)
        patiently(lambda: "parser confined" in desk.log(), "its watcher turns to the mailbox")
        assert desk.stop() == ["watcher"]


@pytest.mark.parametrize("mails", [0, 1])
@pytest.mark.long
def test_it_ends_while_the_database_is_held(
    desk: DeskProcess, notified: Notified, dovecot: Dovecot, mails: int
) -> None:
    """A daemon stops while another process holds the database, idle or with a mail in progress."""
    start(desk, notified)
    notified.wait_for("STATUS=", "link up")
    with closing(sqlite3.connect(desk.folder / "flaggermail.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(mails):
            dovecot.append(desk.mailbox, "INBOX", question(number), datetime.now(UTC))
            patiently(lambda: list((desk.folder / "archive").glob("??/*")), "the mail is in hand")
        desk.stop()
    start(desk, notified)
    patiently(lambda: "daemon started" in desk.log() and _taken_in(desk) == mails, "what was in hand is taken in")
    desk.stop()


def test_it_ends_in_the_middle_of_a_backlog(desk: DeskProcess, notified: Notified, dovecot: Dovecot) -> None:
    """On a stop in a backlog the current message is finished, and the next start takes in the rest, each once."""
    for number in range(60):
        dovecot.append(desk.mailbox, "INBOX", question(number), datetime.now(UTC))
    start(desk, notified, script=PAUSING)
    patiently((desk.folder / PAUSED).exists, "it is in the middle of a message")
    assert desk.process is not None
    desk.process.send_signal(signal.SIGTERM)
    notified.wait_for("STOPPING=1")
    (desk.folder / GO_ON).touch()
    assert desk.process.wait(PATIENCE) == 0, desk.log()
    assert _taken_in(desk) == NTH
    start(desk, notified, "--observe")
    patiently(lambda: _taken_in(desk) == 60, "the rest")
    desk.stop()


def _taken_in(desk: DeskProcess) -> int:
    path = desk.folder / "flaggermail.db"
    if not path.exists():
        return 0
    with sqlite3.connect(path) as database:
        try:
            return int(database.execute("SELECT count(*) FROM delivery").fetchone()[0])
        except sqlite3.OperationalError:  # not migrated yet
            return 0


@pytest.mark.long
def test_observing_outlasts_a_restart(desk: DeskProcess, notified: Notified, dovecot: Dovecot) -> None:
    """Observe mode survives a restart, is in the status, sends nothing and ends by command while the daemon runs."""
    start(desk, notified, "--observe")
    notified.wait_for("STATUS=observing, nothing is sent")
    desk.stop()
    dovecot.append(desk.mailbox, "INBOX", question(1), datetime.now(UTC))
    notified.words.clear()
    start(desk, notified)
    notified.wait_for("STATUS=observing, nothing is sent", "0 waiting")
    assert desk.listed("outbox", "list", "--all") == []
    assert "flaggermail resume" in desk.run("status")
    desk.run("resume")
    dovecot.append(desk.mailbox, "INBOX", question(2), datetime.now(UTC))
    patiently(lambda: desk.listed("outbox", "list"), "what is wanted from now on is sent")
    notified.wait_for("STATUS=last mail seen", "1 waiting")
    desk.stop()
