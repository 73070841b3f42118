# SPDX-License-Identifier: EUPL-1.2
"""Strangers cannot use up the attention of officers: floods of mail, forged names, addresses made up by the hundred.

Each flood goes on around a real referral, a bounce of our own mail, and a municipality that waits for its confirmation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest

from flaggermail.intake import poll
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import HeldBack, OutboxMail
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.states import MailState
from flaggermail.reminders import sending
from flaggermail.services import Services
from flaggermail.stories.doubles import ListMailbox, SetClock
from tests import asking
from tests.both_shapes import words_of
from tests.story.conftest import NOW
from tests.story.conftest import clock as clock  # noqa: PLC0414 - a fixture
from tests.story.conftest import env as env  # noqa: PLC0414 - a fixture
from tests.story.conftest import story_settings as story_settings  # noqa: PLC0414 - a fixture
from tests.story.test_late import mail as of
from tests.story.test_late import notify, read
from tests.story.test_rate_limits import forwarded

OFFICER = "a.jansen@bzk.example"
TOWN = "griffie@lindewaard.example"
TICK = timedelta(seconds=15)
REAL = "Stemhulp van de gemeente"


@dataclass
class Night:
    """A desk whose mailbox is filled while the daemon's loops run every fifteen seconds."""

    env: Services
    clock: SetClock
    box: ListMailbox
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def bring(self, sender: str, subject: str, text: str = "Wat is dit?", verdict: str = "pass") -> None:
        """Delivers one mail now, with that verdict of our server, or none for an empty one."""
        octets = of(next(self.numbers), sender, subject, text)
        if verdict != "pass":
            line = octets.partition(b"\r\n")[0]
            other = line.replace(b"dmarc=pass", f"dmarc={verdict}".encode()) if verdict else b"X-Nothing: said"
            octets = octets.replace(line, other)
        self.box.deliver("inbox", octets, self.clock.now())

    def tick(self) -> None:
        """Lets fifteen seconds pass, and does what the daemon does in them."""
        self.clock.set(self.clock.now() + TICK)
        poll.look(self.env, self.box)
        sending.tick(self.env)
        digest.tell_held_back(self.env)
        delivery.drain(self.env)

    def flood(self, minutes: int, each_tick: Callable[[int], None]) -> None:
        """Runs the desk for that long; `each_tick` brings mail."""
        for number in range(minutes * 4):
            each_tick(number)
            self.tick()

    def sent(self, *kinds: Kind, since: datetime | None = None) -> list[OutboxMail]:
        """Returns the mails of these kinds."""
        with self.env.store.read() as tx:
            found = tx.find(OutboxMail, where(OutboxMail.kind).in_(kinds))
        return [mail for mail in found if since is None or mail.queued_at >= since]

    def assert_told_at_once(self, subject: str, since: datetime) -> None:
        """Asserts that the officer has a mail of its own about that mail, within one tick, that can be answered."""
        notices = [mail for mail in self.sent(Kind.OFFICER_NOTICE, since=since) if subject in mail.subject]
        assert len(notices) == 1, [mail.subject for mail in self.sent(Kind.OFFICER_NOTICE)]
        (notice,) = notices
        assert (notice.recipient, notice.state) == (OFFICER, "accepted")
        assert notice.done_at is not None
        assert notice.done_at - since <= TICK
        letter = read(self.env.octets.get(notice.digest))
        assert "+" in letter["Reply-To"]
        assert "neem" in words_of(self.env.octets.get(notice.digest))

    def assert_confirmed(self, address: str) -> None:
        """Asserts that the referrer has the confirmation."""
        assert [mail.recipient for mail in self.sent(Kind.INTAKE_CONFIRMATION)].count(address) == 1

    def floods_told(self) -> int:
        """Returns the number of digests of what was held back."""
        return len(self.sent(Kind.DIGEST))


