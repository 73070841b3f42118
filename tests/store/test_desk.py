# SPDX-License-Identifier: EUPL-1.2
"""Every act of an officer, and what it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import AssignCase, CloseCase, LinkCase, OpenCase, ReclassifyCase
from flaggermail.commands.contact_notes import NoteContact
from flaggermail.commands.elections import AddElection, CloseElection
from flaggermail.commands.messages import ConfirmMessage, ReclassifyMessage, RefuseMessage
from flaggermail.commands.oncall import OverrideRota
from flaggermail.commands.outbox import CancelMail
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.outbox import delivery
from flaggermail.record.case_values import Aspect, CaseType, ContactMeans, Decision, Origin, Source
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import (
    ContactNote,
    Election,
    Notification,
    Override,
    Reminder,
)
from tests.acting import warned
from tests.store.desk_fixtures import DESK, REFERRER, START, X_CHANNEL, Desk, mail

OPEN = OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.MEDIA)
NOTE = NoteContact(case="any", means=ContactMeans.PHONE, text="They called.")
LATER = START + timedelta(days=1)


def test_election_is_there_at_once_and_can_be_closed(desk: Desk) -> None:
    """A new election accepts cases without a restart, until it is closed."""
    days = (date(2026, 3, 18), date(2026, 3, 16))
    desk.do(
        AddElection(
            code="GR2026", name_nl="Gemeenteraad", name_en="Municipal", polling_days=days, exercise=True,
            period_from=date(2026, 2, 1), period_until=date(2026, 4, 1),
        )
    )  # fmt: skip
    found = desk.row(Election, "GR2026")
    assert (found.polling_days, found.exercise) == ((date(2026, 3, 16), date(2026, 3, 18)), True)
    opened = desk.do(OpenCase(election="GR2026", type=CaseType.OTHER, origin=Origin.MEDIA)).key
    assert (opened, desk.case(opened).exercise) == ("VF-GR2026-0001", True)
    said = ("1 case of it is not closed: reminders, drafts and answers go on",)
    assert warned(desk.do(CloseElection(code="GR2026"))) == said
    assert desk.row(Election, "GR2026").closed_at == desk.clock.now()


def test_case_without_a_referral(desk: Desk) -> None:
    """A case opened by an officer is assigned to them; numbers increase within an election."""
    first = desk.do(replace(OPEN, title="A post", source=Source.MEDIA), "clerk").key
    second = desk.do(replace(OPEN, related=(first,))).key
    case = desk.case(first)
    assert (first, second) == ("VF-EP2024-0001", "VF-EP2024-0002")
    assert (case.title, case.source, case.opened_by, case.assigned_to) == ("A post", "media", "clerk", "clerk")
    assert (case.referrer_address, desk.case(second).related) == (None, (first,))


def test_case_from_a_message_at_hand(desk: Desk) -> None:
    """The sender becomes the referrer, and gets a confirmation only if verified."""
    sure = desk.receive(mail("who@elsewhere.example", "Fwd: Een bericht", "Wat is dit?"))
    unsure = desk.receive(mail("whom@elsewhere.example", "Bericht", "Wat is dat?", auth="none"))
    first = desk.do(replace(OPEN, from_message=sure.id)).key
    second = desk.do(replace(OPEN, from_message=unsure.id)).key
    assert desk.case(first).referrer_address == "who@elsewhere.example"
    assert (desk.message(sure.id).case, desk.message(sure.id).kinds) == (first, ("referral",))
    assert desk.message(unsure.id).case == second
    confirmed = [envelope.recipient for envelope in desk.mails(kind=Kind.INTAKE_CONFIRMATION)]
    assert confirmed == ["who@elsewhere.example"]


def test_assign_link_and_correct(desk: Desk) -> None:
    """A case can be assigned, linked to each other case once, and corrected in type and source."""
    one, two = (desk.do(OPEN).key for _ in range(2))
    desk.do(AssignCase(case=one, officer="weigher"))
    desk.do(LinkCase(case=one, related=(two, two)))
    desk.do(LinkCase(case=one, related=(two,)))
    desk.do(ReclassifyCase(case=one, type=CaseType.ADVERT, source=Source.GOVERNMENT_BODY))
    case = desk.case(one)
    assert (case.assigned_to, case.related) == ("weigher", (two,))
    assert (case.type, case.source) == ("C_advert", "government_body")


def test_assessment_keeps_what_is_left_out(desk: Desk) -> None:
    """A second form adds to the first and records who assessed; a low number of attempts gives a warning."""
    number = str(desk.receive(mail(REFERRER, "Bericht", "Er is iets.")).case)
    said = desk.do(Assess(case=number, incorrect=True, contradicts="art. J 16", own_attempts=1, satire=True))
    desk.do(Assess(case=number, criteria=(2,), aspects=(Aspect.CONDUCT,)), "weigher")
    case = desk.case(number)
    assert (case.incorrect, case.contradicts, case.criteria, case.aspects) == (True, "art. J 16", (2,), ("conduct",))
    assert (case.satire, case.assessed_by) == (True, "weigher")
    assert warned(said) == ("own attempts: 1; repeated attempts means at least 2",)


@pytest.mark.parametrize("decision", ["decline", "refer", "none"])
def test_decision_not_to_notify_is_told_to_the_referrer(desk: Desk, decision: str) -> None:
    """The decision is recorded with author and reason, and the referrer gets the reason."""
    number = str(desk.receive(mail(REFERRER, "Bericht", "Er is iets.")).case)
    desk.do(Decide(case=number, decision=Decision(decision), reason="een mening, geen feit"), "weigher")
    desk.settle()
    case = desk.case(number)
    assert (case.decision, case.decided_by, case.state) == (decision, "weigher", "decided")
    assert "een mening, geen feit" in desk.server.to(REFERRER)[-1].octets.decode()
    assert not [e for e in desk.server.envelopes if "platform" in e.recipient]


def test_case_is_closed_when_it_is_decided(desk: Desk) -> None:
    """A closed case records the instant; without a running clock it says no more than that."""
    number = desk.decided()
    desk.do(CloseCase(case=number))
    assert (desk.case(number).state, desk.case(number).closed_at) == ("closed", desk.clock.now())


def test_closing_a_case_names_the_reminders_that_end(desk: Desk) -> None:
    """Clocks that run on in a closed case remind nobody: the command says which, of each notification."""
    first = desk.notified()
    case = desk.notification(first).case
    second = desk.notified("meta-elections", case=case)
    desk.go_on(5)
    desk.receive(mail(answers=desk.message_id_of(first), at=desk.clock.now()))
    other = desk.notified("x-mute", case=desk.decided())
    closed = warned(desk.do(CloseCase(case=case)))
    names = [desk.notification(use).channel_name for use in (first, second)]
    assert closed == (
        f"no more reminders of {first} ({names[0]}): substance",
        f"no more reminders of {second} ({names[1]}): receipt, human, substance",
    )
    (mute,) = warned(desk.do(CloseCase(case=desk.notification(other).case)))
    assert mute.endswith("): human, substance")
    before = len(desk.reminders())
    desk.go_on(10_000)
    assert len(desk.reminders()) == before


def test_spoken_answer_stops_the_clocks_when_it_was_given(desk: Desk) -> None:
    """The answer counts from the call, not from the note; the note stores both instants and its author."""
    key = desk.notified()
    desk.go_on(50)
    at = START + timedelta(minutes=20)
    case = desk.notification(key).case
    desk.do(replace(NOTE, case=case, effective_at=at, counts_as=(Kind.PLATFORM_ACK,)), "clerk")
    note = desk.one(ContactNote)
    assert (note.effective_at, note.entered_at, note.author) == (at, desk.clock.now(), "clerk")
    assert desk.clocks(key) == {"receipt": ("stopped", 20), "human": ("stopped", 20), "substance": ("running", None)}


def test_a_note_of_an_answer_before_the_sending_stops_nothing_and_says_so(desk: Desk) -> None:
    """The officer learns at once that the instant is wrong, also by reply; one of the minute of the sending counts."""
    desk.go_on(10)
    key = desk.notified()
    case, sent_at = desk.notification(key).case, desk.notification(key).sent_at
    assert sent_at is not None
    desk.go_on(5)
    early = replace(NOTE, case=case, effective_at=START, counts_as=(Kind.SUBSTANTIVE_REPLY,))
    noted = desk.do(early)
    assert noted.text.english.endswith(f"; it stops no clock, because {key} was sent later, at 2024-06-06 10:44+02:00")
    assert noted.did.stops is False
    assert {state for state, _ in desk.clocks(key).values()} == {"running"}
    assert "clock" not in desk.do(replace(early, counts_as=())).text.english
    assert "clock" not in desk.do(replace(early, effective_at=sent_at.replace(second=0))).text.english
    assert {state for state, _ in desk.clocks(key).values()} == {"stopped"}


def test_notification_by_portal_is_a_use_by_hand(desk: Desk) -> None:
    """A submission elsewhere counts from the noted instant, on its channel, and is marked as entered by hand."""
    number = desk.decided()
    desk.clock.set(START + timedelta(minutes=5))
    act = NoteContact(
        case=number, means=ContactMeans.PORTAL, text="Case 55 opened", effective_at=START,
        counts_as=(Kind.NOTIFICATION,),
        channel="tiktok-portal",
    )  # fmt: skip
    desk.do(act)
    use = desk.one(Notification)
    assert (use.platform, use.sent_at, use.by_hand, use.state) == ("TikTok", START, True, "sent")
    assert desk.case(number).state == "notified"
    assert delivery.drain(desk.env) == 0


def test_message_is_vouched_for_refused_and_corrected(desk: Desk) -> None:
    """Each correction is an event, and the clocks follow it at once in both directions."""
    key = desk.notified()
    desk.clock.set(START + timedelta(minutes=9))
    stored = desk.receive(mail(answers=desk.message_id_of(key), auth="none", at=desk.clock.now()))
    desk.do(ConfirmMessage(message=stored.id))
    assert desk.message(stored.id).verdict_basis.english == "confirmed by officer1"
    assert desk.clocks(key)["human"] == ("stopped", 9)
    desk.do(ReclassifyMessage(message=stored.id, kinds=(Kind.AUTO_REPLY, Kind.PLATFORM_ACK)))
    assert (desk.clocks(key)["receipt"], desk.clocks(key)["human"]) == (("stopped", 9), ("running", None))
    desk.do(ReclassifyMessage(message=stored.id, kinds=(Kind.SUBSTANTIVE_REPLY,)))
    assert desk.clocks(key)["substance"] == ("stopped", 9)
    desk.do(RefuseMessage(message=stored.id, reason="not their style"))
    assert {state for state, _ in desk.clocks(key).values()} == {"running"}
    assert desk.happened(EventKind.CLOCK_RESUMED) == 4
    desk.assert_whole()


def test_message_leaves_the_quarantine_for_a_new_case_or_the_bin(desk: Desk) -> None:
    """The mail can open a new case or become noise with a reason; noise can be moved into a case later."""
    one, two = (desk.receive(mail(f"{n}@elsewhere.example", "Hello", "What?")) for n in "ab")
    opened = desk.do(PlaceMessage(message=one.id, new=True, source=Source.MEDIA)).key.split()[-1]
    assert desk.message(one.id).case == opened
    desk.do(PlaceMessage(message=two.id, noise=True, reason="advertising"))
    binned = desk.message(two.id)
    assert (binned.place, binned.reason.english, binned.kinds) == ("noise", "advertising", ("noise",))
    desk.do(PlaceMessage(message=two.id, case=opened))
    assert desk.message(two.id).case == opened


def test_misplaced_answer_takes_its_stop_away_with_it(desk: Desk) -> None:
    """An answer moved out of the case no longer stops its clocks."""
    key = desk.notified()
    stored = desk.receive(mail(answers=desk.message_id_of(key)))
    assert desk.clocks(key)["human"] == ("stopped", 0)
    desk.do(PlaceMessage(message=stored.id, noise=True, reason="about something else"))
    assert desk.clocks(key)["human"] == ("running", None)


def test_typed_notification_counts_once_a_person_says_so(desk: Desk) -> None:
    """Once filed and confirmed, the copy in Sent starts the clocks at its arrival there."""
    number = desk.decided()
    typed = desk.receive(mail(DESK, "Notice", "Could you check?", to=X_CHANNEL), folder="Sent")
    desk.clock.set(START + timedelta(minutes=40))
    desk.do(PlaceMessage(message=typed.id, case=number))
    key = desk.do(ConfirmMessage(message=typed.id)).key
    use = desk.notification(key)
    assert (use.sent_at, use.by_hand, use.message_id) == (START, True, typed.message_id)
    assert set(desk.clocks(key).values()) == {("running", None)}
    assert [alarm.kind for alarm in desk.alarms()] == ["unregistered use"]


def test_waiting_mail_is_taken_back(desk: Desk) -> None:
    """An untried mail can be cancelled and is never sent; the case can be decided again."""
    key = desk.drafted()
    desk.do(Approve(draft=key))
    desk.do(CancelMail(mail=desk.mail_of(key).id))
    desk.settle()
    assert (desk.mail_of(key).state, desk.server.to(X_CHANNEL)) == ("cancelled", [])
    use = desk.notification(key)
    assert use.state == "cancelled"
    desk.do(Decide(case=use.case, decision=Decision.NONE, reason="they saw it themselves"))


@pytest.mark.parametrize("by_hand", [False, True])
def test_channel_that_cannot_confirm_reminds_of_a_person_only(desk: Desk, by_hand: bool) -> None:  # noqa: FBT001 - a column of the table
    """No receipt is expected; after three hours without an answer from a person the officer is reminded."""
    if by_hand:
        desk.do(replace(NOTE, case=desk.decided(), counts_as=(Kind.NOTIFICATION,), channel="x-mute"))
    else:
        desk.notified("x-mute")
    desk.go_on(179)
    assert desk.reminders() == []
    desk.go_on(1)
    assert [(r.clock, r.step) for r in desk.reminders()] == [("human", 180)]


def test_override_sends_the_next_reminder_to_whoever_took_over(desk: Desk) -> None:
    """A reminder goes to the officer who is on call when it falls due."""
    desk.notified()
    desk.do(OverrideRota(officer="officer2", begins_at=START + timedelta(minutes=59), ends_at=LATER))
    desk.go_on(60)
    assert desk.one(Override).entered_by == "officer1"
    assert desk.one(Reminder).officer == "officer2"
