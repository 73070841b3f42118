# SPDX-License-Identifier: EUPL-1.2
"""The page of a document: its elements, its languages, and that it runs and fetches nothing."""

from __future__ import annotations

import itertools
import re
from typing import Any, TypeAlias

import pytest
from lxml import html

from flaggermail.documents.html import page
from flaggermail.documents.model import Bullets, Figure, Heading, Labelled, Link, Note, Paragraph, Picture, Table, Text
from flaggermail.documents.svg import inline, on_paper
from tests.doubles.sample_document import MAIL, TITLES, sample, small

Tree: TypeAlias = Any
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">{}</svg>'


def tree(language: str = "nl") -> Tree:
    """Returns the sample's page."""
    return html.document_fromstring(page(sample(language)))


def texts_of(found: Tree, path: str) -> list[str]:
    """Returns the texts of what an XPath finds."""
    return [one.text_content() if hasattr(one, "text_content") else str(one) for one in found.xpath(path)]


def test_headings_are_in_order_below_the_title() -> None:
    """The title is the only h1, and a level of the document is one lower."""
    found = tree()
    assert texts_of(found, "//h1") == [TITLES["nl"]]
    levels = [int(one.tag[1]) for one in found.xpath("//h1|//h2|//h3|//h4|//h5")]
    assert levels[:4] == [1, 2, 2, 3]
    assert max(levels) == 5
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("levels", [[2], [1, 3], [0], [1, 2, 3, 4, 5]])
def test_a_level_that_is_left_out_is_an_error(levels: list[int]) -> None:
    """A heading that skips a level is a mistake of whoever made the document."""
    with pytest.raises(ValueError, match="heading of level"):
        page(small(*(Heading(level, [Text("a")]) for level in levels)))


def test_languages_are_said() -> None:
    """The page's, that of foreign words, and that of a mail."""
    found = tree()
    assert found.get("lang") == "nl"
    assert texts_of(found, "//span[@lang='en']").count("trusted flagger") == 2
    assert texts_of(found, "//pre/@lang") == ["en", "ar"]


def test_a_mail_is_kept_to_the_character() -> None:
    """The text of a mail is in one element, with its spaces and line breaks."""
    assert texts_of(tree(), "//pre[@lang='en']") == [
        "\n" + MAIL * 3
    ]  # HTML drops the first line break; this parser does not


def test_a_table_says_what_its_headers_are_of() -> None:
    """Caption, header cells of columns and of rows, and the name of the column at each cell."""
    [table] = tree().xpath("//table")
    assert texts_of(table, "./caption")[0].startswith("Meldingen per kanaal")
    assert texts_of(table, "./thead/tr/th/@scope") == ["col"] * 4
    assert texts_of(table, "./tbody/tr/th/@scope") == ["row"] * 40
    assert texts_of(table, "./tbody/tr[1]/td/@data-head") == ["Verzonden", "Beantwoord", "Langste wachttijd"]


def test_a_row_of_another_length_is_an_error() -> None:
    """A row has a cell for each column."""
    with pytest.raises(ValueError, match="zip"):
        page(small(Table([], [[Text("a")]], [[[Text("b")], [Text("c")]]])))


def test_notes_lead_there_and_back() -> None:
    """Each number leads to its note, and the note back; every name is given once."""
    found = tree()
    places = texts_of(found, "//sup/a/@href")
    assert places == [f"#note-{number}" for number in range(1, 7)]  # four, and the addresses of two links
    names = texts_of(found, "//@id")
    assert len(names) == len(set(names))
    back = texts_of(found, "//li/a[@role='doc-backlink']/@href")
    assert {one[1:] for one in [*places, *back]} <= set(names)
    assert texts_of(found, "//sup/a/@aria-label")[0] == "noot 1"
    assert texts_of(found, "//li/a[@role='doc-backlink']/@aria-label")[3] == "terug naar de plaats van noot 4"


def test_where_there_are_pages_notes_stand_at_their_feet() -> None:
    """For paper a note stands in the page beside its number, and there is no list at the end."""
    written = page(sample("nl"), paged=True)
    assert "doc-endnotes" not in written
    assert written.count('<span class="foot" id="note-') == 6


@pytest.mark.parametrize("paged", [False, True])
def test_the_address_of_a_link_is_printed(*, paged: bool) -> None:
    """Paper shows where words lead; an address that stands there already is not printed twice."""
    told = Paragraph([
        Link("rules", "https://a.example/rules"), Link("https://b.example/", "https://b.example/"),
        Note([Link("law", "https://c.example/law")]),
    ])  # fmt: skip
    shown = re.sub(r"<[^>]+>", "", page(small(told), paged=paged).partition("<main>")[2])
    counts = [shown.count(address) for address in ("https://a.example/rules", "https://b.example/", "c.example/law")]
    assert counts == [1, 1, 1]


