# SPDX-License-Identifier: EUPL-1.2
"""The short way through a text gives the same as the long way, on any text and on every mail at hand."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaggermail.adapters.parsing.parser import StandardParser
from flaggermail.mail.automated.out_of_office import end_of_absence, own_text
from flaggermail.mail.automated.ticket_frame import named_comment, without_repeated
from flaggermail.mail.charset import storable
from flaggermail.mail.fields import read_addresses, read_date, read_list, unfolded, words_decoded
from flaggermail.mail.forwards.forwarded import find_inline
from flaggermail.mail.forwards.reply_text import NONE, plain_lines, reply_text
from flaggermail.mail.message import Address, Comment
from flaggermail.mail.subject import split_subject
from tests.bench.mails import Mails
from tests.corpus import each, looked_at
from tests.mail_senders import load
from tests.mail_strategies import PIECES, mails
from tests.shipped_parser import LANGUAGE

OURS = (Address("meldpunt@b.example", "Jan de Wit"),)
SHORT, LONG = StandardParser(LANGUAGE), StandardParser(LANGUAGE, thorough=True)
MAILS = Path(__file__).parents[2] / "mails"
CORPUS = Path(__file__).parents[3].parent / "shared" / "mail-corpus"

_TELLING = [
    *sorted({*LANGUAGE.forward_lines, *LANGUAGE.original_lines, *LANGUAGE.closings, *LANGUAGE.openers}),
    *LANGUAGE.device_openers, *LANGUAGE.device_lines, *LANGUAGE.reply_marks, *LANGUAGE.banners, *LANGUAGE.quote_verbs,
    *LANGUAGE.disclaimer_words, *sorted(LANGUAGE.labels),
]  # fmt: skip
_ODD = [
    *PIECES, "-- ", "___", "...", "\u2026", ">>> ", "\uff1a", "\u200b", "\u00ad", "\ufeff", "\u2003", "\u00a0", "\t",
    "  ", "2024-06-06 10:34", "10.34", "6 juni 2024", "\u0130", "i\u0307", "e\u0301", "=\u0338", "\u1427", "/Jane",
    "https://a.example/x", "(https://a.example)", "-----BEGIN PGP SIGNATURE-----", "\u0661\u0662:\u0663\u0664", "JD>",
    "Jan", "het", "bericht", "straat", "BR", "Casey commented:", "Casey, Dec 15, 2020, 11:05 PST", "Casey (Example)",
    "Comment by Casey", "2020-12-15 11:05:02 PST - Casey", "tot 22 maart", "until 22 March", "ontvangen",
]  # fmt: skip


def lines() -> st.SearchStrategy[str]:
    """Generates a line: words with which other mail, notices and closings begin, with what surrounds them."""
    telling = st.sampled_from(_TELLING).flatmap(lambda word: st.sampled_from([word, word.capitalize(), word.upper()]))
    piece = telling | st.sampled_from(_ODD)
    joined = st.builds(str.join, st.sampled_from(["", " "]), st.lists(piece, max_size=5))
    around = st.sampled_from(["", "", " ", "> ", "-----", "*", "\t", ":", ",", "\u2003"])
    return st.just("") | st.builds(lambda before, line, after: f"{before}{line}{after}", around, joined, around)


@given(st.lists(lines(), max_size=25), st.sampled_from(["Melding", "Re: Melding", "Fwd: Melding"]))
def test_a_plain_line_changes_nothing(text: list[str], subject: str) -> None:
    """The writer's own words and a forwarded mail are the same, with and without a look at the plain lines."""
    text = "\n".join(text).split("\n")
    plain = plain_lines(text, LANGUAGE)
    assert reply_text(text, LANGUAGE, plain) == reply_text(text, LANGUAGE)
    whole = "\n".join(text)
    assert own_text(whole, LANGUAGE, plain) == own_text(whole, LANGUAGE)
    assert end_of_absence(whole, LANGUAGE, plain) == end_of_absence(whole, LANGUAGE)
    assert without_repeated(text, OURS, LANGUAGE, plain) == without_repeated(text, OURS, LANGUAGE)
    assert named_comment(whole, OURS, LANGUAGE, plain) == named_comment(whole, OURS, LANGUAGE)
    parts = split_subject(subject, LANGUAGE)
    for answers in (True, False):
        short = find_inline(text, parts, LANGUAGE, answers=answers, plain=plain.no_mail)
        assert short == find_inline(text, parts, LANGUAGE, answers=answers)


