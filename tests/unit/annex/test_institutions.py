# SPDX-License-Identifier: EUPL-1.2
"""An institution is no person: what a list knows stays behind a function, and an unknown word is asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flaggermail.annex.redaction.marks import PrintedPart, PrintedText
from flaggermail.annex.redaction.proposals import propose
from flaggermail.annex.redaction_words import read_redaction_words
from tests.corpus import each
from tests.unit.annex.marked_names import BODY, asked_words, marked_names, plain
from tests.unit.annex.measuring import KNOWN

STAYS = [
    "De burgemeester van Terneuzen heeft gereageerd.",
    "Een raadslid van Volt en de fractie van D66 stelden vragen.",
    "Een collega van Logius, een inwoner van Hoogeveen en een journalist van Nieuwsuur belden.",
    "De dijkgraaf van Hunze en Aa's en de wethouder van Bergen op Zoom zijn op de hoogte.",
    "De woordvoerder van het Ministerie van Binnenlandse Zaken en een lid van de Tweede Kamer spraken erover.",
    "The mayor of Den Haag and a journalist of the BBC asked.",
    "De Europese Commissie, Forum voor Democratie en Omroep Zeeland noemen de Digital Services Act.",
    "Stichting Heldere Stem en het Kloosterwaard College maakten een factcheck.",
    "Het stembureau in Sporthal De Fakkel, in Gymzaal De Ark en in Zorgcentrum Sint Jozef.",
]
PERSONS = [
    "Een collega «van Dijk» belde.",
    "Dat zegt inwoner «van Dam» ook.",
    "Volgens wethouder «Van Terneuzen» klopt het niet.",
    "Gesproken met burgemeester «Zwaantje Hummelink».",
    "Geachte heer «Best»,\n\nDe heer «Best» woont in Veldhoven.\n",
    "Beste «Karin van Dongen»,\n\nDe burgemeester «van Dongen» heeft gereageerd.\n",
]
ASKED = {
    "Een collega van Wopereis belde.": ["Wopereis"],
    "De burgemeester van Harmelderdam en een raadslid van Dorpskracht zijn op de hoogte.": [
        "Harmelderdam",
        "Dorpskracht",
    ],
    "A resident of Ravenzijl called.": ["Ravenzijl"],
    "De burgemeester van Terneuzen, een raadslid van Volt.": [],
}


@each("text", STAYS)
def test_what_a_list_knows_stays(text: str) -> None:
    """A town, a party, a ministry, a broadcaster: nothing of it is marked, and nobody is asked."""
    assert marked_names((BODY, text)) == [text]
    assert not set(asked_words((BODY, text))) - {"Heldere", "Stem", "Kloosterwaard", "Fakkel", "Ark", "Sint", "Jozef"}


@each("wanted", PERSONS)
def test_a_person_behind_a_function_is_marked(wanted: str) -> None:
    """A frequent surname, a capital at the small word, and a name of the exchange that is a town's too."""
    assert marked_names((BODY, plain(wanted))) == [wanted]


@each("text", ASKED)
def test_an_unknown_word_is_asked_about(text: str) -> None:
    """It is neither marked, for then the whole annex would lose it, nor kept silently."""
    assert marked_names((BODY, text)) == [text]
    assert asked_words((BODY, text)) == ASKED[text]


def test_a_display_name_of_an_institution_is_no_person() -> None:
    """A newsroom that writes under its own name is not taken out of the text."""
    shown = marked_names((PrintedPart.FROM, "Nieuwsuur <tips@omroep.example>"), (BODY, "Nieuwsuur meldt dit."))
    assert shown == ["Nieuwsuur <tips@omroep.example>", "Nieuwsuur meldt dit."]


def test_a_desk_adds_its_own_institutions(tmp_path: Path) -> None:
    """What redaction.yaml names as an institution stays too, and the dated lists are read beside it."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "redaction.yaml").write_text(
        "nl:\n  institutions: [Trots op Kromwoude]\n  functions: [raadslid]\n", "utf-8"
    )
    words = read_redaction_words(rules)
    assert "trots op kromwoude" in words["institutions"]
    assert {"terneuzen", "bergen op zoom"} <= words.towns
    assert "nos" in words.abbreviations


@pytest.mark.parametrize("name", ["institutions", "functions", "openers"])
def test_without_a_list_nothing_is_kept_silently(name: str) -> None:
    """A desk whose lists are empty is asked more, or has more marked; no name passes for want of a list."""
    lists = {**KNOWN.words.lists, name: frozenset[str]()}
    known = replace(KNOWN, words=replace(KNOWN.words, lists=lists, towns=frozenset(), abbreviations=frozenset()))
    text = "Gisteren belde Zwaantje Hummelink."
    marks = propose([PrintedText(0, BODY, 0, text)], known)
    assert [text[mark.start : mark.end] for mark in marks] == ["Zwaantje Hummelink"]
