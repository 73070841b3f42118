# SPDX-License-Identifier: EUPL-1.2
"""A frozen report is made, edited by hand in its file, and compared with the record on the command line."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flaggermail.documents.model import Figure, Passage
from flaggermail.record.case_values import LanguageCode
from flaggermail.report.verifying import compare
from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from tests.command_line import Ran
from tests.corpus import each
from tests.doubles.edited_reports import passages, unmarked
from tests.story.test_report import documents, frozen_report
from tests.unit.cli.conftest import CONFIG, Desk
from tests.unit.cli.played import played

MANUAL = Path(__file__).parents[2] / "docs" / "report-writer.md"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Yields a desk with a frozen report on EP2024, in Dutch and in English."""
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    with played("account-of-elections", settings, tmp_path_factory.mktemp("verified")) as made:
        frozen_report(made, "EP2024")
        yield made


@pytest.fixture(scope="module")
def report(desk: Desk) -> Path:
    """Returns the Dutch report as an OpenDocument text."""
    file = desk.folder / "report.odt"
    desk.done("report", "make", "EP2024", "--language", "nl", "--out", str(file), officer="writer1")
    return next(desk.folder.glob("report*.odt"))


def rewritten(file: Path, old: str, new: str, to: Path) -> Path:
    """Returns a copy of an .odt in whose text some words were replaced once."""
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(to, "w") as after:
        for entry in before.infolist():
            octets = before.read(entry)
            if entry.filename == "content.xml":
                assert old.encode() in octets, old
                octets = octets.replace(old.encode(), new.encode(), 1)
            after.writestr(entry, octets)
    return to


def verified(desk: Desk, file: Path, *options: str) -> Ran:
    """Runs the command as the writer of the report."""
    return desk.type("report", "verify", str(file), *options, officer="writer1")


def test_a_report_as_it_was_made_is_right(desk: Desk, report: Path) -> None:
    """The election and the language are those of the file."""
    ran = verified(desk, report)
    assert ran.status == 0, ran.out + ran.err
    assert ran.out.startswith("report on EP2024, nl, freeze ")
    assert ran.out.endswith(": no figure differs from the record\n")
    assert verified(desk, report, "--election", "EP2024").out == ran.out


def test_a_wrong_count_in_words_is_named(desk: Desk, report: Path, tmp_path: Path) -> None:
    """Where, what stands there, what the record says; status 1; the same as JSON."""
    file = rewritten(report, "tweemaal", "driemaal", tmp_path / "edited.odt")
    ran = verified(desk, file)
    assert ran.status == 1
    first, last = ran.out.splitlines()
    assert '"driemaal" in "' in first
    assert first.endswith(': the record says "tweemaal" (uses)')
    assert last.endswith(": 1 figure differs")
    assert f"    {first}\n    {last}\n" in MANUAL.read_text("utf-8")
    found = verified(desk, file, "--json").json
    assert isinstance(found, dict)
    (fault,) = found["faults"]
    assert (found["right"], fault["kind"], fault["figure"]) == (False, "changed", "uses")
    assert (fault["record"], fault["stands"]) == ("tweemaal", "driemaal")


@pytest.mark.long
@each("language", ["nl", "en"])
def test_every_figure_of_a_real_report_is_watched(desk: Desk, language: str) -> None:
    """Each digit of each named figure, one at a time: with its mark always named, and nothing else with it."""
    document = documents(desk, "EP2024")[LanguageCode(language)]
    found = passages(document)
    assert compare(document, found) == []
    assert compare(document, unmarked(found)) == []
    watched = 0
    for number, passage in enumerate(found):
        for at, figure in enumerate(passage.figures):
            place = next((place for place, sign in enumerate(figure.text) if sign.isdigit()), None)
            if place is None:
                continue
            digit = str((int(figure.text[place]) + 1) % 10)
            spoilt = figure.text[:place] + digit + figure.text[place + 1 :]
            start = 0
            for one in passage.figures[:at]:
                start = passage.text.index(one.text, start) + len(one.text)
            start = passage.text.index(figure.text, start)
            text = passage.text[:start] + spoilt + passage.text[start + len(figure.text) :]
            figures = [Figure(one.name, spoilt) if one is figure else one for one in passage.figures]
            changed = compare(document, [*found[:number], Passage(text, figures), *found[number + 1 :]])
            assert figure.name in {fault.name for fault in changed}, text
            assert len(changed) == 1, changed
            watched += 1
    assert watched > 25


def test_a_deleted_paragraph_ends_with_nought(desk: Desk, report: Path, tmp_path: Path) -> None:
    """It is told, and is no fault."""
    text = zipfile.ZipFile(io.BytesIO(report.read_bytes())).read("content.xml").decode()
    start = text.rindex("<text:p", 0, text.index("tweemaal"))
    end = text.index("</text:p>", start) + len("</text:p>")
    ran = verified(desk, rewritten(report, text[start:end], "", tmp_path / "shorter.odt"))
    assert ran.status == 0
    assert 'missing: the record says "tweemaal" (uses)' in ran.out
    assert "no figure differs from the record; " in ran.out.splitlines()[-1]


@each("octets", [b"", b"PK\x03\x04 no zip", b"%PDF-1.7"], ids=["empty", "broken", "pdf"])
def test_what_is_no_odt_is_refused(desk: Desk, octets: bytes) -> None:
    """In one line, with status 1."""
    file = desk.folder / "hostile.odt"
    file.write_bytes(octets)
    ran = verified(desk, file)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("\n") == 1


def test_another_election_has_no_frozen_report(desk: Desk, report: Path) -> None:
    """Naming one that was not frozen is refused; so is a document that speaks of none."""
    assert "is not frozen" in verified(desk, report, "--election", "TK2023").err
    assert "did you mean EP2024?" in verified(desk, report, "--election", "EP2042").err


@each("language", ["nl", "en"])
def test_ten_wrong_figures_of_a_real_report_are_named_and_no_other(desk: Desk, language: str) -> None:
    """All at once, throughout the document: each is named once, with what the record says."""
    document = documents(desk, "EP2024")[LanguageCode(language)]
    found = passages(document)
    digits = [one for passage in found for one in passage.figures if any(sign.isdigit() for sign in one.text)]
    wrong = digits[:: len(digits) // 10][:10]
    edited = []
    for passage in found:
        text, figures, at = passage.text, list[Figure](), 0
        for one in passage.figures:
            start = text.index(one.text, at)
            other = re.sub(r"\d", lambda sign: str(9 - int(sign[0])), one.text, count=1)
            stands = other if one in wrong else one.text
            text = text[:start] + stands + text[start + len(one.text) :]
            figures.append(Figure(one.name, stands))
            at = start + len(stands)
        edited.append(Passage(text, figures))
    assert sorted(fault.name for fault in compare(document, edited)) == sorted(one.name for one in wrong)
