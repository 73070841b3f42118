# SPDX-License-Identifier: EUPL-1.2
"""Accounts, annexes, archive, dossiers, figures and reports: typed answers, files of a media type, bounded lists."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from flaggermail.cli.session import Session
from flaggermail.cli.showing import parts, texts
from flaggermail.commands.requests import read_request
from flaggermail.desk.answers import AnswerReader, Schemas, ViewAnswer, document_of
from flaggermail.desk.desk import view_of
from flaggermail.documents.octets import BLOCK, Octets
from flaggermail.documents.tar import files_in
from flaggermail.errors import NotFound, Refusal
from flaggermail.mail.message import Json
from flaggermail.record.rows import ArchiveReading
from flaggermail.rules.configuration import load
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import ACCOUNTS
from flaggermail.shipped import shipped
from tests.corpus import each
from tests.doubles.annexes import edited, form_of
from tests.unit.cli.conftest import CONFIG, Desk
from tests.unit.cli.played import played

CASE, USE, ANNEX = "VF-EP2024-0001", "VF-EP2024-0001/1", "a00000001"
DRAFT = "languages: [nl, en]\nremarks: {nl: Zo was het., en: So it was.}\n"
MOST_FACTS = 2048  # octets: a field of a head has room for them


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Yields the desk of the letter of 2024, with an approved annex, a draft of a report, and a frozen one."""
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    folder = tmp_path_factory.mktemp("papers")
    with played("letter-of-2024", settings, folder) as made:
        made.done("annex", "propose", USE, "--form", "reply")
        edited(made.env, ANNEX, form_of(made.env, ANNEX), folder)
        made.done("annex", "approve", ANNEX, "--revision", "2", officer="officer2")
        made.done("annex", "propose", USE)
        (folder / "draft.yaml").write_text(DRAFT, "utf-8")
        for election in ("EP2024", "PS2027"):
            made.done("report", "draft", election, str(folder / "draft.yaml"), officer="writer1")
        made.done("report", "freeze", "PS2027", "--early", officer="head1")
        made.done("case", "open", "--election", "PS2027", "--type", "other", "--origin", "media", "--title", "Later")
        yield made


def session(desk: Desk, officer: str = "officer1") -> Session:
    """Returns a person's way to the desk."""
    return Session(CONFIG, given=desk.env, officer=officer)


ASKED: Mapping[str, Callable[[Desk], Mapping[str, Json]]] = {
    "annex files": lambda _: {"annex": ANNEX},
    "annex form": lambda _: {"annex": "a00000002"},
    "annex form read": lambda desk: {"annex": "a00000002", "text": form_of(desk.env, "a00000002")},
    "annex show": lambda _: {"annex": "a00000002"},
    "archive dossier": lambda _: {"case": CASE, "limit": 1},
    "archive dossier file": lambda _: {"case": CASE},
    "archive dossier part": lambda desk: planned(desk)[-1],
    "archive retention": lambda _: {},
    "archive retention lines": lambda _: {},
    "archive verify": lambda _: {},
    "case account": lambda _: {"case": CASE},
    "latency": lambda _: {},
    "latency page": lambda _: {"language": "en"},
    "latency picture": lambda _: {},
    "message octets": lambda _: {"message": "m00000001"},
    "report changes": lambda _: {"election": "PS2027", "limit": 1},
    "report document": lambda _: {"election": "PS2027", "form": "html"},
    "report form": lambda _: {"election": "EP2024"},
    "report uses": lambda _: {"by": "election"},
    "report verify": lambda desk: {"octets": odt_of(desk)},
}


def odt_of(desk: Desk) -> str:
    """Returns the frozen report as a client sends it back."""
    asked = {"election": "PS2027", "form": "odt", "language": "nl"}
    return b64encode(session(desk, "writer1").fetch("report document", **asked).whole()).decode("ascii")


def planned(desk: Desk, limit: int = 1000) -> list[dict[str, Json]]:
    """Returns what each part of the case's dossier is asked with."""
    asked, found = {"case": CASE}, list[dict[str, Json]]()
    plan = session(desk).ask("archive dossier", **asked, limit=limit)
    frozen = {name: plan[name] for name in ("as_of", "last_event")}
    while True:
        found += [{**asked, **frozen, **part} for part in parts(plan, "parts")]
        if plan["next"] is None:
            return found
        plan = session(desk).ask("archive dossier", **asked, limit=limit, cursor=plan["next"])


def may(name: str) -> str:
    """Returns an officer who may ask for a view."""
    return "writer1" if view_of(name).MAY == ACCOUNTS else "officer1"


