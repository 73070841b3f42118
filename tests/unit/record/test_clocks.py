# SPDX-License-Identifier: EUPL-1.2
"""Which answers stop which of the three clocks of a notification."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.message import SenderVerdict
from flaggermail.record.case_values import ContactMeans, LanguageCode
from flaggermail.record.clocks import CLOCKS, judge
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import ClockRow, ContactNote, Notification, StoredMessage
from flaggermail.record.states import NotificationState
from tests.corpus import each

SENT = datetime(2024, 6, 6, 8, 34, 20, tzinfo=UTC)
USE = Notification(
    id="VF-EP2024-0001/1", case="VF-EP2024-0001", platform="P", channel="p-urgent", channel_name="Urgent",
    template="notification", language=LanguageCode.EN, subject="Two boxes", state=NotificationState.SENT,
    drafted_by="officer1",
    drafted_at=SENT, token="0" * 32, digest="", sent_at=SENT,
)  # fmt: skip
ACK, SUBSTANTIVE, AUTO = Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY, Kind.AUTO_REPLY


def mail(after: int, *kinds: Kind, key: str = "m1", verdict: SenderVerdict = SenderVerdict.VERIFIED) -> StoredMessage:
    """Returns a verified mail from a platform that arrived `after` minutes after the sending."""
    return StoredMessage(
        id=key, message_id=f"{key}@platform.example", content_key=key, digest="", direction=Direction.IN, kinds=kinds,
        received_at=SENT + timedelta(minutes=after), first_seen_at=SENT, place=Place.CASE, case=USE.case,
        notification=USE.id, verdict=verdict,
    )  # fmt: skip


def note(after: int, *counts: Kind, means: ContactMeans = ContactMeans.PHONE, key: str = "n1") -> ContactNote:
    """Returns a note of a conversation `after` minutes after the sending, entered an hour later."""
    at = SENT + timedelta(minutes=after)
    return ContactNote(
        id=key, case=USE.case, notification=USE.id, means=means, text="they called", counts_as=counts,
        effective_at=at, entered_at=at + timedelta(hours=1), author="officer1",
    )  # fmt: skip


def stops(*answers: StoredMessage | ContactNote, use: Notification = USE) -> dict[str, int | None]:
    """Returns the minute at which each clock stopped; None for a running clock."""
    return {
        clock.kind: None if clock.stopped_at is None else int((clock.stopped_at - SENT).total_seconds()) // 60
        for clock in judged(*answers, use=use)
    }


def judged(*answers: StoredMessage | ContactNote, use: Notification = USE) -> tuple[ClockRow, ...]:
    """Returns the clocks after these answers."""
    messages = [a for a in answers if isinstance(a, StoredMessage)]
    return judge(use, messages, [a for a in answers if isinstance(a, ContactNote)])


def running(*but: str, at: int = 0) -> dict[str, int | None]:
    """Returns all three clocks as running, except those named, which stopped `at`."""
    return {kind: at if kind in but else None for kind in CLOCKS}


def test_without_an_answer_all_three_run_from_the_sending() -> None:
    """A sent notification starts three clocks at the instant our server accepted it."""
    assert stops() == running()
    assert {clock.started_at for clock in judged()} == {SENT}


@each(
    ("kinds", "stopped"),
    [
        ((ACK,), ("receipt", "human")),
        ((SUBSTANTIVE,), ("receipt", "human", "substance")),
        ((ACK, SUBSTANTIVE), ("receipt", "human", "substance")),
        ((AUTO, ACK), ("receipt",)),
        ((AUTO, ACK, SUBSTANTIVE), ("receipt",)),
        ((AUTO,), ()),
        (("unknown",), ()),
        (("referral",), ()),
        (("bounce",), ()),
        (("delivered",), ()),
        ((), ()),
    ],
)
def test_what_a_mail_of_the_platform_stops(kinds: tuple[Kind, ...], stopped: tuple[str, ...]) -> None:
    """A person's receipt stops two clocks, an answer to the matter all three, a machine's receipt only the first."""
    assert stops(mail(152, *kinds)) == running(*stopped, at=152)


def test_mail_marked_automatic_is_no_answer_of_a_person() -> None:
    """An automatic mail stops only the receipt clock and marks it, whatever kind a rule gives the mail."""
    machine = replace(mail(5, SUBSTANTIVE), automatic=True)
    assert stops(machine) == running("receipt", at=5)
    assert [clock.automatic for clock in judged(machine)] == [True, False, False]


def test_officers_mark_stops_the_clock_of_substance() -> None:
    """A receipt that an officer marked as answering the matter stops all three clocks."""
    assert stops(replace(mail(9, ACK), substance=True)) == running(*CLOCKS, at=9)


@pytest.mark.parametrize(
    "message",
    [
        mail(9, SUBSTANTIVE, verdict=SenderVerdict.UNVERIFIED),
        mail(9, SUBSTANTIVE, verdict=SenderVerdict.FAILED),
        replace(mail(9, SUBSTANTIVE), disputed=True),
        replace(mail(9, SUBSTANTIVE), direction=Direction.OUT),
    ],
    ids=["unverified", "failed", "disputed", "our own"],
)
def test_what_nobody_vouches_for_stops_nothing(message: StoredMessage) -> None:
    """An unverified, refused or disputed mail stops no clock, and neither does our own mail."""
    assert stops(message) == running()
    later = mail(30, ACK, key="m2")
    assert stops(message, later) == running("receipt", "human", at=30)


def test_each_clock_is_stopped_by_the_first_that_stops_it() -> None:
    """A machine's receipt, a person's receipt and an answer to the matter stop one clock each."""
    machine, person, answer = mail(1, AUTO, ACK), mail(40, ACK, key="m2"), mail(90, SUBSTANTIVE, key="m3")
    assert stops(answer, machine, person) == {"receipt": 1, "human": 40, "substance": 90}
    assert [clock.stopped_by for clock in judged(answer, machine, person)] == ["m1", "m2", "m3"]
    assert [clock.automatic for clock in judged(answer, machine, person)] == [True, False, False]


def test_earlier_copy_that_is_learnt_of_late_moves_the_stop() -> None:
    """An earlier copy found later moves the stop to its own arrival, as if it had been known at once."""
    late = mail(152, ACK)
    earlier = replace(late, received_at=SENT + timedelta(minutes=97))
    assert stops(late) == running("receipt", "human", at=152)
    assert stops(earlier) == running("receipt", "human", at=97)


@pytest.mark.parametrize(
    ("means", "oral"), [("phone", True), ("portal", False)]
)  # fmt: skip
def test_noted_answer(means: ContactMeans, oral: bool) -> None:  # noqa: FBT001 - a column of the table
    """A noted answer stops receipt and human by hand when it was given; an answer on the phone is marked oral."""
    clocks = judged(note(47, ACK, means=means))
    assert stops(note(47, ACK, means=means)) == running("receipt", "human", at=47)
    assert [clock.by_hand for clock in clocks] == [True, True, False]
    assert [clock.oral for clock in clocks] == [oral, oral, False]


def test_noted_answer_to_the_matter_stops_all_three() -> None:
    """The substance clock stops if the officer notes that the platform answered the matter."""
    assert stops(note(47, SUBSTANTIVE)) == running(*CLOCKS, at=47)


@pytest.mark.parametrize("counts", [(), ("notification",)])
def test_note_that_is_no_answer_stops_nothing(counts: tuple[Kind, ...]) -> None:
    """A note of a mere conversation, or of the notification itself, stops no clock."""
    assert stops(note(47, *counts)) == running()


def test_latency_of_a_use_by_hand_is_marked_so() -> None:
    """All clocks of a notification noted by hand are marked so, stopped or not."""
    by_hand = replace(USE, by_hand=True)
    assert [clock.by_hand for clock in judged(mail(9, ACK), use=by_hand)] == [True, True, True]
    assert [clock.by_hand for clock in judged(mail(9, ACK))] == [False, False, False]


def test_answer_from_before_the_sending_is_none() -> None:
    """Mail from before the sending stops no clock; mail from the minute of the sending does."""
    before = replace(mail(0, ACK), received_at=SENT - timedelta(seconds=21))
    same_minute = replace(mail(0, ACK), received_at=SENT - timedelta(seconds=20))
    assert stops(before) == running()
    assert judged(same_minute)[0].stopped_at == same_minute.received_at


def test_follow_up_and_draft_have_no_clocks() -> None:
    """A follow-up or an unsent notification has no clocks."""
    assert judged(mail(9, ACK), use=replace(USE, counted=False)) == ()
    assert judged(use=replace(USE, sent_at=None, state=NotificationState.DRAFT)) == ()


KINDS = st.lists(st.sampled_from([ACK, SUBSTANTIVE, AUTO, "unknown", "bounce"]), max_size=3, unique=True).map(tuple)
MAILS = st.builds(
    lambda after, kinds, verdict, disputed, automatic: replace(
        mail(after, *kinds, verdict=verdict), disputed=disputed, automatic=automatic
    ),
    st.integers(-3, 6),  # a small range, so that some arrive at the same instant
    KINDS,
    st.sampled_from(["verified", "verified", "unverified", "failed"]),
    st.booleans(),
    st.booleans(),
)
NOTES = st.builds(lambda after, counts: note(after, *counts), st.integers(-3, 6), KINDS)
ANSWERS = st.lists(MAILS | NOTES, max_size=5).map(
    lambda found: [replace(answer, id=f"{answer.id}-{place}") for place, answer in enumerate(found)]
)


@given(ANSWERS.flatmap(lambda answers: st.tuples(st.just(answers), st.permutations(answers))))
def test_order_of_the_answers_does_not_matter(
    orders: tuple[list[StoredMessage | ContactNote], list[StoredMessage | ContactNote]],
) -> None:
    """The clocks depend on when the answers were given, never on the order in which they became known."""
    answers, shuffled = orders
    assert judged(*shuffled) == judged(*answers)


@given(ANSWERS, MAILS | NOTES)
def test_one_more_answer_never_moves_a_stop_later(
    answers: list[StoredMessage | ContactNote], more: StoredMessage | ContactNote
) -> None:
    """A further answer can only move a stop to an earlier instant."""
    before, after = judged(*answers), judged(*answers, replace(more, id="one more"))
    for old, new in zip(before, after, strict=True):
        if old.stopped_at is not None:
            assert new.stopped_at is not None
            assert new.stopped_at <= old.stopped_at


@given(ANSWERS)
def test_receipt_stops_no_later_than_human_and_human_no_later_than_substance(
    answers: list[StoredMessage | ContactNote],
) -> None:
    """An answer to the matter is also an answer of a person, and that is also a receipt."""
    receipt, human, substance = (clock.stopped_at for clock in judged(*answers))
    if substance is not None:
        assert human is not None
        assert human <= substance
    if human is not None:
        assert receipt is not None
        assert receipt <= human
