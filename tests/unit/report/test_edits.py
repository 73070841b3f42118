# SPDX-License-Identifier: EUPL-1.2
"""Edits that a writer or an editor makes to a report: statements of its own, deletions, copies, damage."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.documents.model import Block, Document, Figure, Paragraph, Passage, Table, Text
from flaggermail.report.verifying import FigureFinding, FigureFindingKind, compare, likeness
from tests.corpus import each
from tests.doubles.edited_reports import edited, odt, passages, read_odt, unmarked
from tests.doubles.sample_reports import AT, dutch, english, words

DUTCH, ENGLISH = dutch(), english()
MARKED = {document.language: passages(document) for document in (DUTCH, ENGLISH)}


def told(faults: Sequence[FigureFinding]) -> list[tuple[str, str, str]]:
    """Returns what is wrong, with what stands there."""
    return [(fault.kind.value, fault.name, fault.stands) for fault in faults]


# ---------------------------------------------------------------- any figure, any sign

FIGURES = [(number, figure) for number, one in enumerate(MARKED["nl"]) for figure in one.figures]


def test_a_figure_is_not_found_inside_the_one_before_it() -> None:
    """In "19, of which 9", which said 14, one figure is wrong."""
    ours = Document("T", "nl", "M", AT, [Paragraph(words("Signalen: {}, waarvan {}", ("a", "14"), ("b", "9")))])
    edited = [Passage("Signalen: 19, waarvan 9", [Figure("a", "19"), Figure("b", "9")])]
    assert [fault.name for fault in compare(ours, edited)] == ["a"]


@given(st.data())
def test_a_changed_digit_or_number_word_is_always_named(data: st.DataObject) -> None:
    """Any figure of the report, any of its digits or its number word, any other one in its place."""
    number, figure = data.draw(st.sampled_from(FIGURES))
    places = [found.span() for found in re.finditer(r"[0-9]", figure.text)]
    if places:
        start, end = data.draw(st.sampled_from(places))
        other = data.draw(st.sampled_from("0123456789"))
    else:
        start, end = 0, len(figure.text.removesuffix("maal"))
        other = data.draw(st.sampled_from(["vier", "zes", "elf", "twintig", "vijfde", "9"]))
    changed = figure.text[:start] + other + figure.text[end:]
    if changed == figure.text:
        return
    passage = MARKED["nl"][number]
    spoilt = Passage(
        passage.text.replace(figure.text, changed, 1),
        [Figure(one.name, changed if one.name == figure.name else one.text) for one in passage.figures],
    )
    at = passage.text.index(figure.text)
    first = next(one for one in passage.figures if one.text == figure.text)
    if first.name != figure.name:  # the same words stand there for another figure, before this one
        at = passage.text.index(figure.text, at + 1)
        spoilt = Passage(passage.text[:at] + changed + passage.text[at + len(figure.text) :], spoilt.figures)
    found = compare(DUTCH, [*MARKED["nl"][:number], spoilt, *MARKED["nl"][number + 1 :]])
    assert [fault.name for fault in found] == [figure.name]


SHORT = Document("T", "nl", "M", AT, [Paragraph(words("De status is {} ingezet.", ("uses", "tweemaal")))])


@given(st.lists(st.text(st.characters(exclude_categories=["N", "Cs"]), max_size=80), max_size=12))  # "2" is the figure
def test_no_text_breaks_the_comparison(texts: list[str]) -> None:
    """Whatever a document holds, reading it ends, and the figure that is not in it is missing or stands otherwise."""
    found = compare(SHORT, [Passage(text, [Figure("uses", text[:3])]) for text in texts])
    assert {fault.name for fault in found} == {"uses"}


# ---------------------------------------------------------------- how often the status was used

OTHERWISE = {
    "De status is driemaal ingezet.": "driemaal",
    "In totaal is de verkiezingen flagger status vier keer gebruikt.": "vier keer",
    "Rond de verkiezing is de status dus één keer ingezet.": "één keer",
    "Het ministerie heeft nooit gebruik gemaakt van de status.": "nooit",
    "The ministry used the status once.": "once",
    "The election flagger status was used three times.": "three times",
    "Het aantal inzetten is 5.": "5",
    "Er zijn drie meldingen gedaan aan platforms.": "drie",
    "Five notifications were sent to platforms.": "Five",
    "Ingezet is de status, anders dan eerder, 3x.": "3x",
}


@each(("sentence", "stands"), OTHERWISE.items(), ids=list(OTHERWISE))
@each("place", [1, 12, len(MARKED["nl"])])
def test_another_count_of_uses_is_named_wherever_it_stands(sentence: str, stands: str, place: int) -> None:
    """The record says two; a sentence that the writer added says otherwise, in either language."""
    for found in (MARKED["nl"], unmarked(MARKED["nl"])):
        faults = compare(DUTCH, [*found[:place], Passage(sentence), *found[place:]])
        assert told(faults) == [("doubled", "uses", stands)]
        assert (faults[0].record, faults[0].sentence) == ("tweemaal", sentence)


def test_a_sentence_rewritten_to_another_count_is_named_once() -> None:
    """The mark is gone with the words that it held."""
    (number,) = (at for at, one in enumerate(MARKED["nl"]) if "tweemaal" in one.text)
    for text in (
        "Rond de verkiezing heeft het ministerie de verkiezingen flagger status eenmaal ingezet.",
        "De verkiezingen flagger status is rond de verkiezing slechts een enkele keer door het ministerie ingezet.",
        "Around the election the ministry used the election flagger status once.",
    ):
        found = compare(DUTCH, [*MARKED["nl"][:number], Passage(text), *MARKED["nl"][number + 1 :]])
        assert [(fault.name, fault.record) for fault in found if fault.kind is not FigureFindingKind.MISSING] == [
            ("uses", "tweemaal")
        ]


def test_a_sentence_that_denies_every_use_is_named() -> None:
    """It holds no number at all."""
    found = compare(DUTCH, edited(MARKED["nl"], ("status tweemaal ingezet", "status niet ingezet"), marked=False))
    assert [(fault.kind, fault.name) for fault in found] == [(FigureFindingKind.CHANGED, "uses")]
    assert "niet ingezet" in found[0].stands


def test_a_part_of_the_uses_may_be_told_of_its_platform() -> None:
    """With the name of the platform, its own count is right; without it, only the whole is."""
    right = Passage("Bij TikTok is de status eenmaal ingezet.")
    assert compare(DUTCH, [*MARKED["nl"], right]) == []
    wrong = Passage("Bij Snapchat is de status eenmaal ingezet.")
    assert told(compare(DUTCH, [*MARKED["nl"], wrong])) == [("doubled", "uses", "eenmaal")]


# ---------------------------------------------------------------- gone, copied, emptied


def test_a_deleted_paragraph_is_told_apart_from_a_changed_one() -> None:
    """Each of its figures is missing, with the sentence that the record would have."""
    found = compare(DUTCH, [one for one in MARKED["nl"] if not one.text.startswith("TikTok is op")])
    assert {fault.kind for fault in found} == {FigureFindingKind.MISSING}
    assert [fault.name for fault in found] == [
        f"VF-EP2024-0002/1/{part}" for part in ("sent", "number", "receipt/exact", "human/took", "earlier")
    ]
    assert found[2].sentence == "Een automatische ontvangstbevestiging kwam na 3 minuten."
    assert found[2].place == "Toepassing rond de verkiezing"
    assert not any(fault.stands for fault in found)


def test_a_time_that_was_cut_off_is_missing_and_not_wrong() -> None:
    """The date of the figure still stands there."""
    found = compare(DUTCH, edited(MARKED["nl"], ("5 juni 2024 om 21.15 uur", "5 juni 2024")))
    assert told(found) == [("missing", "VF-EP2024-0002/1/sent", "")]


def test_a_copy_of_a_paragraph_is_right_until_it_says_otherwise() -> None:
    """An editor that keeps the marks of a copy, and one that drops them, name the copy that differs."""
    (one,) = (passage for passage in MARKED["nl"] if "kenmerk VF-EP2024-0001" in passage.text)
    assert compare(DUTCH, [*MARKED["nl"], one]) == []
    (other,) = edited([one], ("na 2,5 uur", "na 4,5 uur"))
    assert told(compare(DUTCH, [*MARKED["nl"], other])) == [("doubled", "VF-EP2024-0001/1/human/hours", "4,5 uur")]


def test_minutes_in_place_of_hours_must_be_those_of_the_answer() -> None:
    """149 minutes are 2.5 hours too, but the platform took 152."""
    for marked in (True, False):
        found = compare(DUTCH, edited(MARKED["nl"], ("2,5 uur", "149 minuten"), marked=marked))
        assert told(found) == [("changed", "VF-EP2024-0001/1/human/hours", "149 minuten")]


def test_a_cell_without_its_unit_is_compared_with_one_that_has_it() -> None:
    """A column of hours and one of minutes: the name of the figure says which it is."""
    cells = [words("X"), words("{}", ("x/human/hours", "2,5")), words("{}", ("x/human/minutes", "152"))]
    heads = [[Text("Platform")], [Text("Uren")], [Text("Minuten")]]
    document = Document("T", "nl", "M", AT, [Table([Text("Duur")], heads, [cells])])
    for hours, minutes in (("2,5 uur", "152 minuten"), ("2½", "2 uur en 32 minuten"), ("2.5 hours", "152 min")):
        for marked in (True, False):
            found = edited(passages(document), ("2,5", hours), ("152", minutes), marked=marked)
            assert compare(document, found) == [], (hours, minutes, marked)
    assert len(compare(document, edited(passages(document), ("2,5", "2,4 uur"), ("152", "153 min")))) == 2


def test_words_in_place_of_a_number_are_named() -> None:
    """A few is nothing that can be checked."""
    found = compare(DUTCH, edited(MARKED["nl"], ("status tweemaal", "status enkele malen")))
    assert [(fault.kind, fault.name) for fault in found] == [(FigureFindingKind.CHANGED, "uses")]


def test_a_figure_typed_beside_its_emptied_mark_is_compared() -> None:
    """LibreOffice leaves an empty mark where all of its words were typed anew."""
    for typed, expected in (("tweemaal", []), ("viermaal", [("changed", "uses", "viermaal")])):
        found = [
            Passage(one.text.replace("tweemaal", typed), [Figure("uses", "")]) if "tweemaal" in one.text else one
            for one in MARKED["nl"]
        ]
        assert told(compare(DUTCH, found)) == expected


def test_a_digit_typed_at_the_edge_of_a_mark_is_read_with_it() -> None:
    """The mark still holds "2,5", and the document says 12,5."""
    found = [
        Passage(one.text.replace("na 2,5", "na 12,5"), one.figures) if "na 2,5" in one.text else one
        for one in MARKED["nl"]
    ]
    assert told(compare(DUTCH, found)) == [("changed", "VF-EP2024-0001/1/human/hours", "12,5 uur")]


def test_a_figure_of_words_is_compared_by_its_mark() -> None:
    """A name that the record prints is no quantity."""
    document = Document("T", "nl", "M", AT, [Paragraph(words("Via het kanaal {}.", ("channel", "Urgent Channel")))])
    assert compare(document, passages(document)) == []
    found = compare(document, edited(passages(document), ("Urgent", "Other")))
    assert told(found) == [("changed", "channel", "Other Channel")]
    assert found[0].about is None


def test_a_report_without_a_use_is_compared_too() -> None:
    """The fixed sentence says "niet ingezet"; a count beside it is wrong."""
    sentence = "De verkiezingen flagger status is rond deze verkiezing {} ingezet."
    document = Document("T", "nl", "M", AT, [Paragraph(words(sentence, ("uses", "geen enkele keer")))])
    assert compare(document, passages(document)) == []
    assert compare(document, edited(passages(document), ("geen enkele keer", "niet één keer"), marked=False)) != []
    assert told(compare(document, edited(passages(document), ("geen enkele keer", "eenmaal")))) == [
        ("changed", "uses", "eenmaal")
    ]


def test_an_empty_document_lacks_every_figure() -> None:
    """And nothing else is said of it."""
    assert len(compare(DUTCH, [])) == len(FIGURES)
    assert {fault.kind for fault in compare(DUTCH, [])} == {FigureFindingKind.MISSING}


def test_likeness_tells_the_language() -> None:
    """More of an English document's passages are those of the English report."""
    assert likeness(ENGLISH, MARKED["en"]) > likeness(DUTCH, MARKED["en"])
    assert likeness(DUTCH, MARKED["nl"]) > likeness(ENGLISH, MARKED["nl"])


