# SPDX-License-Identifier: EUPL-1.2
"""Names a process of this machine, so that another can ask whether it still runs (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from flaggermail.mail.message import Json

_PROC = Path("/proc")
_ENDED = frozenset("ZX")  # killed, and its parent has not asked for it
_STATE, _STARTED = 0, 19  # fields of /proc/PID/stat after the name, which may hold spaces


def own_process() -> dict[str, Json]:
    """Returns the number of this process, when it started, and where such numbers count."""
    fields = _fields(os.getpid())
    return {"pid": os.getpid(), "started": fields[_STARTED] if fields else None, "place": _place()}


def runs(process: Json) -> bool | None:
    """Returns whether the process that `own_process` named runs; None if this machine cannot tell.

    That is so after a start of the machine, from another machine or container, and for what is no such name. A number
    that was given to another process since is told by its start.
    """
    if not isinstance(process, Mapping) or process.get("place") != _place():
        return None
    pid = process.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it is there, and another account's
    fields = _fields(pid)
    if fields is None:  # hidden from this account
        return True
    return fields[_STATE] not in _ENDED and fields[_STARTED] == process.get("started")


def _fields(pid: int) -> list[str] | None:
    try:
        return (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None


def _place() -> str | None:
    """Returns the machine's run and the space of its process numbers; None if the kernel does not say."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return None
