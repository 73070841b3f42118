# SPDX-License-Identifier: EUPL-1.2
"""An exercise: its mail is marked and goes to exercise addresses only; real mail meanwhile stays real."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from flaggermail.cases.configuration_record import register
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.cases import LinkCase, OpenCase
from flaggermail.commands.elections import StartExercise, StopExercise
from flaggermail.commands.notify import Draft
from flaggermail.commands.oncall import OverrideRota
from flaggermail.commands.write_referrer import AskReferrer
from flaggermail.desk.desk import Caller
from flaggermail.desk.desk import Desk as AnsweringDesk
from flaggermail.mail.compose import check_octets
from flaggermail.outbox import delivery
from flaggermail.record.case_values import CaseType, Decision, Item, Origin
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Election
from flaggermail.reminders import handover
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import ExerciseSettings, PlatformSettings
from tests.acting import warned
from tests.doubles.paged import Browser, PlayedSource
from tests.store.desk_fixtures import HEAD, OFFICER, REFERRER, X_CHANNEL, Desk, Envelope, NewDesk, X, mail

PLAYER, PLAYED = "oefening@lindewaard.example", "desk@x-oefening.example"
PLATFORM = {
    "code": "OX",
    "name": "X, gespeeld",
    "domains": ["x-oefening.example"],
    "policy": {"title": "Civic integrity", "url": "https://x-oefening.example/policy", "read_on": "2024-06-03"},
    "channels": [{"code": "ox", "name": "Urgent", "to": [PLAYED], "language": "en", "valid_from": "2024-01-01"}],
}
CASE = "VF-EX240606-0001"
MARKS = {"nl": ("OEFENING ", "DIT IS EEN OEFENING"), "en": ("EXERCISE ", "THIS IS AN EXERCISE")}


@pytest.fixture
def desk(new_desk: NewDesk) -> Desk:
    """Returns a desk with a player and a played platform."""
    desk = new_desk()
    settings = desk.env.settings
    players = ExerciseSettings(addresses=(PLAYER,), domains=frozenset({"x-oefening.example"}))
    desk.with_settings(
        settings.model_copy(
            update={
                "platform_list": (*settings.platform_list, PlatformSettings.model_validate(PLATFORM)),
                "desk": settings.desk.model_copy(update={"exercise": players}),
            }
        )
    )
    register(desk.env)
    return desk


@pytest.fixture
def rehearsing(desk: Desk) -> Desk:
    """Returns the desk with an exercise running."""
    assert desk.do(StartExercise(name="the night of the count")).key == "EX240606"
    return desk


def test_the_hand_over_note_marks_what_is_an_exercise(rehearsing: Desk) -> None:
    """Whoever comes on call tells the played case, its clock and its waiting mail from the real ones."""
    desk = rehearsing
    real, played = (desk.receive(referral(sender, f"Verkeerde dag {sender}")) for sender in (REFERRER, PLAYER))
    now = desk.clock.now()
    desk.do(OverrideRota(officer="officer2", begins_at=now, ends_at=now + timedelta(hours=8)), "head1")
    assert handover.tick(desk.env)
    (told,) = [one for one in desk.mails() if one.dedupe.startswith("handover/")]
    shown = desk.env.parser.parse(desk.env.octets.get(told.digest)).text
    assert f"- OEFENING {played.case} (open)" in shown
    assert f"- OEFENING {played.case}, besluit" in shown
    assert f"- {real.case} (open)" in shown
    assert f"- {real.case}, besluit" in shown


def test_the_first_page_marks_what_is_an_exercise_and_counts_none_of_it_as_late(rehearsing: Desk) -> None:
    """A played clock that is late, and played mail, wake nobody who looks at the night."""
    desk = rehearsing
    desk.receive(referral(PLAYER))
    desk.receive(mail(PLAYED, "Vraag", "Kunt u ons hierover bellen?"))
    desk.go_on(600)
    shown = AnsweringDesk(lambda: desk.env, Caller(officer="officer1")).answer("tonight")
    clocks, messages, in_all = (cast("Any", shown[name]) for name in ("clocks", "messages", "in_all"))
    assert {(one["exercise"], one["late"]) for one in clocks} == {(True, True)}
    assert in_all["late"] == 0
    assert [one["exercise"] for one in messages] == [True]
    page = Browser(PlayedSource(desk.env)).look("/")
    assert "Nothing is late." in page.words
    assert page.words.count("exercise") == len(clocks) + len(messages)


def referral(sender: str, subject: str = "Verkeerde stemdag rondgestuurd") -> bytes:
    """Builds a referral from that address."""
    text = f"Zie {subject} op https://posts.example/{len(subject)}. Zelf twee keer gemeld, zonder antwoord."
    return mail(sender, subject, f"{text}\nHet bericht noemt een andere dag dan de dag waarop gestemd wordt.")


def draft_of(desk: Desk, case: str, channel: str) -> str:
    """Drafts a notification in a case that is assessed and decided for it."""
    desk.do(Assess(case=case, incorrect=True, criteria=(3,), own_attempts=2))
    desk.do(Decide(case=case, decision=Decision.NOTIFY, reason="voters may come on the wrong day"))
    return desk.do(Draft(case=case, channel=channel, title="Wrong day", text="Two posts.")).key


def is_marked(desk: Desk, envelope: Envelope) -> bool:
    """Returns whether subject, header and first line are marked as an exercise; asserts all three or none."""
    read = desk.env.parser.parse(envelope.octets)
    marks = [
        any((read.subject or "").startswith(prefix) for prefix, _ in MARKS.values()),
        read.header_all("x-flaggermail-exercise") == ("yes",),
        any(read.text.startswith(line) for _, line in MARKS.values()),
    ]
    assert len(set(marks)) == 1, (read.subject, marks)
    return marks[0]


# ---- beginning and ending


def test_an_exercise_is_an_election_of_its_own(rehearsing: Desk) -> None:
    """One exercise runs at a time; the next one of the same day gets another code."""
    assert rehearsing.row(Election, "EX240606").exercise
    assert "exercise EX240606: runs already" in rehearsing.refused(StartExercise(name="another"))
    assert rehearsing.do(StopExercise()).text.english == "exercise EX240606 stopped, 0 cases closed"
    assert "none runs" in rehearsing.refused(StopExercise())
    assert rehearsing.do(StartExercise(name="another")).key == "EX240606N2"


def test_nobody_rehearses_without_players(new_desk: NewDesk) -> None:
    """Without players an exercise cannot start, since its mail would have no recipient."""
    assert "nobody can take part" in new_desk().refused(StartExercise(name="alone"))


def test_an_exercise_that_ended_wakes_nobody(rehearsing: Desk) -> None:
    """Stopping closes its cases and cancels its clocks; a late answer reopens nothing."""
    desk = rehearsing
    case = str(desk.receive(referral(PLAYER)).case)
    key = draft_of(desk, case, "ox")
    desk.do(Approve(draft=key))
    desk.settle()
    assert desk.do(StopExercise()).text.english == "exercise EX240606 stopped, 1 case closed"
    assert {clock.state for clock in desk.clock_rows()} == {"cancelled"}
    html = Browser(PlayedSource(desk.env)).look(f"/cases/{case}").html
    assert ("<td>runs</td>" in html, html.count("<td>cancelled</td>")) == (False, len(desk.clock_rows()))
    page = Browser(PlayedSource(desk.env)).look(f"/cases/{case}")
    assert "clock cancelled" in page.words
    assert "exercise" in page.words
    desk.receive(mail(PLAYED, "Re: late", "Sorry, we were out.", answers=desk.message_id_of(key)))
    assert desk.case(case).state == "closed"
    sent = len(desk.server.envelopes)
    desk.go_on(600)
    assert desk.reminders() == []
    assert len([e for e in desk.server.envelopes[sent:] if is_marked(desk, e)]) == 0


# ---- marks


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_mail_of_an_exercise_is_marked(rehearsing: Desk, language: str) -> None:
    """Mail to players, officers and the played platform is marked in subject, header and first line."""
    desk = rehearsing
    settings = desk.env.settings
    spoken = settings.desk.organisation.model_copy(update={"language": language})
    desk.with_settings(settings.model_copy(update={"desk": settings.desk.model_copy(update={"organisation": spoken})}))
    case = str(desk.receive(referral(PLAYER)).case)
    assert case == CASE
    desk.do(AskReferrer(case=case, items=(Item.CONTACT,)))
    desk.do(Approve(draft=draft_of(desk, case, "ox")))
    desk.settle()
    desk.go_on(61)
    desk.receive(mail(PLAYER, "Iets anders", "Wat moeten wij hiermee?", extra=("Auto-Submitted: no",)))
    desk.go_on(180)
    kinds = {m.kind for m in desk.mails()}
    assert kinds >= {
        "intake_confirmation", "officer_notice", "information_request", "decision_notice", "approval_request",
        "notification", "reminder", "escalation",
    }  # fmt: skip
    assert all(is_marked(desk, envelope) for envelope in desk.server.envelopes)
    assert all(m.exercise for m in desk.mails())
    for envelope in desk.server.envelopes:
        check_octets(envelope.octets)
        text = desk.env.parser.parse(envelope.octets).text
        assert text.startswith(MARKS["en" if envelope.recipient == PLAYED else language][1])


def test_real_mail_during_an_exercise_is_never_marked(rehearsing: Desk) -> None:
    """A real referral opens a real case in the real election, and its mail is never marked."""
    desk = rehearsing
    real = desk.receive(referral(REFERRER))
    played = desk.receive(referral(PLAYER, "Stembus gesloten"))
    assert (real.case, real.exercise) == ("VF-EP2024-0001", False)
    assert (played.case, played.exercise) == (CASE, True)
    key = draft_of(desk, "VF-EP2024-0001", "x-urgent")
    desk.do(Approve(draft=key))
    desk.settle()
    real_mails = [e for e in desk.server.envelopes if not is_marked(desk, e)]
    assert {e.recipient for e in real_mails} >= {REFERRER, OFFICER, HEAD, X_CHANNEL}
    assert PLAYER not in {e.recipient for e in real_mails}
    assert not desk.notification(key).exercise
    answer = desk.receive(mail(X, answers=desk.message_id_of(key)))
    assert (answer.exercise, desk.clocks(key)["human"][0]) == (False, "stopped")


def test_the_same_matter_played_and_real_stay_apart(rehearsing: Desk) -> None:
    """A real referral with the same words is neither suggested for nor filed in the played case."""
    desk = rehearsing
    desk.receive(referral(PLAYER))
    real = desk.receive(referral(REFERRER))
    assert (real.case, real.suggestions) == ("VF-EP2024-0001", ())
    again = desk.receive(referral(PLAYER, "Andere zaak"))
    assert again.case == "VF-EX240606-0002"


def test_what_falls_due_together_is_told_apart(rehearsing: Desk) -> None:
    """Reminders of the exercise and real ones are two mails, one of them marked."""
    desk = rehearsing
    for sender in (PLAYER, REFERRER):
        desk.receive(referral(sender, f"Bericht van {sender}"))
    desk.settle()
    sent = len(desk.server.envelopes)
    desk.go_on(31)
    reminded = [e for e in desk.server.envelopes[sent:] if e.recipient == OFFICER]
    assert sorted(is_marked(desk, e) for e in reminded) == [False, True]


@pytest.mark.parametrize("sender", [PLAYER, PLAYED])
def test_without_an_exercise_a_players_mail_opens_nothing(desk: Desk, sender: str) -> None:
    """A player's mail is quarantined, and the notice about it is marked."""
    stored = desk.receive(referral(sender))
    assert (stored.place, stored.case, stored.exercise) == ("quarantine", None, True)
    desk.settle()
    assert [is_marked(desk, e) for e in desk.server.to(OFFICER)] == [True]


