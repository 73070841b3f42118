# SPDX-License-Identifier: EUPL-1.2
"""A run leaves nothing behind: not in the folder for temporary files, not in the home of the person who tests.

A plugin of pytest. What a test leaves stays until the machine is full, as memory where that folder lies in memory.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

STATE = "XDG_STATE_HOME"  # where the command line keeps the forms that an officer has begun
OWN = ("runs", "pytest-of-", "state")  # begins what `./dev`, pytest and this module put there


def left_in(folder: Path, own: Iterable[str] = OWN) -> list[str]:
    """Returns the names of what a run left in its folder, sorted."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(tuple(own)))


@dataclass(eq=False)  # a plugin must be hashable
class LeftOver:
    """Fails a run that left something in its own folder; one that has no folder of its own proves nothing."""

    folder: Path

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Looks when all workers have ended."""
        names = left_in(self.folder)
        if names:
            reporter: TerminalReporter | None = session.config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                reporter.write_line(f"\nleft behind in {self.folder}: {', '.join(names)}", red=True)
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    """Makes the folder that `./dev test` gives a run its own, and looks at it at the end; workers only use it."""
    folder = Path(tempfile.gettempdir())
    if hasattr(config, "workerinput") or str(folder) != os.environ.get("TMPDIR") or left_in(folder):
        return
    state = folder / "state"
    state.mkdir(exist_ok=True)
    os.environ[STATE] = str(state)
    config.pluginmanager.register(LeftOver(folder), "left over")
