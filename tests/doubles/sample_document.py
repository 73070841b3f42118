# SPDX-License-Identifier: EUPL-1.2
"""Documents that hold every kind of block, in both languages, with the words that are hard to print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import assert_never

from flaggermail.documents.html import with_addresses
from flaggermail.documents.model import (
    Block,
    Bullets,
    Document,
    Figure,
    Heading,
    Labelled,
    Link,
    Note,
    Paragraph,
    Picture,
    Table,
    Text,
    Verbatim,
    Words,
)
from flaggermail.figures.timeline import drawn
from flaggermail.figures.upright import svg_of
from tests.doubles.sample_uses import AS_OF, TELLINGS, of_june

AT = datetime(2024, 6, 12, 7, 30, tzinfo=UTC)
HARD = (
    "Ελληνικά, кириллица, العربية لا, עברית, ─│┌┐└┘, ☐ ☑ ✓, 中文, 😀 👩\u200d💻, e\u0301, ﬁ, a\u00a0b, a\u2011b, "
    "\u2009| \u200b|"
)
MAIL = f"""\
Dear colleagues,

thank you for your notification of 6 June. We reviewed the content and will answer to the matter within a day.
    This line begins with four spaces, and has  two  between  its  words.

> On 6 Jun 2024, at 09:14, desk@flagger.example wrote:
> > a quoted line within a quoted line, which is long enough to be wrapped on paper and on a telephone as well
https://platform.example/transparency/reports/2024/06/06/{"0123456789abcdef" * 9}

{HARD}

