# SPDX-License-Identifier: EUPL-1.2
"""The whole path on real servers: the daemon as a process between Dovecot (TLS, IDLE) and Postfix (STARTTLS, AUTH)."""

from __future__ import annotations

import email
from email.message import Message as Mail

import pytest

from tests.flow.desk_process import DeskProcess, patiently
from tests.flow.engines import BOTH, LATER_ON_POSTGRESQL
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer, ReceivedMail
from tests.servers.postfix import Postfix

REFERRER, PLATFORM = "f.voorbeeld@lindewaard.example", "elections-eu@tiktok-platform.example"


def written(octets: bytes) -> Mail:
    """Returns the parsed mail."""
    return email.message_from_bytes(octets)


def refer(desk: DeskProcess, postfix: Postfix, number: int = 1) -> None:
    """Delivers a municipality's referral."""
    octets = (
        f"From: Fenna Voorbeeld <{REFERRER}>\r\nTo: {desk.mailbox}@bzk.example\r\n"
        f"Subject: Verkeerde stemdag rondgestuurd\r\nMessage-ID: <r{number}.{desk.mailbox}@lindewaard.example>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nZie het bericht. Zelf twee keer gemeld.\r\n"
    ).encode()
    postfix.deliver_from_outside(octets, REFERRER, f"{desk.mailbox}@bzk.example")


def answer(desk: DeskProcess, postfix: Postfix, notified: ReceivedMail) -> None:
    """Delivers the platform's answer to the notification."""
    name = written(notified.octets)["Message-ID"]
    octets = (
        f"From: Elections EU <{PLATFORM}>\r\nTo: {desk.mailbox}@bzk.example\r\nSubject: Re: your request\r\n"
        f"Message-ID: <a.{desk.mailbox}@tiktok-platform.example>\r\nIn-Reply-To: {name}\r\nReferences: {name}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nReceived. We will look into this.\r\n"
    ).encode()
    postfix.deliver_from_outside(octets, PLATFORM, f"{desk.mailbox}@bzk.example")


def the_case(desk: DeskProcess) -> str | None:
    """Returns the number of the only case, or None if there is none yet."""
    cases = desk.listed("case", "list")
    assert len(cases) <= 1, "a case was doubled"
    return str(cases[0]["number"]) if cases else None


def decide(desk: DeskProcess, case: str) -> str:
    """Assesses, decides and drafts the notification; returns the draft's id."""
    (desk.folder / "assessment.yaml").write_text(
        "incorrect: true\ncontradicts: The polling day is another.\ncriteria: [3]\nown_attempts: 2\n", "utf-8"
    )
    (desk.folder / "text.txt").write_text("A post that names a wrong polling day: https://posts.example/1\n", "utf-8")
    desk.run("case", "assess", case, str(desk.folder / "assessment.yaml"))
    desk.run("case", "decide", case, "notify", "--reason", "Voters may come on the wrong day")
    desk.run("notify", case, "--channel", "tiktok-elections", "--title", "Wrong polling day", "--text",
             str(desk.folder / "text.txt"))  # fmt: skip
    return f"{case}/1"


def clocks_stopped(desk: DeskProcess, case: str) -> bool:
    """Returns whether all three clocks of the only notification are stopped."""
    document = desk.read("case", "show", case)
    assert isinstance(document, dict)
    (notification,) = document["notifications"]
    return [clock["state"] for clock in notification["clocks"]] == ["stopped"] * 3


def uncertain(desk: DeskProcess) -> str | None:
    """Returns the id of a mail in doubt, or None."""
    mails = desk.listed("outbox", "list", "--all")
    return next((str(mail["id"]) for mail in mails if mail["state"] == "uncertain"), None)


