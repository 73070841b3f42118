# SPDX-License-Identifier: EUPL-1.2
"""Canary words in mail, passwords and configuration appear in no log, status or traceback."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.doubles.scripted_smtp import ScriptedSmtp
from tests.flow.desk_process import DeskProcess, configure, patiently
from tests.flow.supervised import Notified, start
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot

BIRD = "kanarie"  # every canary begins with it, in any case
FAILING = Path(__file__).with_name("failing_daemon.py")
PASSWORD = f"{BIRD}-password"
PHONE = "+31 70 987 6543"
REFERRAL = f"""\
Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example
Received: from mail.lindewaard.example by mx.bzk.example; DATE
From: Kanarie-Name <{BIRD}-from@lindewaard.example>
To: {BIRD}-to@bzk.example
Reply-To: {BIRD}-reply@lindewaard.example
Subject: Verkeerde stemdag {BIRD}-subject
Message-ID: <{BIRD}-id@lindewaard.example>
X-Remark: {BIRD}-header
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="{BIRD}-b"

--{BIRD}-b
Content-Type: text/plain; charset=utf-8

Zie het bericht. Zelf twee keer gemeld. {BIRD}-body https://posts.example/{BIRD}-url
--{BIRD}-b
Content-Type: application/pdf; name="{BIRD}-attachment.pdf"
Content-Disposition: attachment; filename="{BIRD}-attachment.pdf"
Content-Transfer-Encoding: base64

AAAA
--{BIRD}-b--
"""
BROKEN = (
    b"From: \xff\xfe kanarie <>\r\nSubject: =?kanarie?X?=41?=\r\nDate: kanarie\r\nContent-Type: multipart/kanarie;"
    b" boundary\r\nMessage-ID: <<kanarie\r\nContent-Transfer-Encoding: kanarie\r\n\r\n\x00kanarie\x1b[2J\r\n"
)


@pytest.fixture
def smtp() -> Iterator[ScriptedSmtp]:
    """Runs a submission server that refuses the login and repeats the password and user."""
    refusal = f"535 5.7.8 {PASSWORD} is wrong for {BIRD}-user"
    server = ScriptedSmtp(replies={"AUTH": refusal}, offers=("AUTH PLAIN LOGIN",))
    with server.running():
        yield server


@pytest.fixture
def desk(dovecot: Dovecot, smtp: ScriptedSmtp, certificates: Certificates, mail_user: str) -> Iterator[DeskProcess]:
    """Builds a desk with canaries in its configuration and passwords."""
    with tempfile.TemporaryDirectory(prefix="vf-") as name:
        folder = Path(name)
        changes: dict[str, dict[str, object]] = {
            "organisation": {"name": {"nl": f"{BIRD} ministerie", "en": f"{BIRD} ministry"}, "phone": PHONE},
            "mailbox": {
                "host": "localhost", "ca_file": str(certificates.ca_file), "user": mail_user, "tls": "implicit",
                "address": f"{BIRD}-{mail_user}@bzk.example", "port": dovecot.imaps_port, "poll_seconds": 5,
                "display_name": {"nl": f"{BIRD} vlag", "en": f"{BIRD} flag"},
            },
            "submission": {"host": "127.0.0.1", "port": smtp.port, "tls": "none", "user": f"{BIRD}-user"},
        }  # fmt: skip
        configure(folder, changes, f"o{mail_user[5:]}")
        plant_officer(folder)
        plant_secret(folder, "imap-password", PASSWORD)
        plant_secret(folder, "smtp-password", PASSWORD)
        desk = DeskProcess(folder, mail_user, f"o{mail_user[5:]}")
        desk.hold_election(f"{BIRD} nu", f"{BIRD} now")
        try:
            yield desk
        finally:
            desk.end()


def plant_officer(folder: Path) -> None:
    """Replaces the officers' names, addresses and telephone numbers by canaries."""
    yaml, path = YAML(), folder / "oncall.yaml"
    oncall = yaml.load(path.read_text("utf-8"))
    for number, officer in enumerate(oncall["officers"]):
        officer.update(name=f"{BIRD} {number}", address=f"{BIRD}-{number}@bzk.example", phone=PHONE)
    yaml.dump(oncall, path)


