# SPDX-License-Identifier: EUPL-1.2
"""A command line says the same through the door as in this process: answers, files, refusals, exit statuses.

To hold another command to it, write its words into `ASKED` or `REFUSED`.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from flaggermail.adapters.system.clock import SystemClock
from flaggermail.cli.connections import WITHOUT_DESK
from flaggermail.cli.door_client import SHOWN_BY_DOOR
from flaggermail.cli.session import Session
from flaggermail.desk.inspections import FOR_EVERYBODY, INSPECTIONS
from flaggermail.door.catalogue import VIEW_AT
from tests.command_line import Ran, type_here
from tests.corpus import each
from tests.desks.lived import Lived
from tests.doubles.broken_desks import sound
from tests.unit.cli.served import ServedFolder, served

CASE = "VF-PS2027-0001"
LATER = datetime(2027, 7, 1, 10, tzinfo=UTC)
PAPERS = (
    ("officer1", "annex propose VF-PS2027-0001/1 --form thread"),
    ("head1", "report draft PS2023 {folder}/draft.yaml"),
    ("head1", "report freeze PS2023 --early"),
)
DRAFT = """\
languages: [nl, en]
remarks: {nl: Zo was het., en: So it was.}
uses: {VF-PS2023-0001/1: {reason: {nl: Om het te zeggen., en: To say so.}}}
"""


@pytest.fixture(scope="module")
def desk(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedFolder]:
    """Yields a desk on which nearly everything has happened, with an annex and a report, and its door."""
    folder = shutil.copytree(lived.folder, tmp_path_factory.mktemp("served") / "desk")
    with pytest.MonkeyPatch.context() as patch, served(folder) as made:
        patch.setattr(SystemClock, "now", lambda _: LATER)
        patch.setattr(Session, "now", lambda _: LATER)
        for by, line in PAPERS:
            (folder / "draft.yaml").write_text(DRAFT, "utf-8")
            ran = made.through(*line.format(folder=folder).split(), by=by)
            assert ran.status == 0, ran
        yield made


ASKED = (
    "annex list", "annex show a00000001", "archive find 1", "archive retention", "archive verify", "audit head",
    "audit verify", "case list", "case list --waiting", "case readers {case}", "case show {case}", "channel list",
    "declined list", "election list", "events", "events --case {case}", "latency", "message list",
    "message show {message}", "officer list", "oncall handover", "oncall held", "oncall next", "oncall now",
    "oncall pages", "outbox list", "outbox list --all", "outbox show {mail}", "quarantine list",
    "quarantine list --old", "readiness", "referrer list", "report uses", "rules test {message}",
)  # fmt: skip
REFUSED = (
    "case show VF-PS2027-9999", "case show nonsense", "case close VF-PS2023-0001",
    "case decide VF-PS2023-0001 notify --reason x", "approve VF-PS2027-9999/1", "message show m99999999",
    "outbox show o99999999", "outbox cancel {mail}", "notify {case} --channel no-such-channel",
    "oncall ack r99999999", "exercise stop", "annex show a99999999", "annex apply a00000001 --out /dev/null/out",
    "message mark {message} --as own", "channel clear nobody@example.org --reason x", "referrer remove no.example",
    "archive release h99999999 --reason x", "election close XX2099", "events --case VF-PS2027-9999",
    "rules test m99999999", "case tag {case} no-such-tag", "case assign {case} nobody", "report freeze PS2027",
    "report uses --from 2027-13-01",
)  # fmt: skip


def words(desk: ServedFolder, line: str) -> list[str]:
    """Returns the words of a line, with keys of the desk."""

    def first(view: str, rows: str) -> str:
        found = json.loads(desk.here(*view.split(), "--json").octets)[rows][0]
        return str(found.get("key") or found.get("number") or found.get("id"))

    keys = {
        name: first(*where) for name, where in
        {"message": ("message list", "messages"), "mail": ("outbox list --all", "mails")}
        .items() if "{" + name in line
    }  # fmt: skip
    return line.format(case=CASE, **keys).split()


def without_asking(ran: Ran, line: str) -> Ran:
    """Returns what was printed without what asking adds: the door knows who looks, a reading of the archive counts."""
    octets = re.sub(rb'"looking": \[[^]]*\]', b"", ran.octets)
    if line.startswith(("annex show", "archive")):
        octets = re.sub(rb'"version": [0-9]+', b"", octets)
    return replace(ran, octets=octets)


@each("line", ASKED)
@each("form", ("words", "json"))
def test_an_answer_is_the_same(desk: ServedFolder, line: str, form: str) -> None:
    """What is printed is the same, octet for octet, as is the exit status."""
    typed = words(desk, line) + (["--json"] if form == "json" else [])
    if line.startswith("case readers"):  # whoever asks who has read is kept too
        desk.here(*typed, by="head1")
    here, there = desk.here(*typed, by="head1"), desk.through(*typed, by="head1")
    assert without_asking(there, line) == without_asking(here, line)
    assert here.status == 0
    assert here.octets


@each("line", REFUSED)
@each("form", ("words", "json"))
@each("by", ("officer1", "stranger"))
def test_a_refusal_is_the_same(desk: ServedFolder, line: str, form: str, by: str) -> None:
    """Sentence, hint, document and exit status; who is no person of the desk is refused in words either way."""
    typed = words(desk, line) + (["--json"] if form == "json" else [])
    here, there = desk.here(*typed, by=by), desk.through(*typed, by=by)
    assert here.status == there.status != 0
    assert there == here or (by == "stranger" and there.err.startswith("user stranger: no officer and no associate"))


WRITTEN = (
    "archive export {case} --out {out}", "latency --format html --out {out}.html", "message save {message} --to {out}",
    "message sample {message} --out {out}", "report make PS2023 --out {out}.html", "report make PS2023 --out {out}.csv",
)  # fmt: skip


def files_of(folder: Path) -> dict[str, bytes]:
    """Returns the octets of each file in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@each("line", WRITTEN)
