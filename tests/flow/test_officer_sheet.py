# SPDX-License-Identifier: EUPL-1.2
"""The officer's sheet: two printed sides, and for each act of the night the reply, the button and the command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from weasyprint import HTML

from flaggermail.wording.pages import ScreenText
from tests.unit.test_docs import fault_of

pytestmark = pytest.mark.outside
SHEET = (Path(__file__).parents[2] / "docs" / "officer.md").read_text("utf-8")
STYLE = """\
@page { size: A4; margin: 12mm } body { font: 9pt/1.25 "DejaVu Sans", sans-serif }
h1, h2, h3 { font-size: 1.15em; margin: .6em 0 .2em } p, ul { margin: .3em 0 } ul { padding-left: 1.4em }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: .5pt solid #999; padding: .1em .3em; text-align: left; vertical-align: top }"""
ELSEWHERE = {"not on a page", "no command: a reply or the page", "the same, `--counts-as substantive_reply`"}


def acts() -> list[list[str]]:
    """Returns the rows of the table of acts: what, reply, page, command, what follows."""
    lines = re.findall(r"^\|.*\|$", SHEET.partition("## What you answer")[2].partition("### ")[0], re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_it_is_two_printed_sides() -> None:
    """On A4 in letters of nine points."""
    body = MarkdownIt("commonmark").enable("table").render(SHEET)
    assert len(HTML(string=f"<style>{STYLE}</style>{body}").render().pages) == 2


def test_reply_page_and_command_are_side_by_side() -> None:
    """Each act of the night has all three, or says which it lacks."""
    rows = acts()
    assert len(rows) > 20
    assert [row for row in rows if len(row) != 5 or not all(row[1:])] == []
    assert [row for row in rows if "`" not in row[1]] == []
    assert [row for row in rows if "**" not in row[2] and row[2] not in ELSEWHERE] == []
    assert [row for row in rows if "`" not in row[3] and row[3] not in ELSEWHERE] == []


def test_each_button_and_each_command_exists() -> None:
    """A button has the words of the pages in English; a command, its options too, is one of the program."""
    labels = {label().english for label in ScreenText if "{" not in label().english}
    assert {name for row in acts() for name in re.findall(r"\*\*(.+?)\*\*", row[2])} <= labels
    typed = [line.split() for row in acts() for line in re.findall(r"`([^`]+)`", row[3]) if not line.startswith("--")]
    assert len(typed) > 15
    assert [(words, fault) for words in typed if (fault := fault_of(words))] == []
