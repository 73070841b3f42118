# SPDX-License-Identifier: EUPL-1.2
"""Parsing in a separate process, so that a hostile mail harms nothing else (decisions.md 24).

The parent sends what it asks, a length, the seconds it may take and the octets of one mail; the child (module `child`)
answers with a length and the Message, or the hops, as JSON. The child has limits on processor time and memory, inherits
no descriptor but its two pipes, and enters its sandbox (decisions.md 36) before it reads the first mail. Of a mail that
kills it or takes too long only the header is read; the next mail gets a new child. How long is too long: `time_limit`.

Live mail uses one child. History uses several, which end after a period without work.

How long the answer of a parsing process is awaited: its own processor time counts, not what others take from it.

On a machine that is busy or was suspended, the clock alone would end a process that never got its turn, and its mail
would be read by its header alone. So a process that works is awaited for longer than one that does nothing.

What the parser said lately, kept in memory: a mail is often compared with mail that was read shortly before it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, TypeVar

from flaggermail.adapters.parsing.child import ATTACHMENT, HOPS, LENGTH, MESSAGE, REQUEST
from flaggermail.mail.hops import Hop, hop_of
from flaggermail.mail.message import Message, unpacked

if TYPE_CHECKING:
    from flaggermail.health.findings import Confinement


# ---- answers kept


ROOM = 6 * 1024 * 1024  # octets of answers, some hundred mails
LARGEST = 128 * 1024  # octets of one answer: a few large ones would leave no room for the others


class RecentAnswers:
    """Keeps the answers about the latest mails by the SHA-256 of their octets; thread-safe.

    An answer is kept as the child gave it, and is checked each time it is used. Nothing is written to a disk.
    """

    def __init__(self, room: int = ROOM) -> None:
        """`room`: octets of all answers together."""
        self._room = room
        self._answers: OrderedDict[bytes, bytes] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, octets: bytes) -> bytes | None:
        """Returns the answer about this mail, if it is still kept."""
        key = _key(octets)
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
        return answer

    def keep(self, octets: bytes, answer: bytes) -> None:
        """Keeps the answer about this mail; the one that was not used for longest makes room."""
        if len(answer) > LARGEST:
            return
        key = _key(octets)
        with self._lock:
            self._held += len(answer) - len(self._answers.pop(key, b""))
            self._answers[key] = answer
            while self._held > self._room:
                self._held -= len(self._answers.popitem(last=False)[1])


def _key(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


# ---- the processes


# ---- the time of one mail


LOADED = 6.0  # times its seconds that a process is awaited at most, by the clock
GLANCE = 0.1  # seconds between two looks at the process
_WORKING = frozenset("RD")  # running or runnable; in the kernel, as when it reads a page that was evicted
_LONGEST = 4096  # octets of what /proc says of a process in one line
_TICKS = os.sysconf("SC_CLK_TCK")  # a second


class TimeLimit:
    """What one process may take for one answer; made when it is asked."""

    def __init__(self, pid: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allows `seconds` of the processor time of the process `pid`; doing nothing, that many of the clock."""
        self._pid = pid
        self.seconds = seconds
        self._clock = clock
        self._begun = clock()
        self._used_before = process_state(self._pid)[1]

    @property
    def over(self) -> bool:
        """Whether the process has been awaited for as long as any is."""
        return self._elapsed() >= self.seconds * LOADED

    def passed(self) -> bool:
        """Returns whether to wait no longer. Beyond its seconds, only while it works and has not used that many."""
        state, used = process_state(self._pid)
        works = state in _WORKING and used - self._used_before < self.seconds
        return self.over or (self._elapsed() >= self.seconds and not works)

    def spent(self) -> float:
        """Returns the seconds that count: processor time, or all that have passed if the process has ended."""
        state, used = process_state(self._pid)
        return max(used - self._used_before, 0.0) if state else self._elapsed()

    def _elapsed(self) -> float:
        return self._clock() - self._begun


