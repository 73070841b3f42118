# SPDX-License-Identifier: EUPL-1.2
"""The program as it is installed: the wheel, built and unpacked, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]


def unpacked(folder: Path) -> Path:
    """Builds the wheel into `folder`, and returns the folder into which it was unpacked."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def command(installed: Path, *words: str) -> list[str]:
    """Returns a command line of the unpacked wheel; it refuses to run another flaggermail."""
    code = (
        "import flaggermail, sys; from flaggermail.cli import main; "
        f"assert flaggermail.__file__.startswith({str(installed)!r}), flaggermail.__file__; main(sys.argv[1:])"
    )
    return [sys.executable, "-c", code, *words]


def environment(installed: Path) -> dict[str, str]:
    """Returns the environment in which the unpacked wheel is found, and no checkout."""
    return {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the unpacked wheel's command line in `folder`, where there is no checkout."""
    return subprocess.run(
        command(installed, *words), cwd=folder, env=environment(installed), capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip
