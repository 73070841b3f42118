# SPDX-License-Identifier: EUPL-1.2
"""An officer corrects what a mail is or where it belongs: clocks and reminders follow, and the history stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from flaggermail.commands.messages import ReclassifyMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, StoredMessage
from tests.store.desk_fixtures import META, START, Desk, X, mail

RUNNING = ("running", None)


def after(minutes: float) -> datetime:
    """Returns the instant that many minutes after the start."""
    return START + timedelta(minutes=minutes)


def answered(desk: Desk, key: str, minutes: float) -> StoredMessage:
    """Ingests an answer to the notification by a person at the platform."""
    octets = mail(X, "Re: Two boxes", "Hello, we got it, a colleague looks at it.", answers=desk.message_id_of(key),
                  at=after(minutes))  # fmt: skip
    stored = desk.receive_at(octets, after(minutes))
    desk.do(ReclassifyMessage(message=stored.id, kinds=(Kind.PLATFORM_ACK,)))
    return desk.message(stored.id)


def test_an_answer_that_was_none_lets_the_clock_run_and_the_reminder_fall_due(desk: Desk) -> None:
    """If an answer turns out to be noise, its clocks run again and the due reminder is sent at once."""
    key = desk.notified()
    stored = answered(desk, key, 20)
    assert desk.clocks(key)["human"] == ("stopped", 20)
    desk.go_on(130)
    assert desk.reminders() == []
    desk.do(PlaceMessage(message=stored.id, noise=True, reason="an advert of theirs"))
    assert (desk.clocks(key)["receipt"], desk.clocks(key)["human"]) == (RUNNING, RUNNING)
    desk.settle()
    assert [(row.clock, row.step) for row in desk.reminders()] == [("receipt", 120)]
    assert desk.row(Case, desk.notification(key).case).state == "notified"
    desk.assert_whole()


def test_a_kind_that_is_corrected_counts_at_once_and_the_first_one_stays_in_the_events(desk: Desk) -> None:
    """Each correction moves the clocks at once; the events record all kinds in order."""
    key = desk.notified()
    stored = answered(desk, key, 20)
    desk.do(ReclassifyMessage(message=stored.id, kinds=(Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY)))
    assert desk.clocks(key)["substance"] == ("stopped", 20)
    desk.do(ReclassifyMessage(message=stored.id, kinds=(Kind.AUTO_REPLY, Kind.PLATFORM_ACK)))
    assert (desk.clocks(key)["receipt"], desk.clocks(key)["human"], desk.clocks(key)["substance"]) == (
        ("stopped", 20), RUNNING, RUNNING,
    )  # fmt: skip
    kinds = [e.reason for e in desk.events() if e.kind is EventKind.MESSAGE_RECLASSIFIED]
    assert kinds == ["platform_ack", "platform_ack+substantive_reply", "auto_reply+platform_ack"]
    desk.assert_whole()


def test_kind_and_case_are_corrected_in_one_act(desk: Desk) -> None:
    """The clock of the first case runs again, and that of the second stops at the arrival, to the minute."""
    one = desk.notified()
    two = desk.notified()
    stored = answered(desk, one, 17)
    case = desk.notification(two).case
    desk.clock.set(after(300))
    outcome = desk.do(
        ReclassifyMessage(message=stored.id, kinds=(Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY), case=case)
    )
    assert outcome.text.english == f"message {stored.id} is platform_ack and substantive_reply, and is in {two}"
    assert desk.clocks(one)["human"] == RUNNING
    assert (desk.clocks(two)["human"], desk.clocks(two)["substance"]) == (("stopped", 17), ("stopped", 17))
    assert desk.row(Case, desk.notification(one).case).state == "notified"
    assert desk.case(case).state == "answered"
    desk.do(ReclassifyMessage(message=stored.id, case=desk.notification(one).case))
    assert (desk.clocks(one)["human"], desk.clocks(two)["human"]) == (("stopped", 17), RUNNING)
    desk.assert_whole()


def test_of_two_notifications_to_one_platform_a_person_names_the_one(desk: Desk) -> None:
    """No clock stops until the notification is named, and a platform never stops the clock of another."""
    case = desk.decided()
    one, two = desk.notified(case=case), desk.notified("x-two", case=case)
    stored = desk.receive_at(mail(X, "About your report", "Got it.", at=after(9)), after(9))
    desk.do(PlaceMessage(message=stored.id, case=case, kinds=(Kind.PLATFORM_ACK,)))
    assert (desk.clocks(one)["human"], desk.clocks(two)["human"]) == (RUNNING, RUNNING)
    desk.do(ReclassifyMessage(message=stored.id, notification=two))
    assert (desk.clocks(one)["human"], desk.clocks(two)["human"]) == (RUNNING, ("stopped", 9))
    other = desk.receive_at(mail(META, "About your report", "Got it.", at=after(10)), after(10))
    assert "this mail is from" in desk.refused(ReclassifyMessage(message=other.id, notification=one))
    assert "belongs to" in desk.refused(ReclassifyMessage(message=stored.id, notification=two, case="VF-EP2024-0099"))


def test_nobody_is_written_to_when_an_answer_moves(desk: Desk) -> None:
    """Moving an answer sends no mail."""
    one, two = desk.notified(), desk.notified()
    stored = answered(desk, one, 5)
    before = len(desk.mails())
    desk.do(ReclassifyMessage(message=stored.id, case=desk.notification(two).case))
    assert len(desk.mails()) == before
