# SPDX-License-Identifier: EUPL-1.2
"""An OpenDocument text that somebody edited is read as it is printed; one that is hostile is refused in words."""

from __future__ import annotations

import time
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from flaggermail.adapters.documents import odt_reading
from flaggermail.adapters.documents.odt import NAMESPACES
from flaggermail.adapters.documents.writer import OfficeDocuments
from flaggermail.documents.model import Figure, Passage, Table, Text, Verbatim
from flaggermail.errors import Refusal
from flaggermail.wording.report import DocumentRefusal
from tests.doubles.sample_document import small
from tests.pace import within

_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
SPACES = '<text:s text:c="9999"/>'
START, END = '<text:bookmark-start text:name="f1:uses;"/>', '<text:bookmark-end text:name="f1:uses;"/>'


def content(body: str, kind: str = "text", before: str = "") -> bytes:
    """Returns `content.xml` with this body."""
    root = f"<office:document-content {_DECLARED}><office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}{root}</office:document-content>'.encode()


def packed(**files: bytes) -> bytes:
    """Returns a package of these files, `_` for the dot."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as package:
        for name, octets in files.items():
            package.writestr(name.replace("_", ".").replace("META", "META-INF/"), octets)
    return made.getvalue()


def read(body: str) -> list[Passage]:
    """Returns the passages of a body."""
    return OfficeDocuments().read_odt(packed(content_xml=content(body)))


def words(body: str) -> list[str]:
    """Returns the words of the passages."""
    return [passage.text for passage in read(body)]


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<text:p>a <text:span>b<text:span>c</text:span></text:span>d</text:p>", ["a bcd"]),
        ("<text:p>a<text:s/>b<text:s text:c='3'/>c<text:tab/>d<text:line-break/>e</text:p>", ["a b   c\td\ne"]),
        ("<text:p>\n  a\n   b <text:span> c</text:span></text:p>", ["a b c"]),
        ("<text:p>so\u00adft<text:soft-page-break/> b</text:p>", ["soft b"]),
        ("<text:p>a<text:line-break/> b<text:tab/> c<text:s/> d</text:p>", ["a\n b\t c  d"]),
        ("<text:section><text:p>a</text:p><text:section><text:h>b</text:h></text:section></text:section>", ["a", "b"]),
        (("<text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item>"
         "</text:list></text:list-item></text:list>"), ["a", "b"]),
        (("<text:p>a<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>n</text:p>"
         "</text:note-body></text:note>b</text:p><text:p>c</text:p>"), ["ab", "n", "c"]),
        (("<text:p>a<draw:frame><draw:text-box><text:p>in</text:p></draw:text-box><svg:title>t</svg:title>"
         "<svg:desc>d</svg:desc></draw:frame>b</text:p>"), ["ab", "in"]),
        (("<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:covered-table-cell>"
         "<text:p>hidden</text:p></table:covered-table-cell></table:table-row></table:table>"), ["a"]),
        ("<text:p>a<office:annotation><dc:creator>x</dc:creator><text:p>remark</text:p></office:annotation>b</text:p>",
         ["ab"]),
        (("<text:p><text:a>link</text:a> <text:ruby><text:ruby-base>b</text:ruby-base><text:ruby-text>r"
         "</text:ruby-text></text:ruby></text:p>"), ["link b"]),
        ("<text:p/><text:p> </text:p><text:p>a</text:p>", ["a"]),
        ("<text:p>&lt;&#x4e2d;<![CDATA[<b>]]></text:p>", ["<中<b>"]),
        ("<text:p>a<text:s text:c='999999999999'/>b<text:s text:c='x'/>c</text:p>", ["a b c"]),
    ],
)  # fmt: skip
def test_words_are_read_as_they_are_printed(body: str, expected: list[str]) -> None:
    """Spans, spaces, tabs, breaks, soft hyphens, sections, lists, tables, notes and text boxes, in reading order."""
    assert words(body) == expected


def test_tracked_changes_are_read_as_accepted() -> None:
    """What was deleted is not there, what was inserted is."""
    changes = (
        "<text:tracked-changes><text:changed-region text:id='c1'><text:deletion><office:change-info/>"
        f"<text:p>gone {START}9{END}</text:p></text:deletion></text:changed-region></text:tracked-changes>"
    )
    body = (
        f"{changes}<text:p>a<text:change text:change-id='c1'/> <text:change-start text:change-id='c2'/>new"
        "<text:change-end text:change-id='c2'/></text:p>"
    )
    assert read(body) == [Passage("a new")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"<text:p>n {START}2<text:span>,5</text:span>{END} h</text:p>", Passage("n 2,5 h", (Figure("uses", "2,5"),))),
        (f"<text:p>n {START}<text:s/>7{END}</text:p>", Passage("n  7", (Figure("uses", " 7"),))),
        (f"<text:p>n {START}{END}</text:p>", Passage("n ", (Figure("uses", ""),))),
        ("<text:p>n <text:bookmark text:name='f1:uses;'/></text:p>", Passage("n ", (Figure("uses", ""),))),
        (f"<text:p>n {START}7</text:p>", Passage("n 7", (), ("uses",))),
        (f"<text:p>n 7{END}</text:p>", Passage("n 7", (), ("uses",))),
        (f"<text:p>{START}7{START}8{END}</text:p>", Passage("78", (Figure("uses", "78"),), ("uses",))),
        (f"<text:p>{START}7{END}, {START}8{END}</text:p>", Passage("7, 8", (Figure("uses", "7"), Figure("uses", "8")))),
        (("<text:p><text:bookmark-start text:name='f1:a;b; Copy 1'/>7<text:bookmark-end text:name='f1:a;b; Copy 1'/>"
         "</text:p>"), Passage("7", (Figure("a;b", "7"),))),
        ("<text:p><text:bookmark-start text:name='own'/>7<text:bookmark-end text:name='own'/></text:p>", Passage("7")),
        ((f"<text:p>{START}<text:bookmark-start text:name='f2:in;'/>7<text:bookmark-end text:name='f2:in;'/>8{END}"
         "</text:p>"), Passage("78", (Figure("uses", "78"), Figure("in", "7")))),
        (f"<text:p>{START}7<text:note><text:note-body><text:p>n</text:p></text:note-body></text:note>8{END}</text:p>",
         Passage("78", (Figure("uses", "78"),))),
    ],
)  # fmt: skip
def test_a_figure_has_the_words_that_stand_there_now(body: str, expected: Passage) -> None:
    """Changed, emptied, split, doubled by copying, or with half a mark: each is told apart."""
    assert read(body)[0] == expected


def test_a_figure_over_two_paragraphs_is_one() -> None:
    """A paragraph that was broken within a figure leaves one figure, at its beginning."""
    assert read(f"<text:p>a {START}2</text:p><text:p>5{END} b</text:p>") == [
        Passage("a 2", (Figure("uses", "2\n5"),)),
        Passage("5 b"),
    ]


# ---------------------------------------------------------------- refusing


_BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
_OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def encrypted() -> bytes:
    """Returns a package whose entry needs a password: bit 0 of its flags, in both places."""
    octets = bytearray(packed(content_xml=content("<text:p>a</text:p>")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        octets[octets.index(signature) + offset] |= 1
    return bytes(octets)


def damaged() -> bytes:
    """Returns a package whose compressed octets were changed."""
    octets = bytearray(packed(content_xml=content("<text:p>" + "abc" * 999 + "</text:p>")))
    octets[60:70] = bytes(10)
    return bytes(octets)


HOSTILE = {
    "nothing": (b"", DocumentRefusal.NO_OPEN_DOCUMENT),
    "a mail": (b"From: a\r\n\r\nb", DocumentRefusal.NO_OPEN_DOCUMENT),
    "a flat document": (content("<text:p>a</text:p>"), DocumentRefusal.NO_OPEN_DOCUMENT),
    "another package": (packed(word_xml=b"<w/>"), DocumentRefusal.NO_OPEN_DOCUMENT),
    "a spreadsheet": (packed(content_xml=content("", "spreadsheet")), DocumentRefusal.NO_OPEN_DOCUMENT),
    "octets changed": (damaged(), DocumentRefusal.NO_OPEN_DOCUMENT),
    "cut off": (packed(content_xml=content("<text:p>a</text:p>"))[:-30], DocumentRefusal.NO_OPEN_DOCUMENT),
    "a password": (encrypted(), DocumentRefusal.DOCUMENT_ENCRYPTED),
    "a password of the format": (
        packed(content_xml=b"\x01", METAmanifest_xml=b"<manifest:encryption-data/>"),
        DocumentRefusal.DOCUMENT_ENCRYPTED,
    ),
    "a newer password": (packed(**{"encrypted-package": b"\x01"}), DocumentRefusal.DOCUMENT_ENCRYPTED),
    "entities": (packed(content_xml=content("<text:p>&b;</text:p>", before=_BOMB)), DocumentRefusal.DOCUMENT_DECLARES),
    "a file": (packed(content_xml=content("<text:p>&a;</text:p>", before=_OUTSIDE)), DocumentRefusal.DOCUMENT_DECLARES),
    "an undeclared entity": (packed(content_xml=content("<text:p>&a;</text:p>")), DocumentRefusal.DOCUMENT_BROKEN),
    "no XML": (packed(content_xml=b"<a"), DocumentRefusal.DOCUMENT_BROKEN),
    "another character set": (
        packed(content_xml=b'<?xml version="1.0" encoding="utf-7"?><a/>'),
        DocumentRefusal.DOCUMENT_BROKEN,
    ),
    "many files": (
        packed(**{f"f{at}": b"" for at in range(odt_reading.MOST_FILES + 1)}),
        DocumentRefusal.DOCUMENT_TOO_LARGE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_document_is_refused(name: str) -> None:
    """The refusal says what it is, and what would be right, in both languages."""
    octets, fault = HOSTILE[name]
    assert refused(octets) == fault


def refused(octets: bytes) -> str:
    """Returns why octets are refused."""
    with pytest.raises(Refusal) as caught:
        OfficeDocuments().read_odt(octets)
    assert "{" not in caught.value.said.english + caught.value.said.in_language("nl")
    return caught.value.said.code


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the limit is refused at the limit, whatever the package says of its size."""
    monkeypatch.setattr(odt_reading, "MOST_OCTETS", 1 << 20)
    bomb = packed(content_xml=b" " * (64 << 20))
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    assert refused(bomb) == DocumentRefusal.DOCUMENT_TOO_LARGE
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    lying = bomb.replace((64 << 20).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    assert refused(lying) in {DocumentRefusal.DOCUMENT_TOO_LARGE, DocumentRefusal.NO_OPEN_DOCUMENT}
    assert refused(bytes(2 << 20)) == DocumentRefusal.DOCUMENT_TOO_LARGE


def test_what_grows_when_read_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short elements for many spaces, and marks without end around many words, stay within the limit."""
    monkeypatch.setattr(odt_reading, "MOST_OCTETS", 1 << 20)
    assert refused(packed(content_xml=content(f"<text:p>{SPACES * 999}</text:p>"))) == (
        DocumentRefusal.DOCUMENT_TOO_LARGE
    )
    marks = "".join(f"<text:bookmark-start text:name='f{at}:m;'/>" for at in range(999))
    assert len(read(f"<text:p>{marks}a</text:p>")[0].broken) == 999
    assert refused(packed(content_xml=content(f"<text:p>{marks}{'a<text:s/>' * 9999}</text:p>"))) == (
        DocumentRefusal.DOCUMENT_TOO_LARGE
    )


DENSE: dict[str, Callable[[], str]] = {  # made when they are read: they take a second
    "passages": lambda: "<text:p>1</text:p>" * 800_000,
    "empty passages": lambda: f"<text:p>{START}{START}</text:p>" + "<text:p/>" * 1_500_000,
    "elements": lambda: "<text:p>" + "<text:span/>" * 1_300_000 + "</text:p>",
    "depth": lambda: "<text:p>" + "<text:span>" * 400_000 + "</text:span>" * 400_000 + "</text:p>",
    "passages in one another": lambda: "<text:p>" * 700_000 + "</text:p>" * 700_000,
    "spaces": lambda: "<text:p>" + "<text:s/>" * 1_700_000 + "</text:p>",
    "bookmarks": lambda: "<text:p>" + "<text:bookmark text:name='f1:u;'/>" * 450_000 + "</text:p>",
    "attributes": lambda: "<text:p " + " ".join(f"a{at}='x'" for at in range(900_000)) + "/>",
    "figures": lambda: f"<text:p>{START}{'9 ' * 2_000_000}{END}</text:p>",
}  # fmt: skip


@pytest.mark.parametrize("name", DENSE)
@pytest.mark.parametrize("packing", [ZIP_DEFLATED, ZIP_STORED], ids=["packed", "stored"])
def test_a_small_file_costs_little(name: str, packing: int) -> None:
    """What 149 kB held once cost 37 s and 0.7 GB: elements, passages and octets are bounded, packed or not."""
    made = BytesIO()
    with ZipFile(made, "w", packing) as package:
        package.writestr("content.xml", content(DENSE[name]()))
    tracemalloc.start()
    began = time.process_time()
    try:
        said = refused(made.getvalue())
        took, held = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said in {
        DocumentRefusal.DOCUMENT_TOO_LARGE,
        DocumentRefusal.DOCUMENT_SWELLS,
        DocumentRefusal.DOCUMENT_TOO_FINE,
    }
    assert within(took, 10)  # with tracing, which takes most of it
    assert held < 120 << 20


def test_a_list_of_files_is_not_read_before_it_is_counted() -> None:
    """The list of a package may have a million entries, each an object in memory; entries may overlap, too."""
    whole = packed(content_xml=content("<text:p>a</text:p>"))
    at = whole.index(b"PK\x01\x02")
    entry, end = whole[at : whole.index(b"PK\x05\x06")], whole[whole.index(b"PK\x05\x06") :]
    for count in (odt_reading.MOST_FILES + 1, 60_000):
        listed = bytearray(end)
        listed[8:12] = count.to_bytes(2, "little") * 2
        listed[12:16] = (len(entry) * count).to_bytes(4, "little")
        hostile = whole[:at] + entry * count + bytes(listed)
        tracemalloc.start()
        assert refused(hostile) == DocumentRefusal.DOCUMENT_TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()


def test_a_report_of_any_size_is_read() -> None:
    """The table of 1,500 uses in eight columns is below every bound, and so is a mail of 200 pages."""
    table = Table(
        (Text("uses"),), [(Text(f"{at}"),) for at in range(8)],
        [[(Figure(f"uses/{row}/{at}", f"{row * at}"),) for at in range(8)] for row in range(1500)],
    )  # fmt: skip
    octets = OfficeDocuments().odt(small(table, Verbatim("Een regel van een mail.\n" * 25_000)))
    assert len(OfficeDocuments().read_odt(octets)) > 12_000


def test_depth_costs_nothing() -> None:
    """A hundred thousand elements in one another are read."""
    deep = 100_000
    assert words(f"<text:p>{'<text:span>' * deep}a{'</text:span>' * deep}</text:p>") == ["a"]


def test_random_damage_is_refused_or_read() -> None:
    """Whatever octet is changed, the answer is passages or a refusal."""
    whole = packed(content_xml=content(f"<text:p>a {START}2,5{END}</text:p>"))
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 1 + zlib.crc32(bytes([at % 256])) % 255
        try:
            OfficeDocuments().read_odt(bytes(broken))
        except Refusal as refusal:
            assert refusal.said.english  # noqa: PT017 - both ends are right
