# SPDX-License-Identifier: EUPL-1.2
"""The paragraph about a use, in both languages, whatever its clocks rest on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flaggermail.documents.dates import DateForm, DecimalSign
from flaggermail.figures.account import MailHead, Print, UseDetails, block, paragraph
from flaggermail.figures.uses import AnswerForm, PlatformUse, Stop, UseState
from flaggermail.record.case_values import CaseType, LanguageCode
from flaggermail.record.states import InstantBasis
from flaggermail.wording.report import AccountLabel

SENT = datetime(2024, 6, 6, 8, 34, 20, tzinfo=UTC)
ANSWER = Stop(SENT + timedelta(minutes=152), 152, InstantBasis.MAIL, AnswerForm.MAIL)
USE = PlatformUse(
    case="VF-EP2024-0001", notification="VF-EP2024-0001/1", platform="X", channel="x-urgent", election="EP2024",
    sent_at=SENT, sent_basis=InstantBasis.MAIL, receipt=ANSWER, human=ANSWER, substance=ANSWER,
    state=UseState.ANSWERED, reminders=(), escalations=(),
)  # fmt: skip
TOLD = UseDetails(organisation="Het Ministerie", about=CaseType.GENERAL_WARNING, channel="Urgent Escalation Channel")
MONTHS = {"nl": ("januari", "februari", "maart", "april", "mei", "juni"), "en": ("January", "", "", "", "", "June")}
NL = Print(LanguageCode.NL, ZoneInfo("Europe/Amsterdam"), MONTHS["nl"])
EN = replace(NL, language=LanguageCode.EN, months=MONTHS["en"])
LATER = SENT + timedelta(days=100)
ASKED = (
    "Het Ministerie heeft X op 6 juni 2024 om 10.34 uur via het kanaal Urgent Escalation Channel gevraagd te letten "
    "op zulke berichten, omdat zij eerder verschenen."
)


def test_an_answer_is_told_with_hours_and_exact_minutes() -> None:
    """One mail that is all three answers makes one sentence."""
    assert paragraph(USE, TOLD, LATER, NL) == (
        f"{ASKED} X heeft na 2,5 uur (2 uur en 32 minuten) gereageerd, op 6 juni 2024 om 13.06 uur."
    )
    assert paragraph(USE, replace(TOLD, organisation="The Ministry"), LATER, EN) == (
        "The Ministry asked X on 6 June 2024 at 10:34, through its channel Urgent Escalation Channel, to watch for "
        "such posts, because they appeared before. "
        "X replied after 2.5 hours (2 hours and 32 minutes), on 6 June 2024 at 13:06."
    )


def test_the_decimal_sign_is_a_setting() -> None:
    """The report of 2024 prints a point in Dutch."""
    assert "na 2.5 uur (" in paragraph(USE, TOLD, LATER, replace(NL, decimal_sign=DecimalSign.POINT))
    assert "after 2,5 hours (" in paragraph(USE, TOLD, LATER, replace(EN, decimal_sign=DecimalSign.COMMA))


def test_an_open_silence_is_said() -> None:
    """Up to the instant asked, with an automatic receipt if there was one."""
    receipt = Stop(SENT + timedelta(minutes=1), 1, InstantBasis.MAIL, AnswerForm.AUTOMATIC)
    use = replace(USE, receipt=receipt, human=None, substance=None, state=UseState.OPEN)
    assert paragraph(use, TOLD, SENT + timedelta(minutes=97), NL) == (
        f"{ASKED} Na 1 minuut kwam een automatische ontvangstbevestiging, op 6 juni 2024 om 10.35 uur. Op 6 juni 2024 "
        "om 12.11 uur, 1,6 uur (1 uur en 37 minuten) na de melding, was nog geen reactie van een medewerker van X "
        "vastgelegd."
    )


@pytest.mark.parametrize(
    ("basis", "form", "dutch", "english"),
    [
        (InstantBasis.QUOTED_WORDS, AnswerForm.MAIL, "Onder het antwoord stond", "The reply quotes our"),
        (InstantBasis.BY_HAND, AnswerForm.ORAL, "De reactie is mondeling gegeven", "The reply was given orally"),
        (InstantBasis.BY_HAND, AnswerForm.PORTAL, "via een portaal gegeven", "given through a portal"),
        (InstantBasis.BY_HAND, AnswerForm.MAIL, "met de hand genoteerd", "was noted by hand"),
    ],
)
def test_what_the_answer_rests_on_is_said(basis: InstantBasis, form: AnswerForm, dutch: str, english: str) -> None:
    """A spoken answer and an instant by hand are never told as if a server had kept them."""
    stop = replace(ANSWER, basis=basis, form=form)
    use = replace(USE, receipt=stop, human=stop, substance=stop)
    assert paragraph(use, TOLD, LATER, NL).count(dutch) == 1
    assert paragraph(use, TOLD, LATER, EN).count(english) == 1


@pytest.mark.parametrize(
    ("basis", "dutch"),
    [
        (InstantBasis.SENT_COPY, "Het tijdstip van verzending komt van onze kopie in Verzonden."),
        (InstantBasis.BY_HAND, "Het tijdstip van verzending is met de hand genoteerd."),
    ],
)
def test_what_the_sending_rests_on_is_said(basis: InstantBasis, dutch: str) -> None:
    """Unless our server accepted the mail."""
    assert dutch in paragraph(replace(USE, sent_basis=basis), TOLD, LATER, NL)
    assert "verzending" not in paragraph(USE, TOLD, LATER, NL)


def test_an_answer_to_the_matter_may_come_later_or_not_at_all() -> None:
    """The reported latency is the person's first answer; what came to the matter is told apart."""
    phone = Stop(SENT + timedelta(minutes=200), 200, InstantBasis.BY_HAND, AnswerForm.ORAL)
    later = paragraph(replace(USE, substance=phone), TOLD, LATER, NL)
    assert "inhoudelijke reactie volgde na 3,3 uur (3 uur en 20 minuten), op 6 juni 2024 om 13.54 uur." in later
    assert later.endswith("De reactie is mondeling gegeven; het tijdstip is met de hand genoteerd.")
    assert paragraph(replace(USE, substance=None), TOLD, LATER, NL).endswith(
        "Een inhoudelijke reactie is niet vastgelegd."
    )


