# SPDX-License-Identifier: EUPL-1.2
"""A run that leaves a file behind fails and names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inner_run import run_pytest
from tests.left_over import left_in

LEAVING = (
    "import os, tempfile, time\n"
    "def test_leaves():\n"
    "    tempfile.mkdtemp(prefix='forgotten-')\n"
    "    assert os.environ['XDG_STATE_HOME'].startswith(tempfile.gettempdir())\n"
    "def test_leaves_nothing(tmp_path):\n"
    "    (tmp_path / 'large').write_bytes(bytes(1000))\n"
)


@pytest.mark.outside
@pytest.mark.parametrize(("chosen", "status", "named"), [("test_leaves", 1, True), ("test_leaves_nothing", 0, False)])
def test_what_a_run_leaves_is_named(tmp_path: Path, chosen: str, status: int, named: bool) -> None:  # noqa: FBT001 - parametrize
    """The folder is named, and the run fails though its test passed; pytest's own folder is no such thing."""
    (tmp_path / "test_leaving.py").write_text(LEAVING)
    options = ("-p", "tests.left_over", "-q", "-o", "tmp_path_retention_policy=failed")
    ended = run_pytest(tmp_path, *options, f"test_leaving.py::{chosen}")
    folder = tmp_path / "tmp"
    assert ended.returncode == status, ended.stdout + ended.stderr
    assert ("left behind in" in ended.stdout and "forgotten-" in ended.stdout) is named
    assert bool(left_in(folder)) is named
    assert list(folder.rglob("large")) == []
