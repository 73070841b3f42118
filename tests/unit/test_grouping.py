# SPDX-License-Identifier: EUPL-1.2
"""Cases of one group share a worker, and so what it made for them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grouping import grouped

ROOT = Path(__file__).parents[2]
SHARING = (
    "import pytest\n"
    "@pytest.mark.xdist_group('dear')\n"
    "@pytest.mark.parametrize('number', range(8))\n"
    "def test_dear(number):\n"
    "    pass\n"
    "@pytest.mark.parametrize('number', range(8))\n"
    "def test_cheap(number):\n"
    "    pass\n"
)


@pytest.mark.outside
def test_a_group_runs_in_one_worker(tmp_path: Path) -> None:
    """Every case of the group names the same worker, whatever versions of pytest and pytest-xdist are installed."""
    (tmp_path / "test_sharing.py").write_text(SHARING)
    options = ("-p", "tests.grouping", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup", "-v")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--rootdir={tmp_path}", str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    workers = re.findall(r"\[(gw\d)\].* PASSED \S*::test_(dear|cheap)", ended.stdout)
    assert len(workers) == 16, ended.stdout + ended.stderr
    assert len({worker for worker, test in workers if test == "dear"}) == 1


def test_a_case_is_marked_once() -> None:
    """A pytest-xdist that writes the group itself is left alone, and a case without a group keeps its id."""
    assert grouped("test_a.py::test[b]", {"dear"}) == "test_a.py::test[b]@dear"
    assert grouped("test_a.py::test[b]@dear", {"dear"}) == "test_a.py::test[b]@dear"
    assert grouped("test_a.py::test[b]", {"server", "browser"}) == "test_a.py::test[b]@browser_server"
    assert grouped("test_a.py::test[b]", set()) == "test_a.py::test[b]"