def test_the_policy_and_earlier_attempts_are_named() -> None:
    """What came back was no use, and is told."""
    told = replace(TOLD, policy="Civic integrity policy", earlier=(SENT - timedelta(minutes=20),))
    found = paragraph(USE, told, LATER, NL)
    assert 'De melding noemt het beleid "Civic integrity policy" van X.' in found
    assert "Een eerdere melding, verstuurd op 6 juni 2024 om 10.14 uur, heeft X niet bereikt." in found


def test_braces_in_a_name_are_text() -> None:
    """A channel or policy may be called anything."""
    told = replace(TOLD, channel="{at} {0} {", policy="%s {platform}")
    assert "via het kanaal {at} {0} { gevraagd te letten" in paragraph(USE, told, LATER, NL)
    assert '"%s {platform}"' in paragraph(USE, told, LATER, NL)


def test_the_head_of_a_mail() -> None:
    """In the report's order; the label stays where there is no value."""
    head = MailHead("Re: Two boxes", "Robin <gov-eu@x.example>", ANSWER.at, ("desk@bzk.example", "b@bzk.example"))
    style = replace(NL, date_form=DateForm.ABBREVIATED)
    assert block(head, AccountLabel.ANSWER, style).splitlines() == [
        "Reactie: Re: Two boxes",
        "Van: Robin <gov-eu@x.example>",
        "Datum ontvangst: Thu 06-Jun-2024 13:06",
        "Aan: desk@bzk.example, b@bzk.example",
        "CC:",
    ]
    assert block(head, AccountLabel.QUESTION, EN).splitlines()[2] == "Date sent: 2024-06-06 13:06+02:00"
