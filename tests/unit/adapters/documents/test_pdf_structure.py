# SPDX-License-Identifier: EUPL-1.2
"""The PDF: each check of its structure holds, and finds the damage that it is there for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any, TypeAlias

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from flaggermail.adapters.documents.writer import OfficeDocuments
from flaggermail.documents.model import Bullets, Heading, Labelled, Paragraph, Table, Text, Verbatim
from tests import pdf_checks, pdf_reading
from tests.doubles.sample_document import ARABIC, HARD, MAIL, TITLES, sample, small, texts

pytestmark = [pytest.mark.slow, pytest.mark.outside, pytest.mark.xdist_group("pdf")]

Damage: TypeAlias = Callable[[Pdf], object]
Element: TypeAlias = Any
TRUE, FALSE = True, False
_MADE: dict[str, bytes] = {}


def made(language: str = "nl", *, brief: bool = False) -> bytes:
    """Returns the sample document as a PDF, made once."""
    key = f"{language}{brief}"
    if key not in _MADE:
        _MADE[key] = OfficeDocuments().pdf(sample(language, brief=brief))
    return _MADE[key]


@pytest.fixture
def pdf() -> Iterator[Pdf]:
    """Opens the brief sample in Dutch, to damage it."""
    with pikepdf.open(BytesIO(made(brief=True))) as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", "nl"])
def test_nothing_is_wrong(language: str) -> None:
    """The sample, with every kind of block, passes every check."""
    assert pdf_checks.problems(made(language)) == {}


def test_every_document_passes() -> None:
    """So does one with next to nothing in it: an empty list of labels' values, no note, no picture."""
    least = small(Heading(1, [Text("One")]), Labelled([("Label", [])]), Bullets([[Text("item")]]))
    assert pdf_checks.problems(OfficeDocuments().pdf(least)) == {}
    assert pdf_checks.problems(OfficeDocuments().pdf(small())) == {}


# ---------------------------------------------------------------- each check bites


def first(pdf: Pdf, *kinds: str) -> Element:
    """Returns the first element of one of these types."""
    return pdf_reading.of_kind(pdf, *kinds)[0]


def without(found: Element, key: str) -> None:
    """Takes an entry away."""
    del found[key]


def let(found: Element, key: str, value: object) -> None:
    """Sets an entry."""
    found[key] = value


def metadata(pdf: Pdf, before: bytes, after: bytes) -> None:
    """Changes the metadata."""
    octets = pdf.Root.Metadata.read_bytes()
    assert before in octets
    pdf.Root.Metadata = pdf.make_stream(octets.replace(before, after), Dictionary(Type=Name.Metadata, Subtype=Name.XML))


def content(pdf: Pdf, before: bytes, after: bytes) -> None:
    """Changes the first page's instructions."""
    page = pdf.pages[0]
    octets = page.Contents.read_bytes()
    assert before in octets
    page.Contents = pdf.make_stream(octets.replace(before, after))


def kids(node: Element, change: Callable[[list[Element]], list[Element]]) -> None:
    """Changes what an element holds."""
    node.K = Array(change(list(node.K)))


def of_fonts(pdf: Pdf) -> Element:
    """Returns the first font."""
    return next(iter(pdf_reading.fonts_of(pdf).values()))


def a_stream_elsewhere(pdf: Pdf) -> None:
    """Adds a stream whose content is in another file."""
    stream = pdf.make_stream(b"")
    stream.stream_dict[Name.F] = String("other.bin")
    pdf.Root.Extra = stream


def unknown_character(pdf: Pdf) -> None:
    """Lets every font say of its glyphs that they are U+0000."""
    for font in pdf_reading.fonts_of(pdf).values():
        octets = font.ToUnicode.read_bytes()
        font.ToUnicode = pdf.make_stream(re.sub(rb"(<[0-9A-Fa-f]{4}> <)[0-9A-Fa-f]+>", rb"\g<1>0000>", octets))


