# SPDX-License-Identifier: EUPL-1.2
"""How a process of the command line begins."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUNNING = """
import gc, sys
usual = gc.get_threshold()
sys.argv = ["flaggermail", "run"]
from flaggermail.wiring import daemon_assembly
from flaggermail.cli import main

class Running:
    failure = None
    class ending:
        overdue = ()
    def obey_signals(self): pass
    def run(self): print(gc.get_threshold() == usual)

def daemon(*_, **__):
    print(gc.get_threshold() == usual)
    return Running()

daemon_assembly.daemon = daemon
main()
"""


@pytest.mark.outside
def test_garbage_is_looked_for_seldom_until_the_daemon_runs() -> None:
    """What is imported is none; the daemon collects as every program does."""
    ran = subprocess.run([sys.executable, "-c", RUNNING], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]