# ---------------------------------------------------------------- files


@each("document", [DUTCH, ENGLISH], ids=["nl", "en"])
def test_a_file_keeps_its_figures(document: Document) -> None:
    """The bookmarks of an OpenDocument text hold the figures."""
    found = read_odt(odt(document))
    assert sum(len(one.figures) for one in found) == len(FIGURES)
    assert compare(document, found) == []


@pytest.mark.outside
@pytest.mark.long
@pytest.mark.parametrize("through", ["odt", "docx"])
def test_an_office_program_saves_a_report_and_no_figure_is_named(tmp_path: Path, through: str) -> None:
    """LibreOffice opens the file and saves it, as ODT, and as Word's format and back; then one figure is wrong."""
    for changed, expected in (("13.06", []), ("13.16", ["VF-EP2024-0001/1/human/time"])):
        file = tmp_path / changed / "report.odt"
        file.parent.mkdir()
        file.write_bytes(odt(_with(DUTCH, "13.06 uur", f"{changed} uur")))
        for step, form in enumerate((through, "odt")):
            file = _converted(file, form, tmp_path / changed / str(step), tmp_path / "profile")
        assert [fault.name for fault in compare(DUTCH, read_odt(file.read_bytes()))] == expected


def _with(document: Document, old: str, new: str) -> Document:
    return Document(
        document.title, document.language, document.organisation, document.at,
        [_edited(block, old, new) for block in document.blocks], document.subtitle,
    )  # fmt: skip


def _edited(block: Block, old: str, new: str) -> Block:
    if not isinstance(block, Paragraph):
        return block
    return Paragraph(
        [replace(one, text=one.text.replace(old, new)) if isinstance(one, Figure) else one for one in block.words]
    )


def _converted(file: Path, form: str, folder: Path, profile: Path) -> Path:
    command = ["soffice", "--headless", f"-env:UserInstallation={profile.as_uri()}", "--convert-to", form]
    subprocess.run([*command, "--outdir", str(folder), str(file)], check=True, capture_output=True, timeout=120)
    return folder / file.with_suffix(f".{form}").name
