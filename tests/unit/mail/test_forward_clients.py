# SPDX-License-Identifier: EUPL-1.2
"""Forwards as mail programs write them: mark, header block, and what is read from them."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.mail.forwards.forwarded import Inline, find_inline, zone_stated
from flaggermail.mail.forwards.reply_text import reply_text
from flaggermail.mail.html_page import text_of
from flaggermail.mail.message import Address
from flaggermail.mail.subject import split_subject
from tests.corpus import each
from tests.shipped_parser import LANGUAGE
from tests.unit.texts import table

SENDER, TO, CC = "Jan Bos <jan@raad.example>", "Anna Smit <anna@stad.example>", "Piet <piet@stad.example>"
SUBJECT, BODY = "Twee vakjes", "Dag Anna,\n\nOp het net gaat dit rond."
NOTE = "Kijken jullie mee?"


@dataclass(frozen=True)
class Words:
    """The words of one language in forwards: the marks of Apple Mail, Thunderbird and Outlook, and the field names."""

    apple: str
    thunderbird: str
    outlook: str
    author: str
    to: str
    cc: str
    date: str
    sent: str
    subject: str


WORDS = table("forward-words", dict[str, Words])


def apple(words: Words) -> str:
    """Apple Mail: everything is quoted, including the mark."""
    block = [words.apple, "", f"{words.author}: {SENDER}", f"{words.subject}: {SUBJECT}",
             f"{words.date}: 6 juni 2024 om 08:55:12 CEST", f"{words.to}: {TO}", f"{words.cc}: {CC}", "",
             *BODY.split("\n")]  # fmt: skip
    return "\n".join(f"> {line}" if line else ">" for line in block)


def apple_below(words: Words) -> str:
    """Apple Mail with an unquoted mark above the quoted mail."""
    return apple(words).removeprefix("> ")


def gmail(words: Words) -> str:
    """Gmail: the mark is in English in every language."""
    return (f"---------- Forwarded message ---------\n{words.author}: {SENDER}\n{words.date}: do 6 jun 2024 om 08:55\n"
            f"{words.subject}: {SUBJECT}\n{words.to}: {TO}\n{words.cc}: {CC}\n\n\n{BODY}\n")  # fmt: skip


def thunderbird(words: Words) -> str:
    """Thunderbird: a tab after each colon and three empty lines."""
    return (f"\n-------- {words.thunderbird} --------\n{words.subject}: \t{SUBJECT}\n"
            f"{words.date}: \tThu, 6 Jun 2024 08:55:12 +0200\n{words.author}: \t{SENDER}\n{words.to}: \t{TO}\n"
            f"{words.cc}: \t{CC}\n\n\n\n{BODY}\n")  # fmt: skip


def outlook(words: Words) -> str:
    """Outlook on the web and on phones: a rule above the block."""
    return (f"________________________________\n{words.author}: {SENDER}\n{words.sent}: donderdag 6 juni 2024 08:55\n"
            f"{words.to}: {TO}\n{words.cc}: {CC}\n{words.subject}: {SUBJECT}\n \n{BODY}")  # fmt: skip


def outlook_plain(words: Words) -> str:
    """Outlook in plain text: a mark above the block."""
    return (f"-----{words.outlook}-----\n{words.author}: {SENDER} \n{words.sent}: donderdag 6 juni 2024 08:55\n"
            f"{words.to}: {TO}\n{words.cc}: {CC}\n{words.subject}: {SUBJECT}\n\n{BODY}")  # fmt: skip


def outlook_bold(words: Words) -> str:
    """HTML converted to text by a program that marks bold letters."""
    return (f"*{words.author}:* {SENDER}\n*{words.sent}:* donderdag 6 juni 2024 08:55\n*{words.to}:* {TO}\n"
            f"*{words.cc}:* {CC}\n*{words.subject}:* {SUBJECT}\n\n{BODY}")  # fmt: skip


def outlook_paragraphs(words: Words) -> str:
    """One paragraph for each header line."""
    return "\n\n".join(outlook_bold(words).split("\n", 5)).replace("*", "")


def cells(words: Words) -> str:
    """A table with each name and each value in its own paragraph."""
    return (f"{words.author}:\n\n{SENDER}\n\n{words.sent}:\n\ndonderdag 6 juni 2024 08:55\n\n{words.to}:\n\n{TO}\n\n"
            f"{words.cc}:\n\n{CC}\n\n{words.subject}:\n\n{SUBJECT}\n\n{BODY}")  # fmt: skip


def yahoo(words: Words) -> str:
    """Yahoo: mark and block on one line."""
    cc = words.cc if words.cc != "CC" else "Cc"
    mark = words.thunderbird.partition(" ---")[0]
    return (f"   ----- {mark} ----- {words.author}: {SENDER}{words.to}: {TO}{cc}: {CC}"
            f"{words.sent}: donderdag 6 juni 2024 om 08:55:12 CEST{words.subject}: {SUBJECT}\n {BODY}")  # fmt: skip


FORMS = [apple, apple_below, gmail, thunderbird, outlook, outlook_plain, outlook_bold, outlook_paragraphs, cells, yahoo]


def found_in(text: str, subject: str = "FW: Twee vakjes", **more: object) -> Inline | None:
    """Returns the forwarded mail of a text."""
    return find_inline(
        text.split("\n"),
        split_subject(subject, LANGUAGE),
        LANGUAGE,
        answers=bool(more.get("answers")),
        recipients=frozenset({"flagger@ministerie.example"}),
    )


@each("note", ["", f"{NOTE}\n\n"])
@each("form", FORMS)
@each("language", sorted(WORDS), of="mails")
def test_a_forward_is_read_in_every_form_and_language(language: str, form: object, note: str) -> None:
    """Sender, recipients, subject, date, body and the forwarder's note are read from every form and language."""
    assert callable(form)
    text = note + form(WORDS[language])
    found = found_in(text)
    assert found is not None
    mail = found.mail
    assert (mail.sender, mail.to, mail.cc) == (
        Address("jan@raad.example", "Jan Bos"),
        (Address("anna@stad.example", "Anna Smit"),),
        (Address("piet@stad.example", "Piet"),),
    )
    assert (mail.subject, mail.body.split(), mail.source) == (SUBJECT, BODY.split(), "inline")
    assert mail.date is not None
    assert "08:55" in mail.date
    assert reply_text(text.split("\n")[: found.start], LANGUAGE) == note.strip()


