# SPDX-License-Identifier: EUPL-1.2
"""Mail that waits too long for a person alarms the officer, then the head, each once, with a limited rate."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.commands.cases import Resume
from flaggermail.commands.elections import CloseElection
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.letters import writing
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import StoredMessage
from flaggermail.reminders import sending
from tests.store.desk_fixtures import HEAD, OFFICER, START, Desk, mail
from tests.store.test_reading_once import statements


def stray(desk: Desk, number: int = 0) -> StoredMessage:
    """Ingests a mail that fits nowhere."""
    stored = desk.receive(mail(f"who{number}@elsewhere.example", f"Vraag {number}", "Wat is dit?"))
    assert stored.place == "quarantine"
    return stored


def told(desk: Desk) -> list[tuple[int, str]]:
    """Returns the minute and the recipient of each alarm mail about waiting mail."""
    rows = [row for row in desk.mails(kind=Kind.ALARM) if "waiting/" in row.dedupe]
    return [(int((row.queued_at - START) / timedelta(minutes=1)), row.recipient) for row in rows]


def pass_time(desk: Desk, minutes: int, step: int = 5) -> None:
    """Advances the clock in ticks, as the daemon does."""
    for _ in range(minutes // step):
        desk.go_on(step)


def test_the_officer_hears_after_an_hour_and_the_head_after_four(desk: Desk) -> None:
    """Each is alarmed once, though the tick comes every few minutes."""
    stray(desk)
    pass_time(desk, 600)
    assert told(desk) == [(60, OFFICER), (240, HEAD)]
    desk.assert_whole()


def test_a_tick_asks_as_much_for_many_as_for_few(desk: Desk) -> None:
    """A flood in the quarantine makes no tick ask once for each mail."""
    assert isinstance(desk.env.store, SqlStore)
    asked = []
    for more in (2, 20):
        for number in range(more):
            stray(desk, 100 * more + number)
        pass_time(desk, 65)
        with statements(desk.env.store) as sent:
            sending.tick(desk.env)
        asked.append(len(sent))
    assert asked[1] == asked[0] > 0


def test_the_one_mail_that_waits_is_filed_by_reply(desk: Desk) -> None:
    """The reminder lists what may be replied; it is obeyed as a reply to the notice of that mail is."""
    waiting = stray(desk)
    desk.go_on(60)
    (reminder,) = [row for row in desk.mails() if "waiting/" in row.dedupe]
    assert "\n- bij NUMMER\n" in desk.env.parser.parse(desk.env.octets.get(reminder.digest)).text
    desk.receive(mail(OFFICER, "Re: wacht", "ruis?", at=desk.clock.now(), answers=reminder.message_id))
    assert desk.message(waiting.id).place == "quarantine"
    desk.receive(mail(OFFICER, "Re: wacht", "ruis", at=desk.clock.now(), answers=reminder.message_id))
    assert desk.message(waiting.id).place == "noise"


def test_the_reminder_of_several_that_wait_asks_for_no_reply(desk: Desk) -> None:
    """Which of them a reply is about would not be known."""
    stray(desk, 1)
    stray(desk, 2)
    desk.go_on(60)
    (reminder,) = [row for row in desk.mails() if "waiting/" in row.dedupe]
    assert "bij NUMMER" not in desk.env.parser.parse(desk.env.octets.get(reminder.digest)).text


def test_what_is_placed_in_time_alarms_nobody(desk: Desk) -> None:
    """Only mail that is still waiting raises an alarm."""
    waiting, left = stray(desk, 1), stray(desk, 2)
    pass_time(desk, 55)
    desk.do(PlaceMessage(message=waiting.id, noise=True, reason="a question"))
    pass_time(desk, 10)
    assert told(desk) == [(60, OFFICER)]
    assert [alarm.id for alarm in desk.alarms()] == [f"mail waits/{left.id}/in period/60"]


def test_a_hundred_mails_are_one_mail(desk: Desk) -> None:
    """Mails that fall due together share one mail; forty are named, the others are counted."""
    for number in range(50):
        stray(desk, number)
    pass_time(desk, 60)
    assert told(desk) == [(60, OFFICER)]
    (envelope,) = [e for e in desk.server.to(OFFICER) if b"50 mails" in e.octets]
    text = desk.env.parser.parse(envelope.octets).text
    assert (text.count("- m0"), "en nog 10" in text) == (40, True)


@pytest.mark.slow
def test_mails_that_come_one_after_the_other_are_told_half_an_hour_apart(desk: Desk) -> None:
    """With a mail a minute for two hours an officer gets at most one alarm mail in each half hour."""
    for number in range(120):
        stray(desk, number)
        desk.go_on(1)
    pass_time(desk, 120)
    halves = [(START.minute + at) // 30 for at, who in told(desk) if who == OFFICER]  # half hours by the wall clock
    assert (len(halves), len(halves)) == (len(set(halves)), 5)
    assert len([alarm for alarm in desk.alarms() if alarm.id.endswith("/60")]) == 120
    subjects = [row.subject for row in desk.mails(kind=Kind.ALARM, recipient=OFFICER)]
    assert sum(int(subject.partition(" ")[0]) for subject in subjects) == 120  # none was left out meanwhile


def test_after_an_outage_the_highest_step_is_told_alone(desk: Desk) -> None:
    """After five hours of downtime only the head is alarmed; the officer's step is not sent any more."""
    stray(desk)
    desk.go_on(300)
    pass_time(desk, 60)
    assert told(desk) == [(300, HEAD)]


def test_outside_a_period_a_day_and_three(desk: Desk) -> None:
    """Without a running election the officer is alarmed after a day and the head after three."""
    desk.do(CloseElection(code="EP2024"))
    stray(desk)
    pass_time(desk, 6000, step=60)
    assert told(desk) == [(1440, OFFICER), (4320, HEAD)]


def test_what_was_missed_is_told_by_the_digest_alone(desk: Desk) -> None:
    """Mail missed in an outage never raises these alarms, not even after the digest was sent."""
    at = START - timedelta(hours=9)
    stored = desk.receive(mail("who@elsewhere.example", "Vraag", "Wat is dit?", at=at), at=at)
    assert stored.pending_digest
    digest.send_digest(desk.env)
    assert not desk.message(stored.id).pending_digest
    pass_time(desk, 300)
    assert told(desk) == []


def test_what_fell_due_while_the_desk_observed_is_not_told_afterwards(desk: Desk) -> None:
    """What fell due while the desk observed is never sent, looked at or not; later steps are sent."""
    writing.begin(desk.env)
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
    """`next_due` returns the instant of the next alarm, for a replay that jumps from instant to instant."""
    stray(desk)
    delivery.drain(desk.env)  # otherwise the unsent notice about it would be due first
    with desk.env.store.read() as tx:
        assert sending.next_due(desk.env, tx) == START + timedelta(minutes=60)
    assert desk.happened(EventKind.ALARM_RAISED) == 0
