# SPDX-License-Identifier: EUPL-1.2
"""Whoever waits for the work of a daemon that has died is told so at once."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import running
from tests.flow.desk_process import patiently, while_it_grows
from tests.patience import PATIENCE
from tests.servers.platform import PlatformServer

LONG = 3600.0  # seconds: a bench waited that long
pytestmark = pytest.mark.outside


@pytest.fixture
def dead(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Returns a daemon that should run, and has ended with 3."""
    log = tmp_path / "daemon-0.log"
    log.write_text("worker failed, the daemon stops", "utf-8")
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process:
        process.wait(PATIENCE)
    running.expect(process, log)
    yield process
    running.expect_no_more(process)


def waits_for_mail() -> object:
    """Waits for a mail at a server that gets none."""
    with PlatformServer.running() as platform:
        return platform.wait(1, LONG)


@pytest.mark.parametrize(
    "wait",
    [
        lambda: patiently(lambda: None, "what it does", LONG),
        lambda: while_it_grows(lambda: 0, lambda: None, "what it does"),
        waits_for_mail,
    ],
    ids=["patiently", "while it grows", "mail"],
)
def test_a_wait_for_a_dead_daemon_ends_at_once(dead: subprocess.Popen[bytes], wait: Callable[[], object]) -> None:
    """The error has its exit status, what was waited for and the end of its log."""
    assert dead.returncode == 3
    with pytest.raises(running.DaemonDiedError, match=r"(?s)ended with 3, so in vain: .*worker failed"):
        wait()


def test_what_it_did_last_counts(dead: subprocess.Popen[bytes]) -> None:
    """A daemon may do what is waited for and then end, between two looks."""
    looks = iter([None, "done"])
    assert (dead.returncode, patiently(lambda: next(looks), "what it does", LONG)) == (3, "done")


def test_one_that_may_end_is_not_missed(dead: subprocess.Popen[bytes]) -> None:
    """A test that ends its daemon waits for others' work as long as it says."""
    running.expect_no_more(dead)
    with pytest.raises(AssertionError, match=r"not within 0.2 s: what it does"):
        patiently(lambda: None, "what it does", 0.2)
