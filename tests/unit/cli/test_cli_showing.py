# SPDX-License-Identifier: EUPL-1.2
"""Tables fit a terminal and lose nothing elsewhere; colour is for a terminal only; no help is cut."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flaggermail.cli import COMMANDS, COMMANDS_OF, commands
from flaggermail.cli.groups import first_sentence
from flaggermail.cli.showing import columns_of, fitting, listed, table
from tests.corpus import each
from tests.unit.cli.test_cli_help import everything

HEADS = ("id", "received", "from", "subject", "state")
ROWS = [
    ("m00000012", "2024-06-06 10:34+02:00", "griffie@raad.lindewaard.example", "Twee vakjes op één lijst", "queued"),
    ("m00000013", "2024-06-06 10:36+02:00", "a@b.example", "投票 投票 投票 投票 投票 投票 投票 投票", "failed"),
]
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    """A standard output that says that it is a terminal."""

    def isatty(self) -> bool:
        """True."""
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names a terminal of 80 columns that shows colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def on_a_terminal() -> str:
    """Returns what a table and a list look like on a terminal."""
    with contextlib.redirect_stdout(Terminal()) as screen:
        table(HEADS, ROWS, "none")
        listed([("state", "sent"), ("subject", "failed again")])
    return screen.getvalue()


def test_a_table_fits_the_terminal() -> None:
    """Text is cut with an ellipsis to the width of the terminal; ids and instants are whole."""
    lines = [ANSI.sub("", line) for line in on_a_terminal().splitlines()]
    assert [columns_of(line) <= 80 for line in lines] == [True] * len(lines)
    assert lines[1] == "m00000012  2024-06-06 10:34+02:00  griffie@raad.lind…  Twee vakjes op é…  queued"
    assert lines[2] == "m00000013  2024-06-06 10:36+02:00  a@b.example         投票 投票 投票 …   failed"


CASES = ("case", "opened", "state", "decision", "type", "origin", "with", "title")
CASE = (
    "VF-EP2024-0001", "2024-06-06 10:05+02:00", "notified", "notify", "A_content", "referral", "officer1",
    "Berichten over twee vakjes op één stembiljet",
)  # fmt: skip


def cases_on(columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns the lines of a list of cases on a terminal of that width."""
    monkeypatch.setenv("COLUMNS", str(columns))
    with contextlib.redirect_stdout(Terminal()) as screen:
        table(CASES, [CASE], "none")
    return [ANSI.sub("", line) for line in screen.getvalue().splitlines()]


def test_columns_go_before_the_title_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """On 80 columns a title can be read: what is least missed is left out, and named."""
    assert cases_on(80, monkeypatch) == [
        "CASE            OPENED                  STATE     DECISION  TITLE",
        "VF-EP2024-0001  2024-06-06 10:05+02:00  notified  notify    Berichten over twee…",
        "left out, as the terminal is narrow: origin, type, with (--json shows all)",
    ]


def test_a_wide_terminal_shows_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out where there is room, and nothing is said of it."""
    heads, line = cases_on(140, monkeypatch)
    assert heads.split() == [head.upper() for head in CASES]
    assert all(cell in line for cell in CASE)


def test_what_a_terminal_never_has_room_for_is_cut_as_a_last_resort(monkeypatch: pytest.MonkeyPatch) -> None:
    """On 50 columns all spare columns are gone, and key and instant are whole."""
    shown = cases_on(50, monkeypatch)
    assert shown[0].split() == ["CASE", "OPENED", "STA…", "TIT…"]
    assert shown[1].startswith("VF-EP2024-0001  2024-06-06 10:05+02:00  ")


@each("columns", ["20", "40", "60", "79", "100", "132", "400"])
def test_keys_and_instants_are_never_cut(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """However narrow the terminal is, what a person copies into a command is whole."""
    monkeypatch.setenv("COLUMNS", columns)
    shown = ANSI.sub("", on_a_terminal())
    for row in ROWS:
        assert f"{row[0]}  {row[1]}  " in shown
    assert ("…" in shown) == (int(columns) < 130)


def test_nothing_is_cut_or_coloured_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that reads a table gets every character."""
    table(HEADS, ROWS, "none")
    shown = capsys.readouterr().out
    assert all(cell in shown for row in ROWS for cell in row)
    assert "\x1b" not in shown


def test_states_are_coloured_on_a_terminal() -> None:
    """What waits is yellow, what failed is red, what is done is green; other words have no colour."""
    shown = on_a_terminal()
    assert "\x1b[33mqueued\x1b[0m" in shown
    assert "\x1b[31mfailed\x1b[0m" in shown
    assert "\x1b[32msent\x1b[0m" in shown
    assert " failed again" in shown
    assert "\x1b[1mstate:" in shown


@each(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_can_be_declined(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """With NO_COLOR set, and on a dumb terminal, nothing is coloured or bold."""
    monkeypatch.setenv(name, value)
    assert "\x1b" not in on_a_terminal()


@given(st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=1, max_size=9), st.integers(1, 400))
def test_columns_fit_if_they_can(columns: list[tuple[int, bool]], room: int) -> None:
    """Columns are as wide as the room allows, never wider than needed, and whole ones keep their width."""
    widths, whole = [width for width, _ in columns], [kept for _, kept in columns]
    found = fitting(widths, whole, room)
    assert all(new <= old for new, old in zip(found, widths, strict=True))
    assert all(new == old for new, old, kept in zip(found, widths, whole, strict=True) if kept)
    narrowest = sum(old if kept else min(old, 4) for old, kept in columns)
    assert sum(found) <= max(room, narrowest)
    if sum(widths) > room >= narrowest:
        assert sum(found) == room


@pytest.mark.outside
def test_a_real_terminal_is_measured() -> None:
    """The width is that of the terminal itself."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    program = "from flaggermail.cli.showing import table; table(('id', 'subject'), [('m1', 'x' * 300)], '')"
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with os.fdopen(ours, "rb", buffering=0) as screen:
        subprocess.run([sys.executable, "-c", program], stdout=theirs, stdin=theirs, env=environment, check=True)
        os.close(theirs)
        shown = ANSI.sub("", screen.read(4096).decode())
    assert shown.splitlines() == ["ID  SUBJECT", f"m1  {'x' * 45}…"]


def groups() -> list[str]:
    """Returns the words of each group of commands."""
    return [" ".join(path) for path, command in everything() if isinstance(command, click.Group)]


@each("name", sorted(set(groups()) | {""}))
def test_no_help_is_cut_in_the_list_of_commands(name: str) -> None:
    """Each line of a list of commands ends with its sentence."""
    ran = CliRunner().invoke(commands, [*name.split(), "--help"], terminal_width=300, max_content_width=300)
    shown = " ".join(ran.output.split())
    below = dict(COMMANDS) if not name else {
        path[-1]: first_sentence(command) for path, command in everything() if " ".join(path[:-1]) == name
    }  # fmt: skip
    for word, sentence in below.items():
        assert f"{word} {sentence}" in shown
        assert sentence.endswith("."), (word, sentence)


def test_the_commands_are_listed_by_the_person_who_types_them() -> None:
    """Officers first; each command stands once, in the list of one person."""
    shown = CliRunner().invoke(commands, ["--help"]).output
    assert [line.rstrip(":") for line in shown.splitlines() if line.startswith("For ")] == list(COMMANDS_OF)
    assert next(iter(COMMANDS_OF)) == "For officers"
    assert sum(map(len, COMMANDS_OF.values())) == len(COMMANDS)