@pytest.fixture
def night(env: Services, clock: SetClock) -> Night:
    """Returns a quiet desk."""
    return Night(env, clock, ListMailbox(env.settings.desk.mailbox))


def refer(night: Night, number: int = 1) -> datetime:
    """Lets a municipality refer a matter now; runs one tick and returns when it came."""
    since = night.clock.now()
    night.bring(TOWN, f"{REAL} {number}", forwarded(number))
    night.tick()
    return since


def stranger(night: Night, verdict: str) -> Callable[[int], None]:
    """Returns three mails a minute, each of another stranger at another domain."""

    def bring(tick: int) -> None:
        if tick % 4:
            night.bring(f"a{tick}@d{tick}.example", f"Vraag {tick}", verdict=verdict)

    return bring


@pytest.mark.long
@pytest.mark.parametrize("verdict", ["pass", "none", "fail", ""])
def test_strangers_at_three_mails_a_minute_for_two_hours(night: Night, verdict: str) -> None:
    """A referral within the flood and one at its end are told at once; the flood is told once."""
    night.flood(60, stranger(night, verdict))
    first = refer(night)
    night.assert_told_at_once(f"{REAL} 1", first)
    night.flood(58, lambda tick: stranger(night, verdict)(1000 + tick))
    second = refer(night, 2)
    night.assert_told_at_once(f"{REAL} 2", second)
    assert night.floods_told() == 1
    assert len(night.sent(Kind.INTAKE_CONFIRMATION)) == 2
    assert len(asking.messages(night.env, direction=Direction.IN)) > 350
    assert len(asking.cases(night.env)) == 2


@pytest.mark.long
@pytest.mark.slow
def test_what_came_in_a_flood_is_told_when_it_is_over(night: Night) -> None:
    """After an hour without a held notice one more digest lists the rest; nothing stays untold."""
    night.flood(30, stranger(night, "none"))
    assert night.floods_told() == 1
    night.flood(75, lambda _: None)
    assert night.floods_told() == 2
    with night.env.store.read() as tx:
        assert tx.find(HeldBack, where(HeldBack.told_at).is_(None)) == []


@pytest.mark.slow
def test_a_flood_of_all_classes_at_once(night: Night) -> None:
    """Verified, unverified and failed strangers together: each class is told once, and nothing real waits."""

    def bring(tick: int) -> None:
        for verdict in ("pass", "none", "fail"):
            night.bring(f"{verdict}{tick}@{verdict}{tick}.example", f"Vraag {tick}", verdict=verdict)

    night.flood(30, bring)
    told = Counter(mail.trust for mail in night.sent(Kind.OFFICER_NOTICE))
    assert told == {"verified": 15, "unverified": 10, "failed": 5}
    since = refer(night)
    night.assert_told_at_once(f"{REAL} 1", since)
    night.assert_confirmed(TOWN)
    night.assert_told_at_once(f"{REAL} 2", refer(night, 2))
    assert night.floods_told() == 3


def test_thirty_forged_local_parts_of_a_platform(night: Night) -> None:
    """They raise one alarm for the platform and hour; a bounce of our own mail is told within one tick."""
    for number in range(30):
        night.bring(f"agent{number}@x-platform.example", "Uw melding", "We removed nothing.", verdict="fail")
    night.tick()
    assert len(asking.alarms(night.env, kind=AlarmKind.FORGED)) == 1
    assert len(asking.pages(night.env)) <= 1
    since = refer(night)
    night.assert_told_at_once(f"{REAL} 1", since)
    (confirmation,) = night.sent(Kind.INTAKE_CONFIRMATION)
    bounced = night.clock.now()
    night.box.deliver("inbox", returned(confirmation), bounced)
    night.tick()
    alarms = [mail for mail in night.sent(Kind.ALARM, since=bounced) if mail.recipient == OFFICER]
    assert len(alarms) == 1
    assert alarms[0].done_at is not None
    assert alarms[0].done_at - bounced <= TICK
    night.clock.set(night.clock.now() + timedelta(hours=1))
    night.bring("agent99@x-platform.example", "Uw melding", "We removed nothing.", verdict="fail")
    night.tick()
    assert len(asking.alarms(night.env, kind=AlarmKind.FORGED)) == 2


