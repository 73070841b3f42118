# SPDX-License-Identifier: EUPL-1.2
"""Invisible characters are removed from a text, and nothing else."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.vocabulary import is_invisible, visible, visible_lines

MIXED = st.text(st.sampled_from("ab é<>\t\r\n\x0b\u00a0\u00ad\u200b\u202e\u2028\u2800\U000e0041"))
KEPT_IN_LINES = "\t\n"


def test_of_ascii_the_controls_are_unseen_and_nothing_else() -> None:
    """In ASCII exactly the control characters are invisible."""
    assert [point for point in range(128) if is_invisible(chr(point))] == [*range(32), 127]


def test_a_control_or_format_character_is_unseen_wherever_it_stands() -> None:
    """Every control, format, surrogate and separator character of Unicode is invisible."""
    every = map(chr, range(sys.maxunicode + 1))
    assert all(is_invisible(char) for char in every if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"})


@given(MIXED)
def test_lines_stay_as_they_are_but_for_what_is_unseen(text: str) -> None:
    """Only invisible characters are removed from lines; tabs and line feeds stay."""
    assert visible_lines(text) == "".join(char for char in text if char in KEPT_IN_LINES or not is_invisible(char))


@given(MIXED)
def test_one_line_has_blanks_where_lines_ended(text: str) -> None:
    """In one line, each run of blanks or line breaks is a single blank, with none at either end."""
    assert visible(text) == " ".join(visible_lines(text.replace("\r", "\n")).replace("\t", " ").split())


@pytest.mark.parametrize(("text", "seen"), [("a\u200bb\r\nc\td", "ab c d"), (" \u202e ", ""), ("", "")])
def test_examples(text: str, seen: str) -> None:
    """Example texts as a subject shows them."""
    assert visible(text) == seen
