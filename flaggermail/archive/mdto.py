# SPDX-License-Identifier: EUPL-1.2
"""Writes MDTO metadata: an informatieobject or a bestand as XML, valid by versions 1.0.1 and 1.0.2 of the schema.

MDTO is the metadata standard of the Dutch national archives. Element names are its own; their order is fixed by the
schema. Instants have no fractions of a second.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from flaggermail.archive.retention_list import KeepingClass, KeptSpan
from flaggermail.record.terms import Appraisal, TermStart

NAMESPACE = "https://www.nationaalarchief.nl/mdto"
SOURCE = "flaggermail"
LONGEST_NAME = 80  # characters, as MDTO advises
_LEVELS, _EVENTS, _RELATIONS = (
    "Begrippenlijst Aggregatieniveaus MDTO", "Begrippenlijst Eventtypen flaggermail",
    "Begrippenlijst Betrokkenheid flaggermail",
)  # fmt: skip
_APPRAISALS, _TRIGGERS, _SELECTION = (
    "Begrippenlijst Waarderingen MDTO", "Begrippenlijst Triggers bewaartermijn flaggermail", "Selectielijst",
)  # fmt: skip
_APPRAISED = {Appraisal.KEEP: "Blijvend te bewaren", Appraisal.DESTROY: "Tijdelijk te bewaren"}
_STARTED = {
    TermStart.CLOSING: "Afsluiting van de zaak", TermStart.ELECTION: "Einde van de verkiezingsperiode",
    TermStart.ARRIVAL: "Ontvangst of verzending",
}  # fmt: skip
UNDECIDED = "nog te bepalen"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


class Level(StrEnum):
    """The level of aggregation of an informatieobject."""

    SERIES = "Serie"
    DOSSIER = "Dossier"
    ITEM = "Archiefstuk"


@dataclass(frozen=True, slots=True)
class Concept:
    """An entry of a list of concepts; `origin` names the list."""

    label: str
    origin: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Another object: its name, and its identifier where it has one."""

    name: str
    key: str | None = None
    origin: str = SOURCE


@dataclass(frozen=True, slots=True)
class Custody:
    """What only the organisation knows of its records."""

    creator: Target
    restriction: Concept
    activity: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """An event in the life of an object, and its outcome."""

    kind: str
    at: datetime
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordObject:
    """An informatieobject: a series, a dossier or a mail."""

    key: str
    name: str
    level: Level
    kept: KeptSpan
    further_keys: Sequence[tuple[str, str]] = ()  # identifier and who gave it
    classes: Sequence[Concept] = ()
    keywords: Sequence[str] = ()
    begins: date | None = None
    ends: date | None = None
    language: str | None = None
    happenings: Sequence[ObjectEvent] = ()
    part_of: Target | None = None
    parts: Sequence[Target] = ()
    files: Sequence[Target] = ()
    further_files: Sequence[Target] = ()
    related: Sequence[tuple[Target, str]] = ()
    parties: Sequence[tuple[str, Target]] = field(default=())  # their relation, and the organisation


@dataclass(frozen=True, slots=True)
class FileObject:
    """A bestand: one file, its size in octets and its SHA-256 in hexadecimal, made at `summed_at`."""

    key: str
    name: str
    size: int
    format: Concept
    sha256: str
    summed_at: datetime
    represents: Target


def record_xml(record: RecordObject, custody: Custody) -> bytes:
    """Returns the XML of an informatieobject."""
    root, top = _root("informatieobject")
    _described(top, record)
    _period(top, record)
    if record.language:
        _text(top, "taal", record.language)
    for happening in record.happenings:
        _happened(top, happening)
    _kept(top, record.kept)
    _relations(top, record)
    _target(top, "archiefvormer", custody.creator)
    for relation, organisation in record.parties:
        _involved(top, relation, organisation)
    if custody.activity is not None:
        _target(top, "activiteit", Target(custody.activity))
    _concept(SubElement(top, "beperkingGebruik"), "beperkingGebruikType", custody.restriction)
    return _written(root)


def _described(top: Element, record: RecordObject) -> None:
    for key, origin in ((record.key, SOURCE), *record.further_keys):
        _identified(top, "identificatie", key, origin)
    _text(top, "naam", record.name[:LONGEST_NAME])
    _concept(top, "aggregatieniveau", Concept(record.level.value, _LEVELS))
    for entry in record.classes:
        _concept(top, "classificatie", entry)
    for word in record.keywords:
        _text(top, "trefwoord", word)


def _happened(top: Element, happening: ObjectEvent) -> None:
    event = SubElement(top, "event")
    _concept(event, "eventType", Concept(happening.kind, _EVENTS))
    _text(event, "eventTijd", _second(happening.at))
    if happening.result:
        _text(event, "eventResultaat", happening.result)