def process_state(pid: int) -> tuple[str, float]:
    """Returns the state of a process and its seconds of processor time (proc_pid_stat(5)); "" and 0 if it has ended.

    The same where /proc does not show it.
    """
    try:
        # Twice for each mail: each call of the system lets other threads have their turn, so there are few.
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            octets = os.read(descriptor, _LONGEST)
        finally:
            os.close(descriptor)
        fields = octets.decode("ascii", "replace").rpartition(")")[2].split()
        return fields[0], (int(fields[11]) + int(fields[12])) / _TICKS
    except (OSError, ValueError, IndexError):
        return "", 0.0


# ---- the processes


MEMORY_LIMIT = 1024 * 1024 * 1024  # octets of address space
TIME_LIMIT = 10.0  # seconds per mail, see `time_limit`
DELIVERY = 0.8  # of the time limit, for a mail with all that is attached to it
LEAST = 0.05  # seconds with which it is worth to begin with an attached mail
LATE = "attached mail not read: the time for its delivery was used up"
HOPS_LIMIT = 2.0  # seconds for the hops of one mail, of which only the header is sent
HEADER = 64 * 1024  # octets
START_LIMIT = 30.0  # seconds for the interpreter to start
MODULE = "flaggermail.adapters.parsing.child"
CHUNK = 1024 * 1024
# An answer lists each address and part, and holds a text up to three times, escaped: at most 40 octets for one of mail.
# A larger one is an attack on this process, in which empty lists take 20 times the memory of their JSON.
LARGEST_ANSWER, LEAST_ANSWER, GROWTH = 64 * 1024 * 1024, 1024 * 1024, 40
FEW = 10  # below this number the live child reads the mails faster than others start
MOST = 8  # children at once: this process has to decode their answers
IDLE = 60.0  # seconds without work after which the children for history end

R = TypeVar("R")


