# SPDX-License-Identifier: EUPL-1.2
"""No half marks: a name is taken out whole, in sentences, subjects, names of files and header values."""

from __future__ import annotations

import re

from flaggermail.annex.redaction.marks import PrintedPart, PrintedText
from flaggermail.annex.redaction.proposals import propose
from tests.corpus import each
from tests.unit.annex.marked_names import BODY, marked_names, plain
from tests.unit.annex.measuring import KNOWN

SUBJECT, FILE = PrintedPart.SUBJECT, PrintedPart.ATTACHMENT
WHOLE = [
    (BODY, "Gisteren belde «Gerda Oude Elferink» ons."),
    (BODY, "Beste «Zbigniew»,\n\nVolgens «Zbigniew Elferink» klopt het.\n"),
    (BODY, "De heer «Meeuwsen - ten Have» en mevrouw «'s-Gravenmeurs» kwamen langs."),
    (BODY, "Met vriendelijke groet,\n«Sanne Meeuwsen - ten Have»\n"),
    (BODY, "Zij sprak «Jan-Willem van der Meeuwsen-Tolhoek» gisteren."),
    (BODY, "Op de foto staat «Siobhán Ó Flatharta»."),
    (BODY, "Opmerking van «Sanne Meeuwsen» over de tekst."),
    (BODY, "Apparently «Helen Schaaf» saw the message too."),
    (BODY, "Wij hebben vanmorgen uitgebreid over deze zaak gesproken met «Zbigniew\nElferink» en anderen."),
    (BODY, "> Wij hebben vanmorgen uitgebreid over deze zaak gesproken met «Gerda Oude\n> Elferink» en anderen."),
    (BODY, "Raadslid «Ypma» (Volt) en wethouder «Heeringa» van Súdwest-Fryslân zijn boos."),
    (BODY, "Vriendelijke groeten uit Den Haag, namens het team Verkiezingen."),
    (BODY, "Ook in Noord-Korea en bij Return-Path: niets."),
    (SUBJECT, "Terugbelverzoek mw. «Ypma»"),
    (SUBJECT, "Klacht dhr. «Van der Zandbelt» over advertentie"),
    (SUBJECT, "«Hummelink» - nepaccount"),
    (SUBJECT, "FW: Gerucht in Harmelderdam"),
    (SUBJECT, "Re: [VF-PS2027-0062] General warning about elections"),
    (FILE, "CV_«Gerda_Pietersen».pdf"),
    (FILE, "Notitie «Verschuren».docx"),
    (FILE, "«Hummelink_Jorinde»_verklaring_v2.pdf"),
    (FILE, "Verslag gemeenteraad Terneuzen.docx"),
    (FILE, "IMG_20240605_WA0003.jpg"),
    (FILE, "Screenshot 2024-06-05 at 10.34.png"),
]
AGAIN = [
    ("De melder is te bereiken op 06-12345678.", "Opname «0612345678».mp3"),
    ("De melder is te bereiken op 06-12345678.", "«31612345678»_gesprek.mp3"),
    ("Het kenteken is GP-15-PK.", "foto_«GP15PK».jpg"),
    ("Zijn personeelsnummer is 901125.", "dossier_«901125»_def.pdf"),
    ("Het rekeningnummer is NL91 ABNA 0417 1643 00.", "afschrift «NL91ABNA0417164300».pdf"),
    ("Uw kenmerk: CAS-0066583.", "bijlage bij «CAS 0066583».pdf"),
]


@each("wanted", WHOLE)
def test_a_name_is_marked_whole(wanted: tuple[PrintedPart, str]) -> None:
    """Capitals, hyphens, lines below and small words that join it are part of the name; words of a sentence are not."""
    part, text = wanted
    assert marked_names((part, plain(text))) == [text]


def test_a_name_that_is_learned_in_part_is_found_whole_everywhere() -> None:
    """What grew once is found alone in every other text."""
    shown = marked_names(
        (PrintedPart.FROM, "Zbigniew <z@a.example>"),
        (BODY, "Ook Zbigniew Elferink was er. Elferink bleef niet."),
        (SUBJECT, "Vraag van Elferink"),
    )
    assert shown[1:] == ["Ook «Zbigniew Elferink» was er. «Elferink» bleef niet.", "Vraag van «Elferink»"]


def test_a_mark_grows_where_capitals_tell_nothing() -> None:
    """In a title with capitals everywhere, and in a language that writes nouns with one, a known part is the whole."""
    sender = (PrintedPart.FROM, "Zbigniew <z@a.example>")
    title = "Answer Of «Zbigniew Klein Elferink» On The Fake Pages"
    assert marked_names(sender, (SUBJECT, plain(title)))[1] == title
    german = "Wir wissen nicht, ob die Nachricht von «Zbigniew Elferink» ist. Eine Antwort und ein Bild sind da."
    assert marked_names(sender, (BODY, plain(german)))[1] == german


def test_both_parts_of_an_address_name_a_person() -> None:
    """Local part and host are learned where the local part is a given name: "sanne@hummelink.example"."""
    shown = marked_names((BODY, "Mail naar sanne@hummelink.example. De brief is van Hummelink zelf."))
    assert shown == ["Mail naar sanne@hummelink.example. De brief is van «Hummelink» zelf."]


@each("pair", AGAIN)
def test_a_number_is_marked_again_in_another_form_and_part(pair: tuple[str, str]) -> None:
    """Whatever stands between its letters and digits, and whatever stands before a telephone number."""
    body, name = pair
    printed = [PrintedText(0, BODY, 0, body), PrintedText(0, FILE, 0, re.sub("[«»]", "", name))]
    shown = printed[1].text
    for mark in reversed([mark for mark in propose(printed, KNOWN) if mark.of == 1]):
        shown = f"{shown[: mark.start]}«{shown[mark.start : mark.end]}»{shown[mark.end :]}"
    assert shown == name
