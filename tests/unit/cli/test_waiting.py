# SPDX-License-Identifier: EUPL-1.2
"""How far a task is reaches whoever waits for it, and is shown on a terminal alone."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from flaggermail import progress
from flaggermail.cli.terminal import counting, waited_for


class Screen(io.StringIO):
    """A stream that is a terminal, or is none."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        """True for a terminal."""
        return self._terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_drawn_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:  # noqa: FBT001 - a case
    """Of a share and of a count; work that begins anew moves it no way back."""
    screen = Screen(terminal=terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    with waited_for("verifying"):
        for share in (0.25, 0.5, 0.1, 2.0):
            progress.told(share)
    with counting("backing up") as show:
        show(1, 2)
    drawn = screen.getvalue()
    assert ("verifying" in drawn, "100%" in drawn, "backing up" in drawn) == (terminal,) * 3
    assert "10%" not in drawn
    assert drawn or not terminal


def test_a_part_of_a_task_tells_its_part() -> None:
    """Parts lie within parts; items are counted; another thread and the time after hear nothing."""
    heard: list[float] = []
    with progress.heard(heard.append):
        with progress.part(0.0, 0.5):
            progress.told(0.5)
            with progress.part(0.5, 1.0):
                progress.told(1.0)
        with progress.part(0.5, 1.0):
            assert list(progress.counted("ab", 2)) == ["a", "b"]
            assert list(progress.counted("abc", 0)) == ["a", "b", "c"]
        other = threading.Thread(target=progress.told, args=(0.9,))
        other.start()
        other.join()
    progress.told(0.1)
    assert heard == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0]
