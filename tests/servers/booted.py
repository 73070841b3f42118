# SPDX-License-Identifier: EUPL-1.2
"""A systemd that is really booted, on an overlay of this machine, with what an administrator types in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.servers import ServerNotStartedError

_BOOT = Path(__file__).with_name("boot_systemd.sh")
_NAMESPACES = ("--fork", "--kill-child", "--pid", "--mount", "--cgroup", "--ipc", "--uts")
_UNIT = """\
[Unit]
Description=What an administrator types
Requires=basic.target

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh -x /out/typed.sh
StandardOutput=file:/out/typed.log
StandardError=file:/out/typed.log
ExecStopPost=/bin/systemctl --force exit
"""


def boot(out: Path, typed: str, shown: Mapping[Path, str], seconds: float) -> str:
    """Boots a systemd that runs the script `typed` and then exits; returns what the script printed, with its commands.

    The script sees the folder `out` as /out, and each folder of `shown` read-only under its path there. It runs as
    root, as this process must be. Raises ServerNotStartedError if the script did not end within that time, or failed.
    """
    if os.geteuid() != 0:
        raise ServerNotStartedError("a systemd is booted as root only")
    (out / "tree").mkdir()
    (out / "typed.sh").write_text(typed, "utf-8")
    unit = out / "typed.service"
    unit.write_text(_UNIT, "utf-8")
    log = out / "typed.log"
    pairs = [f"{source}:{target}" for source, target in shown.items()]
    # systemd ignores TERM: unshare is killed, also if this process ends, and its child with it.
    bounded = ["timeout", "-s", "KILL", str(seconds), "setpriv", "--pdeathsig", "KILL"]
    command = [*bounded, "unshare", *_NAMESPACES, "sh", str(_BOOT), str(out), str(unit), *pairs]
    with (out / "boot.log").open("wb") as sink:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, check=False)
    if done.returncode != 0 or not (out / "ended").exists():
        raise ServerNotStartedError(f"status {done.returncode}", [out / "boot.log", out / "console", log])
    return log.read_text("utf-8", "replace")