@BOTH
def test_from_the_referral_to_the_stopped_clocks(
    desk: DeskProcess, postfix: Postfix, platform: PlatformServer, dovecot: Dovecot
) -> None:
    """A referral is confirmed, the notification is sent once and the answer stops all three clocks.

    No flag of the mails changes except the keyword.
    """
    desk.start()
    refer(desk, postfix)
    (confirmation,) = platform.wait(1, recipient=REFERRER)
    case = patiently(lambda: the_case(desk), "a case")
    assert case == "VF-NU-0001"
    assert case in written(confirmation.octets)["Subject"]
    assert written(confirmation.octets)["Auto-Submitted"] == "auto-replied"
    (notice,) = patiently(lambda: desk.officers_mail(dovecot), "the officer's notice")
    assert case in written(notice)["Subject"]
    assert platform.received(PLATFORM) == []

    draft = decide(desk, case)
    assert platform.received(PLATFORM) == []  # a decision is not an approval
    desk.run("approve", draft)
    (notified,) = platform.wait(1, recipient=PLATFORM)
    answer(desk, postfix, notified)
    patiently(lambda: clocks_stopped(desk, case), "three stopped clocks")

    assert len(platform.received(PLATFORM)) == 1
    marked = [frozenset({"flaggermail"})] * 2  # neither \\Seen nor any other flag
    patiently(lambda: dovecot.flags(desk.mailbox) == marked, "both mails have the keyword, which comes last")
    assert desk.stop() == []
    assert "chain intact" in desk.run("audit", "verify")


@LATER_ON_POSTGRESQL
@pytest.mark.long
def test_killed_with_the_octets_stored(desk: DeskProcess, postfix: Postfix, platform: PlatformServer) -> None:
    """A mail archived before a kill but not recorded is taken in at the next start: one case, one confirmation."""
    desk.start(kill_at="octets stored")
    refer(desk, postfix)
    desk.killed()
    assert desk.listed("case", "list") == []
    if desk.database:
        assert desk.rows("SELECT count(*) FROM octets") == [(1,)]
    else:
        assert len([f for f in (desk.folder / "archive").rglob("*") if f.is_file()]) == 1
    desk.start()
    platform.wait(1, recipient=REFERRER)
    assert patiently(lambda: the_case(desk), "a case") == "VF-NU-0001"
    desk.stop()
    assert len(platform.received(REFERRER)) == 1


@LATER_ON_POSTGRESQL
def test_killed_with_the_attempt_recorded(
    desk: DeskProcess, postfix: Postfix, platform: PlatformServer, dovecot: Dovecot
) -> None:
    """After a kill before the connection, a platform's mail is in doubt and raises an alarm.

    An officer resends it once.
    """
    desk.start()
    refer(desk, postfix)
    case = patiently(lambda: the_case(desk), "a case")
    desk.stop()
    draft = decide(desk, case)
    desk.start(kill_at="attempt recorded")
    desk.run("approve", draft)
    desk.killed()
    desk.start()
    mail = patiently(lambda: uncertain(desk), "a mail in doubt")
    alarms = patiently(lambda: _subjects(dovecot, desk.officer, "Niet zeker"), "the officer's alarm")
    assert len(alarms) == 1
    assert platform.received(PLATFORM) == []
    desk.run("outbox", "resolve", mail, "--again")
    (notified,) = platform.wait(1, recipient=PLATFORM)
    answer(desk, postfix, notified)
    patiently(lambda: clocks_stopped(desk, case), "three stopped clocks")
    desk.stop()
    assert len(platform.received(PLATFORM)) == 1


@LATER_ON_POSTGRESQL
@pytest.mark.long
def test_killed_after_the_final_dot(
    desk: DeskProcess, postfix: Postfix, platform: PlatformServer, dovecot: Dovecot
) -> None:
    """After a kill with the answer unrecorded, nothing is sent again. The copy in Sent settles when it was sent."""
    desk.start()
    refer(desk, postfix)
    case = patiently(lambda: the_case(desk), "a case")
    desk.stop()
    draft = decide(desk, case)
    desk.start(kill_at="after the final dot")
    desk.run("approve", draft)
    desk.killed()
    (notified,) = platform.wait(1, recipient=PLATFORM)
    desk.start()
    patiently(lambda: uncertain(desk), "a mail in doubt")
    dovecot.append(desk.mailbox, "Sent", notified.octets, notified.at)
    patiently(lambda: uncertain(desk) is None, "the doubt is settled by the copy")
    answer(desk, postfix, notified)
    patiently(lambda: clocks_stopped(desk, case), "three stopped clocks")
    desk.stop()
    assert len(platform.received(PLATFORM)) == 1


def _subjects(dovecot: Dovecot, user: str, word: str) -> list[str]:
    subjects = (str(written(octets)["Subject"]) for octets in dovecot.messages(user))
    return [subject for subject in subjects if word in subject]
