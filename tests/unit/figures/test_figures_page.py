# SPDX-License-Identifier: EUPL-1.2
"""The page of figures: everything in one file, every name escaped, every table with its heads."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from flaggermail.documents.html import DARK, LIGHT, Colours
from flaggermail.figures.figures_page import page
from flaggermail.figures.uses import Figures
from tests.corpus import each
from tests.doubles.sample_uses import HOSTILE, TELLINGS, USES, figures, of_june, thirteen

LANGUAGES = ("nl", "en")


class Read(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.rows: list[list[str]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps an element."""
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        """Keeps the text, that of cells by row."""
        self.text += data
        if self.elements and self.elements[-1][0] in {"td", "th"} and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Returns the attributes of every element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]


def told(language: str, found: Figures) -> Read:
    """Returns the page, read."""
    return Read(page(found, TELLINGS[language], "Ministerie van Voorbeelden"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_fetched_or_run(language: str) -> None:
    """No script, no link, no image, no address to fetch, and a policy that forbids them."""
    document = page(figures(*USES.values()), TELLINGS[language], HOSTILE)
    read = Read(document)
    assert {tag for tag, _ in read.elements} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "a",
        "base",
        "form",
    } == set()
    names = Counter(name for _, attributes in read.elements for name in attributes)
    assert not {"src", "href", "style"} & names.keys()
    assert not [name for name in names if name.startswith("on")]
    assert not re.search(r"url\(|@import", document)
    (policy,) = [one["content"] for one in read.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert (policy or "").startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_the_page_says_what_the_uses_are() -> None:
    """The clocks of 6 June 2024 are in its table, in the reader's language."""
    for language, row in (
        (
            "nl",
            [
                "ontvangst bevestigd, reactie van een medewerker, inhoudelijk antwoord",
                "6 juni 2024 13:06",
                "152",
                "2,5",
                "mail",
                "mail",
            ],
        ),
        (
            "en",
            [
                "receipt confirmed, answer by a person, answer to the matter",
                "6 June 2024 13:06",
                "152",
                "2.5",
                "mail",
                "mail",
            ],
        ),
    ):
        read = told(language, figures(of_june()))
        assert row in read.rows
        assert read.all("html") == [{"lang": language}]
    assert "Reminders: 6 June 2024 11:34, 12:34. Escalations: none." in read.text


def test_open_clocks_and_bases_are_words() -> None:
    """What is open says so, what rests on a note says so, and what is not given is left out."""
    read = told("en", figures(USES["open"], USES["by hand"]))
    assert ["receipt confirmed, answer by a person, answer to the matter", "open", "", "", "", ""] in read.rows
    assert ["receipt confirmed, answer by a person", "6 June 2024 11:00", "26", "0.4", "by hand", "oral"] in read.rows
    assert ["sent", "6 June 2024 10:34", "", "", "by the sent copy", ""] in read.rows
    assert read.rows[0][:5] == [
        "Platform",
        "Sent",
        "Answered",
        "Open",
        "Longest wait (minutes)",
    ]  # no median: no column
    assert ["PS2023", "0", "0", "0", "", ""] in read.rows


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_use_is_a_page_too(language: str) -> None:
    """Without any use, the page says so and keeps its method."""
    words = {"nl": "Er is geen melding aan een platform gedaan.", "en": "No notification was sent to a platform."}
    for found in (figures(), replace(figures(), summary=())):
        read = told(language, found)
        assert words[language] in read.text
        assert "Kaplan" in read.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_has_its_heads(language: str) -> None:
    """Each cell that heads a column or a row says which; each table has a caption; no id stands twice."""
    read = told(language, figures(*USES.values()))
    assert {one.get("scope") for one in read.all("th")} == {"col", "row"}
    assert len(read.all("caption")) == len(read.all("table"))
    ids = Counter(attributes["id"] for _, attributes in read.elements if "id" in attributes)
    assert [key for key, count in ids.items() if count > 1] == []
    named = {word for _, attributes in read.elements for word in (attributes.get("aria-labelledby") or "").split()}
    assert named <= ids.keys()


@each("name", sorted(USES))
def test_the_same_figures_give_the_same_octets(name: str) -> None:
    """The page depends on its arguments alone."""
    found = figures(USES[name])
    assert page(found, TELLINGS["nl"], "A") == page(found, TELLINGS["nl"], "A")


def test_text_and_lines_stand_out_from_the_ground() -> None:
    """Text has a contrast of at least 4.5 to 1 and lines of 3 to 1, in light and dark (WCAG 2.2, 1.4.3 and 1.4.11)."""
    for colours in (LIGHT, DARK):
        assert min(contrast(colours.text, colours), contrast(colours.soft, colours)) >= 4.5
        assert contrast(colours.line, colours) >= 3


def contrast(colour: str, colours: Colours) -> float:
    """Returns the contrast of a colour with its ground."""
    high, low = sorted((luminance(colour), luminance(colours.ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Returns the relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_thirteen_uses_are_told_with_shares_and_without_a_norm() -> None:
    """Recomputed by hand from 0, 2, 25, 48, 97, 152, 152, 310, 400, 1560 and 13150 minutes, and two open ones.

    Within an hour four, within four hours seven, within a day nine. After 97 minutes 8 of 13 are unanswered, after 152,
    when two were answered, 6: that is the median. From 12 June, 10:34, to 30 June, 12:00, are 18 days and 86 minutes.
    Each platform has fewer than ten, so every wait is there.
    """
    read = told("nl", thirteen())
    shares = "1 uur: 4 van 13, 4 uur: 7 van 13, 24 uur: 9 van 13"
    waits = ["152", "26006 (18 dagen)", shares]
    assert [row[1:] for row in read.rows if row[0] == "Urgent Escalation Channel"] == [["13", "11", "2", *waits]]
    assert "Beantwoord binnen (geen norm)" in {cell for row in read.rows for cell in row}
    assert ["TikTok", "3", "3", "0", "1560", "2; 152; 1560"] in read.rows
    assert "x-urgent" not in read.text
    assert "Voor deze tijden geldt geen norm." in read.text
