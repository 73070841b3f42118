# SPDX-License-Identifier: EUPL-1.2
"""An administrator's walk by the manual, from the built wheel to an answered case, between servers of one's own.

The steps are those of docs/administrator.md, "Install and begin"; the edits are those of its table.
"""

from __future__ import annotations

import email.policy
import json
import os
import pwd
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from ruamel.yaml import YAML

from tests.doubles.broken_desks import edit
from tests.flow import from_wheel
from tests.flow.desk_process import patiently
from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix

REFERRER, PLATFORM = "griffie@lindewaard.example", "elections-eu@tiktok-platform.example"
CASE = "VF-NU-0001"
ELECTION = """\
elections:
  - code: NU
    name: {{nl: Verkiezing van nu, en: Election of today}}
    polling_days: [{today}]
    period: {{begins: {begins}, ends: {ends}}}
"""
OFFICERS = """\
officers:
  - id: officer1
    name: A. Jansen
    address: {officer}@bzk.example
    login: {login}
    roles: [officer, assessor, approver]
  - {{id: head1, name: C. Bakker, address: head-{officer}@bzk.example, login: head1, roles: [head]}}

fallback_officer: officer1
"""


@dataclass(frozen=True)
class Place:
    """The servers, the accounts at them, and the folder in which the administrator works."""

    dovecot: Dovecot
    postfix: Postfix
    platform: PlatformServer
    ca_file: Path
    mailbox: str
    officer: str
    installed: Path
    folder: Path

    @property
    def desk(self) -> Path:
        """The configuration folder."""
        return self.folder / "desk"

    def type(self, *words: str, status: int | None = 0) -> str:
        """Types a command for the desk and returns what it printed; its exit status must be that, or None for any."""
        done = from_wheel.run(self.installed, self.folder, "--config", str(self.desk), *words)
        assert status in {None, done.returncode}, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def post(self, sender: str, subject: str, text: str, answers: EmailMessage | None = None) -> None:
        """Sends a mail to the desk, from outside of its server."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, f"{self.mailbox}@bzk.example", subject
        mail["Message-ID"] = f"<{os.urandom(8).hex()}@{sender.partition('@')[2]}>"
        if answers is not None:
            mail["In-Reply-To"] = mail["References"] = answers["Message-ID"]
        mail.set_content(text)
        self.postfix.deliver_from_outside(mail.as_bytes(), sender, f"{self.mailbox}@bzk.example")

    def reply(self, to: EmailMessage, text: str) -> None:
        """Answers a mail as the officer does on a telephone."""
        self.post(f"{self.officer}@bzk.example", f"Re: {to['Subject']}", text, to)

    def told(self, subject: str) -> EmailMessage:
        """Returns the mail to the officer with these words in its subject, once it has come."""
        return patiently(
            lambda: next((mail for mail in self._officers_mail() if subject in str(mail["Subject"])), None), subject
        )

    def _officers_mail(self) -> list[EmailMessage]:
        return [read(octets) for octets in self.dovecot.messages(self.officer)]

    @contextmanager
    def running(self, what: str) -> Iterator[None]:
        """Runs the daemon (`run`) or the door (`serve`) until the end, which comes with status 0."""
        log = self.folder / f"{what}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                from_wheel.command(self.installed, "--config", str(self.desk), what),
                cwd=self.folder, env=from_wheel.environment(self.installed), stdout=sink, stderr=sink,
            )  # fmt: skip
        try:
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, log.read_text("utf-8")
        finally:
            process.kill()
            process.wait()


def read(octets: bytes) -> EmailMessage:
    """Returns the parsed mail."""
    return email.message_from_bytes(octets, policy=email.policy.default)


def body(mail: EmailMessage) -> str:
    """Returns the plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture
def place(
    postfix: Postfix, platform: PlatformServer, certificates: Certificates, mail_user: str, installed: Path,
    tmp_path: Path,
) -> Place:  # fmt: skip
    """Returns where the walk takes place; our server vouches for referrer, platform and officers."""
    postfix.set_dmarc_results(dict.fromkeys(("lindewaard.example", "tiktok-platform.example", "bzk.example"), "pass"))
    officer = f"o{mail_user[5:]}"
    return Place(postfix.dovecot, postfix, platform, certificates.ca_file, mail_user, officer, installed, tmp_path)


