# SPDX-License-Identifier: EUPL-1.2
"""Flowed text that we write is the text again when it is read (RFC 3676)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.mail.compose import flowed, unflowed
from tests.pace import within

WORDS = st.text(alphabet="abc >-F\u00e9", max_size=300)
LINES = st.lists(WORDS | st.sampled_from(["-- ", "From x", " > a", "  set in"]), max_size=6)


def tidy(line: str) -> str:
    """Returns a line without what is lost: spaces at its end, and how a quote mark stands before its text."""
    if line == "-- ":
        return line
    content = line.rstrip(" ").lstrip(">")
    depth = len(line.rstrip(" ")) - len(content)
    return ">" * depth + (" " if depth and content else "") + (content.removeprefix(" ") if depth else content)


@given(LINES)
def test_what_is_flowed_reads_as_it_was(lines: list[str]) -> None:
    """Flowing and joining gives the text back, whatever its spaces, quote marks and signatures."""
    text = "\n".join(map(tidy, lines))
    assert unflowed(flowed(text), delete_space=True) == text
    assert unflowed(flowed("\n".join(lines)), delete_space=True) == text


@given(LINES)
def test_flowed_lines_are_short_and_stuffed(lines: list[str]) -> None:
    """A line has at most 78 characters unless it is one word, and none begins with "From "."""
    for line in flowed("\n".join(lines)).split("\n"):
        assert len(line) <= 78 or " " not in line.strip(" >").replace(" >", "")
        assert not line.startswith("From ")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("short", "short"),
        (f"{'word ' * 15}word again", f"{'word ' * 15} \nword again"),
        (f"> {'word ' * 15}word", f"> {'word ' * 15} \n> word"),
        (f">> {'word ' * 15}word", f">> {'word ' * 14} \n>> word word"),
        ("a\n-- \nB", "a\n-- \nB"),
        ("  set in", "   set in"),
        ("From a", " From a"),
        ("x" * 100, "x" * 100),
        (f"| {'word ' * 20}", f"| {'word ' * 20}".rstrip()),
        (f"{'word ' * 14}word > 5 is more", f"{'word ' * 14} \nword > 5 is more"),
    ],
)
def test_what_is_written(text: str, written: str) -> None:
    """Soft breaks have a space of their own, each quoted line its marks, and no line begins with a ">" of the text."""
    assert flowed(text) == written


@pytest.mark.parametrize("text", ["a" * 100_000, "> " * 50_000, " " * 100_000, "a >" * 30_000, "a " * 50_000])
def test_hostile_text_is_flowed_in_linear_time(text: str) -> None:
    """100 kB of anything take a fraction of a second."""
    began = time.process_time()
    flowed(text)
    assert within(time.process_time() - began, 1)