TELLING = {
    "a date without a colon": ["6 juni 2024 om 10.34 schreef", "Jan de Wit:", "> tekst"],
    "white space within a closing": ["Beste", "", "tekst hier", "", "Met  vriendelijke \t groet", "Jan"],
    "the torn end of a quoted line": ["> " + "woord " * 12 + "woord", "einde van de regel", "> nog een regel"],
    "a plain line above a quoted mark": [
        "> eerder", "tussen", "> ---------- Forwarded message ---------", "> From: Jan <jan@b.example>",
        "> Date: Thu, 6 Jun 2024 10:34", "> Subject: x", "> To: p@b.example", "> ", "> tekst",
    ],
    "a notice known by its words": [
        "Mijn tekst", "", "Wie geen beoogde ontvanger is leest geen vertrouwelijk bericht, zonder aansprakelijkheid.",
    ],
}  # fmt: skip


@each("what", TELLING)
def test_a_telling_text_is_read_alike_both_ways(what: str) -> None:
    """What only one sign tells is told by it on the short way too."""
    text = TELLING[what]
    plain = plain_lines(text, LANGUAGE)
    assert plain != NONE
    assert reply_text(text, LANGUAGE, plain) == reply_text(text, LANGUAGE) != "\n".join(text)
    parts = split_subject("Re: Melding", LANGUAGE)
    short = find_inline(text, parts, LANGUAGE, answers=True, plain=plain.no_mail)
    assert short == find_inline(text, parts, LANGUAGE, answers=True)


def test_a_frame_and_an_absence_are_read_alike_both_ways() -> None:
    """A comment keeps its plain lines, what a receipt repeats goes, and no day is read out of a quoted mail."""
    comment = ["Casey commented:", "", "We took the post down", "", "Kind regards"]
    assert named_comment("\n".join(comment), OURS, LANGUAGE, plain_lines(comment, LANGUAGE)) == Comment(
        "Casey", "We took the post down"
    )
    receipt = ["Uw bericht is in behandeling genomen", "", "Jan de Wit (Kieswijk)", "", "De dag op de site is verkeerd"]
    assert without_repeated(receipt, OURS, LANGUAGE, plain_lines(receipt, LANGUAGE)) == receipt[:2]
    absence = ["Ik ben afwezig", "", "-----Oorspronkelijk bericht-----", "Wij zijn open tot 5 mei"]
    plain = plain_lines(absence, LANGUAGE)
    assert not end_of_absence("\n".join(absence), LANGUAGE, plain)
    assert end_of_absence("\n".join([absence[0], absence[-1]]), LANGUAGE, plain) == "5 mei"


def test_what_looks_usual_is_still_corrected() -> None:
    """A leap second is the second before it, and line ends of an old Mac become those of a text."""
    leap, _ = read_date("Tue, 31 Dec 2024 23:59:60 +0000")
    assert leap == datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert storable("a\rb\r\nc") == "a\nb\nc"


def test_most_lines_of_a_letter_are_plain() -> None:
    """Sentences are plain; a greeting and its closing are told apart; a text with odd characters has no plain line."""
    letter = ["Geachte heer,", "", "Op de site stond de verkeerde dag, zegt men.", "De stembureaus zijn wél open.", ""]
    plain = plain_lines([*letter, "Met vriendelijke groet", "Jan"], LANGUAGE)
    assert plain.no_mail == {*letter, "Met vriendelijke groet", "Jan"} - {letter[2]}
    assert plain.no_end == {*letter, "Jan"} - {""}
    assert plain_lines([*letter, "onzicht\u200bbaar"], LANGUAGE) == NONE