class ParserProcess:
    """One child process; usable from several threads, parses one mail at a time."""

    def __init__(
        self, rules: Path, time_limit: float, memory_limit: int, recent: RecentAnswers | None = None
    ) -> None:  # fmt: skip
        """Takes the limits of `ContainedParser`, and what it keeps. The child starts with the first mail."""
        self._rules = rules
        self._recent = RecentAnswers() if recent is None else recent
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._finalizer: weakref.finalize[[subprocess.Popen[bytes]], ParserProcess] | None = None
        self._confined: dict[str, object] = {}

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs, else None."""
        return self._child.pid if self._child else None

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Returns the parsed mail and the mails attached to it; see `ports.Parser`."""
        allowed = self._time_limit * DELIVERY
        deadline = time.monotonic() + allowed * LOADED
        message, spent = self._parsed(octets, allowed)
        attached: list[Message] = []
        for start, end in message.enclosed:
            left = min(allowed - spent, deadline - time.monotonic())
            if left > LEAST:
                inner, taken = self._parsed(octets[start:end], left)
                spent += taken
            else:
                inner = _unread(octets[start:end], LATE)
            attached.append(inner)
        return message, tuple(attached)

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail; never raises on content. If a mail ends the child, only its header is read."""
        return self._parsed(octets, self._time_limit)[0]

    def _parsed(self, octets: bytes, seconds: float) -> tuple[Message, float]:
        """Works like `parse`, with a limit of its own; returns the seconds that count too, see `TimeLimit.spent`."""
        with self._lock:
            begun = time.monotonic()
            try:
                child = self._running()
                limit = TimeLimit(child.pid, seconds)
                answer = _exchange(child, MESSAGE, octets, limit)
                message, spent = unpacked(json.loads(answer)), limit.spent()
            except TimeoutError:
                reason = "over its time limit"
            except (OSError, EOFError):
                reason = self._how_it_ended()
            except (ValueError, KeyError, TypeError, RecursionError):
                reason = "answer not understood"
            else:
                if not message.costly:  # such a mail is read once, and what was read differs with the time it had
                    self._recent.keep(octets, answer)
                return message, spent
            self._end()
        return _unread(octets, f"parser ended: {reason}"), time.monotonic() - begun

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Returns the decoded octets of an attachment, see `ports.Parser`; None too if the mail ends the child."""
        with self._lock:
            try:
                child = self._running()
                limit = TimeLimit(child.pid, self._time_limit)
                found = json.loads(_exchange(child, ATTACHMENT, octets, limit, number))["base64"]
                return base64.b64decode(found, validate=True) if isinstance(found, str) else None
            except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError):
                self._end()
                return None

    def hops(self, octets: bytes) -> tuple[Hop, ...]:
        """Returns the servers that relayed the mail; empty, and never raises, if they cannot be read in time."""
        with self._lock:
            try:
                child = self._running()
                limit = TimeLimit(child.pid, min(HOPS_LIMIT, self._time_limit))
                return tuple(map(hop_of, json.loads(_exchange(child, HOPS, octets[:HEADER], limit))))
            except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self._end()  # what it has left to say must not pass for an answer about the next mail
                return ()

    def confined(self) -> Mapping[str, object]:
        """Returns what confines the child, as it says itself; empty if it does not start."""
        with self._lock:
            try:
                self._running()
            except (OSError, EOFError, ValueError):
                self._end()
                return {}
            return self._confined

    def close(self) -> None:
        """Ends the child; idempotent. A later `parse` starts a new one."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        command = [sys.executable, "-m", MODULE, str(self._rules), str(self._time_limit), str(self._memory_limit)]
        # The environment holds only the module path: no token of the service manager, no locale.
        environment = {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "PYTHONSAFEPATH": "1"}
        self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no external input
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            close_fds=True,
        )
        self._finalizer = weakref.finalize(self, _end_child, self._child)  # ends the child even without `close`
        for stream in _pipes(self._child):
            os.set_blocking(stream.fileno(), False)  # so that no write blocks beyond the deadline
        confined = json.loads(_answer(self._child, LEAST_ANSWER, TimeLimit(self._child.pid, START_LIMIT)))
        self._confined = confined if isinstance(confined, dict) else {}
        return self._child

    def _how_it_ended(self) -> str:
        if self._child is None:
            return "not started"
        try:
            code = self._child.wait(1)
        except subprocess.TimeoutExpired:
            return "pipe broken"
        return f"signal {-code}" if code < 0 else f"exit {code}"

    def _end(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._child = self._finalizer = None


class ContainedParser:
    """Implements ports.Parser with child processes; thread-safe."""

    def __init__(
        self, rules: Path, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT, idle: float = IDLE
    ) -> None:
        """`rules`: the folder with mail-language.yaml; `time_limit` in seconds per mail; `memory_limit` in octets.

        `idle`: seconds after a batch until its processes end.
        """
        self._recent = RecentAnswers()
        self._limits = (rules, time_limit, memory_limit, self._recent)
        self._idle = idle
        self._live = ParserProcess(*self._limits)
        self._pool: tuple[ParserProcess, ...] = ()
        self._batch = threading.Lock()
        self._idle_timer: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The process that parses live mail, or None if it is not running."""
        return self._live.pid

    @property
    def pids(self) -> list[int]:
        """The running processes that parse history."""
        return [pid for process in self._pool if (pid := process.pid) is not None]

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail; never raises on content. If a mail ends the child, only its header is read."""
        return self._live.parse(octets)

    def parse_again(self, octets: bytes) -> Message:
        """Returns what `parse` returned for this mail lately; parses it if that is not kept."""
        known = self._recent.get(octets)
        return self.parse(octets) if known is None else unpacked(json.loads(known))

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Returns the parsed mail and the mails attached to it, within one allowance of time."""
        return self._live.parse_delivery(octets)

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Returns the decoded octets of an attachment; see `ports.Parser`."""
        return self._live.attachment(octets, number)

    def hops(self, octets: bytes) -> tuple[Hop, ...]:
        """Returns the servers that relayed the mail; empty, and never raises, if they cannot be read in time."""
        return self._live.hops(octets)

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """Parses each mail, in order, with one process per core; for history."""
        return self._each(many, ParserProcess.parse)

    def parse_deliveries(self, many: Sequence[bytes]) -> list[tuple[Message, tuple[Message, ...]]]:
        """Parses each mail and what is attached to it, in order, with one process per core; for history."""
        return self._each(many, ParserProcess.parse_delivery)

    def _each(self, many: Sequence[bytes], read: Callable[[ParserProcess, bytes], R]) -> list[R]:
        if len(many) < FEW:
            return [read(self._live, octets) for octets in many]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not needed to parse a single mail

        with self._batch:
            self._cancel_idle_timer()
            pool = self._pool = self._pool or tuple(ParserProcess(*self._limits) for _ in range(_cores()))
            free: SimpleQueue[ParserProcess] = SimpleQueue()
            for process in pool:
                free.put(process)

            def read_by_a_free_one(octets: bytes) -> R:
                process = free.get()
                try:
                    return read(process, octets)
                finally:
                    free.put(process)

            try:
                with ThreadPoolExecutor(len(pool), "parse") as threads:
                    return list(threads.map(read_by_a_free_one, many))
            finally:
                self._idle_timer = threading.Timer(self._idle, self._close_pool)
                self._idle_timer.daemon = True
                self._idle_timer.start()

    def confinement(self) -> Confinement:
        """Returns what confines the child for live mail here; starts it. Nothing holds if it does not start."""
        from flaggermail.health.findings import Confinement  # noqa: PLC0415 - `parse` does not need it

        return Confinement.from_document(self._live.confined())

    def close(self) -> None:
        """Ends the children; idempotent. A later `parse` starts a new one."""
        self._cancel_idle_timer()
        self._live.close()
        self._close_pool()

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()

    def _close_pool(self) -> None:
        """Ends the processes for history; a batch in progress restarts the ones it needs."""
        pool, self._pool = self._pool, ()
        for process in pool:
            process.close()


def _cores() -> int:
    return min(os.cpu_count() or 1, MOST)


def _end_child(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for stream in _pipes(child):
        stream.close()


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Returns the child's standard input and output, which always exist here."""
    if child.stdin is None or child.stdout is None:
        raise EOFError
    return child.stdin, child.stdout


