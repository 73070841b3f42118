# SPDX-License-Identifier: EUPL-1.2
"""A spoofed platform mail stops no clock, and one that the receiving server rejected raises one alarm.

The published catalogue of sender spoofing ("Composition Kills", Chen, Paxson and Jiang, USENIX Security 2020, and its
test cases), forged results, look-alike domains, display names and replays, each through the real intake.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import time_machine

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.dns.organisations import organisational
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.cases import lifecycle
from flaggermail.commands.messages import ConfirmMessage
from flaggermail.intake.facts import ByReceivingServer
from flaggermail.intake.ingest import ingest
from flaggermail.ports import RawMessage
from flaggermail.record.case_values import CaseType, Decision, LanguageCode, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Alarm, Case, ClockRow, Notification, OutboxMail, Record, StoredMessage
from flaggermail.record.states import CaseState, NotificationState
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services, UnitOfWork
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.wiring import mail_servers
from tests.acting import run
from tests.doubles import migrated
from tests.doubles.dns import ScriptedResolver, key_record, signed
from tests.story.conftest import NOW

SERVER = "mx.bzk.example"
PLATFORM = "x-platform.example"
DESK = f"desk@{PLATFORM}"
EVIL = "attacker.example"
OURS = "ours-1@bzk.example"
KEY = f"s1._domainkey.{PLATFORM}"
RUNNING = {"X": {"running"}, "TikTok": {"running"}}
ANSWER = "Thank you. We have reviewed the posts that you reported."

FAIL = f"dmarc=fail header.from={PLATFORM}"
PASS = f"dmarc=pass header.from={PLATFORM}"
OWN_PASS = f"dmarc=pass header.from={EVIL}"


@dataclass(frozen=True)
class Attack:
    """One attack: the receiving server's result, the sender's own header fields, and whether an alarm is expected."""

    name: str
    said: str
    written: Sequence[str]
    alarm: bool = False
    greeting: str = f"mail.{EVIL}"


ENVELOPE = (
    Attack(
        "sub-domain without a record in the envelope",
        f"spf=none smtp.mailfrom=a@none.{PLATFORM}; {FAIL}",
        [],
        alarm=True,
    ),
    Attack(
        "envelope address that some read as empty", f"spf=pass smtp.mailfrom=(any@{PLATFORM}; {FAIL}", [], alarm=True
    ),
    Attack(
        "selector with NUL",
        f"dkim=pass header.d={PLATFORM} header.s=s1._domainkey.{EVIL}\x00.any; {FAIL}",
        [],
        alarm=True,
    ),
    Attack("signer with an apostrophe", f"dkim=pass header.d={PLATFORM}'a.{EVIL}; {FAIL}", [], alarm=True),
    Attack("signer with a quotation mark", f'dkim=pass header.d={PLATFORM}"=(.{EVIL}; {FAIL}', [], alarm=True),
    Attack(
        "envelope with a bracket", f"spf=pass smtp.mailfrom=any@{PLATFORM}(a.{EVIL}; dkim=none; {FAIL}", [], alarm=True
    ),
    Attack("envelope with an apostrophe", f"spf=pass smtp.mailfrom=any@{PLATFORM}'@any.{EVIL}; {FAIL}", [], alarm=True),
    Attack(
        "route in the envelope", f"spf=pass smtp.mailfrom=@{PLATFORM},@any.example:'any@{EVIL}; {FAIL}", [], alarm=True
    ),
    Attack(
        "result in a quoted envelope",
        f'spf=pass smtp.mailfrom="a; {PASS}; x="@{EVIL}; dmarc=none header.from={PLATFORM}',
        [],
    ),
    Attack(
        "result in an encoded envelope",
        f"spf=pass smtp.mailfrom==?utf-8?q?a=3B_dmarc=3Dpass_header.from=3D{PLATFORM}=3B_x=3D?=@{EVIL}",
        [],
    ),
    Attack("result in the greeting", "spf=none", [], greeting=f"x;{PASS.replace(' ', ';')}"),
    Attack("result in a comment", f"dmarc=none ({PASS}) header.from={PLATFORM}; spf=none (a; {PASS}; b)", []),
    Attack("result in a reason", f'dmarc=none reason="; {PASS}" header.from={PLATFORM}', []),
    Attack("result in a broken comment", f"spf=none (a; {PASS}", []),
    Attack("result about the forger", OWN_PASS, []),
    Attack("result about a sub-domain", f"dmarc=pass header.from=mail.{PLATFORM}", []),
    Attack("result twice", f"{PASS}; {FAIL}", [], alarm=True),
    Attack("no result", "none", []),
    Attack("a guess", f"dmarc=bestguesspass header.from={PLATFORM}", []),
)

AUTHORS = (
    Attack("two From fields, his first", OWN_PASS, [f"From: <first@{EVIL}>", f"From: <{DESK}>"]),
    Attack("two From fields, his last", PASS, [f"From: <{DESK}>", f"From: <first@{EVIL}>"]),
    Attack("two From fields, and our server noticed", FAIL, [f"From: <first@{EVIL}>", f"From: <{DESK}>"], alarm=True),
    Attack("a blank before the first From", OWN_PASS, [f" From: <first@{EVIL}>", f"From: <{DESK}>"]),
    Attack("a blank behind the second From", OWN_PASS, [f"From: <first@{EVIL}>", f"From : <{DESK}>"]),
    Attack("a fold inside the name of the first From", OWN_PASS, ["From", f" : <first@{EVIL}>", f"From: <{DESK}>"]),
    Attack("Sender beside From", OWN_PASS, [f"From: <first@{EVIL}>", f"Sender: <{DESK}>"]),
    Attack("Resent-From beside From", OWN_PASS, [f"From: <first@{EVIL}>", f"Resent-From: <{DESK}>"]),
    Attack("Sender and no From", OWN_PASS, [f"Sender: <{DESK}>"]),
    Attack("two addresses, his first", OWN_PASS, [f"From: <first@{EVIL}>, <{DESK}>"]),
    Attack("two addresses, his last", PASS, [f"From: <{DESK}>, <first@{EVIL}>"]),
    Attack("an encoded address", OWN_PASS, [f"From: =?utf-8?q?=3C{DESK.replace('@', '=40')}=3E?=,<second@{EVIL}>"]),
    Attack("a route before the address", OWN_PASS, [f"From: <@{EVIL},@any.example:{DESK}>"]),
    Attack("a quoted pair between addresses", OWN_PASS, [f"From: <{DESK}>\\,<second@{EVIL}>"]),
    Attack("an address without brackets first", OWN_PASS, [f"From: {DESK},<second@{EVIL}>"]),
    Attack("an address behind the brackets", OWN_PASS, [f"From: <any@{EVIL}>{DESK}"]),
    Attack("an address before the brackets", OWN_PASS, [f"From: {DESK} <any@{EVIL}>"]),
    Attack("a group", OWN_PASS, [f"From: {DESK}: <any@{EVIL}>;"]),
    Attack("a group of both", PASS, [f"From: X: <{DESK}>, <any@{EVIL}>;"]),
    Attack("an empty From", PASS, ["From:"]),
    Attack("a comment that never ends", PASS, [f"From: <{DESK}> (or <any@{EVIL}>"]),
    Attack("a quoted local part", OWN_PASS, [f'From: "{DESK}"@{EVIL}']),
    Attack("an account at the same provider, two fields", PASS, [f"From: <a@{PLATFORM}>", f"From: <{DESK}>"]),
    Attack("an account at the same provider, two addresses", PASS, [f"From: <a@{PLATFORM}>, <{DESK}>"]),
    Attack("a display name", OWN_PASS, [f'From: "{DESK}" <any@{EVIL}>']),
    Attack("an encoded display name", OWN_PASS, [f"From: =?utf-8?q?X_{DESK.replace('@', '=40')}?= <any@{EVIL}>"]),
)


def alike(domain: str, *, ascii_domain: str | None = None) -> Attack:
    """Returns an attack from a look-alike domain, for which the receiving server rightly reports pass."""
    said = f"dmarc=pass header.from={ascii_domain or domain}"
    return Attack(f"looks alike: {domain!a}, {said!a}", said, [f"From: <desk@{domain}>"])


LOOKS = (
    alike("xplatform.example"),
    alike("x-p1atform.example"),
    alike("x-platform-support.example"),
    alike(f"{PLATFORM}.{EVIL}"),
    alike("x-platform.example-mail.example"),
    alike("a" + PLATFORM),
    alike("xn---platform-r1j.example"),
    alike("\u0445-platform.example", ascii_domain="xn---platform-r1j.example"),
    alike("\u0445-platform.example"),
    alike("x\u2010platform.example"),
    alike("x-platform.example\u3002attacker.example"),
    alike("\uff58-platform.example"),
    alike("ti\u212atok-platform.example"),
    alike("ti\u212atok-platform.example", ascii_domain="tiktok-platform.example"),
)


def octets(attack: Attack, number: int = 0) -> bytes:
    """Returns the mail as the receiving server delivers it."""
    own = attack.written or [f"From: X Safety <{DESK}>"]
    lines = [
        f"Authentication-Results: {SERVER}; {attack.said}",
        f"Received: from {attack.greeting} (unknown [192.0.2.7]) by {SERVER} with ESMTPS; {format_datetime(NOW)}",
        *own,
    ]
    return mail(lines, number)


def mail(lines: Sequence[str], number: int = 0) -> bytes:
    """Returns an answer to the desk's notification that begins with these lines."""
    rest = ("To: verkiezingenflagger@bzk.example", "Subject: Re: Posts", f"Message-ID: <answer-{number}@any.example>")
    threads = (f"In-Reply-To: <{OURS}>", f"References: <{OURS}>", f"Date: {format_datetime(NOW)}")
    return "\r\n".join((*lines, *rest, *threads, "", f"{ANSWER} ({number})", "")).encode()