def test_forged_mail_of_every_platform_leaves_calls_for_our_own_alarms(night: Night) -> None:
    """Forgers of five platforms, hour after hour, keep back no alarm about our own mail."""
    platforms = [domain for platform in night.env.settings.platforms for domain in platform.domains]
    for _ in range(3):
        for domain in platforms:
            for number in range(10):
                night.bring(f"agent{number}@{domain}", "Uw melding", "We removed nothing.", verdict="fail")
        night.tick()
        night.clock.set(night.clock.now() + timedelta(minutes=61))
    refer(night)
    (confirmation,) = night.sent(Kind.INTAKE_CONFIRMATION)
    bounced = night.clock.now()
    night.box.deliver("inbox", returned(confirmation), bounced)
    night.tick()
    assert len(asking.mails(night.env, kind=Kind.ALARM, state=MailState.ACCEPTED, case="VF-PS2027-0001")) == 1


@pytest.mark.slow
def test_two_hundred_plus_addresses_of_one_mailbox(night: Night) -> None:
    """They are one sender: answered once, told a few times; a municipality is confirmed and its referral told."""
    for number in range(200):
        night.bring(f"kees+{number}@mailprovider.example", "Nep", "Ik zag dit bericht, haal het weg.")
    night.tick()
    assert len(night.sent(Kind.DECLINE)) == 1
    assert len(night.sent(Kind.OFFICER_NOTICE)) <= 10
    since = refer(night)
    night.assert_told_at_once(f"{REAL} 1", since)
    night.assert_confirmed(TOWN)
    assert night.floods_told() == 1


@pytest.mark.long
@pytest.mark.slow
def test_three_hundred_citizens_leave_room_for_a_confirmation(night: Night) -> None:
    """The limit on declines of an hour is one of declines."""
    for number in range(300):
        night.bring(f"kees{number}@mailprovider.example", "Nep", "Ik zag dit bericht, haal het weg.")
    night.tick()
    assert len(night.sent(Kind.DECLINE)) == 200
    since = refer(night)
    night.assert_confirmed(TOWN)
    night.assert_told_at_once(f"{REAL} 1", since)


def test_towns_whose_accounts_run_wild_keep_no_other_back(night: Night) -> None:
    """Known senders fill their own limits; another's first mail of the hour is told at once, and confirmed."""
    wild = ("kromwoude", "provincie-demo", "waterschap-demo", "veiligheidsregio-demo")
    for number in range(20):
        for domain in wild:
            night.bring(f"afdeling{number}@{domain}.example", f"Vraag {domain} {number}", forwarded(number))
    night.tick()
    assert len(night.sent(Kind.OFFICER_NOTICE)) <= 13
    since = refer(night)
    night.assert_told_at_once(f"{REAL} 1", since)
    night.assert_confirmed(TOWN)
    assert night.floods_told() == 1


def answer(night: Night, use: int, verdict: str) -> OutboxMail:
    """Lets the platform answer our notification now; returns the notice about it, sent within one tick."""
    domain, number = "x-platform.example", next(night.numbers)
    octets = of(number, f"agent@{domain}", f"Your report {number}", "We look into it.", f"ours-{use}@bzk.example")
    since = night.clock.now()
    night.box.deliver("inbox", octets.replace(b"dmarc=pass", f"dmarc={verdict}".encode()), since)
    night.tick()
    (notice,) = (m for m in night.sent(Kind.OFFICER_NOTICE, since=since) if f"Your report {number}" in m.subject)
    assert notice.done_at is not None
    assert notice.done_at - since <= TICK
    return notice