DAMAGES: Mapping[str, Damage] = {
    "is_marked": lambda pdf: let(pdf.Root.MarkInfo, "/Marked", FALSE),
    "has_no_suspects": lambda pdf: let(pdf.Root.MarkInfo, "/Suspects", TRUE),
    "has_structure": lambda pdf: without(pdf.Root, "/StructTreeRoot"),
    "has_language": lambda pdf: without(pdf.Root, "/Lang"),
    "languages_are_codes": lambda pdf: let(first(pdf, "Span"), "/Lang", String("English")),
    "has_title": lambda pdf: let(pdf.docinfo, "/Title", String("Another")),
    "shows_title": lambda pdf: let(pdf.Root.ViewerPreferences, "/DisplayDocTitle", FALSE),
    "says_its_standard": lambda pdf: metadata(pdf, b'part="1"', b'part="2"'),
    "is_version": lambda pdf: pdf.Root,  # written anew as 1.4, below
    "is_not_encrypted": lambda pdf: pdf.Root,  # written anew with a password, below
    "has_no_actions": lambda pdf: let(pdf.Root, "/OpenAction", Dictionary(S=Name.JavaScript, JS=String("a()"))),
    "has_no_files": lambda pdf: let(pdf.Root.Names, "/EmbeddedFiles", Dictionary(Names=Array([]))),
    "refers_to_no_file": a_stream_elsewhere,
    "tabs_follow_structure": lambda pdf: without(pdf.pages[1].obj, "/Tabs"),
    "pages_lead_to_structure": lambda pdf: let(pdf.pages[1].obj, "/StructParents", 0),
    "all_marks_are_reached_once": lambda pdf: kids(first(pdf, "P"), lambda found: found[1:]),
    "all_else_is_artifact": lambda pdf: content(pdf, b"/Artifact", b"/Span"),
    "feet_are_artifacts": lambda pdf: content(pdf, b"/Type /Pagination", b"/Type /Layout"),
    "parents_agree": lambda pdf: let(first(pdf, "Span"), "/P", first(pdf, "H1")),
    "types_are_standard": lambda pdf: let(first(pdf, "P"), "/S", Name.Paragraph),
    "headings_skip_no_level": lambda pdf: let(first(pdf, "H3"), "/S", Name.H4),
    "first_is_the_only_title": lambda pdf: let(first(pdf, "H2"), "/S", Name.H1),
    "headings_have_words": lambda pdf: kids(first(pdf, "H2"), lambda _found: []),
    "pictures_have_words": lambda pdf: without(first(pdf, "Figure"), "/Alt"),
    "tables_have_headers": lambda pdf: without(first(pdf, "TH").A, "/Scope"),
    "tables_are_regular": lambda pdf: kids(first(pdf, "TR"), lambda found: found[:-1]),
    "lists_have_items": lambda pdf: kids(first(pdf, "LI"), lambda found: found[1:]),
    "notes_are_referred_to": lambda pdf: let(first(pdf, "Note"), "/ID", String("note-2")),
    "links_are_held": lambda pdf: without(pdf_reading.annotated(pdf)[0], "/Contents"),
    "links_lead_somewhere": lambda pdf: let(pdf.Root.Names, "/Dests", Dictionary(Names=Array([]))),
    "headings_are_bookmarks": lambda pdf: without(pdf.Root, "/Outlines"),
    "fonts_are_embedded": lambda pdf: without(of_fonts(pdf).DescendantFonts[0].FontDescriptor, "/FontFile2"),
    "fonts_have_characters": lambda pdf: without(of_fonts(pdf), "/ToUnicode"),
    "characters_are_known": unknown_character,
}  # fmt: skip


def test_every_check_has_its_damage() -> None:
    """There are at least thirty checks, and a damage for each."""
    assert DAMAGES.keys() == pdf_checks.CHECKS.keys()
    assert len(DAMAGES) >= 30


@pytest.mark.parametrize("name", DAMAGES)
def test_a_check_finds_its_damage(pdf: Pdf, name: str) -> None:
    """What was damaged is found by the check that is there for it."""
    DAMAGES[name](pdf)
    written = BytesIO()
    locked = pikepdf.Encryption(owner="a", user="") if name == "is_not_encrypted" else False
    pdf.save(written, encryption=locked, force_version="1.4" if name == "is_version" else "")
    with pikepdf.open(written) as damaged:
        assert pdf_checks.CHECKS[name](damaged) != []


