# SPDX-License-Identifier: EUPL-1.2
"""The systemd unit, as systemd itself reads and rates it. `./dev test` installs systemd-analyze."""

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
    """Runs systemd-analyze, and fails where it is not installed."""
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: ./dev test installs the package systemd"
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def service() -> dict[str, str]:
    """Returns the settings of [Service]; of a repeated key, the last."""
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign] # the documented way to keep capitals
    unit.read(UNIT, "utf-8")
    return dict(unit["Service"])


def test_systemd_rates_it_at_two_or_less() -> None:
    """The exposure that systemd computes is at most 2.0 on its scale from 0 to 10."""
    rated = analyze("security", "--offline=true", "--threshold=20", str(UNIT))
    assert rated.returncode == 0, rated.stdout[-200:] + rated.stderr
    assert "Overall exposure level for flaggermail.service" in rated.stdout


def verified(text: str, folder: Path) -> str:
    """Returns systemd's complaints about a unit whose program exists."""
    copy = folder / "flaggermail.service"
    copy.write_text(EXECUTABLE.sub("ExecStart=/bin/true", text), "utf-8")
    done = analyze("verify", str(copy))
    return done.stdout + done.stderr


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """systemd-analyze prints nothing about the unit; it exits 0 even on an unknown key."""
    assert verified(UNIT.read_text("utf-8"), tmp_path) == ""


@pytest.mark.parametrize(
    "wrong", ["ProtectSystem=strict\nProtectSytem=full", "ProtectSystem=sometimes", "SystemCallFilter=@no-such-group"]
)
def test_a_mistake_in_the_unit_is_found(wrong: str, tmp_path: Path) -> None:
    """A misspelt key, a wrong value and an unknown system call group are each reported."""
    assert verified(UNIT.read_text("utf-8").replace("ProtectSystem=strict", wrong), tmp_path) != ""


def test_what_the_daemon_relies_on_stands_there() -> None:
    """The unit sets notify, watchdog, restart, account, stop time, no core dump and the credentials."""
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
    """Returns the seconds of a time span in the unit's notation."""
    number, unit = re.fullmatch(r"(\d+)(s|min)", span).groups()  # type: ignore[union-attr] # no match fails the test
    return int(number) * {"s": 1, "min": 60}[unit]


@pytest.mark.parametrize("name", ["flaggermail-backup.service", "flaggermail-backup.timer"])
def test_systemd_finds_nothing_wrong_with_the_nightly_backup(name: str, tmp_path: Path) -> None:
    """systemd-analyze prints nothing about service and timer, and reads the hour of the timer."""
    for each in ("flaggermail-backup.service", "flaggermail-backup.timer"):
        (tmp_path / each).write_text((UNIT.parent / each).read_text("utf-8"), "utf-8")
    done = analyze("verify", str(tmp_path / name))
    assert done.stdout + done.stderr == ""
    when = re.search(r"^OnCalendar=(.*)$", (UNIT.parent / "flaggermail-backup.timer").read_text("utf-8"), re.MULTILINE)
    assert when is not None
    assert analyze("calendar", when[1]).returncode == 0
