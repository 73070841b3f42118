# SPDX-License-Identifier: EUPL-1.2
"""What a referral lacks is shown, asked for when an officer says so, and read again from the referrer's answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from flaggermail.commands.assess import Decide
from flaggermail.commands.cases import CloseCase, OpenCase, TagCase
from flaggermail.commands.write_referrer import AskReferrer
from flaggermail.desk.views.case_form import CaseForm
from flaggermail.outbox import delivery
from flaggermail.record.case_values import CaseType, Decision, Item, Origin
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, OutboxMail
from flaggermail.services import UnitOfWork
from flaggermail.stories.replayed import report as reported
from flaggermail.stories.scenario import read as read_scenario
from tests.acting import warned
from tests.store.desk_fixtures import OFFICER, REFERRER, Desk, NewDesk, mail

SCENARIOS = Path(__file__).parents[1] / "scenarios"
QUESTION = "Op welk platform stond het?"


def referred(desk: Desk, text: str = "Er gaat een bericht rond over twee vakjes.") -> Case:
    """Returns a case opened by a municipality's mail."""
    desk.receive(mail(REFERRER, "Bericht over stembiljet", text, at=desk.clock.now()))
    return desk.one(Case)


def text_to(desk: Desk, recipient: str, kind: str) -> str:
    """Returns the text of the latest mail of that kind to an address."""
    sent = desk.mails(kind=Kind(kind), recipient=recipient)[-1]
    return desk.env.parser.parse(desk.env.octets.get(sent.digest)).text


def test_the_officer_sees_what_a_new_referral_lacks(desk: Desk) -> None:
    """The notice of the new case lists only what is missing."""
    referred(desk, "Wij meldden het, geen reactie. Zie https://x-platform.example/1")
    notice = text_to(desk, OFFICER, "officer_notice")
    assert "- een schermafbeelding" in notice
    assert "- een telefoonnummer voor overleg" in notice
    assert "waar het te zien is" not in notice
    assert "zelf al is gedaan" not in notice


def test_nothing_is_named_where_nothing_lacks(desk: Desk) -> None:
    """The notice does not mention a complete checklist."""
    kind = 'Content-Type: multipart/mixed; boundary="cut"'
    text = (
        "--cut\nContent-Type: text/plain\n\nGeen reactie. Zie https://x-platform.example/1 of bel 06 12345678.\n"
        "--cut\nContent-Type: image/png; name=beeld.png\nContent-Transfer-Encoding: base64\n\nAAAA\n--cut--"
    )
    desk.receive(mail(REFERRER, "Bericht over stembiljet", text, extra=(kind, "MIME-Version: 1.0")))
    assert "ontbreekt nog" not in text_to(desk, OFFICER, "officer_notice")


def test_the_referrer_is_asked_for_what_lacks_and_his_answer_joins_the_case(desk: Desk) -> None:
    """One mail lists the missing items; after the answer a second request asks only for the rest."""
    case = referred(desk)
    assert (
        "own attempts, a screenshot, where it can be seen, a phone number"
        in desk.do(AskReferrer(case=case.number)).text.english
    )
    delivery.drain(desk.env)
    asked = text_to(desk, REFERRER, "information_request")
    assert [line for line in asked.splitlines() if line.startswith("- ")][1:2] == ["- een schermafbeelding"]
    assert asked.count("\n- ") == 4
    (event,) = [e for e in desk.events() if e.kind is EventKind.INFORMATION_REQUESTED]
    assert (event.case, event.reason, event.actor) == (case.number, "attempts+screenshot+link+contact", "officer1")
    request = desk.one(OutboxMail, where(OutboxMail.kind).is_(Kind.INFORMATION_REQUEST))
    answer = "Wij deden aangifte, geen reactie. Het staat op https://x-platform.example/1"
    stored = desk.receive(mail(REFERRER, f"Re: {request.subject}", answer, answers=request.message_id))
    assert (stored.place, stored.case) == ("case", case.number)
    notice = text_to(desk, OFFICER, "officer_notice")
    assert "- een schermafbeelding" in notice
    assert "waar het te zien is" not in notice
    desk.go_on(1)
    outcome = desk.do(AskReferrer(case=case.number))
    assert outcome.text.english.endswith("asked for a screenshot, a phone number")
    assert warned(outcome) == ("the referrer was asked before, last on 2024-06-06 at 10:34",)
    desk.assert_whole()


def test_an_officer_asks_for_what_he_names_in_his_own_words(desk: Desk) -> None:
    """With words alone no item is added; with an item only that one is asked for."""
    case = referred(desk)
    desk.do(AskReferrer(case=case.number, text=QUESTION))
    asked = text_to(desk, REFERRER, "information_request")
    assert QUESTION in asked
    assert "\n- " not in asked
    desk.go_on(1)
    desk.do(AskReferrer(case=case.number, items=(Item.CONTACT,), text=QUESTION))
    asked = text_to(desk, REFERRER, "information_request")
    assert asked.count("\n- ") == 1
    assert asked.index("telefoonnummer") < asked.index(QUESTION)


