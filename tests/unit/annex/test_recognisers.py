# SPDX-License-Identifier: EUPL-1.2
"""What is proposed, kind by kind, and what only looks like it. In brackets: what has to be marked, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from flaggermail.annex.redaction.identity_numbers import passes_eleven
from flaggermail.annex.redaction.marks import Detail, PrintedPart, PrintedText
from flaggermail.annex.redaction.proposals import GROUNDS, propose
from flaggermail.wording.annex import WooGround
from tests.corpus import each
from tests.unit.annex.measuring import KNOWN

MARKED = {
    Detail.MAIL_ADDRESS: [
        "Mail naar «jan@gemeente.example».",
        "Zie <mailto:«jan+post@gemeente.example»> of '«piet@gemeente.example»'",
        "«jan (at) gemeente punt nl» en «piet[at]gemeente[dot]nl»",
        "«jan.de.vries at gemeente punt nl» is mijn adres",
        "> «info@bücher.example», «a_b@xn--bcher-kva.example»",
        "geen adres: a@b, @@, 5@ 3,50 per stuk",
        "«jorinde.h at gemeente.nl», «jorinde @ gemeente.nl» en «jorinde@ gemeente.nl» of «j.h at gemeente punt nl»",
        "we looked at example.com en wij keken at 10.34.png; het is @ kantoor",
    ],
    Detail.TELEPHONE: [
        "«06-12345678», «06 12 34 56 78», «(070) 123 45 67», «+31 (0)6 12345678», «0031612345678»",
        "Tel. «030/2345678» en «+44 (0)20 7946 0018 ext. 12»",
        "T: «12 34 56 78»",
        "op 06-12-2024 10:34 of 2024-06-06 10:34, € 1.234.567,89 en 1.234.567 stemmen",
        "Kamerstukken II 2023/24, 36 410, nr. 5; artikel 5.1; Case VF-EP2024-0001; 192.168.10.20",
        "van 2019-2024 en 12.30-14.00 uur, versie 10.2.33.4444",
        "Bel 14 070, 1400, 0800-8051 of 0900 1234: dat zijn nummers van iedereen; opname_«31612345678».mp3",
    ],
    Detail.IBAN: [
        "«NL91 ABNA 0417 1643 00», «nl91abna0417164300», «DE89 3704 0044 0532 0130 00».",
        "NL91ABNA0417164301 klopt niet; NL20 is een lijn; GB29 NWBK is te kort",
    ],
    Detail.CITIZEN_NUMBER: [
        "BSN «123456782», bsn: «1234.56.782», burgerservicenummer «10000008»",
        "nummer «111222333» van een kiezer",
        "BSN 123456789 klopt niet; € 123456782; 123.456.782 stemmen; 10000008",
    ],
    Detail.POSTCODE: [
        "«3511 AB» Utrecht, «3511AB», London «SW1A 2AA»",
        "in 2024 EU, 1234 km, 2023 TK, 2024 is een jaar, 12345 stemmen",
    ],
    Detail.STREET: [
        "aan de «Stationsstraat 12a», «Lange Dijk 3» en «Laan van Meerdervoort 220-B»",
        "at «12 High Street» or «1, rue de la Paix» or «Via Cavour 15» or «ul. Polna 3/4»",
        "De straat is 12 meter; om 12 uur op het plein; Stationsweg 2024 is geen adres; via 06",
    ],
    Detail.LICENCE_PLATE: [
        "«GP-15-PK», «99-XX-12», «XX-123-X», «1-XXX-23» en «GP 15 PK» stonden er",
        "kenteken «gp-15-pk» of «GP15PK», auto «TK-12-34»",
        "TK-12-34 is geen kenteken; 12-06-2024; VF-EP2024-0001; 2024-06-06; A4-12-B; 1234 AB-12",
    ],
    Detail.BIRTH_DATE: [
        "geboren op «3-5-1980», geboortedatum: «03/05/80», geb. «3 mei 1980», born on «May 3, 1980»",
        "Date of birth «1980-05-03»; geboren te Kromwoude op «3 mei 1980»; geboren in «1980»",
        "De verkiezing is op 6 juni 2024. Hij is geboren. Op 6 juni 2024 was dat bekend.",
    ],
    Detail.DOCUMENT_NUMBER: [
        "paspoort met nummer «NX5B123K9», documentnummer: «SPECI2014», rijbewijs «5012345678»",
        "Passport number «512345678», identity card no. «IA1234567»",
        "Het paspoort is van 2024 en kost 80 euro; op pagina 12 staat het paspoort",
    ],
    Detail.STAFF_NUMBER: [
        "personeelsnummer «901125», medewerkernummer: «P-00123», Employee ID: «E12345»",
        "Er zijn 901125 medewerkers; het personeelsnummer ontbreekt. 901125 is het aantal.",
    ],
    Detail.IP_ADDRESS: [
        "vanaf «84.22.19.7» en «2a02:1903:4804:1::99», poort «203.0.113.9»:443",
        "versie 84.22.19.7, 192.168.10.20, 10.0.0.1, 300.1.2.3, 10:34:12, std::vector, fe80::1:2:3",
    ],
    Detail.WEB_ADDRESS: [
        "(«https://x.example/jan/status/1»), «www.video.example/@a». En «social.example/p/1?x=2#y»!",
        "https://policy.x-platform.example/civic en gemeente.example en e.g. a/b",
    ],
    Detail.HANDLE: [
        "van «@jan_71», «@jan@social.example», «u/pencil» en account: «jan71»",
        "@ 5 euro, a@ b, 24/7, of/of",
    ],
    Detail.TICKET: [
        "[«#123456»] Case «00012345», Ticket ID: «AB-1234», «ref:_00D2w0abc._5002wXyZ9:ref»",
        "Case VF-EP2024-0001, report 2024, request 2024-06-06, punt #1, zaak 12",
        "Kamerstuk 36 410 VII, nr. 5; zaaknummer 2024Z07123, 2024D18922, kst-36410-VII-5; kenmerk 2024-0000123456",
    ],
}


def marked(body: str) -> str:
    """Returns a body with what is proposed in it between guillemets."""
    marks = propose([PrintedText(0, PrintedPart.BODY, 0, body)], KNOWN)
    for mark in reversed(marks):
        body = f"{body[: mark.start]}«{body[mark.start : mark.end]}»{body[mark.end :]}"
    return body


@each("wanted", [line for lines in MARKED.values() for line in lines])
def test_a_form_is_marked_and_its_likeness_is_not(wanted: str) -> None:
    """Each writing is marked whole; dates, amounts, article numbers and our case numbers are left."""
    assert marked(re.sub("[«»]", "", wanted)) == wanted


@each("kind", list(MARKED))
def test_a_mark_has_the_kind_and_the_ground_of_what_it_takes_out(kind: Detail) -> None:
    """The number that a law prescribes has 5.1.1e, tickets 5.1.2i, all else about a person 5.1.2e: an IBAN too."""
    marks = propose([PrintedText(0, PrintedPart.BODY, 0, re.sub("[«»]", "", MARKED[kind][0]))], KNOWN)
    assert {mark.detail for mark in marks} == {kind}
    other = {
        Detail.CITIZEN_NUMBER: WooGround.IDENTIFICATION_NUMBERS,
        Detail.TICKET: WooGround.GOVERNMENT_FUNCTIONING,
    }
    assert {mark.ground for mark in marks} == {GROUNDS[kind]} == {other.get(kind, WooGround.PERSONAL_SPHERE)}


def test_what_is_everybody_s_stays() -> None:
    """PO boxes with their postcode, the colophon's address and telephone number, pages of authorities."""
    known = replace(
        KNOWN,
        public=("Turfmarkt 147, 2511 DP Den Haag", "070 426 64 26"),
        own=("flagger@bzk.example",),
        official_hosts=frozenset({"kiesraad.example"}),
    )
    text = (
        "Postbus 20011, 2500 EA Den Haag of via Postbus 20011.\nTurfmarkt 147\n2511 DP Den Haag\n"
        "T +31 (0)70 426 64 26, https://www.kiesraad.example/verkiezingen en regels.kiesraad.example/a\n"
    )
    assert propose([PrintedText(0, PrintedPart.BODY, 0, text)], known) == ()
    [mark] = propose([PrintedText(0, PrintedPart.BODY, 0, "Zie https://kiesraad.example.org/a")], known)
    assert mark.detail is Detail.WEB_ADDRESS


