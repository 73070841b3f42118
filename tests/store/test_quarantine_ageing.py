# SPDX-License-Identifier: EUPL-1.2
"""Mail that waits too long for a person: the officer first, then the head, each once, and never a storm."""

from __future__ import annotations

from datetime import timedelta

from flaggermail.commands.acts import CloseElection, PlaceMessage, Resume
from flaggermail.letters import observing
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.record.events import EventKind
from flaggermail.record.rows import Alarm, OutboxMail, StoredMessage
from flaggermail.reminders import reminders
from tests.store.desk_fixtures import HEAD, OFFICER, START, Desk, mail


def stray(desk: Desk, number: int = 0) -> StoredMessage:
    """A mail that fits nowhere."""
    stored = desk.receive(mail(f"who{number}@elsewhere.example", f"Vraag {number}", "Wat is dit?"))
    assert stored.place == "quarantine"
    return stored


def told(desk: Desk) -> list[tuple[int, str]]:
    """At which minute whom a mail of this sort went to."""
    rows = [row for row in desk.all(OutboxMail, kind="alarm") if "waiting/" in row.dedupe]
    return [(int((row.queued_at - START) / timedelta(minutes=1)), row.recipient) for row in rows]


def pass_time(desk: Desk, minutes: int, step: int = 5) -> None:
    """Let time pass as the daemon lives it, in ticks."""
    for _ in range(minutes // step):
        desk.go_on(step)


def test_the_officer_hears_after_an_hour_and_the_head_after_four(desk: Desk) -> None:
    """Each once, though the tick comes every few minutes."""
    stray(desk)
    pass_time(desk, 600)
    assert told(desk) == [(60, OFFICER), (240, HEAD)]
    desk.assert_whole()


def test_what_is_placed_in_time_alarms_nobody(desk: Desk) -> None:
    """The alarm is about mail that waits, not about mail that waited."""
    waiting, left = stray(desk, 1), stray(desk, 2)
    pass_time(desk, 55)
    desk.do(PlaceMessage(message=waiting.id, noise=True, reason="a question"))
    pass_time(desk, 10)
    assert told(desk) == [(60, OFFICER)]
    assert [alarm.id for alarm in desk.all(Alarm)] == [f"mail waits/{left.id}/in period/60"]


def test_a_hundred_mails_are_one_mail(desk: Desk) -> None:
    """What is due together is told together; forty are named, the rest is counted."""
    for number in range(50):
        stray(desk, number)
    pass_time(desk, 60)
    assert told(desk) == [(60, OFFICER)]
    (envelope,) = [e for e in desk.server.to(OFFICER) if b"50 mails" in e.octets]
    text = desk.env.parser.parse(envelope.octets).text
    assert (text.count("- m0"), "10 die hier niet staan" in text) == (40, True)


def test_mails_that_come_one_after_the_other_are_told_half_an_hour_apart(desk: Desk) -> None:
    """A mail a minute for two hours gives an officer no more than one mail in each half hour."""
    for number in range(120):
        stray(desk, number)
        desk.go_on(1)
    pass_time(desk, 120)
    halves = [(START.minute + at) // 30 for at, who in told(desk) if who == OFFICER]  # by the clock on the wall
    assert (len(halves), len(halves)) == (len(set(halves)), 5)
    assert len([alarm for alarm in desk.all(Alarm) if alarm.id.endswith("/60")]) == 120
    subjects = [row.subject for row in desk.all(OutboxMail, kind="alarm", recipient=OFFICER)]
    assert sum(int(subject.partition(" ")[0]) for subject in subjects) == 120  # none was left out meanwhile


def test_after_an_outage_the_highest_step_is_told_alone(desk: Desk) -> None:
    """The desk was down for five hours: the head is told, and the officer's step is history."""
    stray(desk)
    desk.go_on(300)
    pass_time(desk, 60)
    assert told(desk) == [(300, HEAD)]


def test_outside_a_period_a_day_and_three(desk: Desk) -> None:
    """Without an election that is on, nobody is called in the night for a question."""
    desk.do(CloseElection(code="EP2024"))
    stray(desk)
    pass_time(desk, 6000, step=60)
    assert told(desk) == [(1440, OFFICER), (4320, HEAD)]


def test_what_was_missed_is_told_by_the_digest_alone(desk: Desk) -> None:
    """A backlog after an outage never ages into alarms, not even when the digest was sent."""
    at = START - timedelta(hours=9)
    stored = desk.receive(mail("who@elsewhere.example", "Vraag", "Wat is dit?", at=at), at=at)
    assert stored.pending_digest
    digest.send_digest(desk.env)
    assert not desk.row(StoredMessage, stored.id).pending_digest
    pass_time(desk, 300)
    assert told(desk) == []


def test_what_fell_due_while_the_desk_observed_is_not_told_afterwards(desk: Desk) -> None:
    """Neither when it was looked at then, nor when it was not; what falls due later is told."""
    observing.begin(desk.env)
    stray(desk)
    pass_time(desk, 65)
    stray(desk, 1)
    desk.clock.set(START + timedelta(minutes=130))
    desk.do(Resume(), by="officer1")
    pass_time(desk, 60)
    assert told(desk) == []
    pass_time(desk, 60)
    assert [who for _, who in told(desk)] == [HEAD]


def test_next_due_names_the_minute_for_a_replay(desk: Desk) -> None:
    """A replay goes from instant to instant, and this is one."""
    stray(desk)
    delivery.drain(desk.env)  # else the notice of it, which has not left, would be due first
    with desk.env.store.read() as tx:
        assert reminders.next_due(desk.env, tx) == START + timedelta(minutes=60)
    assert desk.happened(EventKind.ALARM_RAISED) == 0