# ---- addresses


def test_a_real_platform_is_not_reached_whoever_approves(rehearsing: Desk) -> None:
    """The officer is warned when drafting; once approved, the mail is refused unsent, with an alarm."""
    desk = rehearsing
    case = str(desk.receive(referral(PLAYER)).case)
    desk.do(Assess(case=case, incorrect=True, criteria=(3,)))
    desk.do(Decide(case=case, decision=Decision.NOTIFY, reason="voters may come on the wrong day"))
    drafted = desk.do(Draft(case=case, channel="x-urgent", title="Wrong day", text="Two posts."))
    assert warned(drafted) == (f"exercise: {X_CHANNEL} is no exercise address, and nothing will leave for it",)
    desk.do(Approve(draft=drafted.key))
    desk.settle()
    assert desk.server.to(X_CHANNEL) == []
    assert (desk.mail_of(drafted.key).state, desk.notification(drafted.key).state) == ("refused", "failed")
    (alarm,) = desk.alarms()
    assert (alarm.kind, alarm.case) == ("refused", case)
    assert "exercise: this is no exercise address" in alarm.text.english
    desk.go_on(3000)
    assert desk.server.to(X_CHANNEL) == []
    assert desk.clocks(drafted.key) == {}


@pytest.mark.parametrize(("wrong", "state"), [("row", "refused"), ("octets", "queued")])
def test_the_row_and_the_octets_each_hold_it_back(rehearsing: Desk, wrong: str, state: str) -> None:
    """Either mark, in the row or in the octets, is enough; other octets than were approved do not leave at all."""
    desk = rehearsing
    key = draft_of(desk, str(desk.receive(referral(PLAYER)).case), "x-urgent")
    desk.do(Approve(draft=key))
    waiting = desk.mail_of(key)
    octets = desk.env.octets.get(waiting.digest).replace(b"X-Flaggermail-Exercise: yes\r\n", b"")
    rowless, headless = replace(waiting, exercise=False), replace(waiting, digest=desk.env.octets.put(octets))
    other = {"row": rowless, "octets": headless}[wrong]
    with desk.env.store.begin() as tx:
        UnitOfWork(desk.env, tx, desk.clock.now()).record(EventKind.MAIL_QUEUED, changed(waiting, other))
    delivery.drain(desk.env)
    assert desk.server.to(X_CHANNEL) == []
    assert desk.mail_of(key).state == state