--
Trust & Safety <trust@platform.example>
"""
ARABIC = "شكرا لكم على رسالتكم. سنجيب خلال 24 ساعة."
TITLES = {
    "nl": "Verslag van de meldingen bij de Europese verkiezingen",
    "en": "Report on the notifications at the European elections",
}
_SAID: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "sub": "Stand op 12 juni 2024, 9.30 uur", "sum": "Samenvatting", "use": "Gebruik van de kanalen",
        "per": "Per kanaal", "mail": "Bijlage: afgedrukte mail", "first": "Eerste bericht", "second": "Tweede bericht",
        "intro": "De desk ontving in deze periode ", "many": " meldingen. Het eerste antwoord kwam na ",
        "hours": " uur", "law": "Verordening (EU) 2022/2065, artikel 16.", "see": "Zie ", "site": "de website",
        "foreign": "Het platform noemt dit ", "item": "De termijn liep van ", "to": " tot ",
        "channel": "Kanaal", "sent": "Verzonden", "answered": "Beantwoord", "wait": "Langste wachttijd",
        "caption": "Meldingen per kanaal", "from": "Van", "cc": "Kopie aan", "subject": "Onderwerp", "date": "Datum",
        "shown": "Tijdlijn van een melding", "told": "Verzonden om 11.34 uur; een medewerker antwoordde na drie uur.",
    },
    "en": {
        "sub": "As of 12 June 2024, 9:30", "sum": "Summary", "use": "Use of the channels",
        "per": "By channel", "mail": "Annex: printed mail", "first": "First message", "second": "Second message",
        "intro": "In this period the desk received ", "many": " notifications. The first answer came after ",
        "hours": " hours", "law": "Regulation (EU) 2022/2065, article 16.", "see": "See ", "site": "the website",
        "foreign": "The platform calls this ", "item": "The period ran from ", "to": " to ",
        "channel": "Channel", "sent": "Sent", "answered": "Answered", "wait": "Longest wait",
        "caption": "Notifications by channel", "from": "From", "cc": "Copy to", "subject": "Subject", "date": "Date",
        "shown": "Timeline of a notification", "told": "Sent at 11:34; a person answered after three hours.",
    },
}  # fmt: skip


def sample(language: str, *, brief: bool = False) -> Document:
    """Returns a document with every kind of block, five pages long, or three if it is brief."""
    say = _SAID[language]
    foreign = "en" if language == "nl" else "nl"
    words = {"nl": "betrouwbare flagger", "en": "trusted flagger"}[foreign]
    law = Note([Text(say["law"]), Text(" "), Text(words, foreign), Text(", "), Figure("note/1", "2022")])
    blocks: list[Block] = [
        Heading(1, [Text(say["sum"])]),
        Paragraph([
            Text(say["intro"]), Figure("received/1", "1.234"), law, Text(say["many"]), Figure("first/hours", "2,5"),
            Text(say["hours"]), Text(". "), Text(say["foreign"]), Text(words, foreign), Text(". "), Text(say["see"]),
            Link(say["site"], "https://platform.example/rules?a=1&b=2"), Text("."),
        ]),
        Bullets([
            [Text(say["item"]), Figure("from/1", "6 juni"), Text(say["to"]), Figure("to/1", "12 juni"), Text(".")],
            [Text(say["foreign"] * 6)],
            [Text(say["see"]), Link(say["site"], "https://platform.example/"), Note([Link(say["site"], "https://platform.example/two")])],
        ]),
        Heading(1, [Text(say["use"])]),
        Heading(2, [Text(say["per"]), Note([Text(say["law"])])]),
        Table(
            [Text(say["caption"]), Note([Text(say["told"])])],
            [[Text(say["channel"])], [Text(say["sent"])], [Text(say["answered"])], [Text(say["wait"])]],
            [
                [[Text(f"{say['channel']} {row}")], [Figure(f"sent/{row}", str(row * 7))],
                 [Figure(f"answered/{row}", str(row * 5))] if row % 4 else [],
                 [Text("\u2212" if row % 3 else f"{row},5 uur")]]
                for row in range(1, 4 if brief else 41)
            ],
        ),
        Paragraph([Text(say["foreign"] * 20)]),
        Picture(svg_of(drawn(of_june(), AS_OF, TELLINGS[language])), say["shown"], say["told"]),
        Picture(svg_of(drawn(of_june(), AS_OF, TELLINGS[language])), say["shown"], f"{say['told']} <2>"),
        Heading(3, [Text(say["per"])]),
        Heading(4, [Text(say["per"])]),
        Paragraph([Text(f"<script>alert(1)</script> & {HARD}")]),
        Heading(1, [Text(say["mail"])], on_new_page=True),
        *_mail(say, say["first"], MAIL * (1 if brief else 3), foreign),
        *_mail(say, say["second"], ARABIC, "ar"),
    ]  # fmt: skip
    return Document(TITLES[language], language, "Ministerie van Voorbeelden", AT, blocks, say["sub"])


def _mail(say: Mapping[str, str], title: str, text: str, language: str) -> list[Block]:
    lines: list[tuple[str, Words]] = [
        (say["from"], [Text("Trust & Safety <trust@platform.example>")]), (say["cc"], []),
        (say["subject"], [Text("Re: notification", "en")]), (say["date"], [Text("6 juni 2024 14:41")]),
    ]  # fmt: skip
    return [Heading(2, [Text(title)]), Labelled(lines), Verbatim(text, language)]


def small(*blocks: Block, language: str = "en", title: str = "A report") -> Document:
    """Returns a document of these blocks."""
    return Document(title, language, "A ministry", AT, blocks)


def texts(document: Document) -> Iterator[str]:
    """Yields the words of each passage in reading order; a note after the passage that holds its number."""
    yield document.title
    if document.subtitle:
        yield document.subtitle
    for block in document.blocks:
        yield from _texts(block)


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Heading() | Paragraph():
            yield from _words(block.words)
        case Bullets():
            for item in block.items:
                yield from _words(item)
        case Table():
            for words in (block.caption, *block.columns, *(cell for row in block.rows for cell in row)):
                yield from _words(words)
        case Labelled():
            for label, words in block.lines:
                yield label
                yield from _words(words)
        case Verbatim():
            yield block.text
        case Picture():
            pass
        case _:
            assert_never(block)


def _words(words: Words) -> Iterator[str]:
    """Yields the words of a passage, then those of each note in it, with the address of each link."""
    printed = [*with_addresses(words)]
    yield "".join(word.text for word in printed if not isinstance(word, Note))
    for word in printed:
        if isinstance(word, Note):
            yield "".join(one.text for one in word.words)
