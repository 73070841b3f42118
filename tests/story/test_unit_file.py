# SPDX-License-Identifier: EUPL-1.2
"""The unit for systemd, as systemd itself reads and rates it. `./dev test` installs the package with the tool."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flaggermail.daemon import service as daemon

UNIT = Path(__file__).parents[2] / "systemd" / "flaggermail.service"
EXECUTABLE = re.compile(r"^ExecStart=\S+", re.MULTILINE)


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    """Ask systemd-analyze; a machine without it fails here, because a check that is left out proves nothing."""
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: ./dev test installs the package systemd"
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def service() -> dict[str, str]:
    """The settings of the section [Service]; of a key that stands there twice, the last."""
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign] # the documented way to keep capitals
    unit.read(UNIT, "utf-8")
    return dict(unit["Service"])


def test_systemd_rates_it_at_two_or_less() -> None:
    """Exposure by systemd's own reckoning, from 0 (none) to 10; the threshold is given in tenths."""
    rated = analyze("security", "--offline=true", "--threshold=20", str(UNIT))
    assert rated.returncode == 0, rated.stdout[-200:] + rated.stderr
    assert "Overall exposure level for flaggermail.service" in rated.stdout


def verified(text: str, folder: Path) -> str:
    """What systemd finds wrong with a unit whose program exists."""
    copy = folder / "flaggermail.service"
    copy.write_text(EXECUTABLE.sub("ExecStart=/bin/true", text), "utf-8")
    done = analyze("verify", str(copy))
    return done.stdout + done.stderr


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """Not a line: the tool exits 0 on a key it does not know, and only says so."""
    assert verified(UNIT.read_text("utf-8"), tmp_path) == ""


@pytest.mark.parametrize(
    "wrong", ["ProtectSystem=strict\nProtectSytem=full", "ProtectSystem=sometimes", "SystemCallFilter=@no-such-group"]
)
def test_a_mistake_in_the_unit_is_found(wrong: str, tmp_path: Path) -> None:
    """A misspelt key, a wrong value and an unknown group of calls each give a line."""
    assert verified(UNIT.read_text("utf-8").replace("ProtectSystem=strict", wrong), tmp_path) != ""


def test_what_the_daemon_relies_on_stands_there() -> None:
    """It hears when the daemon is ready and alive, gives it an account and time to end, no core, and the secrets."""
    unit = service()
    assert (unit["Type"], unit["NotifyAccess"], unit["Restart"]) == ("notify", "main", "on-failure")
    assert (unit["WatchdogSec"], unit["LimitCORE"], unit["ProtectSystem"]) == ("2min", "0", "strict")
    assert (unit["User"], unit["Group"]) == ("flaggermail", "flaggermail")
    assert unit["ExecStart"].endswith(" run")
    assert seconds(unit["TimeoutStopSec"]) > daemon.STOP_WITHIN
    assert seconds(unit["TimeoutStartSec"]) > daemon.READY_WITHIN
    assert "LoadCredential=imap-password:" in UNIT.read_text("utf-8")
    assert "LoadCredential=smtp-password:" in UNIT.read_text("utf-8")


def seconds(span: str) -> int:
    """A span as the unit writes it."""
    number, unit = re.fullmatch(r"(\d+)(s|min)", span).groups()  # type: ignore[union-attr] # no match fails the test
    return int(number) * {"s": 1, "min": 60}[unit]
