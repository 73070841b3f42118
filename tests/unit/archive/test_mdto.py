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
    Happening,
    Level,
    RecordObject,
    Target,
    file_xml,
    media_type,
    record_xml,
)
from tests.mdto_schemas import faults_of

AT = datetime(2024, 6, 6, 11, 6, 0, 123456, tzinfo=UTC)
CUSTODY = Custody(
    Target("Ministerie", "mnre0000", "TOOI"), Concept("B", "lijst", "B"), Concept("nog te bepalen", "lijst")
)


def whole(text: str) -> RecordObject:
    """Returns a dossier with everything that it can have, each text the same."""
    target = Target(text, text)
    return RecordObject(
        key=text, name=text, level=Level.DOSSIER, further_keys=[(text, "RFC 5322")], classes=[Concept(text, "x", text)],
        keywords=[text], begins=date(2024, 6, 6), ends=date(2024, 6, 7), language="nl",
        happenings=[Happening("Ontvangst", AT)], closed_on=date(2024, 2, 29), part_of=target, parts=[target],
        files=[target], further_files=[target], related=[(target, text)], parties=[("Platform", target)],
    )  # fmt: skip


@given(st.text(max_size=120))
def test_any_text_makes_valid_metadata(text: str) -> None:
    """Control characters, halves of surrogates, markup and nothing at all: the metadata is valid."""
    if any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        text = text.encode("utf-8", "replace").decode()
    custody = replace(CUSTODY, category=Concept(text, text), activity=text, years=10)
    assert faults_of(record_xml(whole(text), custody)) == []
    about = FileObject(text, text, 0, media_type(text), "0" * 64, AT, Target(text))
    assert faults_of(file_xml(about)) == []


def test_the_least_is_valid_too() -> None:
    """A dossier with nothing but what is mandatory is valid, and so is one of markup and characters XML forbids."""
    assert faults_of(record_xml(RecordObject(key="k", name="n", level=Level.ITEM), CUSTODY)) == []
    assert faults_of(record_xml(whole("\x00\x0b\ud800\ufffe <b>&\"'\u202e]]>"), CUSTODY)) == []


def test_a_retention_period_has_start_length_and_end() -> None:
    """From the closing of a case; ten years from 29 February end on 1 March. An open case has no period."""
    text = record_xml(whole("k"), replace(CUSTODY, years=10)).decode()
    assert "<termijnStartdatumLooptijd>2024-02-29</termijnStartdatumLooptijd>" in text
    assert "<termijnLooptijd>P10Y</termijnLooptijd>" in text
    assert "<termijnEinddatum>2034-03-01</termijnEinddatum>" in text
    opened = replace(whole("k"), closed_on=None)
    assert b"bewaartermijn" not in record_xml(opened, replace(CUSTODY, years=10))
    assert b"bewaartermijn" not in record_xml(whole("k"), CUSTODY)


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