def notified(env: Services) -> None:
    """Records one case with a notification sent half an hour ago to each of two platforms."""
    sent_at = NOW - timedelta(minutes=30)
    with env.store.begin() as tx:
        case = Case(
            number="VF-PS2027-0001", election="PS2027", type=CaseType.CONTENT, origin=Origin.MEDIA, token="0" * 32,
            state=CaseState.NOTIFIED, decision=Decision.NOTIFY, opened_at=sent_at, opened_by="officer1",
        )  # fmt: skip
        uses = [
            Notification(
                id=f"VF-PS2027-0001/{number}", case=case.number, platform=platform, channel=channel,
                channel_name="Channel", template="notification", language=LanguageCode.EN, subject="Posts",
                state=NotificationState.SENT,
                drafted_by="officer1", drafted_at=sent_at, token=f"{number}" * 32, message_id=name, digest="",
                sent_at=sent_at,
            )
            for number, platform, channel, name in (
                (1, "X", "x-urgent", OURS), (2, "TikTok", "tiktok-elections", "ours-2@bzk.example"),
            )
        ]  # fmt: skip
        sent = StoredMessage(
            id="m00000900", message_id=OURS, content_key="k", digest="", direction=Direction.OUT, received_at=sent_at,
            first_seen_at=sent_at, place=Place.OWN, case=case.number, notification=uses[0].id,
        )  # fmt: skip
        changes: list[Record] = [case, *uses, sent]
        tx.append(Event(EventKind.NOTIFICATION_SENT, sent_at, "officer1", tuple(added(row) for row in changes)))
        for use in uses:
            lifecycle.rejudge(UnitOfWork(env, tx, sent_at), use.id)


