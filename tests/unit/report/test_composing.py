# SPDX-License-Identifier: EUPL-1.2
"""The report as a document: its structure word for word, annexes, the night on which the clocks change, many uses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from flaggermail.adapters.documents.writer import OfficeDocuments
from flaggermail.documents.dates import DateForm, DecimalSign
from flaggermail.documents.model import Block, Document, Figure, Heading, Paragraph, Text
from flaggermail.figures.uses import AnswerForm, PlatformUse, Stop, UseState
from flaggermail.record.case_values import CaseType, LanguageCode
from flaggermail.record.states import InstantBasis
from flaggermail.report import canonical
from flaggermail.report.composing import BLOCKS, block_key, document
from flaggermail.report.values import (
    EarlierCase,
    NamedCount,
    Paper,
    Policy,
    PrintSettings,
    ReportFacts,
    ReportInputs,
    TextBlock,
    UseFacts,
    UseWords,
    WrittenParts,
)
from flaggermail.report.verifying import compare
from tests.doubles.told_report import figures, plain

SENT = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
MONTHS = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
        "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December"),
}  # fmt: skip
GOLDEN = """\
Dag van de stemming: 6 juni 2024. De cijfers zijn vastgesteld op 6 december 2024 om 13.00 uur.
# Achtergrond
Wat vooraf gaat.
De Kamer is eerder over de status geïnformeerd.[Kamerstukken II 2023-2024, 35 165, nr. 73, bijlage 'Rapport'.]
# Werkwijze
Hoe het gaat:
- eerst dit;
- dan dat, op twee regels.
# Gebruik rond de verkiezing
Het Ministerie heeft de status van verkiezingen flagger rond de verkiezing eenmaal gebruikt.
## Melding aan X, 6 juni 2024
Het Ministerie heeft X op 6 juni 2024 om 10.34 uur via het kanaal Urgent Escalation Channel gevraagd te letten op \
zulke berichten, omdat zij eerder verschenen. Over hetzelfde onderwerp zijn eerder meldingen \
gedaan, op 13 maart 2023 en 22 november 2023. De melding noemt het beleid Civic integrity policy van X.
Wie twee vakjes kleurt, stemt ongeldig.
X heeft na 2,5 uur (2 uur en 32 minuten) gereageerd, op 6 juni 2024 om 13.06 uur. Beide tijden komen van \
onze eigen server, niet van de afzender.
X gaf aan op zulke berichten te letten.
Zie bijlage 1.
Tijdstippen bij deze melding
Klok | Tijdstip | Minuten | Uren | Basis | Vorm
verzonden | 6 juni 2024 10:34 |  |  | mail | \n\
ontvangst bevestigd, reactie van een medewerker, inhoudelijk antwoord | 6 juni 2024 13:06 | 152 | 2,5 | mail | mail
Gebruik per platform
Platform | Aantal
X | 1
Gebruik per soort zaak
Soort | Aantal
verzoek op berichten te letten | 1
Gebruik per te verwachten gevolg (meer dan één is mogelijk)
Gevolg | Aantal
een stem wordt ongeldig | 1
## Signalen en besluiten
Zaken, naar bron van het signaal
Bron | Aantal
media | 0
medeoverheden | 4
eerdere zaken, zonder nieuw signaal | 1
Totaal | 5
Zaken, naar besluit
Besluit | Aantal
voorgelegd aan een platform | 1
niet voorgelegd | 4
Totaal | 5
Berichten van burgers over losse posts die niet in behandeling zijn genomen: 27.
# Bijlagen
## Bijlage 1
Deze bijlage hoort bij de melding aan X van 6 juni 2024 om 10.34 uur.
### Mail
Hello,"""


def stop(after: int) -> Stop:
    """Returns an answer by mail so many minutes after the sending."""
    return Stop(SENT + timedelta(minutes=after), after, InstantBasis.MAIL, AnswerForm.MAIL)


def use(number: str = "VF-EP2024-0001/1", *, sent_at: datetime = SENT, answer: Stop | None = None) -> PlatformUse:
    """Returns a use whose clocks one mail stopped."""
    return PlatformUse(
        case=number.partition("/")[0], notification=number, platform="X", channel="x-urgent", election="EP2024",
        sent_at=sent_at, sent_basis=InstantBasis.MAIL, receipt=answer, human=answer, substance=answer,
        state=UseState.OPEN if answer is None else UseState.ANSWERED, reminders=(), escalations=(),
    )  # fmt: skip


def told(one: PlatformUse) -> UseFacts:
    """Returns what is told of the use of 6 June 2024."""
    return UseFacts(
        use=one, channel_name="Urgent Escalation Channel", about=CaseType.GENERAL_WARNING, criteria=(1,),
        policy=Policy(
            title="Civic integrity policy", url="https://x.example/policy", read_on=date(2023, 1, 9), named=True
        ),
        earlier=(
            EarlierCase(case="VF-PS2023-0001", sent=(datetime(2023, 3, 13, 14, tzinfo=UTC),)),
            EarlierCase(case="VF-TK2023-0001", sent=(datetime(2023, 11, 22, 9, tzinfo=UTC),)),
        ),
        answer="m00000010",
    )  # fmt: skip


def inputs(*uses: UseFacts, zone: str = "Europe/Amsterdam") -> ReportInputs:
    """Returns the inputs of a report about these uses, in both languages."""
    both = {"nl": "Het Ministerie", "en": "The Ministry"}
    return ReportInputs(
        facts=ReportFacts(
            as_of=datetime(2024, 12, 6, 12, tzinfo=UTC), election="EP2024",
            names={"nl": "Europees Parlement", "en": "European Parliament"}, polling_days=(date(2024, 6, 6),),
            uses=uses,
            received=(NamedCount(name="media", count=0), NamedCount(name="fellow_authority", count=4),
                NamedCount(name="earlier_cases", count=1),
            ),
            decisions=(NamedCount(name="notify", count=1), NamedCount(name="decline", count=4)), declined=27,
            criteria=(NamedCount(name="1", count=len(uses)),),
            by_platform=(NamedCount(name="X", count=len(uses)),),
            by_type=(NamedCount(name="D_general_warning", count=len(uses)),),
        ),
        written=WrittenParts(
            languages=(LanguageCode.NL, LanguageCode.EN), title={}, contacts={}, colophon=None, remarks={},
            uses={
                one.use.notification: UseWords(
                    reason={"nl": "Wie twee vakjes kleurt, stemt ongeldig.", "en": "Two boxes are invalid."},
                    paraphrase={"nl": "X gaf aan op zulke berichten te letten.", "en": "X said it would look."},
                )
                for one in uses
            },
            papers=(Paper(chamber="II", year="2023-2024", dossier="35165", number=73, annex="Rapport"),),
        ),
        settings=PrintSettings(
            organisation=both, organisation_named=both, zone=zone, months=MONTHS, date_form=DateForm.ISO,
            decimal_sign=DecimalSign.LANGUAGE, smallest_count=3,
        ),
        blocks={
            block_key(language, name): TextBlock(heading=heading, body=body, digest="0")
            for language in LanguageCode
            for name, heading, body in zip(
                BLOCKS, ("Achtergrond", "Werkwijze"),
                ("Wat vooraf\ngaat.\n", "Hoe het gaat:\n\n- eerst dit;\n- dan dat, op\n  twee regels.\n"), strict=True,
            )
        },
        templates="", annexes={},
    )  # fmt: skip


ANNEX: list[Block] = [Heading(3, [Text("Mail")]), Paragraph([Text("Hello,")])]


def made(found: ReportInputs, language: LanguageCode = LanguageCode.NL) -> Document:
    """Returns the document, with an annex to each use of the first case."""
    annexes = {one.use.notification: ANNEX for one in found.facts.uses if one.use.case.endswith("-0001")}
    return document(found, language, annexes)


def test_the_report_of_2024_word_for_word() -> None:
    """Section, annex and footnote of the use of 6 June 2024 have the structure of the ministry's document."""
    assert plain(made(inputs(told(use(answer=stop(152)))))) == GOLDEN


