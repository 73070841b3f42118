# SPDX-License-Identifier: EUPL-1.2
"""Observe mode: all mail is filed, nothing is sent, and nothing of that time is sent after resuming."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from flaggermail.adapters.system.clock import EventInterrupt
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import Resume
from flaggermail.commands.notify import Draft
from flaggermail.daemon.service import Daemon
from flaggermail.errors import Refusal
from flaggermail.intake.ingest import ingest
from flaggermail.letters import writing
from flaggermail.notices import notices
from flaggermail.outbox import delivery
from flaggermail.ports import Interrupt, RawMessage, Submission
from flaggermail.record.case_values import Decision, Topic
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, Decline, OutboxMail, StoredMessage, Token, Withheld
from flaggermail.record.states import MailState
from flaggermail.reminders import sending
from flaggermail.rules.configuration import load
from flaggermail.services import Services, UnitOfWork
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests import asking
from tests.acting import run
from tests.doubles import migrated
from tests.doubles.told_status import document, told
from tests.patience import PATIENCE
from tests.story.conftest import CONFIG
from tests.story.test_daemon import StepTicker, WatchedMailbox

NOW = datetime.fromisoformat("2024-06-06T10:00:00+02:00")
MINUTE = timedelta(minutes=1)
REFERRAL = """Authentication-Results: mx.bzk.example; dmarc=pass header.from=lindewaard.example
Received: from mail.lindewaard.example by mx.bzk.example; {date}
From: Fenna Voorbeeld <f.voorbeeld@lindewaard.example>
To: verkiezingenflagger@bzk.example
Subject: Verkeerde stemdag rondgestuurd {number}
Message-ID: <r{number}@lindewaard.example>
Content-Type: text/plain; charset=utf-8

Zie het bericht nummer {number}. Zelf twee keer gemeld.
"""
CITIZEN = """Authentication-Results: mx.bzk.example; dmarc=pass header.from=mailprovider.example
Received: from mail.mailprovider.example by mx.bzk.example; {date}
From: Piet <piet@mailprovider.example>
To: verkiezingenflagger@bzk.example
Subject: Nepnieuws {number}
Message-ID: <c{number}@mailprovider.example>
Content-Type: text/plain; charset=utf-8