@dataclass(frozen=True)
class OpenClock:
    """A desk with open notifications, stored in `folder`."""

    env: Services
    folder: Path

    def copied(self, folder: Path, clock: SetClock) -> Services:
        """Returns a copy of the desk in another folder; the read-only services are shared."""
        shutil.copy(self.folder / "scenario.db", folder)
        store = SqlStore(f"sqlite:///{folder}/scenario.db", CountedRandomness("copy").salt)
        return replace(self.env, store=store, octets=FileBlobStore(folder / "archive"), clock=clock)


def asking(env: Services, trust: str, name: str | None = None) -> Services:
    """Returns the desk with another `trust` setting, and the server identified by its name in Received lines."""
    desk = env.settings.desk
    mailbox = desk.mailbox.model_copy(update={"trust": trust, "authserv_id": name, "received_by": SERVER})
    settings = env.settings.model_copy(update={"desk": desk.model_copy(update={"mailbox": mailbox})})
    return replace(env, settings=settings, sender_check=ByReceivingServer(mailbox.trusted, organisational))


def receive(env: Services, received: bytes, number: int = 0, at: datetime = NOW) -> StoredMessage:
    """Takes in a mail and returns its row."""
    before = {row.id for row in rows(env, "in")}
    ingest(env, RawMessage(received, at, "INBOX", "1", str(number + 1)))
    (new,) = [row for row in rows(env, "in") if row.id not in before]
    return new