@each("name", sorted(ASKED))
def test_each_answer_fits_the_schema_of_its_class_in_either_language(desk: Desk, name: str) -> None:
    """No field more, none less; the facts beside octets fit a head, and the octets come in bounded parts."""
    asked = ASKED[name](desk)
    session(desk).ask("archive retention")
    with desk.env.store.read() as tx:
        work = UnitOfWork(desk.env, tx, desk.env.clock.now(), may(name))
        found = read_request(view_of(name), name, asked, desk.env.settings.zone).show(work)
    answer = found.facts if isinstance(found, Octets) else found
    assert isinstance(answer, ViewAnswer)
    schemas = Schemas("#/$defs/")
    schema = {**schemas.of(type(answer)), "$defs": schemas.held}
    for language in ("nl", "en"):
        document = document_of(answer, AnswerReader(desk.env.settings.zone, language))
        Draft202012Validator(schema).validate(json.loads(json.dumps(document)))
        if isinstance(found, Octets):
            assert len(json.dumps(document)) <= MOST_FACTS
    if isinstance(found, Octets):
        blocks = list(found.parts)
        assert max(map(len, blocks)) <= BLOCK
        assert found.size in {None, sum(map(len, blocks))}


MADE: list[tuple[str, Mapping[str, Json], str, tuple[str, ...]]] = [
    ("latency picture", {}, "image/svg+xml", ("latency.svg",)),
    ("latency page", {}, "text/html; charset=utf-8", ("latency.html",)),
    ("report document", {"election": "PS2027", "form": "pdf", "language": "nl"}, "application/pdf",
     ("report-PS2027.nl.pdf",)),
    ("report document", {"election": "PS2027", "form": "odt", "language": "en"},
     "application/vnd.oasis.opendocument.text", ("report-PS2027.en.odt",)),
    ("report document", {"election": "PS2027", "form": "html"}, "application/x-tar",
     ("report-PS2027.nl.html", "report-PS2027.en.html")),
    ("report document", {"election": "EP2024", "form": "csv", "draft": True}, "application/x-tar",
     ("report-EP2024.csv", "report-EP2024.codebook.csv")),
    ("annex files", {"annex": ANNEX}, "application/x-tar",
     ("annex.txt", "annex.html", "annex.odt", "annex.pdf", "manifest.json")),
]  # fmt: skip


@each(("name", "asked", "kind", "names"), MADE)
def test_a_document_has_its_media_type_and_several_are_one_tar(
    desk: Desk, name: str, asked: Mapping[str, Json], kind: str, names: tuple[str, ...]
) -> None:
    """Each file has a name and its SHA-256; the same request gives the same octets."""
    found, again = (session(desk, may(name)).fetch(name, **asked) for _ in range(2))
    octets = found.whole()
    assert octets == again.whole()
    assert found.media_type == kind
    held = dict(files_in([octets])) if kind == "application/x-tar" else {found.name: octets}
    assert tuple(held) == names
    if name == "report document":
        sums = {one["name"]: one["sha256"] for one in parts(found.facts, "files")}
        assert sums == {name: hashlib.sha256(held[name]).hexdigest() for name in names}
    assert all(held.values())
    assert found.facts["version"]


def readings(desk: Desk) -> list[str]:
    """Returns what was read in the archive, as it is on record."""
    with desk.env.store.read() as tx:
        return [row.request for row in tx.find(ArchiveReading)]


def test_reading_on_in_a_list_is_one_reading(desk: Desk) -> None:
    """The plan of a dossier by one part at a time is the same as at once, and one event; after an hour, another."""
    before = len(readings(desk))
    whole = planned(desk)
    assert len(readings(desk)) == before + 1
    assert planned(desk, limit=1) == whole
    assert len(readings(desk)) == before + 2
    first = session(desk).ask("archive dossier", case=CASE, limit=1)
    desk.clock.set(desk.clock.now() + timedelta(minutes=61))
    session(desk).ask("archive dossier", case=CASE, limit=1, cursor=first["next"])
    assert readings(desk)[before:] == ["archive dossier"] * 4
    session(desk, "archivist1").ask("archive dossier", case=CASE, limit=1, cursor=first["next"])
    assert len(readings(desk)) == before + 5