Ik zag nepnieuws, bericht {number}, kunt u dat weghalen?
"""


@dataclass
class Desk:
    """A desk in simulated time; `sent` lists the recipients of all mail sent."""

    env: Services
    clock: SetClock
    sent: list[str]
    uid: int = 0

    def take_in(self, text: str) -> None:
        """Takes in a mail now."""
        self.uid += 1
        octets = text.replace("{date}", format_datetime(self.clock.now())).encode().replace(b"\n", b"\r\n")
        ingest(self.env, RawMessage(octets, self.clock.now(), "INBOX", "1", str(self.uid)))

    def refer(self, number: int) -> None:
        """Takes in a municipality's referral."""
        self.take_in(REFERRAL.replace("{number}", str(number)))

    def tick(self, minutes: int = 0) -> None:
        """Advances the clock and runs the daemon's ticks."""
        for _ in range(max(1, minutes)):
            self.clock.set(self.clock.now() + MINUTE * (minutes > 0))
            sending.tick(self.env)
            delivery.drain(self.env)

    def events(self, kind: EventKind) -> list[Event]:
        """Returns the events of that kind."""
        with self.env.store.read() as tx:
            return [event for _, event in tx.events() if event.kind == kind]

    def withheld(self) -> list[str]:
        """Returns the kinds of withheld mail, in order."""
        return [event.reason.split(" ")[0] for event in self.events(EventKind.MAIL_WITHHELD)]

    def type(self, *words: str, officer: str = "officer1") -> str:
        """Runs a command that must succeed and returns its output."""
        session = Session(CONFIG, given=self.env, officer=officer)
        done = CliRunner().invoke(commands, list(words), obj=session, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def notify(self, case: str = "VF-EP2024-0001") -> str:
        """Assesses, decides and drafts; returns the draft to approve."""
        for act in (
            Assess(case=case, incorrect=True, contradicts="The day is another.", criteria=(3,), own_attempts=2),
            Decide(case=case, decision=Decision.NOTIFY, reason="voters may come on the wrong day"),
            Draft(case=case, channel="x-urgent", title="Wrong day", text="See https://posts.example/1"),
        ):
            run(self.env, act, "officer1")
        return f"{case}/1"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Builds a desk on the morning of 6 June 2024."""
    clock, sent = SetClock(NOW), list[str]()

    class Kept(ScriptedSubmitter):
        """Accepts, and records the recipients."""

        def submit(
            self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = ""
        ) -> Sequence[Submission]:
            """Accepts."""
            sent.extend(recipients)
            return super().submit(octets, sender, recipients, witness)

    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    env = migrated.replayed(settings, tmp_path, clock, CountedRandomness("observe"), Kept(clock))
    yield Desk(env, clock, sent)
    env.close()


def test_everything_is_filed_and_nothing_is_sent(desk: Desk) -> None:
    """A referral opens its case, and the confirmation and notice become events with kind and reason."""
    writing.begin(desk.env)
    desk.refer(1)
    desk.tick(5)
    with desk.env.store.read() as tx:
        assert [case.number for case in tx.find(Case)] == ["VF-EP2024-0001"]
        assert [message.direction for message in tx.find(StoredMessage)] == ["in"]
        assert tx.find(OutboxMail) == []
        assert tx.find(Token, where(Token.purpose).is_(Topic.NOTICE)) == []
        assert [row.id for row in tx.find(Withheld)] == ["confirmation/VF-EP2024-0001", "notice/m00000001"]
    assert desk.sent == []
    assert desk.withheld() == ["intake_confirmation", "officer_notice"]
    first = desk.events(EventKind.MAIL_WITHHELD)[0]
    assert (first.actor, first.case) == ("daemon", "VF-EP2024-0001")
    assert first.reason == "intake_confirmation"


def test_reminders_are_withheld_and_do_not_come_at_resume(desk: Desk) -> None:
    """Reminders due during observe mode are never sent, also those that no tick had seen before resume."""
    writing.begin(desk.env)
    desk.refer(1)
    desk.tick(45)
    assert "reminder" in desk.withheld()
    assert [row.withheld for row in asking.reminders(desk.env)] == [True]
    desk.refer(2)
    desk.clock.set(desk.clock.now() + 60 * MINUTE)  # the daemon was down
    run(desk.env, Resume(), "officer1")
    desk.tick(120)
    assert desk.sent == []
    assert [row.withheld for row in asking.reminders(desk.env)] == [True, True]
    assert "no reminder waits" in desk.type("oncall", "now")


def test_what_is_wanted_after_resume_is_sent(desk: Desk) -> None:
    """After resume the next referral gets its confirmation and notice; the earlier one does not."""
    writing.begin(desk.env)
    desk.refer(1)
    desk.tick(1)
    assert "sends again" in desk.type("resume")
    desk.refer(2)
    desk.tick(1)
    assert desk.sent == ["f.voorbeeld@lindewaard.example", "a.jansen@bzk.example"]
    assert {mail.case for mail in asking.mails(desk.env)} == {"VF-EP2024-0002"}


def test_a_withheld_mail_is_not_sent_when_its_reason_comes_again(desk: Desk) -> None:
    """A withheld confirmation is not sent when its reason recurs after resume."""
    writing.begin(desk.env)
    desk.refer(1)
    run(desk.env, Resume(), "head1")
    with desk.env.store.begin() as tx:
        case = tx.get(Case, "VF-EP2024-0001")
        assert case is not None
        notices.confirm_intake(UnitOfWork(desk.env, tx, desk.clock.now()), case, "once more")
    desk.tick(1)
    assert desk.sent == []


def test_approval_is_refused_with_the_way_out(desk: Desk) -> None:
    """Approval is refused with the reason and the remedy, and works after resume."""
    desk.refer(1)
    desk.tick(1)
    draft = desk.notify()
    writing.begin(desk.env)
    desk.sent.clear()
    with pytest.raises(Refusal, match=r"the desk observes and sends nothing; `flaggermail resume`"):
        run(desk.env, Approve(draft=draft), "officer1")
    run(desk.env, Resume(), "officer1")
    run(desk.env, Approve(draft=draft), "officer1")
    desk.tick(1)
    (mail,) = asking.mails(desk.env, kind=Kind.NOTIFICATION)
    assert (mail.state, desk.sent[0]) == ("accepted", mail.recipient)


def test_officers_go_on_working(desk: Desk) -> None:
    """Decisions still work in observe mode, and the mail they cause is withheld."""
    writing.begin(desk.env)
    desk.refer(1)
    run(desk.env, Decide(case="VF-EP2024-0001", decision=Decision.NONE, reason="not about the process"), "officer1")
    desk.tick(1)
    assert desk.sent == []


def test_what_waits_when_observing_begins(desk: Desk) -> None:
    """When observe mode begins, queued mail is cancelled.

    An approved notification stays queued for an officer's decision.
    """
    desk.refer(1)
    run(desk.env, Approve(draft=desk.notify()), "officer1")
    writing.begin(desk.env)
    desk.tick(3)
    assert desk.sent == []
    states = {mail.kind: mail.state for mail in asking.mails(desk.env)}
    (held,) = asking.mails(desk.env, state=MailState.QUEUED)
    assert states.pop(Kind.NOTIFICATION) == "queued"
    assert set(states) == {"intake_confirmation", "officer_notice", "approval_request"}
    assert set(states.values()) == {"cancelled"}
    with pytest.raises(Refusal, match=f"{held.id} waited before .*outbox cancel ID.*--with-waiting"):
        run(desk.env, Resume(), "officer1")
    assert "sends again" in desk.type("resume", "--with-waiting")
    desk.tick(1)
    assert desk.sent[0] == held.recipient


def test_a_citizen_who_was_told_nothing_does_not_count_as_declined(desk: Desk) -> None:
    """A citizen whose decline was withheld does not count as declined, so the next report is answered."""
    writing.begin(desk.env)
    desk.take_in(CITIZEN.replace("{number}", "1"))
    with desk.env.store.read() as tx:
        places = [message.place for message in tx.find(StoredMessage)]
        declines = tx.find(Decline)
    assert (places, declines) == (["declined"], [])
    assert desk.withheld() == ["decline"]
    run(desk.env, Resume(), "officer1")
    desk.take_in(CITIZEN.replace("{number}", "2"))
    with desk.env.store.read() as tx:
        (second,) = tx.find(StoredMessage, where(StoredMessage.message_id).is_("c2@mailprovider.example"))
        declines = tx.find(Decline)
    assert (second.place, [row.message for row in declines]) == ("declined", [second.id])


@pytest.mark.parametrize("officer", ["officer1", "head1"])
def test_resume_is_recorded_with_its_actor(desk: Desk, officer: str) -> None:
    """An officer or the head may resume; actor and time are recorded."""
    writing.begin(desk.env)
    run(desk.env, Resume(), officer)
    (ended,) = desk.events(EventKind.OBSERVING_ENDED)
    assert (ended.actor, ended.at) == (officer, NOW)
    with pytest.raises(Refusal, match="does not observe"):
        run(desk.env, Resume(), officer)


def test_resume_needs_the_role(desk: Desk) -> None:
    """An assessor may not resume."""
    writing.begin(desk.env)
    oncall = desk.env.settings.oncall
    reader = oncall.officers[0].model_copy(update={"id": "reader1", "roles": ("assessor",)})
    officers = oncall.model_copy(update={"officers": (*oncall.officers, reader)})
    env = replace(desk.env, settings=desk.env.settings.model_copy(update={"oncall": officers}))
    with pytest.raises(Refusal, match="none of the roles head, officer"):
        run(env, Resume(), "reader1")


def test_status_shows_it(desk: Desk, tmp_path: Path) -> None:
    """`status` shows observe mode in text and JSON until it ends."""
    assert document(desk.env, tmp_path)["observing_since"] is None
    writing.begin(desk.env)
    assert "observing:" in told(desk.env, tmp_path).output
    assert "flaggermail resume" in told(desk.env, tmp_path).output
    assert document(desk.env, tmp_path)["observing_since"] == NOW.isoformat()
    desk.type("resume")
    assert "observing" not in told(desk.env, tmp_path).output


class StatusLines:
    """A supervisor that records the status."""

    def __init__(self) -> None:
        self.interval, self.lines = 60.0, list[str]()

    def ready(self) -> None:
        """Does nothing."""

    def status(self, text: str) -> None:
        """Records the status."""
        self.lines.append(text)

    def alive(self) -> None:
        """Does nothing."""

    def stopping(self) -> None:
        """Does nothing."""


def started(env: Services, *, observe: bool) -> list[str]:
    """Runs a daemon for one look and returns its status lines."""
    stop: Interrupt = EventInterrupt()
    told, mailbox = StatusLines(), WatchedMailbox(env)
    daemon = Daemon(env, mailbox, StepTicker(), stop, "here:1:now", lambda: 0.0, told, observe, lease_seconds=600.0)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    assert mailbox.looked.wait(PATIENCE)
    stop.set()
    thread.join(PATIENCE)
    return told.lines


def test_a_restart_without_the_option_goes_on_observing(desk: Desk) -> None:
    """Observe mode is kept in the record across restarts, and its beginning is one event."""
    for observe in (True, True, False):
        assert "observing, nothing is sent" in started(desk.env, observe=observe)[-1]
    assert len(desk.events(EventKind.OBSERVING_BEGAN)) == 1
    run(desk.env, Resume(), "officer1")
    assert "observing" not in started(desk.env, observe=False)[-1]