def test_nobody_is_asked_in_vain(desk: Desk) -> None:
    """Asking is refused without a referrer, with nothing missing, and in a closed case."""
    own = desk.do(OpenCase(election="EP2024", type=CaseType.GENERAL_WARNING, origin=Origin.MEDIA)).key
    assert "nobody to ask" in desk.refused(AskReferrer(case=own, text=QUESTION))
    desk.receive(mail(REFERRER, "Bericht over stembiljet", "Een bericht."))
    case = desk.one(Case, where(Case.origin).is_(Origin.REFERRAL)).number
    desk.do(Decide(case=case, decision=Decision.NONE, reason="dealt with"), by="officer1")
    assert "nothing is missing" in desk.refused(AskReferrer(case=case))
    desk.do(CloseCase(case=case))
    assert "is closed" in desk.refused(AskReferrer(case=case, text=QUESTION))


# ---------------------------------------------------------------- the confirmation


@pytest.mark.parametrize(
    ("at", "phone"),
    [
        ("2024-06-06T23:30:00+02:00", True),  # half an hour before midnight
        ("2024-06-13T23:30:00+02:00", True),  # of the last day of the period
    ],
)
def test_the_confirmation_leaves_within_one_tick_with_number_and_phone(desk: Desk, at: str, *, phone: bool) -> None:
    """The mail is queued in the commit that files the referral, and the next tick sends it."""
    arrived = datetime.fromisoformat(at)
    desk.clock.set(arrived)
    case = referred(desk)
    delivery.drain(desk.env)
    (envelope,) = desk.server.to(REFERRER)
    assert envelope.at == arrived
    told = desk.env.parser.parse(envelope.octets)
    assert case.number in (told.subject or "")
    assert ("+31 70 000 0000" in told.text) == phone


def test_outside_the_period_no_phone_is_named(desk: Desk) -> None:
    """A confirmation of a case opened after the period contains the case number but no phone number."""
    desk.clock.set(datetime.fromisoformat("2024-09-01T12:00:00+02:00"))
    stored = desk.receive(mail(REFERRER, "Bericht over stembiljet", "Een bericht.", at=desk.clock.now()))
    assert stored.place == "quarantine"
    desk.do(OpenCase(election="EP2024", type=CaseType.CONTENT, origin=Origin.REFERRAL, from_message=stored.id))
    delivery.drain(desk.env)
    (envelope,) = desk.server.to(REFERRER)
    told = desk.env.parser.parse(envelope.octets)
    assert "VF-EP2024-0001" in (told.subject or "")
    assert "+31 70" not in told.text


# ---------------------------------------------------------------- narratives


@pytest.fixture
def tagged(new_desk: NewDesk) -> Desk:
    """Returns a desk with two narratives on its list."""
    desk = new_desk()
    tags = desk.env.settings.desk.tags.model_copy(update={"narratives": ("two-boxes", "wrong-day")})
    listed = desk.env.settings.desk.model_copy(update={"tags": tags})
    desk.env = replace(desk.env, settings=desk.env.settings.model_copy(update={"desk": listed}))
    return desk


def test_a_case_bears_words_of_the_list_alone(tagged: Desk) -> None:
    """Adding and removing are recorded; a word that is not on the list is refused, and the list is named."""
    case = tagged.decided()
    tagged.do(TagCase(case=case, tags=("two-boxes", "wrong-day")))
    assert tagged.row(Case, case).narratives == ("two-boxes", "wrong-day")
    tagged.do(TagCase(case=case, remove=("two-boxes",)))
    assert tagged.row(Case, case).narratives == ("wrong-day",)
    assert "known here: two-boxes, wrong-day" in tagged.refused(TagCase(case=case, tags=("someone",)))
    assert "does not bear two-boxes" in tagged.refused(TagCase(case=case, remove=("two-boxes",)))
    assert "nothing to change" in tagged.refused(TagCase(case=case, tags=("wrong-day",)))
    assert tagged.happened(EventKind.CASE_TAGGED) == 2
    tagged.assert_whole()


def test_a_narrative_stands_in_no_figure(tagged: Desk) -> None:
    """The report of a replay is the same with and without the narrative."""
    case = tagged.decided()
    scenario = read_scenario(SCENARIOS / "S04")
    before = reported(tagged.env, scenario).json
    tagged.do(TagCase(case=case, tags=("two-boxes",)))
    assert reported(tagged.env, scenario).json == before


def test_the_form_says_how_many_own_attempts_the_referrer_dates(desk: Desk) -> None:
    """It is a hint beside the question; the officer answers it."""
    case = referred(desk, "Wij hebben het bericht zelf om 18.20 uur en om 18.45 uur bij X gemeld.")
    with desk.env.store.read() as tx:
        form = CaseForm(case=case.number).show(UnitOfWork(desk.env, tx, desk.clock.now()))
    assert any(question.words.english.endswith("the referrer's mail dates 2") for question in form.questions)
    assert desk.one(Case).own_attempts is None