def rows(env: Services, direction: str) -> list[StoredMessage]:
    """Returns the messages of that direction."""
    with env.store.read() as tx:
        return tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction(direction)))


def clocks(env: Services) -> dict[str, set[str]]:
    """Returns the states of the three clocks by platform."""
    with env.store.read() as tx:
        uses = tx.find(Notification)
        return {
            use.platform: {clock.state for clock in tx.find(ClockRow, where(ClockRow.notification).is_(use.id))}
            for use in uses
        }


def alarms(env: Services, kind: str) -> list[Alarm]:
    """Returns the alarms of that kind."""
    with env.store.read() as tx:
        return [alarm for alarm in tx.find(Alarm) if alarm.kind == kind]


def told(env: Services) -> int:
    """Returns the number of alarm mails queued."""
    with env.store.read() as tx:
        return len(tx.find(OutboxMail, where(OutboxMail.kind).is_(Kind.ALARM)))


@pytest.fixture(scope="module")
def waiting(story_settings: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenClock]:
    """Builds a desk with sent notifications, which each test copies."""
    folder = tmp_path_factory.mktemp("waiting")
    clock = SetClock(NOW)
    made = migrated.replayed(story_settings, folder, clock, CountedRandomness("story"), ScriptedSubmitter(clock))
    notified(made)
    made.store.close()
    yield OpenClock(made, folder)
    made.close()


@pytest.fixture
def desk(waiting: OpenClock, clock: SetClock, tmp_path: Path) -> Iterator[Services]:
    """Returns a copy of the desk, with notifications open at two platforms."""
    env = waiting.copied(tmp_path, clock)
    yield env
    env.store.close()


# ---- results of the receiving server


def test_the_true_answer_stops_the_clocks(desk: Services) -> None:
    """The genuine mail on which every attack is based stops the clocks of its platform."""
    stored = receive(desk, octets(Attack("none", PASS, [])))
    assert (stored.verdict, clocks(desk)) == ("verified", {**RUNNING, "X": {"stopped"}})
    assert stored.verdict_basis.english == f"dmarc=pass by {SERVER} for {PLATFORM}"


def test_the_true_answer_stops_the_clocks_where_our_server_writes_no_name(desk: Services) -> None:
    """The genuine mail also stops the clocks with a nameless result, as Exchange Online writes it."""
    desk = asking(desk, "topmost")
    nameless = octets(Attack("none", PASS, [])).replace(f"{SERVER}; ".encode(), b"", 1)
    assert (receive(desk, nameless).verdict, clocks(desk)["X"]) == ("verified", {"stopped"})


@pytest.mark.parametrize("writes_name", [True, False], ids=["named", "topmost"])
@pytest.mark.parametrize("attack", [*ENVELOPE, *AUTHORS, *LOOKS], ids=lambda attack: attack.name)
def test_no_trick_stops_a_clock(desk: Services, attack: Attack, writes_name: bool) -> None:  # noqa: FBT001 - a column
    """No attack stops a clock, at first or on repetition.

    One alarm is raised where the receiving server reported failure.

    Both hold whether or not the server writes its name before its results.
    """
    leaves_out = b"" if writes_name else f"{SERVER}; ".encode()
    desk = desk if writes_name else asking(desk, "topmost")
    first, again = (receive(desk, octets(attack, n).replace(leaves_out, b"", 1), n) for n in (0, 1))
    assert clocks(desk) == RUNNING
    assert len(alarms(desk, "forged")) == told(desk) == attack.alarm
    for stored in (first, again):
        assert (stored.verdict == "failed") is attack.alarm
        assert stored.place in {"case", "quarantine"}
        assert stored.verdict_basis.english


