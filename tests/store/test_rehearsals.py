# SPDX-License-Identifier: EUPL-1.2
"""A rehearsal: the desk plays a story to its own officers; nothing of it leaves, is counted or is played twice."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from flaggermail.cli import commands
from flaggermail.commands.approve import Approve
from flaggermail.commands.assess import Assess, Decide
from flaggermail.commands.elections import CloseElection, StartExercise, StopExercise
from flaggermail.commands.notify import Draft
from flaggermail.commands.oncall import Acknowledge
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.desk.answers import AnswerReader, Schemas, document_of
from flaggermail.desk.views.exercise import ShowDebrief, ShownDebrief
from flaggermail.intake.ingest import ingest
from flaggermail.letters import writing
from flaggermail.outbox import delivery
from flaggermail.ports import RawMessage
from flaggermail.record.case_values import Decision
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import (
    ContactNote,
    Election,
    Reminder,
    StoredMessage,
    ThreadKey,
)
from flaggermail.record.states import CaseState, ClockKind, MailState
from flaggermail.reminders import sending
from flaggermail.services import UnitOfWork
from flaggermail.settings.model import ExerciseSettings
from flaggermail.shipped import stories
from flaggermail.stories import rehearsing
from tests.acting import warned
from tests.doubles.told_status import written
from tests.store.desk_fixtures import HEAD, OFFICER, REFERRER, START, X_CHANNEL, Desk, NewDesk, X, mail

PLAYER = "oefening@lindewaard.example"
CASE, FOLDER = "VF-EX240606-0001", "exercise EX240606"


@pytest.fixture
def desk(new_desk: NewDesk) -> Desk:
    """Returns a desk that plays S08 since 10:34, sixty minutes in one."""
    desk = new_desk()
    desk.do(StartExercise(story="S08", even_today=True))
    return desk


def go_on(desk: Desk, minutes: float = 0) -> int:
    """Advances the clock and does what the daemon does; returns the number of mails that were played."""
    desk.clock.set(desk.clock.now() + timedelta(minutes=minutes))
    delivery.drain(desk.env)
    sending.tick(desk.env)
    played = rehearsing.tick(desk.env)
    delivery.drain(desk.env)
    return played


def notify(desk: Desk) -> str:
    """Takes the played case to an approved notification; returns its id."""
    desk.do(Assess(case=CASE, incorrect=True, criteria=(1,), own_attempts=3))
    desk.do(Decide(case=CASE, decision=Decision.NOTIFY, reason="votes become invalid"))
    drafted = desk.do(Draft(case=CASE, channel="x-urgent", title="Names on ballots", text="A video says so."))
    assert warned(drafted) == (f"exercise: the desk plays {X_CHANNEL}, and nothing will leave for it",)
    desk.do(Approve(draft=drafted.key))
    return drafted.key


def played(desk: Desk) -> list[StoredMessage]:
    """Returns the mail that was played, in order."""
    return [desk.message(one.message) for one in sorted(desk.deliveries(folder=FOLDER), key=lambda one: int(one.item))]


# ---- the start


def test_a_story_starts_only_where_it_can_be_played(new_desk: NewDesk) -> None:
    """Unknown stories, other speeds, a polling day, an observing desk and a second exercise are refused."""
    desk = new_desk()
    assert desk.refused(StartExercise(story="S99")) == "story S99: there is no such story; there are S05, S08"
    for speed in (0, -1, 241):
        assert desk.refused(StartExercise(story="S08", speed=speed)) == f"speed {speed}: must be from 1 to 240"
    assert "today is polling day of EP2024" in desk.refused(StartExercise(story="S08"))
    assert "belongs to a story" in desk.refused(StartExercise(name="a night", speed=60))
    assert "name" in desk.refused(StartExercise())
    writing.begin(desk.env)
    assert "the desk observes" in desk.refused(StartExercise(story="S08", even_today=True))


def test_one_exercise_runs_at_a_time(desk: Desk) -> None:
    """A story is an exercise like any other."""
    assert "EX240606: runs already" in desk.refused(StartExercise(story="S05", even_today=True))


def test_on_another_day_no_option_is_needed(new_desk: NewDesk) -> None:
    """Only a polling day needs to be confirmed."""
    desk = new_desk()
    desk.clock.set(START + timedelta(days=1))
    assert "plays S08, 60 minutes in one" in desk.do(StartExercise(story="S08")).text.english


def test_a_rehearsal_ends_at_midnight_before_a_polling_day(new_desk: NewDesk) -> None:
    """The start says so; at midnight nothing more is played, its cases are closed, and the debrief is sent."""
    desk = new_desk()
    desk.clock.set(datetime.fromisoformat("2027-03-16T22:34:00+01:00"))
    begun = desk.do(StartExercise(story="S08", speed=1)).text.english
    assert begun.endswith("; it ends at midnight at the latest, before the polling day of PS2027")
    assert go_on(desk) == 1
    midnight = datetime.fromisoformat("2027-03-17T00:00:00+01:00")
    desk.clock.set(midnight - timedelta(minutes=1))
    go_on(desk)
    (case,) = desk.cases()
    assert (desk.row(Election, "EX270316").closed_at, case.state) == (None, CaseState.OPEN)
    desk.clock.set(midnight)
    assert go_on(desk) == 0
    assert desk.row(Election, "EX270316").closed_at == midnight
    assert desk.case(case.number).state == CaseState.CLOSED
    assert [row for row in desk.mails() if row.dedupe.startswith("debrief")]
    before = len(desk.reminders())
    assert go_on(desk, 300) == 0
    assert len(desk.reminders()) == before


def test_one_that_was_begun_on_the_polling_day_goes_on(desk: Desk) -> None:
    """Whoever asked for it even today knows what day it is."""
    assert go_on(desk, 1) == 1
    assert desk.row(Election, "EX240606").closed_at is None


# ---- the night


def test_the_story_comes_to_the_officers_and_nothing_leaves_to_anybody_else(desk: Desk) -> None:
    """Referral, notification, reminder, escalation and answer come at minutes of the story divided by sixty."""
    assert go_on(desk) == 1
    (referral,) = played(desk)
    assert (referral.case, referral.exercise, referral.verdict) == (CASE, True, "verified")
    assert referral.kinds == (Kind.REFERRAL,)
    assert desk.case(CASE).source == "government_body"
    key = notify(desk)
    go_on(desk)
    use = desk.notification(key)
    assert (use.state, use.sent_at, use.exercise) == ("sent", START, True)
    assert desk.mail_of(key).state == MailState.ACCEPTED
    for _ in range(25):
        go_on(desk, 0.25)
    told = desk.reminders(notification=key)
    assert sorted((r.kind, r.step) for r in told) == [("escalation", 4), ("reminder", 1), ("reminder", 2)]
    assert desk.clocks(key)["human"] == ("stopped", 5)  # 310 minutes of the story
    assert desk.case(CASE).state == CaseState.ANSWERED
    late = played(desk)[1]
    assert (late.from_address, late.notification, late.verdict) == (X_CHANNEL, key, "verified")
    assert {e.recipient for e in desk.server.envelopes} <= {o.address for o in desk.env.settings.rota.officers}
    assert all(b"X-Flaggermail-Exercise: yes" in e.octets for e in desk.server.envelopes)
    assert all(m.exercise for m in desk.mails())
    assert desk.alarms() == []
    desk.assert_whole()


def test_an_officer_acts_by_reply(desk: Desk) -> None:
    """The notice of the played case is answered as on a real night."""
    go_on(desk)
    (notice,) = desk.mails(kind=Kind.OFFICER_NOTICE)
    desk.receive(mail(OFFICER, "Re: Nieuwe zaak", "Neem.", answers=notice.message_id))
    assert desk.case(CASE).assigned_to == "officer1"
    assert len(desk.cases()) == 1


def test_a_call_of_the_story_is_told_once_and_noted_by_reply(desk: Desk) -> None:
    """The officer on call is told what they hear, and notes it; nobody picked up, so no clock stops."""
    go_on(desk)
    key = notify(desk)
    go_on(desk)
    go_on(desk, 244 / 60)
    assert not [one for one in desk.mails() if one.dedupe.startswith("played call/")]
    go_on(desk, 0.1)
    go_on(desk, 0.1)
    (told,) = [one for one in desk.mails() if one.dedupe.startswith("played call/")]
    shown = desk.env.parser.parse(desk.env.octets.get(told.digest))
    assert (told.recipient, told.exercise) == (OFFICER, True)
    assert shown.subject == f"OEFENING Bel nu X [{CASE}]"
    assert "Draai het nummer niet echt" in " ".join(shown.text.split())
    at = desk.clock.now().astimezone(desk.env.settings.zone)
    desk.receive(mail(OFFICER, "Re: Bel nu", f"gebeld {at:%H:%M} niet opgenomen", at=at, answers=told.message_id))
    (note,) = desk.all(ContactNote)
    assert (note.case, note.counts_as) == (CASE, ())
    assert {state for state, _ in desk.clocks(key).values()} == {"running"}


def test_an_acknowledgement_lasts_as_long_as_in_the_story(desk: Desk) -> None:
    """Sixty minutes of an "ok" are one."""
    go_on(desk)
    notify(desk)
    go_on(desk)
    go_on(desk, 1)
    (first,) = [row for row in desk.reminders() if row.clock == ClockKind.RECEIPT]
    desk.do(Acknowledge(reminder=first.id))
    assert desk.row(Reminder, first.id).acknowledged_until == desk.clock.now() + timedelta(minutes=1)


@pytest.mark.parametrize("speed", [1, 7, 240])
def test_the_speed_divides_the_minutes(new_desk: NewDesk, speed: int) -> None:
    """The answer comes 310 minutes, divided by the speed, after the notification was sent, whenever that was."""
    desk = new_desk()
    desk.do(StartExercise(story="S08", speed=speed, even_today=True))
    go_on(desk)
    go_on(desk, 3)
    key = notify(desk)
    go_on(desk)
    sent_at = desk.clock.now()
    desk.clock.set(sent_at + timedelta(minutes=310) / speed - timedelta(seconds=1))
    go_on(desk)
    assert len(played(desk)) == 1
    go_on(desk, 1 / 60)
    assert desk.message(played(desk)[1].id).received_at == sent_at + timedelta(minutes=310) / speed
    assert desk.clocks(key)["human"][0] == "stopped"


def test_nothing_is_played_twice(desk: Desk) -> None:
    """Ticks of a daemon that was restarted find in the record what came already."""
    assert [go_on(desk) for _ in range(3)] == [1, 0, 0]
    notify(desk)
    go_on(desk)
    assert [go_on(desk, minutes) for minutes in (6, 0, 1)] == [1, 0, 0]
    assert len(desk.messages(direction=Direction.IN)) == 2
    with desk.env.store.read() as tx:
        assert tx.cursor(FOLDER) is None  # nor does a folder of a server that has this name count as read
    desk.assert_whole()


def test_a_notification_that_a_crash_interrupted_is_sent_all_the_same(desk: Desk) -> None:
    """Nothing had left, so nothing is in doubt: the clocks start, and nobody has to resolve a mail."""
    go_on(desk)
    key = notify(desk)
    while (claimed := delivery.claim(desk.env)) is not None and claimed.recipient != X_CHANNEL:
        pass
    delivery.recover(desk.env)
    assert desk.mail_of(key).state == MailState.ACCEPTED
    assert desk.notification(key).state == "sent"
    assert [alarm for alarm in desk.alarms() if alarm.notification == key] == []


def test_a_story_may_be_played_again(desk: Desk) -> None:
    """The second time is a rehearsal of its own, with cases of its own."""
    go_on(desk)
    desk.do(StopExercise())
    desk.do(StartExercise(story="S08", even_today=True))
    assert go_on(desk) == 1
    assert [case.number for case in desk.cases()] == [CASE, "VF-EX240606N2-0001"]


# ---- what stays real


def test_what_comes_meanwhile_is_real(desk: Desk) -> None:
    """A real referral and a real platform's mail belong to no exercise, and platforms get real mail."""
    go_on(desk)
    key = notify(desk)
    go_on(desk)
    real = desk.receive(mail(REFERRER, "Verkeerde stemdag", "Zie https://a.example/1. Zelf twee keer gemeld."))
    assert (real.case, real.exercise) == ("VF-EP2024-0001", False)
    stray = desk.receive(mail(X, "Names on ballots", "We are looking at the video."))
    assert (stray.case, stray.notification, stray.exercise) == (None, None, False)
    assert CASE not in " ".join(stray.suggestions)
    own = desk.notified()
    assert [e.recipient for e in desk.server.envelopes if e.recipient == X_CHANNEL] == [X_CHANNEL]
    assert desk.notification(own).exercise is False
    assert desk.clocks(key)["human"][0] == "running"


