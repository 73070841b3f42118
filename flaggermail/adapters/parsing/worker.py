# SPDX-License-Identifier: EUPL-1.2
"""Parsing in a process of its own that a mail can harm without harming anything else (decisions.md 24).

The parent sends a length and the octets of one mail; the child (`parse_child`) answers with a length and the Message as
JSON. The child has limits on processor time and memory, writes no file and inherits no descriptor but its two pipes. A
mail that kills it or takes too long comes back with what its header tells; the next mail meets a new child.

Live mail has one child. History has several, which end when there was none for a while.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from flaggermail.adapters.parsing.pipe import LENGTH, READY
from flaggermail.mail.message import Message
from flaggermail.mail.message_json import unpacked

MEMORY_LIMIT = 1024 * 1024 * 1024  # octets of address space
TIME_LIMIT = 10.0  # seconds a mail may take
START_LIMIT = 30.0  # seconds the interpreter may take to be ready
MODULE = "flaggermail.adapters.parsing.child"
CHUNK = 1024 * 1024
LARGEST_ANSWER = 256 * 1024 * 1024
FEW = 10  # mails that the child for live mail reads sooner than others start
MOST = 8  # children at once: this process has to take in what they answer
IDLE = 60.0  # seconds after which they end when nothing came


class ParserProcess:
    """One child process; usable from several threads, one mail at a time."""

    def __init__(self, rules: Path, time_limit: float, memory_limit: int) -> None:
        """As `ContainedParser`. Nothing is started before the first mail."""
        self._rules = rules
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._ending: weakref.finalize[[subprocess.Popen[bytes]], ParserProcess] | None = None

    @property
    def pid(self) -> int | None:
        """The process that parses, while there is one."""
        return self._child.pid if self._child else None

    def parse(self, octets: bytes) -> Message:
        """The mail as a value; never raises on content. A mail that ends the child is read by its header alone."""
        with self._lock:
            try:
                child = self._running()
                answer = _exchange(child, octets, time.monotonic() + self._time_limit)
                return unpacked(json.loads(answer))
            except TimeoutError:
                reason = "over its time limit"
            except (OSError, EOFError):
                reason = self._how_it_ended()
            except (ValueError, KeyError, TypeError):
                reason = "answer not understood"
            self._end()
        from flaggermail.adapters.parsing.parser import header_only  # noqa: PLC0415 - dear to load, and hardly ever needed here

        return header_only(octets, f"parser ended: {reason}")

    def close(self) -> None:
        """End the child; safe to repeat. A later `parse` starts a new one."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        command = [sys.executable, "-m", MODULE, str(self._rules), str(self._time_limit), str(self._memory_limit)]
        # The environment holds nothing but where the modules are: no token of the service manager, no locale.
        environment = {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "PYTHONSAFEPATH": "1"}
        self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no word from outside
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            close_fds=True,
        )
        self._ending = weakref.finalize(self, _end_child, self._child)  # also when nobody closed this parser
        for stream in _pipes(self._child):
            os.set_blocking(stream.fileno(), False)  # so that no write waits longer than the deadline
        if _received(self._child, len(READY), time.monotonic() + START_LIMIT) != READY:
            raise EOFError
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
        if self._ending is not None:
            self._ending()
        self._child = self._ending = None


class ContainedParser:
    """Implements ports.Parser by child processes; usable from several threads."""

    def __init__(
        self, rules: Path, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT, idle: float = IDLE
    ) -> None:
        """`rules`: the folder with mail-language.yaml; `time_limit` in seconds a mail; `memory_limit` in octets.

        `idle`: seconds after a batch until the processes that read it end.
        """
        self._limits = (rules, time_limit, memory_limit)
        self._idle = idle
        self._live = ParserProcess(*self._limits)
        self._pool: tuple[ParserProcess, ...] = ()
        self._batch = threading.Lock()
        self._rest: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """The process that parses live mail, while there is one."""
        return self._live.pid

    @property
    def pids(self) -> list[int]:
        """The processes that parse history, while there are some."""
        return [pid for process in self._pool if (pid := process.pid) is not None]

    def parse(self, octets: bytes) -> Message:
        """The mail as a value; never raises on content. A mail that ends the child is read by its header alone."""
        return self._live.parse(octets)

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """As `parse` for each, in their order, over as many processes as there are cores: for history."""
        if len(many) < FEW:
            return [self.parse(octets) for octets in many]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - one mail on the command line needs none

        with self._batch:
            self._stop_resting()
            pool = self._pool = self._pool or tuple(ParserProcess(*self._limits) for _ in range(_cores()))
            free: SimpleQueue[ParserProcess] = SimpleQueue()
            for process in pool:
                free.put(process)

            def read(octets: bytes) -> Message:
                process = free.get()
                try:
                    return process.parse(octets)
                finally:
                    free.put(process)

            try:
                with ThreadPoolExecutor(len(pool), "parse") as threads:
                    return list(threads.map(read, many))
            finally:
                self._rest = threading.Timer(self._idle, self._close_pool)
                self._rest.daemon = True
                self._rest.start()

    def close(self) -> None:
        """End the children; safe to repeat. A later `parse` starts a new one."""
        self._stop_resting()
        self._live.close()
        self._close_pool()

    def _stop_resting(self) -> None:
        if self._rest is not None:
            self._rest.cancel()

    def _close_pool(self) -> None:
        """End the processes for history; where a batch is in hand it starts others, which end with it."""
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
    """The child's standard input and output; they exist, since they were asked for."""
    if child.stdin is None or child.stdout is None:
        raise EOFError
    return child.stdin, child.stdout


def _exchange(child: subprocess.Popen[bytes], octets: bytes, deadline: float) -> bytes:
    """Send a mail, receive the answer. Raises TimeoutError at `deadline`, OSError or EOFError when the child ends."""
    sender = _pipes(child)[0].fileno()
    for part in (LENGTH.pack(len(octets)), octets):
        view = memoryview(part)
        while view:
            _wait(sender, deadline, writing=True)
            view = view[os.write(sender, view[:CHUNK]) :]
    (length,) = LENGTH.unpack(_received(child, LENGTH.size, deadline))
    if length > LARGEST_ANSWER:
        raise ValueError("the answer is too long")
    return _received(child, length, deadline)


def _received(child: subprocess.Popen[bytes], length: int, deadline: float) -> bytes:
    receiver = _pipes(child)[1].fileno()
    answer = bytearray()
    while len(answer) < length:
        _wait(receiver, deadline, writing=False)
        piece = os.read(receiver, min(CHUNK, length - len(answer)))
        if not piece:
            raise EOFError
        answer += piece
    return bytes(answer)


def _wait(descriptor: int, deadline: float, *, writing: bool) -> None:
    left = deadline - time.monotonic()
    reading, sending = ([], [descriptor]) if writing else ([descriptor], [])
    if left <= 0 or not any(select.select(reading, sending, [], left)):
        raise TimeoutError
