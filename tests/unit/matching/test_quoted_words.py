# SPDX-License-Identifier: EUPL-1.2
"""Words of ours in a row: how they are counted, and whose they are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.matching.quoted_words import (
    GAP,
    LEAST,
    OwnLetter,
    judged,
    own_words,
    quotations,
    without_foreign,
    words_of,
)
from tests.pace import within

WORDS = tuple(f"w{n}" for n in range(120))


def letter(*words: str, case: str = "A") -> OwnLetter:
    """Returns a letter of ours in a case."""
    return OwnLetter(case, f"{case}/1", words)


@given(st.integers(0, 60), st.integers(LEAST, 60), st.integers(0, 40), st.integers(0, 40))
def test_the_longest_run_is_found_wherever_it_stands(start: int, length: int, before: int, behind: int) -> None:
    """The real count is found, at every offset in the letter and in the mail."""
    mail = (*("x" * before), *WORDS[start : start + length], *("y" * behind))
    (found,) = quotations(mail, [letter(*WORDS)])
    assert (found.start, found.length) == (start, length)


@given(st.integers(0, 80), st.integers(0, LEAST - 1), st.integers(0, 40))
def test_a_shorter_run_is_none(start: int, length: int, before: int) -> None:
    """Fewer than thirty words in a row are no quotation, however many such runs there are."""
    mail = (*("x" * before), *WORDS[start : start + length], "z", *WORDS[:LEAST - 1], "z")  # fmt: skip
    assert quotations(mail, [letter(*WORDS)]) == ()


def test_words_lose_marks_case_and_line_breaks() -> None:
    """Quote marks, initials, case, soft hyphens and wrapping make no difference."""
    assert words_of("> > Draw a BOX\n> by\u00adhand.") == ("draw", "a", "box", "byhand", GAP)
    assert words_of("VF> Draw a\nVF> box") == ("draw", "a", "box", GAP)


@pytest.mark.parametrize(
    ("opens", "closes"), [('"', '"'), ("\u201c", "\u201d"), ("\u201e", "\u201d"), ("\u00ab", "\u00bb")]
)
def test_what_stands_between_quotation_marks_is_not_ours(opens: str, closes: str) -> None:
    """A passage of eight words or more is a gap; a quoted name is not."""
    long = " ".join(f"their{n}" for n in range(8))
    assert own_words(f"They say {opens}{long}{closes} and we") == ("they", "say", GAP, "and", "we", GAP)
    assert own_words(f"The {opens}election flagger{closes} asks") == ("the", "election", "flagger", "asks", GAP)
    assert own_words(f"We ask\n> {long}\n> {long}\nand thank") == ("we", "ask", GAP, "and", "thank", GAP)


def test_what_came_in_before_is_not_ours() -> None:
    """Eight words in a row that a referrer wrote are a gap in our letter; fewer are a coincidence."""
    taken = without_foreign(letter(*WORDS), [WORDS[50:58], WORDS[10:17]])
    assert [at for at, word in enumerate(taken.words) if word == GAP] == list(range(50, 58))


def test_what_letters_share_tells_none_of_them() -> None:
    """Words of another case's letter and usual words do not make a quotation specific."""
    one, two = letter(*WORDS[:80]), letter(*WORDS[:60], *"abcdefghijklmnopqrst", case="B")
    shared = judged(quotations(WORDS[:60], [one, two]), [one, two], ())
    assert {found.letter.case: found.specific for found in shared} == {"A": False, "B": False}
    whole = judged(quotations(WORDS[:80], [one, two]), [one, two], ())
    assert {found.letter.case: found.specific for found in whole} == {"A": True, "B": False}
    assert not any(found.specific for found in judged(quotations(WORDS[:80], [one, two]), [one, two], WORDS[60:76]))


def test_another_letter_of_the_same_case_is_no_rival() -> None:
    """A notification that was sent again after a bounce has the same words, in the same case."""
    again = [letter(*WORDS), letter(*WORDS)]
    (found,) = judged(quotations(WORDS, again), again, ())
    assert found.specific


def test_a_mail_that_repeats_our_words_without_end_is_given_up() -> None:
    """The work is bounded, whatever the mail repeats and however many letters share it."""
    letters = [letter(*WORDS[:60], f"end{n}", case=str(n)) for n in range(60)]
    begun = time.process_time()
    assert quotations(WORDS[:60] * 1600, letters) == ()
    assert within(time.process_time() - begun, 3)