@pytest.mark.parametrize(
    ("real", "alarm"), [(FAIL, True), (f"dmarc=none header.from={PLATFORM}", False), ("none", False)]
)
@pytest.mark.parametrize("where", ["below", "far below", "above", "in another's line"])
def test_forged_results_change_nothing(desk: Services, where: str, real: str, alarm: bool) -> None:  # noqa: FBT001 - a column
    """Results below the server's own line are ignored. A second result above it can only worsen the verdict."""
    forged = f"Authentication-Results: {SERVER}; {PASS}"
    ours = [f"Authentication-Results: {SERVER}; {real}"]
    took = f"Received: from mail.{EVIL} by {SERVER} with ESMTPS; {format_datetime(NOW)}"
    author = f"From: <{DESK}>"
    lines = {
        "below": [*ours, took, forged, author],
        "far below": [*ours, took, author, forged, took, forged],
        "above": [
            forged,
            f"Authentication-Results: {SERVER}; {real if real != 'none' else 'dmarc=none'}",
            took,
            author,
        ],
        "in another's line": [*ours, f"Received: by mx.{EVIL} (by {SERVER})", forged, took, author],
    }[where]
    receive(desk, mail(lines))
    assert clocks(desk) == RUNNING
    seen = alarm and where != "in another's line"
    assert len(alarms(desk, "forged")) == seen


def test_forgers_are_told_of_once_an_hour_for_each_platform(desk: Services, clock: SetClock) -> None:
    """Forgers raise one alarm an hour for the platform, whatever address they write."""
    attack = Attack("fail", FAIL, [])
    for number in range(5):
        receive(desk, octets(attack, number), number)
    assert len(alarms(desk, "forged")) == 1
    other = replace(attack, written=[f"From: <press@{PLATFORM}>"])
    receive(desk, octets(other, 5), 5)
    assert len(alarms(desk, "forged")) == 1
    clock.set(NOW + timedelta(hours=1))
    receive(desk, octets(attack, 6), 6, NOW + timedelta(hours=1))
    assert len(alarms(desk, "forged")) == 2
    assert all(DESK not in alarm.id for alarm in alarms(desk, "forged"))
    assert clocks(desk) == RUNNING


def test_many_unverified_mails_of_platforms_are_told_of_once(desk: Services) -> None:
    """Many unverified platform mails raise one alarm a day, and no clock stops."""
    for number in range(3):
        receive(desk, octets(Attack("none", "none", []), number), number)
    assert alarms(desk, "unverified senders") == []
    for number in range(3, 8):
        receive(desk, octets(Attack("none", "none", []), number), number)
    (alarm,) = alarms(desk, "unverified senders")
    assert alarm.text.english.startswith("in 24 hours 4 of 4 mails from platforms, and 0 of 0 before that")
    assert clocks(desk) == RUNNING


# ---- the desk's own DKIM check


@pytest.fixture
def resolver() -> ScriptedResolver:
    """Returns a resolver that knows the platform's DKIM key."""
    return ScriptedResolver({KEY: [key_record()], f"s1._domainkey.{EVIL}": [key_record()]})


@pytest.fixture
def checking(waiting: OpenClock, clock: SetClock, tmp_path: Path, resolver: ScriptedResolver) -> Iterator[Services]:
    """Builds a desk that checks DKIM itself. The system clock, which dkimpy reads, is set to the same instant."""
    copied = waiting.copied(tmp_path, clock)
    changed = asking(copied, "dkim")
    with time_machine.travel(NOW, tick=False):
        yield mail_servers.with_signatures(changed, resolver)
    copied.store.close()


TRACE = f"Received: from mail.{PLATFORM} by {SERVER} with ESMTPS; {format_datetime(NOW)}\r\n".encode()
TRUE = mail([f"From: X Safety <{DESK}>"])


