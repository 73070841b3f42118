# SPDX-License-Identifier: EUPL-1.2
"""After an outage: everything is filed with its true instant, and one digest says what was missed."""

from __future__ import annotations

from datetime import datetime, timedelta

from flaggermail import casework, outbox, watch
from flaggermail.core.events import Event, EventKind, added
from flaggermail.core.records import Case, ClockRow, Decline, Notification, OutboxMail, StoredMessage
from flaggermail.core.rules import Kind
from flaggermail.environment import Environment, Work
from flaggermail.replay.doubles import ListMailbox
from tests.story.conftest import NOW

OLD = NOW - timedelta(hours=5)


def mail(number: int, sender: str, subject: str, body: str, answers: str = "") -> bytes:
    """A mail for which our own server vouches."""
    domain = sender.rpartition("@")[2]
    reference = f"In-Reply-To: <{answers}>\r\n" if answers else ""
    return (
        f"Authentication-Results: mx.bzk.example; dmarc=pass header.from={domain}\r\n"
        f"Received: from mail.{domain} by mx.bzk.example with ESMTPS\r\n"
        f"From: {sender}\r\nTo: verkiezingenflagger@bzk.example\r\nSubject: {subject}\r\n"
        f"Message-ID: <late-{number}@{domain}>\r\n{reference}\r\n{body}\r\n"
    ).encode()


def backlog(mailbox: ListMailbox, at: datetime) -> None:
    """Thirty mails of all sorts that wait since `at`."""
    for number in range(10):
        mailbox.deliver("inbox", mail(number, "a@lindewaard.example", f"Bericht {number}", "Zie bijlage."), at)
        mailbox.deliver(
            "inbox", mail(number + 100, f"i{number}@mailprovider.example", "Nep", "Ik zag dit, haal het weg."), at
        )
        mailbox.deliver("inbox", mail(number + 200, f"x{number}@elsewhere.example", "Vraag", "Wat is dit?"), at)


def queued(env: Environment) -> list[str]:
    """The kinds of all mail that was ever queued."""
    with env.store.read() as tx:
        return [row.kind for row in tx.find(OutboxMail)]


def test_a_backlog_gives_one_digest_and_nothing_else(env: Environment) -> None:
    """Thirty old mails are filed and open their cases; no confirmation, decline or notice leaves for any of them."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    backlog(mailbox, OLD)
    assert watch.look(env, mailbox) == 30
    assert queued(env) == [Kind.DIGEST]
    with env.store.read() as tx:
        assert len(tx.find(Case)) == 10
        assert tx.find(Decline) == []
        assert len(tx.find(StoredMessage, place="quarantine")) == 20
        assert {m.received_at for m in tx.find(StoredMessage, direction="in")} == {OLD}
    assert watch.look(env, mailbox) == 0
    assert queued(env) == [Kind.DIGEST]
    assert outbox.drain(env) == 1


def test_the_same_mails_in_time_are_each_answered(env: Environment) -> None:
    """The guard is about age alone: fresh, each referral is confirmed and each citizen declined."""
    mailbox = ListMailbox(env.settings.desk.mailbox)
    backlog(mailbox, NOW)
    watch.look(env, mailbox)
    kinds = queued(env)
    assert kinds.count(Kind.INTAKE_CONFIRMATION) == 10
    assert kinds.count(Kind.DECLINE) == 10
    assert Kind.DIGEST not in kinds


def test_a_late_answer_still_stops_the_clock_when_it_arrived(env: Environment) -> None:
    """The platform answered during our outage: its clock stops at the arrival, not at our look."""
    sent_at = OLD - timedelta(minutes=30)
    with env.store.begin() as tx:
        case = Case(
            number="VF-PS2027-0001", election="PS2027", type="A_content", origin="media", token="0" * 32,
            state="notified", decision="notify", opened_at=sent_at, opened_by="officer1",
        )  # fmt: skip
        use = Notification(
            id="VF-PS2027-0001/1", case=case.number, platform="X", channel="x-urgent", channel_name="Channel",
            template="notification", language="en", subject="Posts", state="sent", drafted_by="officer1",
            drafted_at=sent_at, token="1" * 32, message_id="ours-1@bzk.example", digest="", sent_at=sent_at,
        )  # fmt: skip
        sent = StoredMessage(
            id="m1", message_id=use.message_id, content_key="k", digest="", direction="out", received_at=sent_at,
            first_seen_at=sent_at, place="own", case=case.number, notification=use.id,
        )  # fmt: skip
        changes = (added(case), added(use), added(sent))
        tx.append(Event(EventKind.NOTIFICATION_SENT, sent_at, "officer1", changes))
        casework.rejudge(Work(env, tx, sent_at), use.id)
    mailbox = ListMailbox(env.settings.desk.mailbox)
    answer = mail(1, "gov-eu@x-platform.example", "Re: your mail", "Received, thanks.", answers="ours-1@bzk.example")
    mailbox.deliver("inbox", answer, OLD)
    watch.look(env, mailbox)
    with env.store.read() as tx:
        (human,) = tx.find(ClockRow, kind="human")
    assert (human.state, human.stopped_at) == ("stopped", OLD)
    assert queued(env) == [Kind.DIGEST]