def test_yahoo_prints_the_name_of_the_copies_without_a_colon_in_some_languages() -> None:
    """Yahoo's copies field without a colon, as in Polish, is recognised; a person's name is kept."""
    text = yahoo(WORDS["pl"])
    label = f">{WORDS['pl'].cc}: "
    assert label in text
    found = found_in(text.replace(label, ">Dw "))
    assert found is not None
    assert found.mail.cc == (Address("piet@stad.example", "Piet"),)
    assert found.mail.to == (Address("anna@stad.example", "Anna Smit"),)


def test_an_answer_address_in_another_language_ends_no_block() -> None:
    """Thunderbird's Reply-To in another language, between author and recipients, does not end the block."""
    for label in ("Odpověď-Komu", "Odpowiedź-do", "Antwort an", "Antwoord-naar", "Réponse à", "Відповідати"):
        found = found_in(thunderbird(WORDS["en"]).replace("To: ", f"{label}: \tx@raad.example\nTo: ", 1))
        assert found is not None, label
        assert found.mail.to == (Address("anna@stad.example", "Anna Smit"),), label


@dataclass(frozen=True)
class Page:
    """A forward in HTML and the program that writes such forwards."""

    program: str
    html: str


PAGES = table("html-forwards", list[Page])


@each("page", PAGES, ids=[page.program for page in PAGES], of="mails")
def test_a_forward_in_html_is_read_as_well(page: Page) -> None:
    """HTML forwards are read from borders, rules, quotations, tables and nested blocks."""
    text = text_of(page.html)
    found = found_in(text)
    assert found is not None
    mail = found.mail
    assert (mail.sender, mail.to, mail.cc) == (
        Address("jan@raad.example", "Jan Bos"),
        (Address("anna@stad.example", "Anna Smit"),),
        (),
    )
    assert (mail.subject, mail.body.strip("_ \u00a0\n")) == (SUBJECT, "Text")
    assert "08:55" in (mail.date or "")
    assert reply_text(text.split("\n")[: found.start], LANGUAGE).replace("\u00a0", "").strip() == "Note"


NESTED = (
    "Kijken jullie mee?\n\nGroet,\nAnna\n\n"
    "________________________________\nVan: Griffie <griffie@raad.example>\nVerzonden: donderdag 6 juni 2024 08:55\n"
    "Aan: Anna Smit <anna@stad.example>\nCC: \nOnderwerp: FW: Twee vakjes\n\nZie onder.\n\n"
    "From: Jan Bos <jan@bos.example>\nSent: Wednesday, June 5, 2024 9:12 PM\nTo: Griffie\nSubject: Twee vakjes\n\nKijk!"
)


