# SPDX-License-Identifier: EUPL-1.2
"""Daemons that should be running: whoever waits for the work of one that has died is told so at once."""

from __future__ import annotations

from pathlib import Path
from subprocess import Popen
from typing import AnyStr

LAST = 1500  # characters of a log
_running: dict[int, tuple[Popen[bytes], Path]] = {}  # by process id


class DaemonDiedError(AssertionError):
    """A daemon that should be running has ended."""


def expect(process: Popen[bytes], log: Path) -> None:
    """Notes that a daemon should run until `expect_no_more`; `log` says why it did not."""
    _running[process.pid] = process, log


def expect_no_more(process: Popen[AnyStr] | None) -> None:
    """Notes that a daemon may end, or has been ended."""
    if process is not None:
        _running.pop(process.pid, None)


def require(what: str) -> None:
    """Raises DaemonDiedError, naming what was waited for, if a daemon that should be running has ended."""
    for process, log in list(_running.values()):
        status = process.poll()
        if status is not None:
            expect_no_more(process)  # said once: another test may wait for another daemon
            words = log.read_text("utf-8", "replace")[-LAST:]
            raise DaemonDiedError(f"the daemon ended with {status}, so in vain: {what}\n{words}")