def test_a_real_case_has_no_use_for_a_played_platform(rehearsing: Desk) -> None:
    """A notification to it would be counted although no real platform received it."""
    case = rehearsing.decided()
    refusal = rehearsing.refused(Draft(case=case, channel="ox"))
    assert refusal == f"channel ox: is for exercises only, and case {case} is real"


@pytest.mark.parametrize("channel", ["tiktok-portal", "meta-phone"])
def test_no_officer_hands_a_played_text_to_a_real_platform(rehearsing: Desk, channel: str) -> None:
    """Portals and phones of real platforms are refused, since no outbox can hold back what a person submits or says."""
    case = rehearsing.decided(election="EX240606")
    assert f"channel {channel}: is a real p" in rehearsing.refused(Draft(case=case, channel=channel, text="One."))


def test_a_played_case_is_no_precedent_for_a_real_one(rehearsing: Desk) -> None:
    """A played case cannot be linked from a real one, so its notification is cited to no real platform."""
    played = str(rehearsing.receive(referral(PLAYER)).case)
    real = rehearsing.decided()
    assert "is of an exercise" in rehearsing.refused(LinkCase(case=real, related=(played,)))
    related = OpenCase(election="EP2024", type=CaseType.OTHER, origin=Origin.MEDIA, related=(played,))
    assert "is of an exercise" in rehearsing.refused(related)
    rehearsing.do(LinkCase(case=played, related=(real,)))