def test_the_outermost_of_nested_forwards_is_told_and_the_inner_stays_in_its_body() -> None:
    """The outermost of nested forwards is read; the inner one stays in its body."""
    found = found_in(NESTED)
    assert found is not None
    assert reply_text(NESTED.split("\n")[: found.start], LANGUAGE) == "Kijken jullie mee?"
    assert (found.mail.sender, found.mail.subject) == (Address("griffie@raad.example", "Griffie"), "FW: Twee vakjes")
    assert found.mail.cc == ()
    assert found.mail.body.startswith("Zie onder.\n\nFrom: Jan Bos")
    inner = found_in(found.mail.body, found.mail.subject or "")
    assert inner is not None
    assert (inner.mail.sender, inner.mail.body) == (Address("jan@bos.example", "Jan Bos"), "Kijk!")


def block(**fields: str) -> str:
    """Builds an Outlook block with some fields changed."""
    printed = {
        "Van": SENDER,
        "Verzonden": "donderdag 6 juni 2024 08:55",
        "Aan": TO,
        "Onderwerp": SUBJECT,
        **fields,
    }
    return "\n".join(f"{name}: {value}" for name, value in printed.items()) + f"\n\n{BODY}"


@each(
    ("printed", "expected"),
    [
        ("Bos, J. (Jan) <j.bos@min.example>", Address("j.bos@min.example", "Bos, J. (Jan)")),
        ("Bos, J. (Jan)", Address("Bos, J. (Jan)")),
        ("'Bos, Jan' <j.bos@min.example>", Address("j.bos@min.example", "Bos, Jan")),
        ('"Bos, Jan" <j.bos@min.example>', Address("j.bos@min.example", "Bos, Jan")),
        ("j.bos@min.example <j.bos@min.example>", Address("j.bos@min.example", "j.bos@min.example")),
        ("<j.bos@min.example>", Address("j.bos@min.example")),
        ("j.bos@min.example", Address("j.bos@min.example")),
        ("Jan Bos <j.bos@min.example<mailto:j.bos@min.example>>", Address("j.bos@min.example", "Jan Bos")),
        ("Jan Bos [mailto:j.bos@min.example]", Address("j.bos@min.example", "Jan Bos")),
        ("Jan Bos [SMTP:j.bos@min.example]", Address("j.bos@min.example", "Jan Bos")),
        ("Jan Bos (j.bos@min.example)", Address("j.bos@min.example", "Jan Bos")),
        (
            "Jan Bos <j.bos@min.example<https://safelinks.gateway.example/?url=mailto%3Aj.bos%40min.example&data=05>>",
            Address("j.bos@min.example", "Jan Bos"),
        ),
        ("Jan Bos <j.bos@min.example> namens Team Post", Address("j.bos@min.example", "Jan Bos")),
        ("Jan Bos namens Team Post <j.bos@min.example>", Address("j.bos@min.example", "Jan Bos namens Team Post")),
        ("Centrum för Val <val@min.example>", Address("val@min.example", "Centrum för Val")),
        ("\u202aJan Bos\u202c <\u202aj.bos@min.example\u202c>", Address("j.bos@min.example", "Jan Bos")),
        ("", None),
    ],
)
def test_an_author_is_read_as_programs_print_him(printed: str, expected: Address | None) -> None:
    """An author is read from names with commas or brackets, links in links, and "on behalf of"."""
    found = found_in(f"-----Oorspronkelijk bericht-----\n{block(Van=printed)}")
    assert found is not None
    assert found.mail.sender == expected


@each(
    ("printed", "expected"),
    [
        ("", ()),
        (
            "Bos, J. <j@a.example>; Vries, P. de <p@a.example>",
            (("j@a.example", "Bos, J."), ("p@a.example", "Vries, P. de")),
        ),
        (
            "Bos, J. <j@a.example>, Vries, P. de <p@a.example>",
            (("j@a.example", "Bos, J."), ("p@a.example", "Vries, P. de")),
        ),
        ("j@a.example, p@a.example", (("j@a.example", None), ("p@a.example", None))),
        ("Bos, Jan; Vries, Piet de", (("Bos, Jan", None), ("Vries, Piet de", None))),
        ('"Bos; Jan" <j@a.example>, p@a.example', (("j@a.example", "Bos; Jan"), ("p@a.example", None))),
        ("Jan <j@a.example>;\n Piet <p@a.example>", (("j@a.example", "Jan"), ("p@a.example", "Piet"))),
        ("Jan <j@a.example>,\nPiet <p@a.example>", (("j@a.example", "Jan"), ("p@a.example", "Piet"))),
        ("Jan <j@a.example<mailto:j@a.example>>;", (("j@a.example", "Jan"),)),
    ],
)
def test_lists_of_recipients_are_divided_as_programs_print_them(
    printed: str, expected: tuple[tuple[str, str | None], ...]
) -> None:
    """Recipients are split correctly: names with commas, folded lists, names alone."""
    found = found_in(f"{NOTE}\n\n{block(Aan=printed)}")
    assert found is not None
    assert found.mail.to == tuple(Address(address, name) for address, name in expected)
    assert found.mail.subject == SUBJECT