def test_the_signed_answer_stops_the_clocks(checking: Services, resolver: ScriptedResolver) -> None:
    """A valid signature of the platform stops its clocks. The tests below replay this mail."""
    stored = receive(checking, TRACE + signed(TRUE, PLATFORM))
    assert (stored.verdict, clocks(checking)) == ("verified", {**RUNNING, "X": {"stopped"}})
    assert stored.verdict_basis.english == f"DKIM signature of {PLATFORM} fits, checked here, for {PLATFORM}"
    assert resolver.asked == [KEY]


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("Re: Posts", "Re: Posts: removed", "failed"),
        ("reviewed the posts", "removed the posts", "failed"),
        (DESK, f"press@{PLATFORM}", "failed"),
        (OURS, "another-1@bzk.example", "failed"),
        ("<answer-0@any.example>", "<answer-9@any.example>", "failed"),
        ("", "Subject: Re: Posts: removed\r\n", "unverified"),
        ("", f"From: <a@{EVIL}>\r\n", "unverified"),
        ("", f"From: <press@{PLATFORM}>\r\n", "unverified"),
        ("", "In-Reply-To: <ours-2@bzk.example>\r\n", "unverified"),
    ],
)
def test_a_replay_with_something_changed_stops_no_clock(checking: Services, old: str, new: str, verdict: str) -> None:
    """A changed or prepended subject, text, author, thread or Message-ID makes a signed replay stop no clock."""
    octets = signed(TRUE, PLATFORM)
    changed = octets.replace(old.encode(), new.encode()) if old else new.encode() + octets
    assert changed != octets
    stored = receive(checking, TRACE + changed)
    assert (stored.verdict, clocks(checking)) == (verdict, RUNNING)
    assert len(alarms(checking, "forged")) == (verdict == "failed")


def test_text_below_the_signed_length_stops_no_clock(checking: Services) -> None:
    """Text appended below the signed length (`l=`) makes the mail unverified."""
    octets = signed(TRUE, PLATFORM, covers=("from", "subject", "date", "l")) + b"We removed it.\r\n"
    assert (receive(checking, TRACE + octets).verdict, clocks(checking)) == ("unverified", RUNNING)


def test_an_old_answer_sent_again_stops_no_clock(checking: Services) -> None:
    """A platform's mail that was signed thirty days ago is unverified."""
    with time_machine.travel(NOW - timedelta(days=30), tick=False):
        octets = signed(TRUE, PLATFORM)
    assert (receive(checking, TRACE + octets).verdict, clocks(checking)) == ("unverified", RUNNING)


@pytest.mark.parametrize("signer", [EVIL, f"{PLATFORM}.{EVIL}", f"{PLATFORM}'a.{EVIL}"])
def test_a_signature_of_the_forger_stops_no_clock(checking: Services, signer: str) -> None:
    """A valid signature of another domain leaves the platform's mail unverified."""
    assert receive(checking, TRACE + signed(TRUE, signer)).verdict == "unverified"
    assert clocks(checking) == RUNNING


def test_a_forged_result_vouches_for_nobody_where_signatures_are_asked(checking: Services) -> None:
    """With DKIM as the configured trust, a forged Authentication-Results line has no effect."""
    claim = f"Authentication-Results: {SERVER}; {PASS}\r\n".encode()
    assert receive(checking, claim + TRACE + TRUE).verdict == "unverified"
    assert clocks(checking) == RUNNING


def test_a_dns_without_an_answer_leaves_the_mail_to_a_person(checking: Services, resolver: ScriptedResolver) -> None:
    """Without a DNS answer the mail is unverified and raises no alarm. Confirmed by an officer, it stops the clocks."""
    resolver.records = {KEY: None}
    stored = receive(checking, TRACE + signed(TRUE, PLATFORM))
    assert (stored.verdict, clocks(checking)) == ("unverified", RUNNING)
    assert stored.verdict_basis.english == f"DKIM signature of {PLATFORM}: no answer from the DNS about {KEY} now"
    assert alarms(checking, "forged") == []
    run(checking, ConfirmMessage(message=stored.id), "officer1")
    assert clocks(checking)["X"] == {"stopped"}
    with checking.store.read() as tx:
        confirmed = tx.get(StoredMessage, stored.id)
        actors = [event.actor for _, event in tx.events() if event.kind is EventKind.MESSAGE_CONFIRMED]
    assert confirmed is not None
    assert (confirmed.verdict_basis.english, actors) == ("confirmed by officer1", ["officer1"])


def test_nobody_is_asked_about_mail_of_strangers(checking: Services, resolver: ScriptedResolver) -> None:
    """Only domains of platforms are looked up in the DNS."""
    octets = signed(mail([f"From: <any@{EVIL}>"]), EVIL)
    assert receive(checking, TRACE + octets).verdict == "unverified"
    assert resolver.asked == []
