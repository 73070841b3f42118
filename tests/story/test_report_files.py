# SPDX-License-Identifier: EUPL-1.2
"""The files of a report, where they are written, and freezes that somebody changed beside the program."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flaggermail.rules.configuration import Configuration
from tests.corpus import each
from tests.story.test_report import DRAFT, drafted, frozen_report
from tests.unit.cli.conftest import Desk
from tests.unit.cli.played import played, reopened


@pytest.fixture(scope="module")
def afterwards(story_settings: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of the desk after the three elections; played once."""
    folder = tmp_path_factory.mktemp("elections")
    with played("account-of-elections", story_settings, folder):
        return folder


@pytest.fixture
def desk(story_settings: Configuration, afterwards: Path, tmp_path: Path) -> Iterator[Desk]:
    """Yields a copy of that desk."""
    shutil.copytree(afterwards, tmp_path / "desk")
    found = reopened(story_settings, tmp_path / "desk")
    yield found
    found.env.close()


def test_no_file_is_replaced(desk: Desk) -> None:
    """A file or folder in the place of one language, a folder that is not there, another ending: nothing is written."""
    frozen_report(desk, "EP2024")
    folder = desk.folder / "files"
    (folder / "report.en.html").mkdir(parents=True)
    (folder / "mine.nl.html").write_text("mine")
    (folder / "elsewhere").write_text("mine, too")
    (folder / "link.nl.html").symlink_to(folder / "elsewhere")
    make = ("report", "make", "EP2024", "--out")
    for out, said in (
        (folder / "report.html", "report.en.html: is there already; name a new file"),
        (folder / "mine.html", "mine.nl.html: is there already; name a new file"),
        (folder / "link.html", "link.nl.html: is there already; name a new file"),
        (folder / "none" / "report.html", "report.nl.html: cannot be written (No such file or directory)"),
        (folder / "report.docx", "report.docx must end in one of .odt, .pdf, .html, .csv"),
        (folder / "report", "report must end in one of .odt, .pdf, .html, .csv"),
    ):
        ran = desk.type(*make, str(out), officer="writer1")
        assert (ran.status != 0, said in ran.err) == (True, True), ran
    assert {path.name for path in folder.iterdir()} == {
        "report.en.html", "mine.nl.html", "elsewhere", "link.nl.html",
    }  # fmt: skip
    assert [(folder / name).read_text() for name in ("mine.nl.html", "elsewhere")] == ["mine", "mine, too"]
    (folder / "report.en.html").rmdir()
    for _ in range(2):  # the same freeze gives the same octets, which replace nothing
        desk.done(*make, str(folder / "report.html"), officer="writer1")


def test_uses_without_an_annex_are_named_when_it_is_frozen(desk: Desk) -> None:
    """Also those whose annex nobody has approved yet; a later approval changes no frozen report."""
    drafted(desk, "EP2024", DRAFT)
    desk.done("annex", "propose", "VF-EP2024-0001/1", officer="writer1")
    said = desk.type("report", "freeze", "EP2024", officer="head1").err
    waits = "VF-EP2024-0001/1: its annex a00000001 is proposed and not approved, so it is not in the report"
    assert waits in said
    assert ": no annex of it was approved, so the report holds none of its mails" in said


_CHANGES = {
    "inputs": "UPDATE report_freeze SET inputs = replace(inputs, 'EP2024', 'EP2023')",
    "inputs_digest": "UPDATE report_freeze SET inputs_digest = 'g' || substr(inputs_digest, 2)",
    "documents": "UPDATE report_freeze SET documents = replace(documents, 'nl ', 'nl 0')",
}


@each("field", _CHANGES)
def test_a_row_that_was_changed_beside_the_program_is_told(
    story_settings: Configuration, afterwards: Path, tmp_path: Path, field: str
) -> None:
    """Whoever changes a freeze in the database: the record's audit names the row, and so does the next report."""
    folder = tmp_path / field
    shutil.copytree(afterwards, folder)
    desk = reopened(story_settings, folder)
    frozen_report(desk, "EP2024")
    (database,) = (path for path in folder.rglob("*") if path.is_file() and path.read_bytes()[:6] == b"SQLite")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(_CHANGES[field])
    audit = desk.type("audit", "verify")
    assert audit.status == 1
    assert "report_freeze" in audit.out + audit.err
    made = desk.type("report", "make", "EP2024", "--out", str(folder / "report.html"), officer="writer1")
    if field == "documents":
        assert "the report in nl is not the document that was frozen" in made.err
    else:
        assert "are not those of their digest" in made.err
        assert not list(folder.glob("report*"))
    desk.env.close()