def test_a_second_name_for_recipients_and_attachments_in_the_block_end_nothing() -> None:
    """Bcc, attachments and other fields do not end the block; the first Cc counts."""
    found = found_in(block(CC=CC, Bcc="x@a.example", Bijlagen="foto.png", Urgentie="Hoog"))
    assert found is not None
    assert (found.mail.cc, found.mail.subject) == ((Address("piet@stad.example", "Piet"),), SUBJECT)
    assert found.mail.body == BODY


def test_a_text_that_begins_like_a_header_is_the_text() -> None:
    """A line in the body that looks like a header field stays in the body."""
    found = found_in(block().replace(BODY, "Datum: 9 juni\nAan: iedereen\nBijlagen: geen"))
    assert found is not None
    assert (found.mail.date, found.mail.body) == (
        "donderdag 6 juni 2024 08:55",
        "Datum: 9 juni\nAan: iedereen\nBijlagen: geen",
    )


@each(
    "mark",
    [
        "----- Forwarded by Anna Smit/STAD on 06-06-2024 09:12 -----",
        "----- Forwarded message from Jan Bos <jan@raad.example> -----",
        "----- Doorgestuurd door Anna Smit/STAD op 06-06-2024 09:12 -----",
        "---------- Forwarded Message ----------",
        "Begin doorgestuurd bericht:",
        "Forwarded message from Jan Bos <jan@raad.example>:",
        "<<< Doorgestuurd bericht >>>",
        "\u0130leti ba\u015flang\u0131c\u0131:",
        "*Begin forwarded message:*",
        f"\u200e{WORDS['he'].thunderbird}\u200f:",
    ],
)
@each("subject", ["Twee vakjes", "", "RE: Twee vakjes"])
def test_a_mark_makes_a_forward_whatever_the_subject(mark: str, subject: str) -> None:
    """A mark makes a forward, whatever the subject says."""
    found = found_in(f"{NOTE}\n\n{mark}\n\n{block()}", subject)
    assert found is not None
    assert (found.start, found.mail.body) == (2, BODY)


def test_the_forwarders_words_below_a_quoted_mail_are_not_its_body() -> None:
    """The body ends with the quotation; a line that a gateway broke still belongs to it."""
    text = f"{apple(WORDS['nl'])}\n> een lange regel die\ngebroken is\n> en doorgaat\n\nKun je dit afhandelen?"
    found = found_in(text)
    assert found is not None
    assert found.mail.body.endswith("een lange regel die\ngebroken is\nen doorgaat")


def test_a_mark_above_a_quote_line_is_a_forward_too() -> None:
    """A mark above a quote line is a forward too; Proton writes such forwards."""
    line = "On Thursday, June 6th, 2024 at 8:55 AM, Jan Bos <jan@raad.example> wrote:"
    found = found_in(f"------- Original Message -------\n{line}\n\n> Kijk!")
    assert found is not None
    assert (found.mail.sender, found.mail.body) == (Address("jan@raad.example", "Jan Bos"), "Kijk!")


@each(
    "date",
    [
        "6 juni 2024 om 08:55:12 CEST",
        "Thu, 6 Jun 2024 08:55:12 +0200",
        "2024-06-06 08:55 GMT+2",
        "2024-06-06T08:55:00Z",
        "2024-06-06 08:55 UTC",
        "Thursday, June 6, 2024 8:55 AM (CEST)",
    ],
)
def test_a_printed_instant_may_name_its_zone(date: str) -> None:
    """A printed date may name its zone by an offset, an abbreviation or the Z of ISO 8601."""
    assert zone_stated(date)


@each(
    "date",
    [
        "donderdag 6 juni 2024 08:55",
        "Thu, Jun 6, 2024 at 8:55 AM",
        "2024-06-06",
        "06-06-2024 0855",
        "6 juni 2024 OM 08:55",
        "08:55 STADT",
        "",
    ],
)
def test_the_zone_of_a_printed_instant_is_mostly_assumed(date: str) -> None:
    """A printed date without a zone is recognised as such."""
    assert not zone_stated(date)