MORE: Mapping[str, tuple[str, Damage]] = {
    "a picture off its page": (
        "pictures_have_words",
        lambda pdf: let(first(pdf, "Figure").A, "/BBox", Array([0, 0, 700, 900])),
    ),
    "a missing glyph": ("characters_are_known", lambda pdf: content(pdf, b"TJ", b"TJ <0000> Tj")),
    "a glyph that no font has": ("characters_are_known", lambda pdf: content(pdf, b"TJ", b"TJ <FFFF> Tj")),
    "content read twice": (
        "all_marks_are_reached_once",
        lambda pdf: kids(first(pdf, "P"), lambda found: [found[0], *found]),
    ),
    "content that is an artifact too": (
        "all_else_is_artifact",
        lambda pdf: content(pdf, b"/Span <<", b"/Artifact BMC EMC /Artifact <<"),
    ),
    "a link in no Link": ("links_are_held", lambda pdf: let(first(pdf, "Link"), "/S", Name.Span)),
    "a note without reference": ("notes_are_referred_to", lambda pdf: let(first(pdf, "Reference"), "/S", Name.Span)),
    "an action of a page": ("has_no_actions", lambda pdf: let(pdf.pages[0].obj, "/AA", Dictionary())),
    "an attachment": ("has_no_files", lambda pdf: let(pdf_reading.annotated(pdf)[0], "/Subtype", Name.FileAttachment)),
    "a launch": ("has_no_actions", lambda pdf: let(pdf_reading.annotated(pdf)[0], "/A", Dictionary(S=Name.Launch))),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_a_check_finds_further_damage(pdf: Pdf, name: str) -> None:
    """A check finds each of the things that it looks for."""
    check, damage = MORE[name]
    damage(pdf)
    assert pdf_checks.CHECKS[check](pdf) != []


# ---------------------------------------------------------------- its words


def squeezed(text: str) -> str:
    """Returns text without spaces and without what is never drawn: the ends of lines hold none."""
    return "".join(sign for sign in text if not sign.isspace() and unicodedata.category(sign) not in {"Cf", "Cc", "Zs"})


@pytest.mark.parametrize("language", ["en", "nl"])
def test_reading_order_is_that_of_the_document(language: str) -> None:
    """The text of the structure is that of the document, to the character and in its order.

    Left out: the numbers of notes, the notes, which are at the foot of the pages, and what is within a picture.
    """
    with pikepdf.open(BytesIO(made(language))) as pdf:
        shown = pdf_reading.texts_of_pages(pdf)
        skipped = {
            one.objgen for node in pdf_reading.of_kind(pdf, "Reference", "Note", "Figure") for one in below(node)
        }
        bullets = {
            one.objgen for one in pdf_reading.of_kind(pdf, "Lbl") if pdf_reading.words_of(pdf, one, shown) == "• "
        }
        read = "".join(
            str(piece.holder.get("/ActualText", shown.get((piece.page, piece.number), "")))
            for piece in pdf_reading.every_piece(pdf)
            if piece.holder.objgen not in skipped | bullets
        )
        notes = [pdf_reading.words_of(pdf, node, shown) for node in pdf_reading.of_kind(pdf, "Note")]
        labels = [f"{number} " for number in range(1, len(notes) + 1)]
        assert [note[: len(label)] for note, label in zip(notes, labels, strict=True)] == labels
        notes = [note.removeprefix(label) for note, label in zip(notes, labels, strict=True)]
    document = sample(language)
    written = [*texts(document)]
    in_notes = [text for text in written if any(squeezed(text) == squeezed(note) for note in notes)]
    assert len(notes) == 6
    assert squeezed(read) == squeezed("".join(text for text in written if text not in in_notes))


def below(node: Element) -> Iterator[Element]:
    """Yields an element and those in it."""
    yield node
    for kid in pdf_reading.children(node):
        if pdf_reading.is_element(kid):
            yield from below(kid)


def test_characters_that_share_a_glyph_are_told_apart() -> None:
    """A space that breaks no line, joined signs and a soft hyphen are read as they were written."""
    text = "a b a\u00a0b 👩\u200d💻 x\u00ady e\u0301"
    with pikepdf.open(BytesIO(OfficeDocuments().pdf(small(Paragraph([Text(text)]))))) as pdf:
        [paragraph] = pdf_reading.of_kind(pdf, "P")
        assert pdf_reading.words_of(pdf, paragraph, pdf_reading.texts_of_pages(pdf)) == text


def test_no_font_of_the_machine_is_used(pdf: Pdf) -> None:
    """The fonts are the two that are always the same, and the one that was made."""
    families = {name.partition("+")[2].removesuffix("-Italic") for name in pdf_reading.fonts_of(pdf)}
    weights = {f"Source-Sans-Pro{weight}" for weight in ("", "-Semi-Bold", "-Bold")}
    assert families == {*weights, "DejaVu-Sans", "Flaggermail-Frames"}


def test_foreign_words_and_mail_are_in_their_language() -> None:
    """Each foreign word, and each mail, is an element with its language."""
    with pikepdf.open(BytesIO(made())) as pdf:
        found = pdf_reading.languages(pdf)
    named = [(language, squeezed(text)) for language, text in found]
    assert ("en", "trustedflagger") in named
    assert ("en", squeezed(MAIL * 3)) in named
    assert ("ar", squeezed(ARABIC)) in named


def test_a_table_over_pages_is_one_table() -> None:
    """A table, and a mail, that go on over a page are one element; the repeated header is not read again."""
    with pikepdf.open(BytesIO(made())) as pdf:
        [table] = pdf_reading.of_kind(pdf, "Table")
        assert len({piece.page for piece in pdf_reading.pieces(pdf, table)}) > 1
        assert len(pdf_reading.of_kind(pdf, "TR")) == 41
        mails = [node for node in pdf_reading.of_kind(pdf, "P") if str(node.get("/Lang", "")) == "en"]
        assert [len({piece.page for piece in pdf_reading.pieces(pdf, mail)}) > 1 for mail in mails] == [True]


def test_another_program_reads_every_word() -> None:
    """Poppler finds each word of the document, and the characters that the report's font lacks."""
    ran = subprocess.run(["pdftotext", "-", "-"], input=made("en"), capture_output=True, check=True)
    read = squeezed(ran.stdout.decode())
    words = {squeezed(word) for text in texts(sample("en")) for word in text.split()}
    lost = sorted(word for word in words if word not in read and not from_right(word) and len(word) < 90)
    # It takes a hyphen at the end of a line for hyphenation, and the number of a note stands before a point.
    assert lost == ["--", "website."]
    assert {sign for sign in squeezed(HARD) if sign not in read} == set()


def from_right(word: str) -> bool:
    """True for writing from right to left, which Poppler turns round by a reckoning of its own."""
    return any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in word)


