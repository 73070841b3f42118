# SPDX-License-Identifier: EUPL-1.2
"""Parsing in a process of its own that a mail can harm without harming anything else (decisions.md 24).

The parent sends a length and the octets of one mail; the child answers with a length and the Message as JSON. The child
has limits on processor time and memory, writes no file and inherits no descriptor but its two pipes. A mail that kills
it or takes too long comes back with what its header tells; the next mail meets a new child.
"""

from __future__ import annotations

import json
import os
import resource
import select
import struct
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import IO

from flaggermail.adapters.allowance import allow
from flaggermail.adapters.language_file import read_language
from flaggermail.adapters.parse import StandardParser, header_only
from flaggermail.core.message import Message
from flaggermail.core.message_json import packed, unpacked

MEMORY_LIMIT = 1024 * 1024 * 1024  # octets of address space
TIME_LIMIT = 10.0  # seconds a mail may take
ALLOWANCE = 0.3  # of the time limit, as processor time: then the part that took it is given up, and the rest is read
START_LIMIT = 30.0  # seconds the interpreter may take to be ready
MODULE = "flaggermail.adapters.parse_worker"
CHUNK = 1024 * 1024
LARGEST_ANSWER = 256 * 1024 * 1024

_LENGTH = struct.Struct(">Q")
_READY = b"ready\n"


class ContainedParser:
    """Implements ports.Parser by a child process; usable from several threads, one mail at a time."""

    def __init__(self, rules: Path, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT) -> None:
        """`rules`: the folder with mail-language.yaml; `time_limit` in seconds a mail; `memory_limit` in octets."""
        self._rules = rules
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._ending: weakref.finalize[[subprocess.Popen[bytes]], ContainedParser] | None = None

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
        if _received(self._child, len(_READY), time.monotonic() + START_LIMIT) != _READY:
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
    for part in (_LENGTH.pack(len(octets)), octets):
        view = memoryview(part)
        while view:
            _wait(sender, deadline, writing=True)
            view = view[os.write(sender, view[:CHUNK]) :]
    (length,) = _LENGTH.unpack(_received(child, _LENGTH.size, deadline))
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


def serve(rules: Path, time_limit: float, memory_limit: int) -> None:
    """The child: answer mails from standard input until it ends."""
    parser = StandardParser(read_language(rules))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit, memory_limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sink.write(_READY)
    sink.flush()
    while len(head := source.read(_LENGTH.size)) == _LENGTH.size:
        octets = source.read(_LENGTH.unpack(head)[0])
        _allow_processor(time_limit)
        allow(time_limit * ALLOWANCE)
        message = parser.parse(octets)
        allow(0)
        answer = json.dumps(packed(message)).encode("ascii")
        sink.write(_LENGTH.pack(len(answer)) + answer)
        sink.flush()


def _allow_processor(seconds: float) -> None:
    """Set the limit on processor time to what was used so far and `seconds` more (whole seconds, rounded up)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    serve(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
