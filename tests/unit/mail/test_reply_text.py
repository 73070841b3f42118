# SPDX-License-Identifier: EUPL-1.2
"""The writer's own words, in mail as authorities, platforms and citizens send it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from flaggermail.mail.forwards.reply_text import reply_text
from flaggermail.mail.html_page import text_of
from tests.corpus import each
from tests.shipped_parser import LANGUAGE
from tests.unit.texts import table

OWN = "Dank voor het bericht.\n\nWij kijken er vandaag naar."


def own(text: str) -> str:
    """Returns the writer's own words in a text."""
    return reply_text(text.split("\n"), LANGUAGE)


@dataclass(frozen=True)
class Around:
    """Text above and below the writer's words, separated by `gap` and `space` empty lines."""

    what: str
    above: str | None = None
    gap: int = 0
    below: str | None = None
    space: int = 0

    def text(self) -> str:
        """Returns the whole text of such a mail."""
        above = "" if self.above is None else self.above + "\n" * (self.gap + 1)
        return f"{above}{OWN}" + ("" if self.below is None else "\n" * (self.space + 1) + self.below)


@dataclass(frozen=True)
class Texts:
    """Texts that are removed, and texts that are kept."""

    around: list[Around]
    kept: list[str]


TEXTS = table("reply-text", Texts)


@each("around", TEXTS.around, ids=[around.what for around in TEXTS.around])
def test_what_is_not_the_writers_own_goes(around: Around) -> None:
    """Banner, quotation, signature and notice are removed, and the writer's words stay exactly as they are."""
    assert own(around.text()) == OWN


@each("text", TEXTS.kept)
def test_his_own_words_stay(text: str) -> None:
    """The writer's words stay, even if banners, notices and signatures use the same words."""
    assert own(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("> Is het waar?\n\nJa.\n\n> En het tweede?\n\nNee.", "Ja.\n\n\nNee."),
        ("> Is het waar?\nJa.\n> En het tweede?\nNee.\n> Groet", "Ja.\nNee."),
        (
            "Op do 6 jun 2024 om 10:34 schreef Jan <jan@a.example>:\n\n> Is het waar?\n\nJa.\n\n> Echt?\n\nEcht.",
            "Ja.\n\n\nEcht.",
        ),
        ("> Vraag\n\nHet antwoord staat onder.\n\nGroet,\nJan", "Het antwoord staat onder."),
        (
            "Antwoorden in de tekst.\n\nOp 06-06-2024 om 10:34 schreef Jan Bos:\n> Een?\nEen.\n> Twee?\nTwee.",
            "Antwoorden in de tekst.\n\nEen.\nTwee.",
        ),
    ],
)
def test_answers_between_and_below_quotations_stay(text: str, expected: str) -> None:
    """Interleaved answers and answers below a marked quotation stay."""
    assert own(text) == expected


def test_a_wish_above_sentences_is_no_end() -> None:
    """It ends a text where only names stand below it."""
    assert own("Hi,\n\nHave a nice day!\n\nThe post was taken down.\n\nKind regards,\nJane").endswith("taken down.")
    assert own("The post was taken down.\n\nFijne dag!\nJan de Vries\nMeldpunt") == "The post was taken down."


def test_a_tag_in_front_of_the_first_line_goes_and_the_line_stays() -> None:
    """A warning tag that a gateway puts into the first line is removed; the rest of the line stays."""
    assert own("[EXTERNAL] Dear all,\n\nSee below.") == "Dear all,\n\nSee below."
    assert own("[Update] Dear all,\n\nSee below.") == "[Update] Dear all,\n\nSee below."


@dataclass(frozen=True)
class Page:
    """A reply in HTML and the program that writes such replies."""

    program: str
    html: str


PAGES = table("html-replies", list[Page])


@each("page", PAGES, ids=[page.program for page in PAGES])
def test_the_quotation_of_an_html_mail_goes(page: Page) -> None:
    """The quotation is removed, with a border, a blockquote, a table or no markup around it."""
    assert own(text_of(page.html)) == "Reply"


@each("words", ["Called 10:20 they have it", "gebeld 21:45 geen gehoor", "Om 9:30 is er overleg"])
@each("gap", ["\n", "\n\n"])
@each(
    "mark",
    [
        "On 6 Jun 2024, at 10:35, Jane Doe <jane@bzk.example> wrote:",
        "Op do 6 jun 2024 om 10:35 schreef Verkiezingen flagger <\nverkiezingenflagger@bzk.example>:",
    ],
)
def test_a_time_in_his_words_does_not_join_the_quote_line_below(words: str, gap: str, mark: str) -> None:
    """A time in the writer's words is not joined to the quote line below.

    The quote line has a day and a time of its own; Gmail breaks it at the address.
    """
    assert own(f"{words}{gap}{mark}\n\nEr is een nieuwe zaak.") == words