# ---------------------------------------------------------------- the same octets


_PROGRAM = """\
import hashlib
from flaggermail.adapters.documents.writer import OfficeDocuments
from tests.doubles.sample_document import sample
print(hashlib.sha256(OfficeDocuments().pdf(sample("en"))).hexdigest())
print(hashlib.sha256(OfficeDocuments().odt(sample("en"))).hexdigest())
"""


def test_the_same_document_gives_the_same_octets(tmp_path: object) -> None:
    """On another day, in another zone, home and language, with other fonts and another order of sets."""
    elsewhere = {"TZ": "Asia/Tokyo", "HOME": str(tmp_path), "PYTHONHASHSEED": "7", "LANG": "ar_EG.UTF-8", "LC_ALL": "C",
                 "FONTCONFIG_FILE": "/dev/null", "XDG_CACHE_HOME": str(tmp_path), "SOURCE_DATE_EPOCH": "1"}  # fmt: skip
    runs = [
        subprocess.run([sys.executable, "-c", _PROGRAM], env={**os.environ, **more}, capture_output=True, check=True)
        for more in ({"PYTHONHASHSEED": "1"}, elsewhere)
    ]
    assert runs[0].stdout == runs[1].stdout
    assert OfficeDocuments().pdf(sample("nl")) == made("nl")


# ---------------------------------------------------------------- strange words


def test_strange_text_is_printed() -> None:
    """Signs that no font has, a word longer than a line, control characters and an empty table are no obstacle."""
    strange = "\x00\x07\u202e\ufeff" + "𒀀𓀀\U000e0041\u0f3a" + "x" * 3000
    document = small(
        Heading(1, [Text(strange[:9])]),
        Paragraph([Text(strange)]),
        Table([Text("caption")], [[Text("a")], [Text("b")]], []),
        Verbatim(f"\n\n{strange}\r\n\t\tend\n\n", "und"),
        title='A "title" \\ with <signs> & 中',
    )
    octets = OfficeDocuments().pdf(document)
    assert pdf_checks.problems(octets) == {}
    with pikepdf.open(BytesIO(octets)) as pdf:
        shown = pdf_reading.texts_of_pages(pdf)
        read = "".join(pdf_reading.words_of(pdf, node, shown) for node in pdf_reading.of_kind(pdf, "P"))
        assert read.count("𒀀𓀀") == 2
        assert read.count("x") == 6000
        feet = [one.text for one in pdf_reading.shown(pdf.pages[0]) if one.pagination]
        assert "".join(feet).startswith('A "title" \\ with <signs> & 中')
        assert pdf.docinfo.Title == 'A "title" \\ with <signs> & 中'


def test_titles_are_of_their_language() -> None:
    """The document's language and title are those of the document."""
    for language in ("nl", "en"):
        with pikepdf.open(BytesIO(made(language))) as pdf:
            assert (str(pdf.Root.Lang), str(pdf.docinfo.Title)) == (language, TITLES[language])
