# SPDX-License-Identifier: EUPL-1.2
"""MDTO metadata is valid whatever is put into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.archive.mdto import (
    Concept,
    Custody,
    FileObject,
    Level,
    ObjectEvent,
    RecordObject,
    Target,
    file_xml,
    media_type,
    record_xml,
)
from flaggermail.archive.retention_list import KeepingClass, KeptSpan
from flaggermail.record.terms import Appraisal, Term, TermStart
from tests.mdto_schemas import faults_of

AT = datetime(2024, 6, 6, 11, 6, 0, 123456, tzinfo=UTC)
CUSTODY = Custody(Target("Ministerie", "mnre0000", "TOOI"), Concept("nog te bepalen", "lijst"))
USUAL = KeepingClass("usual", Term.parse("P10Y"), TermStart.CLOSING, Appraisal.DESTROY, "ingang 4.2")
KEPT = KeptSpan(USUAL, date(2024, 2, 29), date(2034, 2, 28))


def whole(text: str) -> RecordObject:
    """Returns a dossier with everything that it can have, each text the same."""
    target = Target(text, text)
    return RecordObject(
        key=text, name=text, level=Level.DOSSIER, kept=KEPT, further_keys=[(text, "RFC 5322")],
        classes=[Concept(text, "x", text)], keywords=[text], begins=date(2024, 6, 6), ends=date(2024, 6, 7),
        language="nl", happenings=[ObjectEvent("Ontvangst", AT, text)], part_of=target, parts=[target],
        files=[target], further_files=[target], related=[(target, text)], parties=[("Platform", target)],
    )  # fmt: skip


@given(st.text(max_size=120))
def test_any_text_makes_valid_metadata(text: str) -> None:
    """Control characters, halves of surrogates, markup and nothing at all: the metadata is valid."""
    if any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        text = text.encode("utf-8", "replace").decode()
    record = replace(whole(text), kept=replace(KEPT, of=replace(USUAL, basis=text)))
    assert faults_of(record_xml(record, replace(CUSTODY, activity=text))) == []
    about = FileObject(text, text, 0, media_type(text), "0" * 64, AT, Target(text))
    assert faults_of(file_xml(about)) == []


def test_the_least_is_valid_too() -> None:
    """A dossier with nothing but what is mandatory is valid, and so is one of markup and characters XML forbids."""
    assert faults_of(record_xml(RecordObject(key="k", name="n", level=Level.ITEM, kept=KeptSpan(USUAL)), CUSTODY)) == []
    assert faults_of(record_xml(whole("\x00\x0b\ud800\ufffe <b>&\"'\u202e]]>"), CUSTODY)) == []


def written(span: KeptSpan) -> str:
    """Returns what metadata say of how long something is kept, in one line; valid by both versions of the schema."""
    octets = record_xml(replace(whole("k"), kept=span), CUSTODY)
    assert faults_of(octets) == []
    text = "".join(line.strip() for line in octets.decode().splitlines())
    return text[text.index("<waardering>") : text.index("<isOnderdeelVan>")]


def test_a_term_is_written_as_its_class_says() -> None:
    """Appraisal, the event that starts the term, its first day, period and last day, and the entry of the list."""
    found = written(KEPT)
    for part in (
        "<begripLabel>Tijdelijk te bewaren</begripLabel><begripCode>V</begripCode>",
        "<termijnTriggerStartLooptijd><begripLabel>Afsluiting van de zaak</begripLabel>",
        "<termijnStartdatumLooptijd>2024-02-29</termijnStartdatumLooptijd><termijnLooptijd>P10Y</termijnLooptijd>",
        "<termijnEinddatum>2034-02-28</termijnEinddatum>",
        "<informatiecategorie><begripLabel>ingang 4.2</begripLabel>",
    ):
        assert part in found
    for start, words in (
        (TermStart.ELECTION, "Einde van de verkiezingsperiode"), (TermStart.ARRIVAL, "Ontvangst of verzending"),
    ):  # fmt: skip
        assert words in written(replace(KEPT, of=replace(USUAL, start=start)))
    for period, duration in (("P1Y6M", "P1Y6M"), ("P10W", "P70D"), ("P70D", "P70D")):
        assert f">{duration}<" in written(replace(KEPT, of=replace(USUAL, term=Term.parse(period))))


def test_what_has_no_end_has_no_term() -> None:
    """An open case is temporary without a term yet; what is kept for good has none; nobody's basis is undecided."""
    opened = written(KeptSpan(USUAL))
    assert "Tijdelijk te bewaren" in opened
    assert "bewaartermijn" not in opened
    good = written(replace(KEPT, of=replace(USUAL, appraisal=Appraisal.KEEP)))
    assert "<begripLabel>Blijvend te bewaren</begripLabel><begripCode>B</begripCode>" in good
    assert "bewaartermijn" not in good
    assert "<informatiecategorie><begripLabel>nog te bepalen<" in written(replace(KEPT, of=replace(USUAL, basis=None)))


def test_instants_have_no_fractions_and_names_are_short() -> None:
    """Validators refuse fractions of a second; a name has 80 characters at most."""
    text = record_xml(whole("k" * 200), CUSTODY).decode()
    assert "<eventTijd>2024-06-06T11:06:00+00:00</eventTijd>" in text
    assert f"<naam>{'k' * 80}</naam>" in text


def test_a_media_type_that_is_none_is_octets() -> None:
    """What a stranger wrote as a type stands in metadata only if it is one."""
    assert media_type("image/PNG").code == "image/png"
    assert media_type("<script>").code == "application/octet-stream"
    assert media_type("a/" + "b" * 100_000).code == "application/octet-stream"