# ---- a night


def test_a_whole_night_is_rehearsed(rehearsing: Desk) -> None:
    """Referral, decision, approval, silence, reminders, escalation and answer run as on a real night, all marked."""
    desk = rehearsing
    case = str(desk.receive(referral(PLAYER)).case)
    desk.settle()
    assert len(desk.server.to(PLAYER)) == 1  # the confirmation, with the number
    desk.go_on(5)
    key = draft_of(desk, case, "ox")
    desk.do(Approve(draft=key), "signer")
    desk.settle()
    assert len(desk.server.to(PLAYED)) == 1
    for _ in range(241):
        desk.go_on(1)
    told = [(r.kind, r.step) for r in sorted(desk.reminders(notification=key), key=lambda r: r.step)]
    assert told == [("reminder", 60), ("reminder", 120), ("escalation", 240)]
    desk.receive(
        mail(PLAYED, "Re: Wrong day", "Got it, we have it.", answers=desk.message_id_of(key), at=desk.clock.now())
    )
    desk.settle()
    assert desk.clocks(key)["human"] == ("stopped", 241)
    assert desk.case(case).state == "answered"
    desk.do(StopExercise())
    desk.go_on(600)
    assert all(is_marked(desk, envelope) for envelope in desk.server.envelopes)
    allowed = {PLAYER, PLAYED, *(officer.address for officer in desk.env.settings.rota.officers)}
    assert {envelope.recipient for envelope in desk.server.envelopes} <= allowed
    assert all(m.exercise for m in desk.messages())
    assert datetime.fromisoformat("2024-06-06T10:39:00+02:00") == desk.notification(key).sent_at
    desk.assert_whole()
