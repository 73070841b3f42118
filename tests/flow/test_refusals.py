# SPDX-License-Identifier: EUPL-1.2
"""With a real Postfix that refuses some recipients, some words or everything, everything else leaves at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtplib import SMTPResponse

from flaggermail.adapters.smtp.session import SmtpSession
from flaggermail.health import status_gathering
from flaggermail.intake.ingest import ingest
from flaggermail.letters import standing
from flaggermail.outbox import delivery
from flaggermail.ports import RawMessage, Role
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.states import AttemptResult, MailState, ServerState
from flaggermail.reminders import outbox_ageing
from flaggermail.services import Services, UnitOfWork
from flaggermail.stories.doubles import SetClock
from flaggermail.wiring import assembly
from flaggermail.wiring.mail_servers import ImapService
from tests import asking
from tests.corpus import one_in
from tests.flow.desk_process import DeskProcess, message_id
from tests.flow.faulty_desk import AheadClock, Order, prepare, referral
from tests.servers.dovecot import Dovecot
from tests.servers.platform import PlatformServer
from tests.servers.postfix import Postfix, Stage

PLATFORM = "elections-eu@tiktok-platform.example"
REFERRER = "griffie@lindewaard.example"
REPLIES = ("451 4.7.1 not now", "550 5.7.1 no", "554 5.7.1 Client host blocked", "554 rejected")
STAGES: tuple[Stage, ...] = ("at_rcpt", "at_data", "at_dot")
CELLS = [(reply, stage) for reply in REPLIES for stage in STAGES]
EVERYBODY = "."


@dataclass
class Evening:
    """A desk in this process between real servers, whose clock a test puts ahead."""

    env: Services
    postfix: Postfix
    platform: PlatformServer
    officer: str

    def later(self, minutes: float) -> None:
        """Goes on by that many minutes, and does what is due then."""
        self.ahead(self.env.clock.minutes + minutes if isinstance(self.env.clock, AheadClock) else minutes)
        self.work()

    def ahead(self, minutes: float) -> None:
        """Puts the clock that many minutes ahead of the machine's."""
        clock = AheadClock(minutes)
        self.env = replace(self.env, clock=clock, submitter=ImapService(self.env.settings).submitter(clock))

    def work(self) -> None:
        """Sends what is due and raises the alarms about what is not."""
        delivery.drain(self.env)
        outbox_ageing.tick_outbox(self.env)
        delivery.drain(self.env)

    def approve(self, *, referral_first: bool = False) -> None:
        """Takes in a referral and approves a notification, which waits in the outbox afterwards."""
        prepare(self.env, Order("prepare", platform_first=not referral_first))

    def arrived(self, address: str, *, expected: int = 0) -> int:
        """Returns the number of mails that reached an address outside, once at least those expected did."""
        self.platform.wait(expected, recipient=address)
        return len(self.platform.received(address))

    def mails(self, state: MailState) -> list[OutboxMail]:
        """Returns the mails in a state."""
        return asking.mails(self.env, state=state)

    def alarms(self) -> list[str]:
        """Returns the kinds of the alarms."""
        return [alarm.kind for alarm in asking.alarms(self.env)]

    def standing(self) -> ServerState:
        """Returns how the submission server stands towards the desk."""
        with self.env.store.read() as tx:
            return standing.look(tx).standing

    def is_green(self) -> bool:
        """Returns whether status names no fault of the submission server."""
        with self.env.store.read() as tx:
            seen = status_gathering.gather(UnitOfWork(self.env, tx, self.env.clock.now()), link=True)
        return not any("submission" in trouble for trouble in seen.troubles())


@pytest.fixture
def evening(desk: DeskProcess, postfix: Postfix, platform: PlatformServer) -> Iterator[Evening]:
    """Yields a desk without a daemon; afterwards Postfix refuses nothing."""
    env = assembly.open_services(desk.folder)
    clock = AheadClock(0)
    env = replace(env, clock=clock, submitter=ImapService(env.settings).submitter(clock))
    yield Evening(env, postfix, platform, f"{desk.officer}@bzk.example")
    env.close()
    for stage in STAGES:
        postfix.set_refusals(stage, {})
    postfix.set_words([])


@pytest.mark.parametrize(("reply", "stage"), one_in(5, CELLS, 4))
def test_one_officer_who_is_refused_holds_nobody(evening: Evening, reply: str, stage: Stage) -> None:
    """Two notices are refused; the notification and the confirmations leave within one drain, and nothing twice."""
    evening.postfix.set_refusals(stage, {f"^{evening.officer}$": reply})
    evening.approve(referral_first=True)
    evening.approve(referral_first=True)
    evening.work()
    assert evening.arrived(PLATFORM, expected=2) == 2
    assert evening.arrived(REFERRER, expected=2) == 2
    assert evening.standing() is ServerState.TAKES
    evening.postfix.set_refusals(stage, {})
    for _ in range(4):
        evening.later(2)
    assert not evening.mails(MailState.QUEUED)
    assert evening.arrived(PLATFORM, expected=2) == 2
    assert evening.arrived(REFERRER, expected=2) == 2


