# SPDX-License-Identifier: EUPL-1.2
"""A run of pytest that a test starts, for tests of the plugins here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_pytest(tests: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the tests of a folder, with a folder for temporary files of its own beside them, `tmp`.

    In the folder of the run around it pytest would close `pytest-of-...` to other accounts, at any moment; tests of
    other accounts enter it.
    """
    own = tests / "tmp"
    own.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={tests}", *options],
        capture_output=True, text=True, check=False, cwd=tests,
        env=os.environ | {"TMPDIR": str(own), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
