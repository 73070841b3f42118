# SPDX-License-Identifier: EUPL-1.2
"""OpenDocument text: another program finds every kind of block in it, and nothing of the machine that wrote it."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import odfdo
import pytest
from lxml import etree

from flaggermail.adapters.documents.writer import OfficeDocuments
from flaggermail.documents.model import Figure, Heading, Paragraph, Text, Verbatim
from tests.doubles.sample_document import ARABIC, AT, MAIL, TITLES, sample, small, texts

NAMES = {
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
}


def package(language: str = "nl") -> ZipFile:
    """Returns the sample as an opened package."""
    return ZipFile(BytesIO(OfficeDocuments().odt(sample(language))))


def part(name: str, language: str = "nl") -> etree._Element:
    """Returns a part of the sample."""
    return etree.fromstring(package(language).read(name))


def found(name: str, path: str) -> list[str]:
    """Returns what an XPath finds in a part of the sample."""
    return [str(one) for one in part(name).xpath(path, namespaces=NAMES)]


def test_the_package_is_told_by_its_first_octets() -> None:
    """The type is the first entry and not compressed (ISO/IEC 26300-2, 3.3); no entry bears a date of its own."""
    octets = OfficeDocuments().odt(sample("nl"))
    assert octets[30:77] == b"mimetypeapplication/vnd.oasis.opendocument.text"
    entries = ZipFile(BytesIO(octets)).infolist()
    assert entries[0].compress_type == ZIP_STORED
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert not any(entry.extra or entry.create_system for entry in entries)


def test_the_manifest_names_every_file() -> None:
    """Each file of the package is in the manifest, and no other."""
    opened = package()
    listed = re.findall(rb'full-path="([^"]+)"', opened.read("META-INF/manifest.xml"))
    names = {name for name in opened.namelist() if name not in {"mimetype", "META-INF/manifest.xml"}}
    assert {name.decode() for name in listed} == {"/", *names}
    assert opened.testzip() is None


def test_the_properties_say_what_the_document_says() -> None:
    """Title, language, organisation and instant, and nothing else: no person, no program, no time of editing."""
    meta = {child.tag.rpartition("}")[2]: child.text for child in part("meta.xml")[0]}
    assert meta == {
        "title": TITLES["nl"], "language": "nl", "initial-creator": "Ministerie van Voorbeelden",
        "creator": "Ministerie van Voorbeelden", "creation-date": f"{AT:%Y-%m-%dT%H:%M:%SZ}",
        "date": f"{AT:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip


def test_another_program_finds_every_block(tmp_path: Path) -> None:
    """Odfdo finds headings with their levels, the list, the table with its header, the notes and the pictures."""
    path = tmp_path / "sample.odt"
    path.write_bytes(OfficeDocuments().odt(sample("en")))
    body: Any = odfdo.Document(path).body
    headings = [heading for heading in sample("en").blocks if isinstance(heading, Heading)]
    assert [int(one.level) for one in body.headers] == [one.level for one in headings]
    [listed] = body.lists
    assert len(listed.get_elements("text:list-item")) == 3
    [table] = body.tables
    assert (table.height, table.width) == (41, 4)
    assert table.get_value((0, 7)) == "Channel 7"
    assert len(body.get_notes(note_class="footnote")) == 6
    assert len(body.get_images()) == 2


def test_a_header_of_a_table_is_repeated() -> None:
    """The header is one for a screen reader and on each page; the first cell of a row is the header of its row."""
    [heads] = part("content.xml").xpath("//table:table-header-rows", namespaces=NAMES)
    assert len(heads.xpath(".//table:table-cell", namespaces=NAMES)) == 4
    styles = found("content.xml", "//table:table-row[position()<3]/table:table-cell[1]/text:p/@text:style-name")
    assert set(styles) == {"Row_20_Heading", "Table_20_Heading"}


def test_every_style_and_picture_is_there() -> None:
    """Each style that is used is defined, each picture is in the package, and no name is given twice."""
    content, styles = part("content.xml"), part("styles.xml")
    defined = [
        (str(one.get(f"{{{NAMES['style']}}}name")), str(one.get(f"{{{NAMES['style']}}}family")))
        for tree in (content, styles)
        for one in tree.xpath("//style:style|//text:list-style", namespaces=NAMES)
    ]
    assert [name for name, count in Counter(defined).items() if count > 1] == []
    names = {name for name, _ in defined}
    used = {
        str(one)
        for tree in (content, styles)
        for one in tree.xpath("//@text:style-name|//@table:style-name|//@draw:style-name|//@style:parent-style-name"
            "|//@text:citation-style-name|//@style:next-style-name", namespaces=NAMES)
    }  # fmt: skip
    assert used - names == set()
    links = found("content.xml", "//draw:image/@xlink:href")
    assert set(links) <= set(package().namelist())
    for named in ("@draw:name", "@table:name", "@text:id", "text:bookmark-start/@text:name"):
        given = found("content.xml", f"//{named}")
        assert given, named
        assert len(given) == len(set(given))


def test_nothing_is_fetched() -> None:
    """Only a link that a reader follows leads outside."""
    outside = found("content.xml", "//*[@xlink:href and not(starts-with(@xlink:href, 'Pictures/'))]/@xlink:href")
    assert {re.sub(r"//.*", "", one) for one in outside} == {"https:"}
    leading = part("content.xml").xpath("//*[starts-with(@xlink:href, 'http')]", namespaces=NAMES)
    assert {one.tag.rpartition("}")[2] for one in leading} == {"a"}
    for name in package().namelist():
        if name.endswith(".svg"):
            assert b"@media" not in package().read(name)
            assert b"href" not in package().read(name)


def test_languages_are_said() -> None:
    """The document's language, that of foreign words and that of each mail, for every kind of script."""
    assert set(found("styles.xml", "//style:default-style/style:text-properties/@fo:language")) == {"nl"}
    assert set(found("styles.xml", "//style:default-style/style:text-properties/@fo:country")) == {"NL"}
    [arabic] = part("content.xml").xpath("//style:style[@style:name='Verbatim_20_ar']/*", namespaces=NAMES)
    assert {value for key, value in arabic.attrib.items() if "language" in key} == {"ar"}
    assert found("content.xml", "//style:style[@style:name='In_20_en']/*/@fo:language") == ["en"]
    assert found("content.xml", "//text:span[@text:style-name='In_20_en']/text()").count("trusted flagger") == 2