@pytest.mark.parametrize("sender", ["signalering@kiesraad.example", X_CHANNEL, OFFICER, "x@elsewhere.example"])
def test_a_stranger_cannot_write_for_the_desk(desk: Desk, sender: str) -> None:
    """Mail of a server is real whatever it claims: folder, number, sender and mark count for nothing."""
    go_on(desk)
    forged = mail(
        sender, "Video over ongeldige stembiljetten", f"{CASE}: zie https://a.example/1", auth="none",
        extra=("X-Flaggermail-Exercise: yes",), message_id="ex240606.2@x-platform.example",
    )  # fmt: skip
    came = desk.receive(forged, folder=FOLDER)
    assert not came.exercise
    assert came.case != CASE
    for uid in (1, 2, 3):  # a server's folder of that name, with a mail under each number of the story
        other = mail(sender, f"Vraag {uid}", "Wat is dit?", auth="none")
        ingest(desk.env, RawMessage(other, desk.clock.now(), FOLDER, "1", str(uid)))
        assert not desk.holding(other).exercise
    notify(desk)
    go_on(desk)
    go_on(desk, 6)
    assert [one.item for one in desk.deliveries(numbering="0")] == ["1", "2"]
    assert [one.from_address for one in played(desk) if one.exercise] == ["signalering@kiesraad.example", X_CHANNEL]