def test_ours_and_the_channels_have_grounds_of_their_own() -> None:
    """The desk's addresses and on-call numbers, the channel's address, our tokens and tails each have their ground."""
    known = replace(KNOWN, own=("flagger@bzk.example", "070-4266426"), channels=("urgent@x.example", "+1 650 555 0100"))
    token = "0123456789abcdef" * 2
    texts = {
        "flagger@bzk.example": (Detail.OWN_ADDRESS, WooGround.GOVERNMENT_FUNCTIONING),
        "+31 (0)70 426 64 26": (Detail.OWN_ADDRESS, WooGround.GOVERNMENT_FUNCTIONING),
        "urgent@x.example": (Detail.CHANNEL, WooGround.SECURITY),
        "+1 650 555 0100": (Detail.CHANNEL, WooGround.SECURITY),
        f"flagger+{token}@bzk.example": (Detail.KEY, WooGround.GOVERNMENT_FUNCTIONING),
        f"<vf.{token}.1@bzk.example>": (Detail.KEY, WooGround.GOVERNMENT_FUNCTIONING),
        "VF-EP2024-0001-K7QF": (Detail.TAIL, WooGround.GOVERNMENT_FUNCTIONING),
    }
    for text, wanted in texts.items():
        marks = propose([PrintedText(0, PrintedPart.SUBJECT, 0, text)], known)
        assert [(mark.detail, mark.ground) for mark in marks] == [wanted], text
    assert marks[0].start == len("VF-EP2024-0001")


@pytest.mark.parametrize(
    ("digits", "holds"), [("123456782", True), ("123456789", False), ("10000008", True), ("000000000", False)]
)
def test_check_by_eleven(digits: str, *, holds: bool) -> None:
    """Nine digits weigh 9 to 2 and -1; eight get a zero before them; zeros are no number."""
    assert passes_eleven(digits) is holds
