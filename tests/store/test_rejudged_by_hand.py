# SPDX-License-Identifier: EUPL-1.2
"""A mail that a person places is judged again: the same words stop the same clocks as when it is placed by a key."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flaggermail.commands.messages import ConfirmMessage, ReclassifyMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.outbox import delivery
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import StoredMessage
from tests.store.desk_fixtures import CITIZEN, OFFICER, START, Desk, X, mail

RUNNING = ("running", None)
ACK, SUBSTANCE = Kind.PLATFORM_ACK, Kind.SUBSTANTIVE_REPLY
RESULT = "We have reviewed the posts and removed them."
PROMISE = "Thanks, we will look into these posts."
AUTOMATIC = ("Auto-Submitted: auto-replied",)


def unplaced(
    desk: Desk, text: str, *, minutes: int = 20, extra: tuple[str, ...] = (), auth: str = "pass", sender: str = X
) -> StoredMessage:
    """Ingests a mail about nothing that the desk knows; it waits in the quarantine."""
    at = START + timedelta(minutes=minutes)
    stored = desk.receive_at(mail(sender, "About your report", text, at=at, extra=extra, auth=auth), at)
    assert stored.place == "quarantine"
    return stored


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        (RESULT, ()),
        (PROMISE, ()),
        ("Got it, a colleague has it.", ()),
        ("Which link do you mean?", ()),
        ("We received your report.", AUTOMATIC),
    ],
    ids=["result", "promise", "receipt", "question", "automatic receipt"],
)
def test_the_same_words_stop_the_same_clocks(desk: Desk, text: str, extra: tuple[str, ...]) -> None:
    """One answer comes by a key and one is placed by a person, hours later: kinds, labels and clocks are alike."""
    by_key, by_hand = desk.notified(), desk.notified()
    at = START + timedelta(minutes=20)
    octets = mail(X, "Re: report", text, at=at, extra=extra, answers=desk.message_id_of(by_key))
    first, second = desk.receive_at(octets, at), unplaced(desk, text, extra=extra)
    desk.clock.set(START + timedelta(minutes=300))
    desk.do(PlaceMessage(message=second.id, case=desk.notification(by_hand).case))
    placed = desk.message(second.id)
    alike = (first.kinds, first.labels, first.priority, first.rule, first.automatic)
    assert (placed.kinds, placed.labels, placed.priority, placed.rule, placed.automatic) == alike
    assert desk.clocks(by_hand) == desk.clocks(by_key)
    assert desk.clocks(by_hand)["receipt"] == ("stopped", 20)
    desk.do(PlaceMessage(message=second.id, back=True))
    assert set(desk.clocks(by_hand).values()) == {RUNNING}
    desk.assert_whole()


def test_the_kinds_that_a_person_names_win_and_stay(desk: Desk) -> None:
    """The words of a result stop no substance clock if the officer says so, in this case and the next."""
    one, two = desk.notified(), desk.notified()
    stored = unplaced(desk, RESULT)
    desk.do(PlaceMessage(message=stored.id, case=desk.notification(one).case, kinds=(ACK,)))
    assert desk.message(stored.id).corrected_by == "officer1"
    assert (desk.clocks(one)["human"], desk.clocks(one)["substance"]) == (("stopped", 20), RUNNING)
    desk.do(ReclassifyMessage(message=stored.id, notification=two))
    assert (desk.clocks(two)["human"], desk.clocks(two)["substance"]) == (("stopped", 20), RUNNING)
    desk.do(PlaceMessage(message=stored.id, back=True))
    desk.do(PlaceMessage(message=stored.id, case=desk.notification(one).case))
    assert desk.message(stored.id).kinds == (ACK,)
    desk.do(ReclassifyMessage(message=stored.id, kinds=(SUBSTANCE,)))
    assert desk.clocks(one)["substance"] == ("stopped", 20)
    assert [e.reason for e in desk.events() if e.kind is EventKind.MESSAGE_RECLASSIFIED] == ["substantive_reply"]
    desk.assert_whole()


def test_an_unverified_answer_stops_nothing_until_its_sender_is_confirmed(desk: Desk) -> None:
    """Placing says where a mail belongs, not who wrote it."""
    key = desk.notified()
    stored = unplaced(desk, RESULT, auth="none")
    desk.do(PlaceMessage(message=stored.id, case=desk.notification(key).case))
    assert set(desk.clocks(key).values()) == {RUNNING}
    desk.do(ConfirmMessage(message=stored.id))
    assert set(desk.clocks(key).values()) == {("stopped", 20)}


def test_the_words_of_others_stop_nothing(desk: Desk) -> None:
    """A stranger who writes as a platform does stays a stranger in the case."""
    key = desk.notified()
    stored = unplaced(desk, RESULT, sender=CITIZEN)
    desk.do(PlaceMessage(message=stored.id, case=desk.notification(key).case))
    assert desk.message(stored.id).kinds == (Kind.UNKNOWN,)
    assert set(desk.clocks(key).values()) == {RUNNING}


def test_an_answer_that_quotes_a_result_is_judged_by_its_own_words(desk: Desk) -> None:
    """What stands below in the quotation was written by us."""
    key = desk.notified()
    stored = unplaced(desk, "Got it.\n\n> We have reviewed the posts and removed them.")
    desk.do(PlaceMessage(message=stored.id, case=desk.notification(key).case))
    assert (desk.clocks(key)["human"], desk.clocks(key)["substance"]) == (("stopped", 20), RUNNING)


def test_the_reply_that_places_a_mail_judges_it_again(desk: Desk) -> None:
    """An officer answers the notice with the number of the case."""
    key = desk.notified()
    case = desk.notification(key).case
    unplaced(desk, PROMISE)
    delivery.drain(desk.env)
    notice = desk.mails(kind=Kind.OFFICER_NOTICE, recipient=OFFICER)[-1]
    answer = mail(
        OFFICER, f"Re: {notice.subject}", f"bij {int(case.rpartition('-')[2])}", answers=notice.message_id,
        at=desk.clock.now(),
    )  # fmt: skip
    desk.receive(answer)
    assert desk.clocks(key)["substance"] == ("stopped", 20)
    desk.assert_whole()