def test_annexes_refer_both_ways_in_the_order_of_the_uses() -> None:
    """A use without an annex has no number, and the next one goes on."""
    numbers = ("VF-EP2024-0001/1", "VF-EP2024-0002/1", "VF-EP2024-0001/2")
    found = made(inputs(*(told(use(number, answer=stop(30))) for number in numbers)))
    text = plain(found)
    assert text.count("Zie bijlage 1.") == text.count("Zie bijlage 2.") == 1
    assert "## Bijlage 2" in text
    assert "bijlage 3" not in text.lower()
    named = {one.name: one.text for one in figures(found)}
    assert named["VF-EP2024-0001/2/annex"] == named["annexes/2"] == "2"
    assert named["uses"] == "driemaal"


@pytest.mark.parametrize(("count", "nl", "en"), [(12, "twaalfmaal", "twelve times"), (13, "13 maal", "13 times")])
def test_small_numbers_are_words(count: int, nl: str, en: str) -> None:
    """Up to twelve."""
    found = inputs(*(told(use(f"VF-EP2024-{place:04}/1", answer=stop(5))) for place in range(count)))
    for language, words in ((LanguageCode.NL, nl), (LanguageCode.EN, en)):
        document_ = made(found, language)
        names = [one.name for one in figures(document_)]
        assert Figure("uses", words) in figures(document_)
        assert len(names) == len(set(names))


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """On the night on which the clocks change each time bears its offset, and the difference is what really passed."""
    sent = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    answer = Stop(sent + timedelta(minutes=90), 90, InstantBasis.MAIL, AnswerForm.MAIL)
    text = plain(made(inputs(told(use(sent_at=sent, answer=answer)))))
    assert "X op 25 oktober 2026 om 02.30 uur (UTC+02:00) via" in text
    assert "X heeft na 1,5 uur (1 uur en 30 minuten) gereageerd, op 25 oktober 2026 om 03.00 uur (UTC+01:00)." in text
    assert "verzonden | 25 oktober 2026 02:30 +02:00" in text