def test_a_participant_joins_in_and_cannot_answer_for_a_platform(desk: Desk) -> None:
    """A person at an exercise address is really written to, opens cases of the exercise, and stops no clock of it."""
    settings = desk.env.settings
    players = ExerciseSettings(addresses=(PLAYER,))
    desk.with_settings(settings.model_copy(update={"desk": settings.desk.model_copy(update={"exercise": players})}))
    go_on(desk)
    key = notify(desk)
    go_on(desk)
    asked = desk.receive(mail(PLAYER, "Andere zaak", "Zie https://a.example/2. Zelf twee keer gemeld."))
    assert (asked.case, asked.exercise) == ("VF-EX240606-0002", True)
    forged = desk.receive(mail(PLAYER, "Re: it", "Got it, we have it.", answers=desk.message_id_of(key)))
    assert forged.exercise
    go_on(desk)
    assert desk.clocks(key)["human"][0] == "running"
    assert len(desk.server.to(PLAYER)) == 1
    assert desk.server.to(X_CHANNEL) == []


def test_a_rehearsal_is_in_no_figure(desk: Desk) -> None:
    """The status before and during it differs only in the number of cases of exercises; nothing of it is cited."""
    before = written(desk.env)
    assert isinstance(before["cases"], dict)
    go_on(desk)
    key = notify(desk)
    go_on(desk)
    go_on(desk, 2)
    during = written(desk.env)
    assert before["cases"] | {"exercise": 1} == during["cases"]
    same = set(before) - {"cases", "written_at"}
    assert {name: before[name] for name in same} == {name: during[name] for name in same}
    go_on(desk, 4)
    real = desk.decided()
    drafted = desk.do(Draft(case=real, channel="x-urgent", title="Two boxes", text="A post."))
    octets = desk.env.octets.get(desk.notification(drafted.key).digest)
    assert key.partition("/")[0].encode() not in octets