@pytest.mark.slow
def test_system_mail_that_anybody_can_cause_keeps_no_answer_back(night: Night) -> None:
    """Verified mail of the platforms that fits no case, by the hundred; an answer to us counts for its case."""
    notify(night.env, 501, NOW - timedelta(minutes=5))
    for number in range(60):
        for platform in night.env.settings.platforms:
            night.bring(f"no-reply{number}@{platform.domains[0]}", f"Somebody named you {number}", "Look here.")
    night.tick()
    assert answer(night, 501, "pass").recipient == OFFICER
    since = refer(night)
    night.assert_told_at_once(f"{REAL} 1", since)


@pytest.mark.slow
@pytest.mark.parametrize("verdict", ["none", ""])
def test_an_unverified_answer_to_us_is_not_one_of_the_strangers(night: Night, verdict: str) -> None:
    """It bears a key of ours, so it is told at once within a flood of unverified mail, and can be judged by reply."""
    notify(night.env, 501, NOW - timedelta(minutes=5))
    night.flood(20, stranger(night, verdict))
    text = words_of(night.env.octets.get(answer(night, 501, "none").digest))
    assert "- echt" in text
    assert "(afzender niet geverifieerd)" in text


def test_one_case_that_is_written_to_without_end_keeps_no_other_back(night: Night) -> None:
    """A stranger who has the key of one case fills the limit of that case."""
    notify(night.env, 501, NOW - timedelta(minutes=5))
    notify(night.env, 502, NOW - timedelta(minutes=5))
    for _ in range(60):
        octets = of(next(night.numbers), "x@d.example", "Your report", "More.", "ours-501@bzk.example")
        night.box.deliver("inbox", octets.replace(b"dmarc=pass", b"dmarc=none"), night.clock.now())
    night.tick()
    assert len(night.sent(Kind.OFFICER_NOTICE)) <= 10
    answer(night, 502, "none")


def test_a_name_that_anybody_can_write_makes_nobody_known(night: Night) -> None:
    """Unverified mail in a town's name counts as a stranger's, and uses up nothing of the town's own."""
    for number in range(50):
        night.bring(TOWN, f"Nep {number}", forwarded(number), verdict="none")
    night.tick()
    since = refer(night, 77)
    night.assert_told_at_once(f"{REAL} 77", since)
    night.assert_confirmed(TOWN)


def test_after_an_outage_the_known_sender_is_listed_first(night: Night) -> None:
    """The digest of late mail names the town's mail, though hundreds of strangers wrote before it."""
    old = NOW - timedelta(hours=5)
    for number in range(100):
        night.box.deliver("inbox", of(number, f"a{number}@d{number}.example", "Vraag", "Wat is dit?"), old)
    night.box.deliver("inbox", of(500, TOWN, REAL, forwarded(1)), old + timedelta(minutes=1))
    night.tick()
    (one,) = night.sent(Kind.DIGEST)
    lines = [line for line in words_of(night.env.octets.get(one.digest)).splitlines() if "@" in line]
    assert TOWN in lines[0]


def returned(mail: OutboxMail) -> bytes:
    """Returns our server's report that a mail of ours did not arrive."""
    return (
        "Authentication-Results: mx.bzk.example; dmarc=none header.from=mx.bzk.example\r\n"
        "Received: from localhost by mx.bzk.example with LMTP\r\nReturn-Path: <>\r\n"
        "From: MAILER-DAEMON@mx.bzk.example\r\nTo: verkiezingenflagger@bzk.example\r\nSubject: Undelivered\r\n"
        f"Message-ID: <returned-{mail.id}@mx.bzk.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="cut"\r\n\r\n'
        "--cut\r\nContent-Type: text/plain\r\n\r\nAbout your mail.\r\n--cut\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.bzk.example\r\n\r\n"
        f"Final-Recipient: rfc822; {mail.recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--cut\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{mail.message_id}>\r\n\r\n--cut--\r\n"
    ).encode()
