# SPDX-License-Identifier: EUPL-1.2
"""What goes over the pipes of a contained process: it is started, asked, and awaited no longer than it may take.

How long the answer is awaited: the process's own processor time counts, not what others take from it. On a machine that
is busy or was suspended, the clock alone would end a process that never got its turn, and its mail would be read by its
header alone. So a process that works is awaited for longer than one that does nothing.

An exchange makes few calls of the system, as each lets another thread of this process have its turn.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from flaggermail.adapters.parsing.limits import LENGTH

# An answer lists each address and part, and holds a text up to three times, escaped: at most 40 octets for one of mail.
# A larger one is an attack on this process, in which empty lists take 20 times the memory of their JSON.
LARGEST_ANSWER, LEAST_ANSWER, GROWTH = 64 * 1024 * 1024, 1024 * 1024, 40
START_LIMIT = 30.0  # seconds for the interpreter to start
CHUNK = 1024 * 1024  # octets that a pipe holds, and that are read at once

LOADED = 6.0  # times its seconds that a process is awaited at most, by the clock
GLANCE = 0.1  # seconds between two looks at the process
_WORKING = frozenset("RD")  # running or runnable; in the kernel, as when it reads a page that was evicted


class TimeLimit:
    """What one process may take for one answer; made when it is asked."""

    def __init__(self, pid: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allows `seconds` of the processor time of the process `pid`; doing nothing, that many of the clock."""
        self._pid = pid
        self.seconds = seconds
        self._clock = clock
        self._begun = clock()
        self._used_before = processor_time(pid) or 0.0

    @property
    def over(self) -> bool:
        """Whether the process has been awaited for as long as any is."""
        return self._elapsed() >= self.seconds * LOADED

    def passed(self) -> bool:
        """Returns whether to wait no longer. Beyond its seconds, only while it works and has not used that many."""
        works = process_state(self._pid) in _WORKING and self.spent() < self.seconds
        return self.over or (self._elapsed() >= self.seconds and not works)

    def spent(self) -> float:
        """Returns the seconds that count: processor time, or all that have passed if the process has ended."""
        used = processor_time(self._pid)
        return self._elapsed() if used is None else max(used - self._used_before, 0.0)

    def _elapsed(self) -> float:
        return self._clock() - self._begun


def processor_time(pid: int) -> float | None:
    """Returns the seconds of processor time of a process; None if it has ended.

    Linux numbers the clock of a process by its id, as clock_getcpuclockid(3) does.
    """
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return None


def process_state(pid: int) -> str:
    """Returns the state of a process (proc_pid_stat(5)); "" if it has ended, or if /proc does not show it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def started(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Returns a process of our own interpreter that runs one of our modules. Raises OSError.

    It inherits no descriptor but its two pipes. The environment holds only the module path: no token of the service
    manager, no locale.
    """
    environment = {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "PYTHONSAFEPATH": "1"}
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no external input
        [sys.executable, "-m", module, *arguments],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        close_fds=True,
    )
    for stream in _pipes(child):
        os.set_blocking(stream.fileno(), False)  # so that no write blocks beyond the deadline
        with suppress(OSError):  # more than the system allows this account: it takes more writes
            fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, CHUNK)
    return child


def first_words(child: subprocess.Popen[bytes]) -> dict[str, object]:
    """Returns what confines a process, which it says before all else. Raises OSError, EOFError, ValueError."""
    confined = json.loads(answer(child, LEAST_ANSWER, TimeLimit(child.pid, START_LIMIT)))
    return confined if isinstance(confined, dict) else {}


def end_child(child: subprocess.Popen[bytes]) -> None:
    """Ends a process; idempotent."""
    child.kill()
    child.wait()
    for stream in _pipes(child):
        stream.close()


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Returns the child's standard input and output, which always exist here."""
    if child.stdin is None or child.stdout is None:
        raise EOFError
    return child.stdin, child.stdout


def send(child: subprocess.Popen[bytes], parts: Sequence[bytes], limit: TimeLimit) -> None:
    """Sends octets. Raises TimeoutError at the limit, OSError or EOFError if the process ends."""
    sender, left = _pipes(child)[0].fileno(), [memoryview(part) for part in parts]
    while left:
        try:
            written = os.writev(sender, left)
        except BlockingIOError:
            _wait(sender, limit, writing=True)
            continue
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        left[:1] = [part[written:] for part in left[:1]]


def answer(child: subprocess.Popen[bytes], most: int, limit: TimeLimit) -> bytes:
    """Receives an answer of at most `most` octets. Raises ValueError for a longer one, and for one that goes on."""
    receiver, found, length = _pipes(child)[1].fileno(), bytearray(), None
    while length is None or len(found) < LENGTH.size + length:
        _wait(receiver, limit, writing=False)
        piece = os.read(receiver, CHUNK)
        if not piece:
            raise EOFError
        found += piece
        if length is None and len(found) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(found)
            if length > most:
                raise ValueError("the answer is too long")
    if len(found) > LENGTH.size + length:
        raise ValueError("more than one answer")
    return bytes(memoryview(found)[LENGTH.size :])


def _wait(descriptor: int, limit: TimeLimit, *, writing: bool) -> None:
    """Waits until the pipe is ready, or broken, which the next call of the system tells. Raises TimeoutError.

    poll(2), as select(2) takes no descriptor from 1,024 on. It looks once even when it comes late: that this process
    had no turn says nothing about the other, which may also have answered since the pipe was looked at, and so do
    nothing. In the end it does not look: an answer may come octet by octet for hours.
    """
    waiting = select.poll()
    waiting.register(descriptor, select.POLLOUT if writing else select.POLLIN)
    while limit.over or not waiting.poll(math.ceil(GLANCE * 1000)):
        if limit.passed() and (limit.over or not waiting.poll(0)):
            raise TimeoutError
