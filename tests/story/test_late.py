# SPDX-License-Identifier: EUPL-1.2
"""After an outage, each mail is filed with its true arrival time and one digest reports the backlog."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Collection
from datetime import datetime, timedelta
from email.message import EmailMessage

from flaggermail.cases import lifecycle
from flaggermail.commands import door
from flaggermail.commands.oncall import Acknowledge
from flaggermail.intake import poll
from flaggermail.outbox import delivery
from flaggermail.record.case_values import CaseType, Decision, LanguageCode, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, Decline, Notification, Reminder, StoredMessage
from flaggermail.record.states import CaseState, ClockKind, MailState, NotificationState
from flaggermail.reminders.sending import tick
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.steps import Step, write_steps
from flaggermail.stories.doubles import ListMailbox, SetClock
from tests import asking
from tests.both_shapes import words_of
from tests.story.conftest import NOW

OLD = NOW - timedelta(hours=5)
POLICY = (Step(ClockKind.RECEIPT, 60), Step(ClockKind.RECEIPT, 120), Step(ClockKind.RECEIPT, 240, "head"))


def mail(number: int, sender: str, subject: str, body: str, answers: str = "") -> bytes:
    """Returns a mail that the receiving server verified."""
    domain = sender.rpartition("@")[2]
    reference = f"In-Reply-To: <{answers}>\r\n" if answers else ""
    return (
        f"Authentication-Results: mx.bzk.example; dmarc=pass header.from={domain}\r\n"
        f"Received: from mail.{domain} by mx.bzk.example with ESMTPS\r\n"
        f"From: {sender}\r\nTo: verkiezingenflagger@bzk.example\r\nSubject: {subject}\r\n"
        f"Message-ID: <late-{number}@{domain}>\r\n{reference}\r\n{body}\r\n"
    ).encode()


def backlog(mailbox: ListMailbox, at: datetime) -> None:
    """Delivers thirty mails of all kinds that arrived at `at`."""
    for number in range(10):
        mailbox.deliver("inbox", mail(number, "a@lindewaard.example", f"Bericht {number}", "Zie bijlage."), at)
        mailbox.deliver(
            "inbox", mail(number + 100, f"i{number}@mailprovider.example", "Nep", "Ik zag dit, haal het weg."), at
        )
        mailbox.deliver("inbox", mail(number + 200, f"x{number}@elsewhere.example", "Vraag", "Wat is dit?"), at)


def queued(env: Services) -> list[str]:
    """Returns the kinds of all mail that was ever queued."""
    return [row.kind for row in asking.mails(env)]


def read(octets: bytes) -> EmailMessage:
    """Returns the parsed mail."""
    found = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def notify(
    env: Services, number: int, sent_at: datetime, steps: Collection[Step] = POLICY, *, exercise: bool = False
) -> str:
    """Records an unanswered notification sent at that time and returns its id."""
    with env.store.begin() as tx:
        case = Case(
            number=f"VF-PS2027-{number:04}", election="PS2027", type=CaseType.CONTENT, origin=Origin.MEDIA,
            token=f"{number:032}",
            state=CaseState.NOTIFIED, decision=Decision.NOTIFY, opened_at=sent_at, opened_by="officer1",
            exercise=exercise,
        )  # fmt: skip
        use = Notification(
            id=f"{case.number}/1", case=case.number, platform="X", channel="x-urgent", channel_name="Channel",
            template="notification", language=LanguageCode.EN, subject="Posts", state=NotificationState.SENT,
            drafted_by="officer1",
            drafted_at=sent_at, token=f"1{number:031}", message_id=f"ours-{number}@bzk.example", digest="",
            sent_at=sent_at, steps=write_steps(steps), exercise=exercise,
        )  # fmt: skip
        sent = StoredMessage(
            id=f"n{number}", message_id=use.message_id, content_key=f"k{number}", digest="", direction=Direction.OUT,
            received_at=sent_at, first_seen_at=sent_at, place=Place.OWN, case=case.number, notification=use.id,
        )  # fmt: skip
        changes = (added(case), added(use), added(sent))
        tx.append(Event(EventKind.NOTIFICATION_SENT, sent_at, "officer1", changes))
        lifecycle.rejudge(UnitOfWork(env, tx, sent_at), use.id)
    return use.id


def test_a_backlog_gives_one_digest_and_nothing_else(env: Services) -> None:
    """Thirty old mails are filed, and referrals open cases. One digest is sent instead of confirmations and notices."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    backlog(mailbox, OLD)
    assert poll.look(env, mailbox) == 30
    assert queued(env) == [Kind.DIGEST]
    with env.store.read() as tx:
        assert len(tx.find(Case)) == 10
        assert tx.find(Decline) == []
        assert len(tx.find(StoredMessage, where(StoredMessage.place).is_(Place.QUARANTINE))) == 20
        assert {m.received_at for m in tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))} == {
            OLD
        }
    assert poll.look(env, mailbox) == 0
    assert queued(env) == [Kind.DIGEST]
    assert delivery.drain(env) == 1