_MAILBOX = st.lists(
    st.sampled_from(["a", "B", "jan", "de Wit", "@", ".", "-", "_", "+", " ", "  ", " <", ">", "b.example", "mailto:"]),
    min_size=1, max_size=8,
).map("".join)  # fmt: skip


@example("Jan  de Wit <jan@b.example>")
@example("jan@b.example")
@example("Jan. <jan@b.example>")
@given(_MAILBOX)
def test_one_mailbox_is_read_as_in_a_list(text: str) -> None:
    """A mailbox alone, which has a short way, is read as any list is, which has none."""
    assert read_addresses(text, words_decoded) == read_list(text, words_decoded)


@given(st.text(st.characters(max_codepoint=0xFF) | st.sampled_from("\t\n\r =?")))
def test_a_field_without_encoded_words_is_only_made_storable(text: str) -> None:
    """Text of a field without encoded words stays as it is, apart from breaks, tabs and what cannot be stored."""
    if "=?" not in text:
        assert words_decoded(text) == storable(text).replace("\n", " ").replace("\t", " ")


@given(st.text(st.sampled_from("a \t\r\n")))
def test_a_folded_field_is_unfolded_within_its_edges(text: str) -> None:
    """White space at both ends goes, and so does each fold between them (RFC 5322, section 2.2.3)."""
    assert unfolded(text.encode()) == (re.sub(r"\r?\n(?=[ \t])", "", text).strip(" \t\r\n"), None)


@each("word", sorted(set(LANGUAGE.disclaimer_words)))
def test_each_word_of_a_notice_is_seen_in_one_search(word: str) -> None:
    """The search for any of the words finds each of them, alone and inside a longer word."""
    assert LANGUAGE.any_disclaimer_word.search(word)
    assert LANGUAGE.any_disclaimer_word.search(f"x{word}x")


@given(mails())
def test_any_octets_are_read_alike_both_ways(octets: bytes) -> None:
    """Whatever the octets, both ways give the same message."""
    assert SHORT.parse(octets) == LONG.parse(octets)


def test_small_mail_is_read_in_few_calls() -> None:
    """About 2,050; 450 more before a frame was sought in lines that are not plain alone, and keys were read once."""
    mails, calls, before = Mails(1, "desk@b.example"), 0, sys.getprofile()
    small = [mails.any_kind().octets for _ in range(100)]
    for octets in small:
        SHORT.parse(octets)  # patterns are compiled when they are first needed

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        for octets in small:
            SHORT.parse(octets)
    finally:
        sys.setprofile(before)
    assert calls < 2_150 * len(small)


def own_mails() -> Iterator[tuple[str, bytes]]:
    """Yields the mails of the checkout with their names."""
    yield from ((path.name, path.read_bytes()) for path in sorted(MAILS.glob("*.eml")))
    for folder in ("senders", "judged"):
        yield from ((f"{folder}/{mail.name}", senders.octets(mail)) for _, senders, mail in load(folder))


def assert_alike(name: str, octets: bytes) -> None:
    """Asserts that both ways read one mail alike."""
    looked_at("mails")
    assert SHORT.parse(octets) == LONG.parse(octets), name


def test_every_mail_of_ours_is_read_alike_both_ways() -> None:
    """Every mail of the checkout gives the same message both ways."""
    for name, octets in own_mails():
        assert_alike(name, octets)


def test_every_mail_of_the_corpus_is_read_alike_both_ways() -> None:
    """Every mail from outside the project gives the same message both ways."""
    found = sorted(CORPUS.glob("*/cases/*.eml"))
    if not found:
        pytest.skip("the corpus is not at hand")
    for path in found:
        assert_alike(path.name, path.read_bytes())