def test_a_file_is_the_same(desk: ServedFolder, line: str) -> None:
    """The client writes what comes out, under the rights of whoever types."""
    found = []
    for typed in (desk.here, desk.through):
        with TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            ran = typed(*words(desk, line.replace("{out}", str(out))), by="head1")
            assert ran.status == 0, ran
            found.append(files_of(Path(folder)))
    assert found[0] == found[1] != {}


def test_each_inspection_goes_one_way() -> None:
    """Those that show the record are views of the door, the others are of files that this account reads itself."""
    assert INSPECTIONS.keys() == SHOWN_BY_DOOR | WITHOUT_DESK
    assert not SHOWN_BY_DOOR & WITHOUT_DESK
    assert SHOWN_BY_DOOR == FOR_EVERYBODY <= set(VIEW_AT.values())


def test_an_act_beside_the_door_says_so(desk: ServedFolder) -> None:
    """Its event has the fact `direct`; one through the door has not. Others who look are named in answers."""
    for type_, officer in ((desk.here, "officer2"), (desk.through, "officer1")):
        assert type_("case", "assign", CASE, officer).status == 0
    found = desk.through("events", "--case", CASE, "--kind", "case assigned", "--json", by="head1").json
    assert isinstance(found, dict)
    assert [event["facts"].get("direct") for event in found["events"][-2:]] == [True, None]


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may give a file away")
@each("line", ("case list", "case assign {case} officer2", "archive verify", "audit head", "audit verify"))
def test_the_account_of_the_database_alone_goes_beside_the_door(desk: ServedFolder, line: str) -> None:
    """Another is told whose it is, root too, though root may read and write it; of the archive nothing is asked."""
    typed = words(desk, line)
    with given_away(desk.folder / "flaggermail.db"):
        ran = desk.here(*typed)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"account {pwd.getpwuid(1).pw_name} owns the record of this desk and alone opens it; ")
    with given_away(desk.folder / "archive"):
        assert desk.here("case", "list").status == 0


@contextmanager
def given_away(path: Path) -> Iterator[None]:
    """Makes a file another account's for a while."""
    os.chown(path, 1, -1)
    try:
        yield
    finally:
        os.chown(path, 0, -1)


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may give a folder away")
@each("line", ("--direct case list", "ingest {mail}"))
def test_no_database_is_made_for_another_account(tmp_path_factory: pytest.TempPathFactory, line: str) -> None:
    """In a folder of the desk's account root would make one that the daemon cannot open."""
    folder = sound(tmp_path_factory.mktemp("given") / "desk")
    for file in folder.glob("flaggermail.db*"):
        file.unlink()
    os.chown(folder, 1, -1)
    mail = folder.with_name("one.eml")
    mail.write_bytes(b"From: a@b.example\r\n\r\nx\r\n")
    ran = type_here(["--config", str(folder), *line.format(mail=mail).split()], direct=False)
    assert (ran.status, ran.out) == (1, "")
    assert "owns the record of this desk" in ran.err
    assert not (folder / "flaggermail.db").exists()
