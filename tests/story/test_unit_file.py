# SPDX-License-Identifier: EUPL-1.2
"""The systemd unit, as systemd itself reads and rates it. `./dev test` installs systemd-analyze."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flaggermail.daemon import service as daemon
from flaggermail.daemon.ending import STOP_WITHIN
from flaggermail.door import serving as door

UNIT = Path(__file__).parents[2] / "systemd" / "flaggermail.service"
DOOR, OVER_TCP = UNIT.with_name("flaggermail-door.service"), UNIT.with_name("flaggermail-door-postgresql.conf")
EXECUTABLE = re.compile(r"^ExecStart=\S+", re.MULTILINE)


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs systemd-analyze, and fails where it is not installed."""
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: ./dev test installs the package systemd"
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def service(path: Path = UNIT) -> dict[str, str]:
    """Returns the settings of [Service]; of a repeated key, the last."""
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign] # the documented way to keep capitals
    unit.read(path, "utf-8")
    return dict(unit["Service"])


@pytest.mark.parametrize("unit", [UNIT, DOOR], ids=lambda unit: unit.stem)
def test_systemd_rates_it_at_two_or_less(unit: Path) -> None:
    """The exposure that systemd computes is at most 2.0 on its scale from 0 to 10."""
    rated = analyze("security", "--offline=true", "--threshold=20", str(unit))
    assert rated.returncode == 0, rated.stdout[-200:] + rated.stderr
    assert f"Overall exposure level for {unit.name}" in rated.stdout


def verified(text: str, folder: Path, name: str = UNIT.name) -> str:
    """Returns systemd's complaints about a unit whose program exists."""
    copy = folder / name
    copy.write_text(EXECUTABLE.sub("ExecStart=/bin/true", text), "utf-8")
    done = analyze("verify", str(copy))
    return done.stdout + done.stderr


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """systemd-analyze prints nothing about the unit; it exits 0 even on an unknown key."""
    assert verified(UNIT.read_text("utf-8"), tmp_path) == ""


def test_systemd_finds_nothing_wrong_with_the_door(tmp_path: Path) -> None:
    """Neither in the unit nor in the drop-in for a database over TCP."""
    assert verified(DOOR.read_text("utf-8"), tmp_path, DOOR.name) == ""
    drop_in = tmp_path / f"{DOOR.name}.d" / "postgresql.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(OVER_TCP.read_text("utf-8"), "utf-8")
    assert verified(DOOR.read_text("utf-8"), tmp_path, DOOR.name) == ""


def test_the_door_has_no_network_and_no_secret_and_knows_accounts() -> None:
    """It reaches Unix sockets alone, gets no credential, and is in no user namespace, where it would know nobody."""
    unit = service(DOOR)
    assert (unit["RestrictAddressFamilies"], unit["PrivateNetwork"]) == ("AF_UNIX", "yes")
    assert "PrivateUsers" not in unit
    assert "Credential" not in DOOR.read_text("utf-8")
    assert (unit["Type"], unit["User"], unit["RuntimeDirectory"]) == ("notify", "flaggermail", "flaggermail")
    assert int(unit["CPUWeight"]) < 100
    assert seconds(unit["TimeoutStopSec"]) > door.STOP_WITHIN
    assert seconds(unit["WatchdogSec"]) > 2 * door.HEARD_WITHIN
    apart = {"ExecStart", "ExecReload", "PrivateUsers", "LoadCredential", "RestrictAddressFamilies", "WatchdogSec"}
    hardening = {key for key in service() if key.startswith(("Protect", "Private", "Restrict", "Lock", "NoNew"))}
    assert hardening - apart <= set(unit)


def test_the_state_is_the_desks_accounts_alone() -> None:
    """Each unit keeps its folder closed and writes files for its account; the status and the socket are reached."""
    for path in (UNIT, DOOR, UNIT.with_name("flaggermail-backup.service")):
        unit = service(path)
        assert (unit["StateDirectoryMode"], unit["UMask"]) == ("0700", "0077"), path.name
    assert {service(path)["RuntimeDirectoryMode"] for path in (UNIT, DOOR)} == {"0755"}


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
    assert seconds(unit["TimeoutStopSec"]) > STOP_WITHIN
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


# Stands for the program, which never writes over a file either.
BACKS_UP = """#!/bin/sh
[ "$1 $2 $3 $4 $5" = "--config /etc/flaggermail db backup --out" ] || exit 2
[ ! -e "$6" ] || exit 1
echo kept >"$6" && echo "$6: 12 rows and 3 mails"
"""


def backup_commands(key: str, folder: Path) -> list[list[str]]:
    """Returns what the nightly backup runs under that key, with another program and folder, as systemd hands it on."""
    unit = (UNIT.parent / "flaggermail-backup.service").read_text("utf-8")
    lines = re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)
    places = {"%%": "%", "$$": "$", "/opt/flaggermail/bin/flaggermail": f"{folder}/program", "/var/lib/flaggermail": ""}
    for old, new in {**places, "/backup": f"{folder}/backup"}.items():
        lines = [line.replace(old, new) for line in lines]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Asia/Tokyo"])
def test_the_backup_can_run_again_at_once(zone: str, tmp_path: Path) -> None:
    """Each run writes a file of its own, named by date and time in UTC, and prints its name; none is written over."""
    (tmp_path / "backup").mkdir()
    (tmp_path / "program").write_text(BACKS_UP, "utf-8")
    (tmp_path / "program").chmod(0o755)
    (command,) = backup_commands("ExecStart", tmp_path)
    began = datetime.now(UTC).replace(microsecond=0)
    told = [
        subprocess.run(command, env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    files = sorted((tmp_path / "backup").iterdir())
    assert [run.stdout for run in told] == [f"{file}: 12 rows and 3 mails\n" for file in files]
    named = [datetime.strptime(file.name, "%Y-%m-%dT%H%M%SZ.tar.gz").replace(tzinfo=UTC) for file in files]
    assert began <= named[0] < named[1] < named[2] <= datetime.now(UTC) + timedelta(seconds=1)


def test_what_the_backup_clears_away(tmp_path: Path) -> None:
    """Backups older than thirty days go, and so do parts that a killed run left a day ago; nothing else does."""
    folder = tmp_path / "backup"
    folder.mkdir()
    ages = {"old.tar.gz": 32, "new.tar.gz": 29, ".killed.tar.gz.part": 2, ".runs.tar.gz.part": 0, "notes.txt": 400}
    for name, days in ages.items():
        then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        (folder / name).touch()
        os.utime(folder / name, (then, then))
    for command in backup_commands("ExecStartPost", tmp_path):
        subprocess.run(command, check=True)
    assert sorted(file.name for file in folder.iterdir()) == [".runs.tar.gz.part", "new.tar.gz", "notes.txt"]
