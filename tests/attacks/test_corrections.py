# SPDX-License-Identifier: EUPL-1.2
"""Type and source of a case corrected by reply, and press questions that an authority passes on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail.record.case_values import CaseType, Source
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind, Place
from tests.attacks.replying import Night, a_desk
from tests.corpus import LANGUAGES
from tests.store.desk_fixtures import mail

CORRECTIONS = {
    "nl": (("soort: gehackt account", "de soort van"), ("bron: media", "de bron van")),
    "en": (("type: hacked account", "the type of"), ("source: media", "the source of")),
}
QUESTION = (
    "Voor jullie.\n\nVan: Eva Lezer <e.lezer@krant.example>\nVerzonden: donderdag 6 juni 2024 09:12\n"
    "Aan: Griffie <griffie@lindewaard.example>\nOnderwerp: {subject}\n\nHoe vaak is er dit jaar gemeld?\n"
)


@pytest.fixture(params=LANGUAGES)
def night(request: pytest.FixtureRequest, tmp_path: Path) -> Night:
    """Returns a night at an empty desk that writes in that language."""
    return Night(a_desk(tmp_path, request.param), request.param)


def test_type_and_source_are_corrected_on_the_mail_of_the_new_case(night: Night) -> None:
    """Each reply corrects one, is answered with the new value, and leaves the case to be taken by the same mail."""
    sent = night.referred("Bericht over openingstijden")
    case = night.case(sent)
    assert (case.type, case.source) == (CaseType.CONTENT, Source.FELLOW_AUTHORITY)
    for written, told in CORRECTIONS[night.language]:
        (said,) = night.answers(night.reply(sent, written))
        assert f"{told} {case.number}" in " ".join(said.split())
    case = night.case(sent)
    assert (case.type, case.source) == (CaseType.CHANNEL, Source.MEDIA)
    corrections = [e for e in night.desk.events() if e.kind is EventKind.CASE_RECLASSIFIED]
    assert [(e.actor, len(e.changes)) for e in corrections] == [("officer1", 1)] * 2
    night.reply(sent, {"nl": "neem", "en": "take"}[night.language])
    assert night.case(sent).assigned_to == "officer1"
    night.desk.assert_whole()


def test_type_and_source_are_corrected_by_two_lines_of_one_reply(night: Night) -> None:
    """In either order, with or without a line between them: one correction of the case, answered with both values."""
    first, second = (written for written, _ in CORRECTIONS[night.language])
    for text in (f"{first}\n{second}", f"{second}\n\n{first}\n\nGroet,\nA. Jansen"):
        sent = night.fresh()
        before = night.desk.happened(EventKind.CASE_RECLASSIFIED)
        (said,) = night.answers(night.reply(sent, text))
        shown = " ".join(said.split())
        assert ("en de bron is nu media" if night.language == "nl" else "and the source is now media") in shown
        assert (night.case(sent).type, night.case(sent).source) == (CaseType.CHANNEL, Source.MEDIA)
        assert night.desk.happened(EventKind.CASE_RECLASSIFIED) == before + 1


def test_more_than_two_corrections_or_a_doubtful_one_change_nothing(night: Night) -> None:
    """The refusal quotes the line that was in the way."""
    first, second = (written for written, _ in CORRECTIONS[night.language])
    take = {"nl": "neem", "en": "take"}[night.language]
    wrong = second.partition(":")[0] + ": herbergier"
    for text, quoted in (
        (f"{first}\n{first}", first),
        (f"{first}\n{second}\n{take}", take),
        (f"{first}\n{take}\n{second}", take),
        (f"{first}\n{second}\n{second}", second),
        (f"{first}\n{wrong}", wrong),
        (f"{take}\n{second}", second),
        (f"{first}\n{second}?", f"{second}?"),
    ):
        sent = night.fresh()
        case = night.case(sent)
        (said,) = night.answers(night.reply(sent, text))
        assert f"\u00ab{quoted}\u00bb" in said, text
        assert night.desk.happened(EventKind.CASE_RECLASSIFIED) == 0, text
        assert night.case(sent) == case, text


def test_what_is_so_already_is_refused(night: Night) -> None:
    """A correction to the value that the case has changes nothing, and says so."""
    sent = night.referred("Bericht over openingstijden")
    (said,) = night.answers(night.reply(sent, "bron: gemeente"))
    assert "de soort is al inhoud, de bron medeoverheid" in " ".join(said.split())  # in the language of the reply
    assert night.desk.happened(EventKind.CASE_RECLASSIFIED) == 0


@pytest.mark.parametrize("by", ["B. de Vries <b.devries@bzk.example>", "Iemand <iemand@elders.example>"])
def test_nobody_else_corrects_by_that_mail(night: Night, by: str) -> None:
    """A colleague to whom the mail was not sent, and a stranger, correct nothing."""
    sent = night.referred("Bericht over openingstijden")
    night.reply(sent, "soort: gehackt account", by=by)
    assert night.case(sent).type == CaseType.CONTENT


@pytest.mark.parametrize("sender", ["pers@lindewaard.example", "pers@rijksdienst.example", "redactie@dagblad.example"])
def test_press_question_opens_no_case_and_is_not_confirmed(night: Night, sender: str) -> None:
    """Passed on by an authority or asked by a newsroom, it waits for a person, who sees the mark `press`."""
    text = QUESTION.format(subject="Persvraag over de flagger")
    stored = night.desk.receive(mail(sender, "FW: Persvraag over de flagger", text))
    assert (stored.place, stored.labels) == (Place.QUARANTINE, ("press",))
    assert night.desk.cases() == []
    assert [one.kind for one in night.desk.mails()] == [Kind.OFFICER_NOTICE]
    assert {"nl": "Kenmerk: pers", "en": "press"}[night.language] in night.body(night.latest(Kind.OFFICER_NOTICE))


def test_referral_that_the_press_found_is_no_press_question(night: Night) -> None:
    """What an authority itself refers opens its case, whoever asked about it first."""
    text = QUESTION.format(subject="Persvraag").replace("Voor jullie.", "Dit nepaccount staat er nog; graag melden.")
    stored = night.desk.receive(mail("pers@lindewaard.example", "FW: Persvraag", text))
    assert stored.place == Place.CASE
    night.desk.clock.set(night.desk.clock.now() + timedelta(minutes=1))
    confirmed = night.desk.mails(kind=Kind.INTAKE_CONFIRMATION)
    assert [one.recipient for one in confirmed] == ["pers@lindewaard.example"]
