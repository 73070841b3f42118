# SPDX-License-Identifier: EUPL-1.2
"""Which answer stops which of the three clocks of a notification."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.notifications.clocks import CLOCKS, judge
from flaggermail.record.rows import ClockRow, ContactNote, Notification, StoredMessage
from tests.corpus import each

SENT = datetime(2024, 6, 6, 8, 34, 20, tzinfo=UTC)
USE = Notification(
    id="VF-EP2024-0001/1", case="VF-EP2024-0001", platform="P", channel="p-urgent", channel_name="Urgent",
    template="notification", language="en", subject="Two boxes", state="sent", drafted_by="officer1",
    drafted_at=SENT, token="0" * 32, digest="", sent_at=SENT,
)  # fmt: skip
ACK, SUBSTANTIVE, AUTO = "platform_ack", "substantive_reply", "auto_reply"


def mail(after: int, *kinds: str, key: str = "m1", verdict: str = "verified") -> StoredMessage:
    """A verified mail of a platform, `after` minutes behind the sending."""
    return StoredMessage(
        id=key, message_id=f"{key}@platform.example", content_key=key, digest="", direction="in", kinds=kinds,
        received_at=SENT + timedelta(minutes=after), first_seen_at=SENT, place="case", case=USE.case,
        notification=USE.id, verdict=verdict,
    )  # fmt: skip


def note(after: int, *counts: str, means: str = "phone", key: str = "n1") -> ContactNote:
    """A note on what was said `after` minutes behind the sending, entered an hour later."""
    at = SENT + timedelta(minutes=after)
    return ContactNote(
        id=key, case=USE.case, notification=USE.id, means=means, text="they called", counts_as=counts,
        effective_at=at, entered_at=at + timedelta(hours=1), author="officer1",
    )  # fmt: skip


def stops(*answers: StoredMessage | ContactNote, use: Notification = USE) -> dict[str, int | None]:
    """After how many minutes each clock stopped; none for one that runs."""
    return {
        clock.kind: None if clock.stopped_at is None else int((clock.stopped_at - SENT).total_seconds()) // 60
        for clock in judged(*answers, use=use)
    }


def judged(*answers: StoredMessage | ContactNote, use: Notification = USE) -> tuple[ClockRow, ...]:
    """The clocks as they stand by these answers."""
    messages = [a for a in answers if isinstance(a, StoredMessage)]
    return judge(use, messages, [a for a in answers if isinstance(a, ContactNote)])


def running(*but: str, at: int = 0) -> dict[str, int | None]:
    """All three clocks running, save those named, which stopped `at`."""
    return {kind: at if kind in but else None for kind in CLOCKS}


def test_without_an_answer_all_three_run_from_the_sending() -> None:
    """A notification that was sent has three clocks, started when our server accepted it."""
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
def test_what_a_mail_of_the_platform_stops(kinds: tuple[str, ...], stopped: tuple[str, ...]) -> None:
    """A person's receipt stops two clocks, an answer to the matter all three, a machine's receipt only the first."""
    assert stops(mail(152, *kinds)) == running(*stopped, at=152)


def test_mail_marked_automatic_is_no_answer_of_a_person() -> None:
    """However a rule calls it: what a machine wrote stops the receipt clock alone, and says so."""
    machine = replace(mail(5, SUBSTANTIVE), automatic=True)
    assert stops(machine) == running("receipt", at=5)
    assert [clock.automatic for clock in judged(machine)] == [True, False, False]


def test_officers_mark_stops_the_clock_of_substance() -> None:
    """A receipt that an officer marked as answering the matter stops all three."""
    assert stops(replace(mail(9, ACK), substance=True)) == running(*CLOCKS, at=9)


@pytest.mark.parametrize(
    "message",
    [
        mail(9, SUBSTANTIVE, verdict="unverified"),
        mail(9, SUBSTANTIVE, verdict="failed"),
        replace(mail(9, SUBSTANTIVE), disputed=True),
        replace(mail(9, SUBSTANTIVE), direction="out"),
    ],
    ids=["unverified", "failed", "disputed", "our own"],
)
def test_what_nobody_vouches_for_stops_nothing(message: StoredMessage) -> None:
    """An unverified, refused or disputed mail stops no clock, and neither does what we wrote ourselves."""
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
    """The clocks are those that would stand there had the earlier arrival been known at once."""
    late = mail(152, ACK)
    earlier = replace(late, received_at=SENT + timedelta(minutes=97))
    assert stops(late) == running("receipt", "human", at=152)
    assert stops(earlier) == running("receipt", "human", at=97)


@pytest.mark.parametrize(
    ("means", "oral"), [("phone", True), ("portal", False)]
)  # fmt: skip
def test_noted_answer(means: str, oral: bool) -> None:  # noqa: FBT001 - a column of the table
    """A noted answer stops receipt and human at the instant it was given, by hand; on the phone it is oral."""
    clocks = judged(note(47, ACK, means=means))
    assert stops(note(47, ACK, means=means)) == running("receipt", "human", at=47)
    assert [clock.by_hand for clock in clocks] == [True, True, False]
    assert [clock.oral for clock in clocks] == [oral, oral, False]


def test_noted_answer_to_the_matter_stops_all_three() -> None:
    """Only where the officer notes that they answered the matter does the third clock stop."""
    assert stops(note(47, SUBSTANTIVE)) == running(*CLOCKS, at=47)


@pytest.mark.parametrize("counts", [(), ("notification",)])
def test_note_that_is_no_answer_stops_nothing(counts: tuple[str, ...]) -> None:
    """A talk that is merely recorded, or the notification itself, stops no clock."""
    assert stops(note(47, *counts)) == running()


def test_latency_of_a_use_by_hand_is_marked_so() -> None:
    """Where the notification itself was noted by hand, each of its clocks says so, stopped or not."""
    by_hand = replace(USE, by_hand=True)
    assert [clock.by_hand for clock in judged(mail(9, ACK), use=by_hand)] == [True, True, True]
    assert [clock.by_hand for clock in judged(mail(9, ACK))] == [False, False, False]


def test_answer_from_before_the_sending_is_none() -> None:
    """What came before the notification left answers something else; the minute of sending still counts."""
    before = replace(mail(0, ACK), received_at=SENT - timedelta(seconds=21))
    same_minute = replace(mail(0, ACK), received_at=SENT - timedelta(seconds=20))
    assert stops(before) == running()
    assert judged(same_minute)[0].stopped_at == same_minute.received_at


def test_follow_up_and_draft_have_no_clocks() -> None:
    """A mail that is no use of the line, and one that was not sent, start nothing."""
    assert judged(mail(9, ACK), use=replace(USE, counted=False)) == ()
    assert judged(use=replace(USE, sent_at=None, state="draft")) == ()


KINDS = st.lists(st.sampled_from([ACK, SUBSTANTIVE, AUTO, "unknown", "bounce"]), max_size=3, unique=True).map(tuple)
MAILS = st.builds(
    lambda after, kinds, verdict, disputed, automatic: replace(
        mail(after, *kinds, verdict=verdict), disputed=disputed, automatic=automatic
    ),
    st.integers(-3, 6),  # so few that some arrive at one instant
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
    """The clocks rest on what was said when, never on the order in which we learnt of it."""
    answers, shuffled = orders
    assert judged(*shuffled) == judged(*answers)


@given(ANSWERS, MAILS | NOTES)
def test_one_more_answer_never_moves_a_stop_later(
    answers: list[StoredMessage | ContactNote], more: StoredMessage | ContactNote
) -> None:
    """A stopped clock can only turn out to have stopped earlier."""
    before, after = judged(*answers), judged(*answers, replace(more, id="one more"))
    for old, new in zip(before, after, strict=True):
        if old.stopped_at is not None:
            assert new.stopped_at is not None
            assert new.stopped_at <= old.stopped_at


@given(ANSWERS)
def test_receipt_stops_no_later_than_human_and_human_no_later_than_substance(
    answers: list[StoredMessage | ContactNote],
) -> None:
    """Who answers the matter has answered, and who answers has received."""
    receipt, human, substance = (clock.stopped_at for clock in judged(*answers))
    if substance is not None:
        assert human is not None
        assert human <= substance
    if human is not None:
        assert receipt is not None
        assert receipt <= human