def edited(place: Place) -> None:
    """Edits what the manual's table names, for these servers and persons, and nothing else."""
    settings = place.desk / "flaggermail.yaml"
    server = f"ca_file: {place.ca_file}\n  user: {place.mailbox}"
    for old, new in (
        ("nl: Ministerie van Voorbeeldzaken", "nl: Gemeenschappelijk meldpunt"),
        ("en: Ministry of Example Affairs", "en: Joint election desk"),
        ("address: verkiezingenflagger@bzk.example", f"address: {place.mailbox}@bzk.example"),
        ("host: imap.bzk.example\n  port: 993", f"host: localhost\n  port: {place.dovecot.imaps_port}"),
        ("host: submission.bzk.example\n  port: 465", f"host: localhost\n  port: {place.postfix.submission_port}"),
        ("tls: implicit                          # implicit (port 465)", "tls: starttls  #"),
        ("# ca_file: ca.pem                      # certificates to trust", "#"),
        ("  # ca_file: ca.pem\n", ""),
        ("user: verkiezingenflagger\n", f"{server}\n"),
        ("user: verkiezingenflagger              # remove", f"{server}  #"),
        ("proof: sent\n", "proof: copy\n"),
        ("  # by_reply: totp ", "  by_reply: totp "),
    ):
        edit(settings, old, new)
    today = datetime.now(UTC).date()
    days = {"today": today, "begins": today - timedelta(days=1), "ends": today + timedelta(days=8)}
    (place.desk / "elections.yaml").write_text(ELECTION.format_map(days), "utf-8")
    login = pwd.getpwuid(os.getuid()).pw_name
    (place.desk / "oncall.yaml").write_text(OFFICERS.format(officer=place.officer, login=login), "utf-8")
    yesterday = str(today - timedelta(days=1))
    edit(place.desk / "platforms.yaml", "read_on: 2023-01-09", f"read_on: {yesterday}", every=True)


def enrolled(place: Place) -> pyotp.TOTP:
    """Enrols the officer's app, which answers with its first code."""
    printed = place.type("officer", "enrol", "officer1")
    found = re.search(r"otpauth://\S+", printed)
    assert found, printed
    device = pyotp.TOTP(parse_qs(urlsplit(found[0]).query)["secret"][0])
    place.reply(place.told("Bevestig uw app"), f"{device.now()}\n")
    patiently(lambda: "  valid  " in place.type("officer", "list"), "the device is valid")
    return device


def filled(form: EmailMessage) -> str:
    """Returns the form of a mail, filled in."""
    found = re.search(r"^===== formulier.*^===== einde \w+ =====$", body(form), re.MULTILINE | re.DOTALL)
    assert found, body(form)
    values = {
        "onjuist": "ja", "regel": "Er kan alleen vandaag gestemd worden (Kieswet, artikel J 1)", "criterium": "3",
        "pogingen": "2", "titel": "Video with a wrong polling day",
        "tekst": "https://www.tiktok.example/@stem/video/7301", "besluit": "meld TikTok",
    }  # fmt: skip
    lines = (f"{line} {values[line.rstrip(':')]}" if line.endswith(":") else line for line in found[0].splitlines())
    return "\n".join(lines) + "\n"


@pytest.mark.long
def test_from_the_wheel_to_an_answered_case(place: Place) -> None:
    """Whoever follows the manual to the letter comes from the wheel to a case with its minutes."""
    made = from_wheel.run(place.installed, place.folder, "init", "desk", "--unit")
    assert made.returncode == 0, made.stderr
    edited(place)
    place.type("check", status=1)  # the passwords are still missing
    for name in ("imap-password", "smtp-password"):
        secret = place.desk / "credentials" / name
        secret.touch(mode=0o600)
        secret.write_text(f"{place.dovecot.password}\n", "utf-8")
    checked = place.type("check")
    assert "configuration in order: 1 elections, 5 platforms, 7 channels, 2 officers" in checked
    with place.running("run"):
        patiently(lambda: re.search(r"mailbox link: +up", place.type("status", status=None)), "mailbox link up")
        with place.running("serve"):
            patiently((place.desk / "desk.sock").exists, "the door is open")
            device = enrolled(place)
            refer(place)
            take_and_approve(place, device)
            patiently(lambda: len(minutes(place)) == 3, "three clocks are stopped")
            see_the_proof(place)
            assert "chain intact" in place.type("audit", "verify")
            assert place.type("quarantine", "list") == "the quarantine is empty\n"
    assert "no door of this desk is open" in place.type("quarantine", "list", status=1)


