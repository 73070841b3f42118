# SPDX-License-Identifier: EUPL-1.2
"""What an annex prints of a text: every visible character, and each mail once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.annex.printed import CleanText, line, lines, without_quotations
from tests.corpus import each

WORDS = " ".join(f"word{number}" for number in range(40))
LINES = "\n".join(f"> {WORDS[at : at + 0]}{' '.join(WORDS.split()[at : at + 8])}" for at in range(0, 40, 8))
BROKEN = {  # how a no-break space between minutes and AM or PM arrives -> characters that were replaced
    "10:34?a0AM": 1, "10:34?AM": 1, "10:34\ufffdAM": 1, "10:34=E2=80=AFAM": 1, "10:34=A0AM": 1, "10:34â€¯AM": 1,
    "10:34Â\u00a0AM": 1, "10:34\u202fAM": 0, "10:34\u00a0AM": 0, "10:34 AM": 0,
}  # fmt: skip


@each("written", BROKEN)
def test_a_broken_no_break_space_is_printed_as_a_space(written: str) -> None:
    """Only between minutes and AM or PM: elsewhere a question mark is a question mark."""
    assert lines(f"On Thu {written} Robin wrote?a0PM:") == CleanText(
        "On Thu 10:34 AM Robin wrote?a0PM:", BROKEN[written]
    )


def test_characters_that_hide_words_are_taken_out_and_counted() -> None:
    """Bidirectional, zero-width and control characters; every kind of line end becomes LF."""
    found = lines("\nRo\u200bbin \u202enibor\u202c\x07\r\nA\u2028B\x0bC\tD\n\n")
    assert found == CleanText("Robin nibor\nA\nB\nC\tD", 4)
    assert line(" a \n b\u00a0c ") == CleanText("a b c", 0)


@given(st.text())
def test_nothing_that_is_seen_gets_lost(text: str) -> None:
    """Cleaning twice changes nothing more, and no visible character is added."""
    once = lines(text)
    assert lines(once.text).text == once.text
    assert set(once.text) <= {*text, " ", "\n"}


def test_a_quotation_is_left_out_where_its_words_are_printed() -> None:
    """Rewrapped and with quote marks; words of the answerer's own between its lines stay."""
    said = "[mail {}]".format
    assert without_quotations(f"Thanks.\n\n{LINES}\n> Anne", [WORDS], said) == "Thanks.\n\n[mail 0]\n> Anne"
    lines = LINES.split("\n")
    answered = "\n".join([*lines[:4], "No, Robin.", *lines[4:]])
    assert without_quotations(answered, [WORDS], said) == f"[mail 0]\nNo, Robin.\n{lines[4]}"
    one = LINES.replace("word20", "wordX")
    assert without_quotations(one, [WORDS], said) == one
    assert without_quotations(f"> {WORDS} and more", [WORDS], said) == f"> {WORDS} and more"
    short = "one two three four five six seven eight"
    assert without_quotations(f"Yes.\n> {short}", [short], said) == "Yes.\n[mail 0]"


@given(st.lists(st.sampled_from(["a", "b", "word", ">", "\n", "\n> "]), max_size=80), st.integers(0, 60))
def test_no_word_is_left_out_that_is_not_printed(pieces: list[str], length: int) -> None:
    """Each word that goes is one of the mail above."""
    text, printed = " ".join(pieces), " ".join(pieces[:length])
    left = without_quotations(text, [printed], lambda _: "SAID").replace("SAID", "").split()
    gone = sorted(text.split())
    for word in left:
        gone.remove(word)
    assert {word for word in gone if word != ">"} <= {*printed.split()}


def test_a_megabyte_is_compared_in_time() -> None:
    """Also where every run of words is the same."""
    text = "a " * 250_000
    assert without_quotations(text, [text[:1000]], "[{}]".format)