def test_the_same_mails_in_time_are_each_answered(env: Services) -> None:
    """The same mails in time are answered: each referral is confirmed and each citizen declined."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    backlog(mailbox, NOW)
    poll.look(env, mailbox)
    kinds = queued(env)
    assert kinds.count(Kind.INTAKE_CONFIRMATION) == 10
    assert kinds.count(Kind.DECLINE) == 10
    assert Kind.DIGEST not in kinds


def test_a_late_answer_still_stops_the_clock_when_it_arrived(env: Services) -> None:
    """A platform's answer during an outage stops its clock at its arrival, not when it was read."""
    notify(env, 1, OLD - timedelta(minutes=30))
    mailbox = ListMailbox(env.settings.desk.mailbox)
    answer = mail(1, "gov-eu@x-platform.example", "Re: your mail", "Received, thanks.", answers="ours-1@bzk.example")
    mailbox.deliver("inbox", answer, OLD)
    poll.look(env, mailbox)
    (human,) = asking.clock_rows(env, kind=ClockKind.HUMAN)
    assert (human.state, human.stopped_at) == ("stopped", OLD)
    assert queued(env) == [Kind.DIGEST]


def reminders(env: Services) -> list[Reminder]:
    """Returns all reminders."""
    return asking.reminders(env)


def test_late_reminders_are_one_mail_and_one_answer(env: Services, clock: SetClock) -> None:
    """After an outage each open clock has one reminder, at its highest step, all in one mail.

    One "ok" acknowledges all.
    """
    uses = [notify(env, number, NOW - timedelta(minutes=150 + number)) for number in range(1, 6)]
    assert tick(env) == 5
    assert [(r.notification, r.step, r.kind) for r in reminders(env)] == [(use, 120, "reminder") for use in uses]
    (row,) = asking.mails(env)
    assert (row.kind, row.recipient) == ("reminder", "a.jansen@bzk.example")
    text = words_of(env.octets.get(row.digest))
    assert all(use.removesuffix("/1") in text for use in uses)
    assert "35 minuten geleden" in text  # the oldest fell due at 120 of 155 minutes
    assert tick(env) == 0

    with env.store.begin() as tx:
        door.perform(UnitOfWork(env, tx, NOW, "officer1"), Acknowledge(reminder=reminders(env)[2].id))
    assert {(r.acknowledged_by, r.acknowledged_at) for r in reminders(env)} == {("officer1", NOW)}
    clock.set(NOW + timedelta(minutes=100))
    # An acknowledgement never silences the escalation to the head. The sixth is an alarm, since no mail has left.
    assert tick(env) == 5 + 1
    assert [m.recipient for m in asking.mails(env, kind=Kind.ESCALATION)] == ["c.bakker@bzk.example"]


def test_one_ok_for_several_is_asked_about_in_one_mail(env: Services, clock: SetClock) -> None:
    """The question after one "ok" for several cases names each case and expiry, and no minutes of a step."""
    cases = [notify(env, number, NOW - timedelta(minutes=125)).removesuffix("/1") for number in (1, 2)]
    tick(env)
    with env.store.begin() as tx:
        door.perform(UnitOfWork(env, tx, NOW, "officer1"), Acknowledge(reminder=reminders(env)[0].id))
    delivery.drain(env)
    clock.set(NOW + timedelta(minutes=60))
    assert tick(env) == len(cases)
    (row,) = asking.mails(env, state=MailState.QUEUED)
    text = words_of(env.octets.get(row.digest))
    assert all(case in text for case in cases)
    assert text.count("opgepakt tot 11:00. Bent u hier nog mee bezig?") == len(cases)
    assert "min na" not in text
    assert tick(env) == 0


def test_what_falls_due_alone_is_told_alone(env: Services, clock: SetClock) -> None:
    """Reminders that fall due at different times are separate mails, each about its case."""
    notify(env, 1, NOW - timedelta(minutes=60))
    notify(env, 2, NOW - timedelta(minutes=50))
    assert tick(env) == 1
    clock.set(NOW + timedelta(minutes=10))
    assert tick(env) == 1
    assert [m.case for m in asking.mails(env)] == ["VF-PS2027-0001", "VF-PS2027-0002"]