def test_an_automatic_receipt_is_no_answer() -> None:
    """It is told apart; less than a tenth of an hour has no hours."""
    automatic = Stop(SENT + timedelta(minutes=1), 1, InstantBasis.MAIL, AnswerForm.AUTOMATIC)
    text = plain(made(inputs(told(replace(use(), receipt=automatic)))))
    assert "Na 1 minuut kwam een automatische ontvangstbevestiging, op 6 juni 2024 om 10.35 uur." in text
    assert "Op 6 december 2024 om 13.00 uur, 183 dagen, 3 uur en 26 minuten (263726 minuten) na de melding" in text


def test_that_posts_appeared_before_is_said_only_if_an_earlier_case_is_linked() -> None:
    """A warning without an earlier case claims nothing that no table and no other sentence has."""
    text = plain(made(inputs(replace(told(use(answer=stop(5))), earlier=()))))
    assert "gevraagd te letten op bepaalde berichten." in text
    assert "eerder" not in text.partition("## Melding")[2].partition("## Signalen")[0]


def test_inputs_and_documents_survive_as_json() -> None:
    """What is frozen is read back as it was, annexes and figures too, and the same value has the same digest."""
    found = inputs(told(use(answer=stop(152))))
    again = canonical.decode(canonical.encode(found), ReportInputs)
    assert again == found
    assert canonical.digest(made(again)) == canonical.digest(made(found))
    blocks = tuple(made(found).blocks)
    assert canonical.encode(canonical.decode_several(canonical.encode(blocks), Block)) == canonical.encode(blocks)
    with pytest.raises(TypeError, match="a report holds no float"):
        canonical.encode(1.5)


@pytest.mark.parametrize("language", list(LanguageCode))
def test_a_report_of_thirteen_uses_is_checked_against_itself(language: LanguageCode) -> None:
    """Saved as it was made, and translated figure by figure, nothing in it is accused; each use has its figures."""
    waits = (0, 2, 25, 48, 97, 152, 152, 310, 400, 1560, 13_150, None, None)
    uses = [
        told(use(f"VF-EP2024-{place:04}/1", sent_at=SENT + timedelta(days=place), answer=_after(place, wait)))
        for place, wait in enumerate(waits, 1)
    ]
    found = inputs(*uses)
    other = LanguageCode.EN if language is LanguageCode.NL else LanguageCode.NL
    saved = OfficeDocuments().read_odt(OfficeDocuments().odt(made(found, language)))
    assert compare(made(found, language), saved) == []
    assert compare(made(found, other), saved) == []
    text = plain(made(found))
    for line in (
        "Van de 13 meldingen is de mediaan van de wachttijd 2,5 uur (2 uur en 32 minuten); een melding zonder antwoord",
        "binnen 1 uur op 4 van de 13 meldingen, binnen 4 uur op 7 van de 13 meldingen en binnen 24 uur op 9 van de 13",
        "Voor deze tijden geldt geen norm.",
        "X heeft na minder dan een minuut gereageerd",
        "X heeft na 9 dagen, 3 uur en 10 minuten (13150 minuten) gereageerd",
    ):
        assert line in text


def _after(place: int, wait: int | None) -> Stop | None:
    at = SENT + timedelta(days=place)
    return None if wait is None else Stop(at + timedelta(minutes=wait), wait, InstantBasis.MAIL, AnswerForm.MAIL)