def _involved(top: Element, relation: str, organisation: Target) -> None:
    party = SubElement(top, "betrokkene")
    _concept(party, "betrokkeneTypeRelatie", Concept(relation, _RELATIONS))
    _target(party, "betrokkeneActor", organisation)


def _relations(top: Element, record: RecordObject) -> None:
    for name, targets in (
        ("isOnderdeelVan", [record.part_of] if record.part_of else []),
        ("bevatOnderdeel", record.parts),
        ("heeftRepresentatie", record.files),
        ("aanvullendeMetagegevens", record.further_files),
    ):
        for target in targets:
            _target(top, name, target)
    for target, relation in record.related:
        related = SubElement(top, "gerelateerdInformatieobject")
        _target(related, "gerelateerdInformatieobjectVerwijzing", target)
        _concept(related, "gerelateerdInformatieobjectTypeRelatie", Concept(relation, _RELATIONS))


def file_xml(file: FileObject) -> bytes:
    """Returns the XML of a bestand."""
    root, top = _root("bestand")
    _identified(top, "identificatie", file.key, SOURCE)
    _text(top, "naam", file.name)
    _text(top, "omvang", str(file.size))
    _concept(top, "bestandsformaat", file.format)
    checksum = SubElement(top, "checksum")
    _concept(checksum, "checksumAlgoritme", Concept("SHA-256", "Begrippenlijst ChecksumAlgoritme MDTO"))
    _text(checksum, "checksumWaarde", file.sha256)
    _text(checksum, "checksumDatum", _second(file.summed_at))
    _target(top, "isRepresentatieVan", file.represents)
    return _written(root)


def media_type(written: str) -> Concept:
    """Returns a media type as a format; one that is none becomes application/octet-stream (RFC 2046, section 4.5.1)."""
    found = written.lower() if re.fullmatch(r"[A-Za-z0-9.+-]{1,60}/[A-Za-z0-9.+-]{1,100}", written) else ""
    name = found or "application/octet-stream"
    return Concept(name, "IANA Media types", name)


def _period(top: Element, record: RecordObject) -> None:
    if record.begins is None:
        return
    covered = SubElement(top, "dekkingInTijd")
    _concept(covered, "dekkingInTijdType", Concept("Looptijd", "Begrippenlijst DekkingInTijdType flaggermail"))
    _text(covered, "dekkingInTijdBegindatum", record.begins.isoformat())
    if record.ends is not None and record.ends >= record.begins:
        _text(covered, "dekkingInTijdEinddatum", record.ends.isoformat())


def _kept(top: Element, span: KeptSpan) -> None:
    """Writes what the retention class says: waardering, bewaartermijn and informatiecategorie.

    What is kept for good has no bewaartermijn, and neither has what is temporary before its term begins: validators
    want the end of a term, or both its start and its length. A class whose basis nobody named says so.
    """
    _concept(top, "waardering", Concept(_APPRAISED[span.of.appraisal], _APPRAISALS, span.of.appraisal.value))
    if span.of.appraisal is Appraisal.DESTROY and span.begins is not None and span.last_day is not None:
        _term(top, span.of, span.begins, span.last_day)
    _concept(top, "informatiecategorie", Concept(span.of.basis or UNDECIDED, _SELECTION))


def _term(top: Element, of: KeepingClass, begins: date, ends: date) -> None:
    term = SubElement(top, "bewaartermijn")
    _concept(term, "termijnTriggerStartLooptijd", Concept(_STARTED[of.start], _TRIGGERS))
    _text(term, "termijnStartdatumLooptijd", begins.isoformat())
    _text(term, "termijnLooptijd", of.term.duration)
    _text(term, "termijnEinddatum", ends.isoformat())


def _root(kind: str) -> tuple[Element, Element]:
    root = Element("MDTO", xmlns=NAMESPACE)
    return root, SubElement(root, kind)


def _written(root: Element) -> bytes:
    indent(root)
    octets: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return octets + b"\n"


def _concept(top: Element, name: str, concept: Concept) -> None:
    element = SubElement(top, name)
    _text(element, "begripLabel", concept.label)
    if concept.code:
        _text(element, "begripCode", concept.code)
    _target(element, "begripBegrippenlijst", Target(concept.origin))


def _target(top: Element, name: str, target: Target) -> None:
    element = SubElement(top, name)
    _text(element, "verwijzingNaam", target.name)
    if target.key is not None:
        _identified(element, "verwijzingIdentificatie", target.key, target.origin)


def _identified(top: Element, name: str, key: str, origin: str) -> None:
    element = SubElement(top, name)
    _text(element, "identificatieKenmerk", key)
    _text(element, "identificatieBron", origin)


def _text(top: Element, name: str, text: str) -> None:
    """Adds an element with text; a character that XML forbids is replaced, and empty text is shown as a dash."""
    SubElement(top, name).text = " ".join(_NOT_XML.sub("\ufffd", text).split()) or "-"


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