def test_the_lines_of_the_overview_are_for_who_asked_for_it(desk: Desk) -> None:
    """Else they would be read without a trace: of another day, by another person, or an hour later."""
    session(desk).ask("archive retention", as_of="2030-01-01")
    lines = session(desk).fetch("archive retention lines", as_of="2030-01-01")
    found = [json.loads(line) for line in lines.whole().splitlines()]
    assert lines.media_type == "application/jsonl"
    assert lines.facts["things"] == sum(line["listed_in"] == "things" for line in found)
    assert CASE in {line.get("id") for line in found}
    for person, day in (("officer1", "2030-01-02"), ("archivist1", "2030-01-01")):
        with pytest.raises(Refusal, match="was not asked for within the hour"):
            session(desk, person).fetch("archive retention lines", as_of=day)
    desk.clock.set(desk.clock.now() + timedelta(minutes=61))
    with pytest.raises(Refusal, match="was not asked for within the hour"):
        session(desk).fetch("archive retention lines", as_of="2030-01-01")


@each("cursor", ["WyJhIl0=", "WzEsMl0=", "WyJhIiwiYiIsImMiXQ=="])
@each("name", ["archive dossier", "latency", "report changes"])
def test_a_cursor_of_another_list_is_refused(desk: Desk, name: str, cursor: str) -> None:
    """By each of these lists, before anything is read on."""
    asked = {"archive dossier": {"case": CASE}, "report changes": {"election": "PS2027"}}.get(name, {})
    if (name, cursor) != ("report changes", "WyJhIl0="):  # a name of a figure
        with pytest.raises(Refusal, match="cursor: is none that this list gave"):
            session(desk, may(name)).ask(name, **asked, cursor=cursor)


def test_figures_are_followed_by_their_cursor(desk: Desk) -> None:
    """One at a time they are all uses, in the order of their sending; the summary is that of all."""
    one = session(desk)
    whole = one.ask("latency")
    first = one.ask("latency", limit=1)
    assert first["summary"] == whole["summary"] != []
    assert one.ask_all("latency", "uses")["uses"] == whole["uses"]
    uses, found = list(parts(first, "uses")), first
    while found["next"] is not None:
        found = one.ask("latency", limit=1, cursor=found["next"])
        uses += parts(found, "uses")
    assert uses == whole["uses"]
    assert len(uses) > 1


def test_what_changed_names_its_last_events_and_counts_the_others(desk: Desk) -> None:
    """A figure that a thousand events changed does not fill the answer."""
    writer = session(desk, "writer1")
    opened = ("case", "open", "--election", "PS2027", "--type", "other", "--origin", "media", "--title", "Another")
    for _ in range(52):
        desk.done(*opened)
    found = writer.ask_all("report changes", "moved", election="PS2027")
    moved = {one["figure"]: one for one in parts(found, "moved")}
    most = max(len(parts(one, "events")) for one in moved.values())
    assert most == 50
    assert any(isinstance(one["earlier"], int) and one["earlier"] > 0 for one in moved.values())
    assert texts(found, "notes")
    made = writer.fetch("report document", election="PS2027", form="html", language="nl")
    assert made.facts["moved"] == len(moved)


def test_an_archive_without_a_file_says_so_in_the_readers_language(desk: Desk) -> None:
    """What is wrong, where and what to do about it: code and details, worded for whoever reads."""
    view = view_of("archive verify")
    path = next(path for path in sorted((desk.folder).rglob("*")) if path.is_file() and len(path.name) == 64)
    octets, gone = path.read_bytes(), f"{path.parent.name}/{path.name}"
    path.unlink()
    try:
        with desk.env.store.read() as tx:
            answer = view().show(UnitOfWork(desk.env, tx, desk.env.clock.now(), "archivist1"))
    finally:
        path.write_bytes(octets)
    assert isinstance(answer, ViewAnswer)
    documents = {one: document_of(answer, AnswerReader(desk.env.settings.zone, one)) for one in ("nl", "en")}
    dutch, english = (
        next(one for one in parts(found, "findings") if one["kind"] == "file missing") for found in documents.values()
    )
    assert (english["name"], dutch["name"]) == (f"archive {gone}", f"archief {gone}")
    assert str(english["text"]).startswith("is missing: ")
    assert str(dutch["text"]).startswith("ontbreekt: ")
    assert dutch["text_said"] == english["text_said"]
    assert "reservekopie" in str(dutch["remedy"])


def test_a_dossier_of_nothing_is_not_found(desk: Desk, tmp_path: Path) -> None:
    """A case that is none, and a part that is not planned any more."""
    with pytest.raises(NotFound):
        session(desk).ask("archive dossier", case="VF-EP2024-0999")
    ran = desk.type("archive", "export", "VF-EP2024-0999", "--out", str(tmp_path / "d"))
    assert (ran.status, (tmp_path / "d").exists()) == (1, False)