# ---- the end


def test_the_end_of_the_story_sends_the_debrief(desk: Desk) -> None:
    """Ten minutes after its last mail the exercise ends, and everybody at the desk gets one marked mail about it."""
    go_on(desk)
    notify(desk)
    go_on(desk)
    for _ in range(20):
        go_on(desk, 1)
    assert desk.row(Election, "EX240606").closed_at is not None
    assert desk.case(CASE).state == CaseState.CLOSED
    debriefs = desk.mails(kind=Kind.DIGEST)
    assert {m.recipient for m in debriefs} == {o.address for o in desk.env.settings.rota.officers}
    assert len(debriefs) == len(desk.env.settings.rota.officers)
    text = desk.env.parser.parse(desk.server.to(HEAD)[-1].octets).text
    assert text.startswith("DIT IS EEN OEFENING")
    assert "escalatie, aan C. Bakker" in text
    assert "antwoord van het platform, na 5 minuten" in text
    assert go_on(desk, 60) == 0
    desk.assert_whole()


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_stop_sends_the_debrief(desk: Desk, language: str) -> None:
    """It says who acted, what was told, what waits and what had no answer, in the desk's language."""
    settings = desk.env.settings
    spoken = settings.desk.organisation.model_copy(update={"language": language})
    desk.with_settings(settings.model_copy(update={"desk": settings.desk.model_copy(update={"organisation": spoken})}))
    go_on(desk)
    key = notify(desk)
    go_on(desk)
    go_on(desk, 1)
    desk.do(StopExercise())
    delivery.drain(desk.env)
    text = desk.env.parser.parse(desk.server.to(OFFICER)[-1].octets).text
    said = {
        "nl": ("besluit genomen, door A. Jansen", "Bleef zonder antwoord:", f"{key}, sinds 10:34", "herinnering, aan"),
        "en": ("decision taken, by A. Jansen", "Had no answer:", f"{key}, since 10:34", "reminder, to"),
    }
    flat = " ".join(text.split())
    for words in said[language]:
        assert words in flat
    assert go_on(desk, 60) == 0


