# SPDX-License-Identifier: EUPL-1.2
"""A code with nothing but consent around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.replies.phrases import Consent, Line, code_in


@pytest.mark.parametrize(
    ("line", "code", "language"),
    [
        ("123456", "123456", None),
        ("123 456", "123456", None),
        ("123-456!", "123456", None),
        ("Akkoord, 123456", "123456", "nl"),
        ("Oké 👍 K7Q2MY", "K7Q2MY", "nl"),
        ("ok k7q2my.", "K7Q2MY", None),
        ("Yes, I approve: 123 456", "123456", "en"),
        ("(code) 123456", "123456", None),
    ],
)
def test_usual_forms_are_read(line: str, code: str, language: str | None) -> None:
    """Words of consent, punctuation and emoji may stand around the code; the words give the language."""
    assert code_in(Line.from_text(line)) == Consent(code, language)


@pytest.mark.parametrize(
    "line",
    [
        "", "akkoord", "akkoord?", "123456?", "niet 123456", "nee 123456", "12345", "1234567", "123456 123456",
        "12 34 56", "1234 56", "bel 123456", "akkoord 123456 maar later", "akkoord 123 456 789", "https://x.example/123456",
    ],
)  # fmt: skip
def test_anything_else_is_not(line: str) -> None:
    """A question, another word, another length or a second code is not understood."""
    assert code_in(Line.from_text(line)) is None


@given(st.text(max_size=60))
def test_no_line_breaks_it(line: str) -> None:
    """Whatever was written, a code of six signs or nothing comes out."""
    found = code_in(Line.from_text(line))
    assert found is None or len(found.code) == 6
