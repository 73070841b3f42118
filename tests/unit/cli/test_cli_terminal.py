# SPDX-License-Identifier: EUPL-1.2
"""Strangers' text is shown on a terminal without acting on it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.cli.terminal import safe, safe_json, safe_line
from tests.corpus import each


@each(
    ("hostile", "shown"),
    [
        ("\x1b[2J", "<U+001B>[2J"),
        ("\x9b2J", "<U+009B>2J"),
        ("a\rb", "a<U+000D>b"),
        ("\x07\x08\x7f\x00", "<U+0007><U+0008><U+007F><U+0000>"),
        ("invoice\u202efdp.exe", "invoice<U+202E>fdp.exe"),
        ("\u2066x\u2069\u200f\u061c", "<U+2066>x<U+2069><U+200F><U+061C>"),
        ("pay\u200bpal\ufeff", "pay<U+200B>pal<U+FEFF>"),
        ("\u2028\u2029\x85", "<U+2028><U+2029><U+0085>"),
        ("\ud800", "<U+D800>"),
        ("hidden \U000e0041", "hidden <U+E0041>"),
    ],
)
def test_what_would_act_on_a_terminal_is_made_visible(hostile: str, shown: str) -> None:
    """Control, ANSI, bidirectional and invisible characters are shown as their code points."""
    assert safe(hostile) == safe_line(hostile) == shown


def test_ordinary_text_stays_as_it_is() -> None:
    """Letters, accents and emoji are unchanged; line breaks too, except in `safe_line`."""
    text = "Kiezers in Curaçao: 投票 ✅\n\tzie bijlage"
    assert safe(text) == text
    assert safe_line(text) == "Kiezers in Curaçao: 投票 ✅<U+000A><U+0009>zie bijlage"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_safe_json_means_the_same(text: str) -> None:
    """Safe JSON has the same meaning and does not act on a terminal."""
    document = safe_json(json.dumps({"text": text}, ensure_ascii=False, indent=2))
    assert json.loads(document) == {"text": text}
    assert safe(document) == document
