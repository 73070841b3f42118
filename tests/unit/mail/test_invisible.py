# SPDX-License-Identifier: EUPL-1.2
"""What a reader does not see is taken out of a text, and nothing else."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.invisible import is_invisible, visible, visible_lines

MIXED = st.text(st.sampled_from("ab é<>\t\r\n\x0b\u00a0\u00ad\u200b\u202e\u2028\u2800\U000e0041"))
KEPT_IN_LINES = "\t\n"


def test_of_ascii_the_controls_are_unseen_and_nothing_else() -> None:
    """Nearly every character of a mail is decided on by this."""
    assert [point for point in range(128) if is_invisible(chr(point))] == [*range(32), 127]


def test_a_control_or_format_character_is_unseen_wherever_it_stands() -> None:
    """In all of Unicode."""
    every = map(chr, range(sys.maxunicode + 1))
    assert all(is_invisible(char) for char in every if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"})


@given(MIXED)
def test_lines_stay_as_they_are_but_for_what_is_unseen(text: str) -> None:
    """Character by character."""
    assert visible_lines(text) == "".join(char for char in text if char in KEPT_IN_LINES or not is_invisible(char))


@given(MIXED)
def test_one_line_has_blanks_where_lines_ended(text: str) -> None:
    """Each run of blanks is one, and none stands at an end."""
    assert visible(text) == " ".join(visible_lines(text.replace("\r", "\n")).replace("\t", " ").split())


@pytest.mark.parametrize(("text", "seen"), [("a\u200bb\r\nc\td", "ab c d"), (" \u202e ", ""), ("", "")])
def test_examples(text: str, seen: str) -> None:
    """As a subject is shown."""
    assert visible(text) == seen