def _unread(octets: bytes, defect: str) -> Message:
    """Returns what the header alone says of a mail that took too long, or for which no time was left."""
    from flaggermail.adapters.parsing.parser import header_only  # noqa: PLC0415 - slow to import, rarely needed

    return replace(header_only(octets, defect), overran=True, costly=True)


def _exchange(child: subprocess.Popen[bytes], asked: int, octets: bytes, limit: TimeLimit, number: int = 0) -> bytes:
    """Sends a mail and what is asked of it, with the number of an attachment, receives the answer.

    Raises TimeoutError at the limit, OSError or EOFError if the child ends.
    """
    sender = _pipes(child)[0].fileno()
    for part in (REQUEST.pack(asked, len(octets), limit.seconds, number), octets):
        view = memoryview(part)
        while view:
            _wait(sender, limit, writing=True)
            view = view[os.write(sender, view[:CHUNK]) :]
    return _answer(child, min(LARGEST_ANSWER, LEAST_ANSWER + GROWTH * len(octets)), limit)


def _answer(child: subprocess.Popen[bytes], most: int, limit: TimeLimit) -> bytes:
    """Receives an answer of at most `most` octets. Raises ValueError for a longer one."""
    (length,) = LENGTH.unpack(_received(child, LENGTH.size, limit))
    if length > most:
        raise ValueError("the answer is too long")
    return _received(child, length, limit)


def _received(child: subprocess.Popen[bytes], length: int, limit: TimeLimit) -> bytes:
    receiver = _pipes(child)[1].fileno()
    answer = bytearray()
    while len(answer) < length:
        _wait(receiver, limit, writing=False)
        piece = os.read(receiver, min(CHUNK, length - len(answer)))
        if not piece:
            raise EOFError
        answer += piece
    return bytes(answer)


def _wait(descriptor: int, limit: TimeLimit, *, writing: bool) -> None:
    """Waits until the pipe is ready, or broken, which the next call of the system tells. Raises TimeoutError.

    poll(2), as select(2) takes no descriptor from 1,024 on. It looks once even when it comes late: that this process
    had no turn says nothing about the other. In the end it does not: an answer may come octet by octet for hours.
    """
    waiting = select.poll()
    waiting.register(descriptor, select.POLLOUT if writing else select.POLLIN)
    while limit.over or not waiting.poll(math.ceil(GLANCE * 1000)):
        if limit.passed():
            raise TimeoutError