def refer(place: Place) -> None:
    """A municipality refers a video and gets its confirmation."""
    place.post(
        REFERRER, "Video met verkeerde stemdag",
        "Goedenavond,\n\nIn een video op TikTok staat dat er morgen ook nog gestemd kan worden. Dat klopt niet.\n\n"
        "https://www.tiktok.example/@stem/video/7301\n\nWij hebben hem zelf twee keer bij TikTok gemeld.\n",
    )  # fmt: skip
    (confirmation,) = place.platform.wait(1, recipient=REFERRER)
    assert CASE in str(read(confirmation.octets)["Subject"])
    assert CASE in place.type("case", "list")
    (first, *_) = json.loads(place.type("case", "show", CASE, "--json"))["messages"]
    assert "verified" in place.type("message", "show", first["id"])
    assert "case opened" in place.type("events", "--case", CASE)


def take_and_approve(place: Place, device: pyotp.TOTP) -> None:
    """The officer takes the case, fills in the form and approves, all by reply."""
    place.reply(place.told("Nieuwe zaak"), "Neem\n")
    place.reply(place.told("Beoordelen"), filled(place.told("Beoordelen")))
    request = place.told("Ter goedkeuring")
    assert place.platform.received(PLATFORM) == []
    spent = device.now()
    code = patiently(lambda: device.now() if device.now() != spent else None, "a fresh code")
    place.reply(request, f"Akkoord {code}\n")
    (notified,) = place.platform.wait(1, recipient=PLATFORM)
    place.post(PLATFORM, "Re: your report", "We received your report about the video and removed it.\n\nKim\n",
               read(notified.octets))  # fmt: skip


def see_the_proof(place: Place) -> None:
    """The server files nothing: the notification's copy is in the inbox, without a notice, and in Sent is nothing."""
    assert place.dovecot.messages(place.mailbox, "Sent") == []
    copy = patiently(
        lambda: next(
            (mail for mail in map(read, place.dovecot.messages(place.mailbox)) if mail["To"] == PLATFORM), None
        ),
        "the copy",
    )
    assert CASE in str(copy["Subject"])
    assert str(copy["Subject"]) in place.type("outbox", "list", "--all")
    notices = [str(mail["Subject"]) for mail in map(read, place.dovecot.messages(place.officer))]
    assert len([subject for subject in notices if "Mail zonder zaak" in subject]) == 0


def named_in_the_manual() -> set[str]:
    """Returns the keys in the manual's table of what to edit."""
    page = (from_wheel.ROOT / "docs" / "administrator.md").read_text("utf-8")
    steps = page.partition("**3. Edit it.**")[2].partition("**4. ")[0]
    return {key for span in re.findall(r"`([a-z_.]+)`", steps) for key in span.split(".")}


def keys_of(value: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """Returns each value of a settings file under the path of its keys."""
    if not isinstance(value, dict):
        return {path: value}
    return {key: one for name, below in value.items() for key, one in keys_of(below, (*path, str(name))).items()}


def test_the_walk_edits_what_the_manual_names(place: Place) -> None:
    """No key is edited on the walk that the manual's table does not name: who follows it misses none."""
    assert from_wheel.run(place.installed, place.folder, "init", "desk").returncode == 0
    yaml, settings = YAML(), place.desk / "flaggermail.yaml"
    before = keys_of(yaml.load(settings))
    edited(place)
    after = keys_of(yaml.load(settings))
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    named = named_in_the_manual()
    assert {key for key in changed if not named >= set(key[:2]) - {"name"}} == set()
    assert len(changed) > 10


def minutes(place: Place) -> list[str]:
    """Returns the minutes of each clock that `case show` shows as stopped."""
    return re.findall(
        r"^  (?:receipt|human|substance): .*, (\d+) minutes?, ", place.type("case", "show", CASE), re.MULTILINE
    )
