# SPDX-License-Identifier: EUPL-1.2
"""The package installed from its wheel instead of a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the unpacked wheel, built now."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the installed command line in `folder`, where there is no checkout."""
    code = (
        "import flaggermail, sys; from flaggermail.cli import main; "
        f"assert flaggermail.__file__.startswith({str(installed)!r}), flaggermail.__file__; main(sys.argv[1:])"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_brings_configuration_rules_and_templates(installed: Path, tmp_path: Path) -> None:
    """`init DIR` from a wheel writes a configuration that `check` accepts, byte for byte the checkout's."""
    made = run(installed, tmp_path, "init", "desk")
    assert made.returncode == 0, made.stderr
    assert run(installed, tmp_path, "--config", "desk", "check").returncode == 0
    for name in ("flaggermail.yaml", "templates/nl/notification.j2"):
        assert (tmp_path / "desk" / name).read_bytes() == (ROOT / "config" / name).read_bytes()
    rules = ROOT / "rules"
    for rule in rules.glob("*.yaml"):
        assert (tmp_path / "desk" / "rules" / rule.name).read_bytes() == rule.read_bytes()


def test_the_wheel_puts_nothing_beside_the_package(installed: Path) -> None:
    """The wheel installs nothing beside the package: `config` and `rules` are inside it."""
    names = {path.name.partition("-")[0] for path in installed.iterdir()}
    assert names == {"flaggermail"}
    assert {path.name for path in (installed / "flaggermail" / "_shipped").iterdir()} == {"config", "rules"}


def test_the_wheel_brings_the_schema(installed: Path, tmp_path: Path) -> None:
    """The wheel includes the migrations: a command that needs the database creates it."""
    assert run(installed, tmp_path, "init", "desk").returncode == 0
    listed = run(installed, tmp_path, "--config", "desk", "election", "list")
    assert listed.returncode == 0, listed.stderr
    assert "EP2024" in listed.stdout


def test_the_wheel_says_that_it_is_typed(installed: Path) -> None:
    """The package carries its type information (PEP 561)."""
    assert (installed / "flaggermail" / "py.typed").is_file()