def test_a_document_without_notes_has_no_list_of_them() -> None:
    """Nothing is there that holds nothing; a label stays where its value is empty."""
    written = page(small(Labelled([("To", []), ("From", [Text("a")])])))
    assert "doc-endnotes" not in written
    assert "<dt>To</dt><dd></dd>" in written


def test_pictures_have_names_of_their_own() -> None:
    """Two pictures of the same names are apart, each with its title and description."""
    found = tree()
    svgs = found.xpath("//svg")
    assert [one.get("role") for one in svgs] == ["img", "img"]
    assert [one.get("aria-labelledby") for one in svgs] == ["picture-1-title", "picture-2-title"]
    assert texts_of(found, "//*[@id='picture-2-described']")[0].endswith("<2>")
    assert page(sample("nl")).count('xmlns="http://www.w3.org/2000/svg"') == 2


def test_figures_keep_their_names() -> None:
    """A figure's name is with its words."""
    assert page(small(Paragraph([Figure("uses/1", "7")]))).count('<span data-figure="uses/1">7</span>') == 1


def test_the_page_runs_and_fetches_nothing() -> None:
    """No script, no handler, and no address but in a link that a reader follows."""
    for language in ("nl", "en"):
        written = page(sample(language))
        found = html.document_fromstring(written)
        assert found.xpath("//script|//link|//img|//iframe|//@src|//@onload|//@style") == []
        assert "url(" not in written
        assert "@import" not in written
        outside = [one for one in found.xpath("//@href") if not one.startswith("#")]
        assert {one.partition(":")[0] for one in outside} == {"https"}
        assert "default-src &#x27;none&#x27;" in written


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,a", "file:///etc/passwd", "//a.example", "https://a b"]
)
def test_only_an_address_of_the_web_is_a_link(address: str) -> None:
    """Another address is words alone."""
    assert "<p>a</p>" in page(small(Paragraph([Link("a", address)])))


def test_text_is_never_an_element() -> None:
    """Names, labels, titles and languages are escaped wherever they stand."""
    evil = '"><script>alert(1)</script>'
    written = page(small(
        Heading(1, [Text(evil)]), Paragraph([Text(evil, evil), Figure(evil, evil), Link(evil, 'https://a.example/?"><b>')]),
        Bullets([[Note([Text(evil)])]]), Table([Text(evil)], [[Text("a")], [Text(evil)]], [[[Text(evil)], []]]),
        Picture(SVG.format(""), evil, evil), Labelled([(evil, [Text(evil)])]), title=f"</style>{evil}",
    ))  # fmt: skip
    assert "<script" not in written
    assert "<b>" not in written
    assert written.count("</style>") == 1


# ---------------------------------------------------------------- pictures


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('<g id="a"/><use href="#a"/>', '<g id="k-a"/><use href="#k-a"/>'),
        ('<path fill="url(#a)" onclick="x()"/>', '<path fill="url(#k-a)"/>'),
        ('<use href="https://a.example/#b"/><use xlink:href="#a"/>', "<use/><use/>"),
        ('<rect fill="url(https://a.example)"/><rect style="fill:url( \'b\' )"/>', "<rect/><rect/>"),
        ("<script>x()</script><foreignObject><p>a</p></foreignObject>", ""),
        ('<a href="#x"><text>a</text></a><image href="data:,"/>', ""),
        ("<title>t</title><desc>d</desc><g><title>own</title></g>", "<g><title>own</title></g>"),
        ("<text>a &lt; b<tspan> c</tspan></text>", "<text>a &lt; b<tspan> c</tspan></text>"),
        ("<style>.a { fill: red }</style>", "<style>.a { fill: red }</style>"),
        ("<style>@import 'a';</style><style>a&lt;/style&gt;</style>", "<style/><style/>"),
        ('<x:g xmlns:x="urn:x"><g/></x:g>', ""),
    ],
)  # fmt: skip
def test_a_picture_is_its_drawing_alone(given: str, expected: str) -> None:
    """Names are the picture's own; scripts, handlers, other namespaces and what leads outside are left out."""
    written = inline(SVG.format(given), "k", "T", "D")
    assert written.endswith(f'<title id="k-title">T</title><desc id="k-described">D</desc>{expected}</svg>')


@pytest.mark.parametrize(
    "given", ["", "<svg/>", "<a", '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>']
)
def test_what_is_no_picture_is_an_error(given: str) -> None:
    """Entities, broken XML and another root are mistakes."""
    with pytest.raises(ValueError, match="a picture is no SVG"):
        inline(given, "k", "T", "D")


def test_on_paper_there_are_no_rules_for_screens() -> None:
    """Rules for a dark screen are taken out with all that is in them."""
    sheet = "a { b: c }\n@media screen and (prefers-color-scheme: dark) {\nd { e: f } g { h: i } } j { k: l }"
    assert re.sub(r"\s+", " ", on_paper(sheet)) == "a { b: c } j { k: l }"
