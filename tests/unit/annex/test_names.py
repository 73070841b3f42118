# SPDX-License-Identifier: EUPL-1.2
"""Names: where mail introduces them, and every form in which they come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaggermail.annex.redaction.marks import PrintedPart, PrintedText
from flaggermail.annex.redaction.proposals import propose
from tests.corpus import each
from tests.unit.annex.marked_names import marked_names
from tests.unit.annex.measuring import KNOWN

SENDERS = {
    "Jan de Vries <j.devries@gemeente.example>": "Jan de Vries",
    '"Vries, J. de (Jan)" <j.devries@gemeente.example>': "Vries, J. de (Jan)",
    "Jan de Vries (Gemeente Utrecht) <info@gemeente.example>": "Jan de Vries",
    "Day, Suzanne <suzanne.day@a.example>": "Day, Suzanne",
    "X Support Team <help@x.example>": None,
    "Gemeente Utrecht <info@utrecht.example>": None,
    "Communicatie <communicatie@a.example>": None,
}
INTRODUCED = [
    "Beste «Karin»,\n",
    "Geachte heer «Bos»,\n",
    "Dear people at X, dear «Anna»,\n",
    "hoi «karin»,\n",
    "Bonjour «Chloé»,\n",
    "Sehr geehrte Frau «Müller»,\n",
    "Tekst.\n\nMet vriendelijke groet,\nGemeente Utrecht\n«Jan de Vries»\n",
    "Groet, «Jan»\n",
    "Kind regards,\n\n«J.P. Smith» MSc\nPolicy Officer\n",
    "Namens «Jan de Vries» meld ik",
    "Ondertekend door «Ans Bos» op 6 juni",
    "Op 6 juni 2024 om 10:34 schreef «Jan de Vries»:\n> hoi",
    "On 6 Jun 2024, at 10:34, «Jane Doe» wrote:\n",
    "L.S.,\n",
    "Beste collega's,\n",
    "Dear X Support Team,\n",
    "Geachte heer/mevrouw,\n",
    "Kind regards,\nX Support Team\nTrust & Safety\n",
]
FORMS = [
    "Volgens «Jan de Vries» en «DE VRIES» is «De Vries»' brief van «J. de Vries» en «J. de V.» bekend.",
    "«JdV» weet «Jans» antwoord.",
    "«Jan's» note and «Vries, Jan» and «jandevries» and «Jan V.» and «Jan-de-Vries»",
    "De vries is een stad van vries, jan is klein, en in Jan 2024 gebeurt het. Vriesje niet.",
]


@each("sender", SENDERS)
def test_a_display_name_is_a_person_or_an_organisation(sender: str) -> None:
    """A person is marked, with initials and nickname; a team, an organisation and a function are not."""
    name = SENDERS[sender]
    assert marked_names((PrintedPart.FROM, sender)) == [sender.replace(name, f"«{name}»", 1) if name else sender]


@each("wanted", INTRODUCED)
def test_mail_introduces_its_people(wanted: str) -> None:
    """Salutations, closings, cues and attribution lines introduce names; functions and teams are none."""
    assert marked_names((PrintedPart.BODY, wanted.replace("«", "").replace("»", ""))) == [wanted]


@each("wanted", FORMS)
def test_a_name_is_found_in_each_of_its_forms(wanted: str) -> None:
    """Whole, in part, with initials, in capitals, inflected and joined; not as an ordinary word or a month."""
    plain = wanted.replace("«", "").replace("»", "")
    assert marked_names((PrintedPart.FROM, "Jan de Vries"), (PrintedPart.BODY, plain))[1] == wanted


def test_a_name_is_found_in_all_texts_of_the_annex() -> None:
    """A name that one mail introduces is marked in the subject and the attachments of another."""
    shown = marked_names(
        (PrintedPart.BODY, "Groeten,\nŁucja Wójcik\n"),
        (PrintedPart.SUBJECT, "Vraag van Lucja"),
        (PrintedPart.ATTACHMENT, "brief_L.Wojcik.pdf"),
        (PrintedPart.ATTACHMENT, "verslag-wojcik.docx"),
    )
    assert shown[1:] == ["Vraag van «Lucja»", "brief_«L.Wojcik».pdf", "verslag-«wojcik».docx"]


def test_an_ordinary_word_is_no_name_at_the_start_of_a_sentence() -> None:
    """A name that is a word too is marked only with a capital inside a sentence."""
    body = "Dear Will,\n\nWill you ask Will? The will is clear. Grace is a virtue.\n"
    assert marked_names((PrintedPart.BODY, body)) == [
        body.replace("Dear Will", "Dear «Will»").replace("ask Will", "ask «Will»")
    ]


def test_recipients_of_a_forwarded_mail_are_one_place() -> None:
    """Three recipients in a body are one mark, so that nobody can count them."""
    body = "Van: Jan Bos <j@a.example>\nAan: Piet Vos <p@a.example>; Els Mol <e@a.example>\n"
    assert marked_names((PrintedPart.BODY, body)) == [
        "Van: «Jan Bos» <j@a.example>\nAan: «Piet Vos <p@a.example>; Els Mol <e@a.example>»\n"
    ]


def test_the_desk_s_officers_are_known_beforehand() -> None:
    """A name of an officer is marked although no mail introduces it."""
    text = PrintedText(0, PrintedPart.BODY, 0, "Gesproken over Roodnat vandaag.")
    assert propose([text], KNOWN) == ()
    assert len(propose([text], replace(KNOWN, names=("Sanne Roodnat",)))) == 1


@pytest.mark.parametrize(
    "address",
    [
        "jorinde.plukebol at host.example",
        "Zie https://host.example/jorinde/plukebol",
        "jorinde_plukebol.pdf",
        "plukebol @ host.nl",
        "Fijne dag, jorinde",
    ],
)
def test_a_name_in_an_address_is_no_word_in_small_letters(address: str) -> None:
    """Small letters say nothing there, nor at the end of a line: the name that begins a sentence is marked."""
    assert marked_names((PrintedPart.BODY, f"Jorinde Plukebol belde.\n\n{address}\n"))[0].startswith(
        "«Jorinde Plukebol» belde."
    )
