# SPDX-License-Identifier: EUPL-1.2
"""The timeline of a use on a terminal: a line for each moment, in 80 columns and in any encoding."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from flaggermail.cli.case_views import show_timeline
from flaggermail.desk.answers import AnswerReader, json_of
from flaggermail.desk.views.case_uses import timeline
from flaggermail.figures.uses import PlatformUse
from tests.corpus import each
from tests.doubles.sample_uses import AMSTERDAM, AS_OF, USES, of_june


def printed(monkeypatch: pytest.MonkeyPatch, use: PlatformUse, encoding: str) -> list[str]:
    """Returns the lines on a terminal in that encoding."""
    terminal = io.TextIOWrapper(io.BytesIO(), encoding, errors="strict", newline="\n")
    moments = json_of(timeline(use, AS_OF), AnswerReader(AMSTERDAM))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", terminal)
        show_timeline({"timeline": moments}, "  ")
    terminal.seek(0)
    return terminal.read().splitlines()


def test_the_use_of_june_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar of each moment ends where its minute is: 60, 120 and 152 of 152."""
    assert printed(monkeypatch, of_june(), "utf-8") == [
        "  2024-06-06 10:34+02:00  ●                     sent",
        "  2024-06-06 11:34+02:00  ───────○              reminder to the officer",
        "  2024-06-06 12:34+02:00  ───────────────○      reminder to the officer",
        "  2024-06-06 13:06+02:00  ─────────────────□■◆  receipt confirmed, answer by a",
        "                                                person, answer to the matter",
    ]


def test_the_manual_shows_the_lines_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timeline in the report writer's page is what a terminal prints."""
    manual = (Path(__file__).parents[3] / "docs" / "report-writer.md").read_text("utf-8")
    assert "\n".join(f"    {line}" for line in printed(monkeypatch, of_june(), "utf-8")) in manual


def test_a_terminal_that_is_not_in_utf_8_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in signs that every terminal has; an open wait ends in one."""
    assert printed(monkeypatch, USES["open"], "ascii")[-2:] == [
        "  2024-06-06 18:21+02:00  !                     escalation",
        "  2024-06-30 12:00+02:00  ------------------->  until then no answer by a person",
    ]
    assert printed(monkeypatch, of_june(), "latin-1")[1] == (
        "  2024-06-06 11:34+02:00  -------.              reminder to the officer"
    )


@each("name", sorted(USES))
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_line_fits(monkeypatch: pytest.MonkeyPatch, name: str, encoding: str) -> None:
    """No line is wider than 80 columns, and each moment has its instant and its words."""
    lines = printed(monkeypatch, USES[name], encoding)
    assert max(map(len, lines)) <= 80
    heads = [line for line in lines if line.startswith("  20")]
    assert len(heads) == len(timeline(USES[name], AS_OF))
    assert all(line[48:].strip() for line in lines)


def test_an_open_matter_does_not_squeeze_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a person has answered, what is still open is beyond the scale."""
    lines = printed(monkeypatch, USES["open matter"], "ascii")
    (answered,) = [line for line in lines if "answer by a person" in line]
    assert answered[26:46] == "-------------------#"
    assert "until then no answer to the" in " ".join(lines)