def plant_secret(folder: Path, name: str, secret: str) -> None:
    """Writes a credential that only its owner may read."""
    file = folder / "credentials" / name
    file.write_text(secret, "utf-8")
    file.chmod(0o600)


def tokens(desk: DeskProcess) -> list[str]:
    """Returns every token; its holder could act by mail."""
    with sqlite3.connect(desk.folder / "flaggermail.db") as database:
        return [token for (token,) in database.execute("SELECT token FROM token")]


def spoken(desk: DeskProcess, notified: Notified) -> str:
    """Returns all log output and supervisor messages of the daemon."""
    return "\n".join([*(log.read_text("utf-8") for log in desk.logs), *notified.read()])


def assert_no_canary(desk: DeskProcess, notified: Notified, password: str) -> None:
    """Checks that no canary, token, password or traceback was written."""
    said = spoken(desk, notified).lower()
    for word in (BIRD, PHONE, password.lower(), *tokens(desk), "traceback"):
        at = said.find(word)
        assert at < 0, f"{word}: ...{said[max(0, at - 300) : at + 100]}"


def take_in(desk: DeskProcess, dovecot: Dovecot, *mails: bytes) -> None:
    """Delivers the mails."""
    for octets in mails:
        dovecot.append(desk.mailbox, "INBOX", octets, datetime.now(UTC))


@pytest.mark.long
def test_no_canary_is_ever_said(desk: DeskProcess, notified: Notified, dovecot: Dovecot, smtp: ScriptedSmtp) -> None:
    """Nothing secret is written on refused logins to mailbox and server, whole and broken mail, and a sent mail."""
    referral = REFERRAL.replace("DATE", f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S +0000}").replace("\n", "\r\n")
    start(desk, notified)
    notified.wait_for("STATUS=", "link down")
    plant_secret(desk.folder, "imap-password", dovecot.password)
    notified.wait_for("STATUS=", "link up")
    take_in(desk, dovecot, referral.encode(), BROKEN)
    patiently(lambda: desk.log().count("message taken in") == 2, "both mails")
    patiently(lambda: [c for c in smtp.commands if c.startswith("AUTH")], "a refused login")
    patiently(lambda: "mails tried" in desk.log(), "the refusal is recorded")
    assert len(tokens(desk)) >= 2
    smtp.replies = {}
    (desk.folder / "text.txt").write_text(f"{BIRD} https://posts.example/1\n", "utf-8")
    desk.stop()
    start(desk, notified)
    patiently(lambda: smtp.wire, "a mail leaves", 3 * PATIENCE)
    desk.stop()
    assert_no_canary(desk, notified, dovecot.password)


def test_no_canary_is_said_by_a_worker_that_fails(desk: DeskProcess, notified: Notified, dovecot: Dovecot) -> None:
    """A worker's error that quotes the mail is logged by type and place only, and the exit status is 1."""
    plant_secret(desk.folder, "imap-password", dovecot.password)
    take_in(desk, dovecot, REFERRAL.replace("\n", "\r\n").encode())
    start(desk, notified, script=FAILING)
    assert desk.process is not None
    assert desk.process.wait(PATIENCE) == 1
    assert '"error": "ValueError from KeyError"' in desk.log()
    assert "__main__:" in desk.log()
    assert_no_canary(desk, notified, dovecot.password)


def test_a_broken_configuration_shows_no_secret(desk: DeskProcess, notified: Notified) -> None:
    """A password in the YAML is refused by its key, without its value, and the daemon does not start."""
    path = desk.folder / "flaggermail.yaml"
    path.write_text(path.read_text("utf-8").replace("mailbox:\n", f"mailbox:\n  password: {PASSWORD}\n", 1), "utf-8")
    start(desk, notified)
    assert desk.process is not None
    assert desk.process.wait(PATIENCE) == 2
    assert "mailbox.password" in desk.log()
    assert_no_canary(desk, notified, PASSWORD)