def test_a_night_on_which_nobody_acts_ends_too(desk: Desk) -> None:
    """Twelve hours after its start, whatever it waits for."""
    go_on(desk)
    go_on(desk, 11 * 60)
    assert desk.row(Election, "EX240606").closed_at is None
    go_on(desk, 61)
    assert desk.row(Election, "EX240606").closed_at is not None


def test_an_exercise_closed_as_an_election_plays_no_more(desk: Desk) -> None:
    """`election close` ends the story, too."""
    desk.do(CloseElection(code="EX240606"))
    assert go_on(desk, 5) == 0
    assert desk.cases() == []


def test_mail_that_no_rule_knows_is_named(desk: Desk) -> None:
    """Where a rule is silent the mail waits, for so long; the debrief names it, and the view gives its row."""
    rules = replace(desk.env.settings.rules, rules=())
    desk.with_settings(desk.env.settings.model_copy(update={"rules": rules}))
    go_on(desk)
    (referral,) = played(desk)
    assert (referral.place, referral.exercise) == ("quarantine", True)
    go_on(desk, 4)
    desk.do(PlaceMessage(message=referral.id, new=True))
    assert desk.case(CASE).exercise
    go_on(desk, 1)
    desk.do(StopExercise())
    delivery.drain(desk.env)
    text = desk.env.parser.parse(desk.server.to(HEAD)[-1].octets).text
    assert f"- {referral.id}, 4 minuten" in text
    assert "Mail waarvoor geen regel gold:" in text
    with desk.env.store.read() as tx:
        shown = ShowDebrief().show(UnitOfWork(desk.env, tx, desk.clock.now()))
    assert [(wait.minutes, wait.still) for wait in shown.waits] == [(4, False)]
    schemas = Schemas("#/$defs/")
    schema = {**schemas.of(ShownDebrief), "$defs": schemas.held}
    Draft202012Validator(schema).validate(document_of(shown, AnswerReader(desk.env.settings.zone)))


def test_a_story_of_a_robot_and_a_person(new_desk: NewDesk) -> None:
    """S05: the receipt stops one clock after a minute, the person the next after 108."""
    desk = new_desk()
    desk.do(StartExercise(story="S05", speed=1, even_today=True))
    go_on(desk)
    key = notify(desk)
    go_on(desk)
    go_on(desk, 1)
    go_on(desk, 107)
    assert {kind: minutes for kind, (_, minutes) in desk.clocks(key).items()} == {
        "receipt": 1, "human": 108, "substance": None,
    }  # fmt: skip


@pytest.mark.parametrize("broken", ["missing", "no yaml", "no mail"])
def test_a_story_that_cannot_be_played_ends_and_stops_no_daemon(
    desk: Desk, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade to a version without it, or on a faulty disk, the exercise ends; the tick never raises."""
    folder = shutil.copytree(stories()["S08"], tmp_path / "S08")
    (folder / {"missing": "x", "no yaml": "scenario.yaml", "no mail": "referral.eml"}[broken]).unlink(missing_ok=True)
    shipped = {} if broken == "missing" else {"S08": folder}
    monkeypatch.setattr("flaggermail.stories.rehearsing.stories", lambda: shipped)
    assert go_on(desk) == 0
    assert desk.row(Election, "EX240606").closed_at is not None


def test_nothing_is_learned_for_real_mail(new_desk: NewDesk) -> None:
    """The number that a played platform gives places no mail of the real one."""
    desk = new_desk()
    desk.do(StartExercise(story="S05", speed=240, even_today=True))
    go_on(desk)
    key = notify(desk)
    go_on(desk)
    go_on(desk, 3)
    assert desk.clocks(key)["human"][0] == "stopped"
    assert desk.all(ThreadKey) == []
    real = desk.receive(mail(X_CHANNEL, "Your request [#5519]", "We looked at [#5519] again."))
    assert (real.case, real.exercise) == (None, False)


@pytest.mark.parametrize("story", sorted(stories()))
def test_a_shipped_story_is_a_scenario(story: str) -> None:
    """`flaggermail replay S08` plays it without a difference."""
    ran = CliRunner().invoke(commands, ["replay", story])
    assert (ran.exit_code, ran.stderr) == (0, "")