@pytest.mark.parametrize(("reply", "stage"), one_in(6, CELLS, 4))
def test_one_domain_that_is_refused_holds_nobody_outside(evening: Evening, reply: str, stage: Stage) -> None:
    """The referrer's server takes nothing: platform and officers get their mail at once."""
    evening.postfix.set_refusals(stage, {"@lindewaard[.]example$": reply})
    evening.approve(referral_first=True)
    evening.approve()
    evening.work()
    assert evening.arrived(PLATFORM, expected=2) == 2
    assert {mail.recipient for mail in evening.mails(MailState.QUEUED)} <= {REFERRER}
    assert evening.standing() is ServerState.TAKES


@pytest.mark.parametrize(("reply", "stage"), one_in(4, CELLS, 4))
def test_when_all_is_refused_it_is_told_and_all_leaves_once(evening: Evening, reply: str, stage: Stage) -> None:
    """A refusal for good of everything is an outage; a person's `retry` after its end lets everything leave, once."""
    evening.postfix.set_refusals(stage, {EVERYBODY: reply})
    evening.approve()
    evening.work()
    for _ in range(3):
        evening.later(3)
    assert (evening.arrived(PLATFORM), evening.mails(MailState.REFUSED)) == (0, [])
    for_good = reply.startswith("5")
    assert (evening.standing() is ServerState.DOUBTED, evening.is_green()) == (for_good, not for_good)
    assert ("outbox denied" in evening.alarms()) == for_good
    evening.postfix.set_refusals(stage, {})
    for _ in range(12):
        evening.later(5)
    assert evening.arrived(PLATFORM, expected=1) == 1
    assert evening.arrived(REFERRER, expected=1) == 1
    assert not evening.mails(MailState.QUEUED)
    assert evening.is_green()
    assert evening.alarms().count("outbox taken") == evening.alarms().count("outbox denied")


def test_a_word_that_the_filter_refuses_holds_nobody(evening: Evening) -> None:
    """Referrals with the word reach their officer without it, and their referrer is confirmed without it, once each.

    A notification leaves; afterwards nothing waits.
    """
    evening.postfix.set_words(["stemdag"])
    evening.approve(referral_first=True)
    evening.approve(referral_first=True)
    evening.work()
    assert evening.arrived(PLATFORM, expected=2) == 2
    for _ in range(3):
        evening.later(2)
    assert evening.standing() is ServerState.TAKES
    assert not evening.mails(MailState.QUEUED)
    instead = [mail for mail in evening.mails(MailState.ACCEPTED) if mail.instead_of is not None]
    to_referrer = [mail for mail in instead if mail.recipient != evening.officer]
    assert [(mail.recipient, mail.kind) for mail in to_referrer] == [(REFERRER, Kind.INTAKE_CONFIRMATION)] * 2
    assert evening.arrived(REFERRER, expected=2) == 2
    assert len({mail.instead_of for mail in instead}) == len(instead) >= 2 + len(to_referrer)


def test_a_refused_sender_is_an_outage(evening: Evening) -> None:
    """A rejection of our own address comes at each recipient: all mail waits, and the desk says so."""
    evening.postfix.set_refusals("at_rcpt", {EVERYBODY: "554 5.7.1 Sender address rejected: Access denied"})
    evening.approve()
    evening.work()
    assert evening.standing() is ServerState.DOUBTED
    assert not evening.is_green()
    assert not evening.mails(MailState.REFUSED)


def test_strangers_whose_mailboxes_refuse_hold_nobody(evening: Evening) -> None:
    """Answers to two strangers come back with 554 5.7.1 for hours; a notification leaves at once all the same."""
    evening.postfix.set_refusals("at_rcpt", {"@lindewaard[.]example$": "554 5.7.1 refused by its owner"})
    evening.approve(referral_first=True)
    evening.approve(referral_first=True)
    for _ in range(10):
        evening.later(20)
    evening.approve()
    evening.work()
    assert evening.arrived(PLATFORM, expected=3) == 3


def test_a_swallowed_answer_hands_a_notice_over_three_times_an_hour(
    evening: Evening, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server takes each, and says so to nobody; the officer gets one mail several times, and never none."""
    whole, began = SmtpSession.reply, datetime.now(UTC)

    async def unheard(session: SmtpSession) -> SMTPResponse:
        await whole(session)
        raise TimeoutError

    def drain(minute: int) -> None:
        clock = SetClock(began + timedelta(minutes=minute))
        evening.env = replace(evening.env, clock=clock, submitter=ImapService(evening.env.settings).submitter(clock))
        delivery.drain(evening.env)

    with monkeypatch.context() as patch:
        patch.setattr(SmtpSession, "reply", unheard)
        ingest(evening.env, RawMessage(referral("swallowed"), began, "Prepared", "1", "1", Role.OTHER))
        for minute in range(60):
            drain(minute)
    box = evening.officer.partition("@")[0]
    got = dovecot.wait_for_messages(box, 3)
    assert len(got) == 3
    assert len({message_id(octets) for octets in got}) == 1
    with evening.env.store.read() as tx:
        at = [one.started_at for one in tx.find(Attempt) if one.result == AttemptResult.UNKNOWN]
    assert len(at) == 6  # the confirmation to the referrer fares alike
    drain(120)
    assert len(dovecot.wait_for_messages(box, 4)) == 4
    assert len(evening.mails(MailState.ACCEPTED)) == 2