def test_pictures_say_what_they_show() -> None:
    """A picture has its title and its description."""
    assert found("content.xml", "//draw:frame/svg:title/text()") == ["Tijdlijn van een melding"] * 2
    assert found("content.xml", "//draw:frame/svg:desc/text()")[1].endswith("<2>")


def test_a_page_begins_where_it_should() -> None:
    """The heading of the annex begins a page; the foot holds title and number."""
    assert found("content.xml", "//text:h[@text:style-name='New_20_page_20_1']/text()") == ["Bijlage: afgedrukte mail"]
    assert found("content.xml", "//style:style[@style:name='New_20_page_20_1']/*/@fo:break-before") == ["page"]
    assert found("styles.xml", "//text:title/text()") == [TITLES["nl"]]
    assert len(part("styles.xml").xpath("//style:footer//text:page-number", namespaces=NAMES)) == 1


@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_is_written_is_read(language: str) -> None:
    """The passages are those of the document, to the character; each figure has its words."""
    read = OfficeDocuments().read_odt(OfficeDocuments().odt(sample(language)))
    labels = {"Van", "Kopie aan", "Onderwerp", "Datum", "From", "Copy to", "Subject", "Date"}
    expected = [text for text in texts(sample(language)) if text and text not in labels]
    values = [
        passage.text.partition("\t")[2] if passage.text.split("\t")[0] in labels else passage.text for passage in read
    ]
    assert [value for value in values if value] == expected
    assert MAIL * 3 in expected
    assert ARABIC in expected
    figures = [figure for passage in read for figure in passage.figures]
    assert len(figures) == 5 + 40 + 30
    assert Figure("first/hours", "2,5") in figures


def test_text_is_kept_to_the_character() -> None:
    """Spaces, tabs, blank lines and ends of lines come back; what XML forbids is replaced."""
    text = "  two\n\n\tthree   four \n end  \r\nlast\r\x00"
    read = OfficeDocuments().read_odt(OfficeDocuments().odt(small(Verbatim(text), Paragraph([Text(" a  b ")]))))
    assert [passage.text for passage in read] == [
        "A report",
        "  two\n\n\tthree   four \n end  \nlast\n\ufffd",
        " a  b ",
    ]


def test_a_figure_printed_twice_is_two_figures() -> None:
    """The same name at two places is two marks."""
    octets = OfficeDocuments().odt(small(Paragraph([Figure("uses", "3"), Text(" of "), Figure("uses", "4")])))
    assert OfficeDocuments().read_odt(octets)[1].figures == (Figure("uses", "3"), Figure("uses", "4"))
