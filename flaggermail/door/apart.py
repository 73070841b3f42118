# SPDX-License-Identifier: EUPL-1.2
"""Large tasks in a process of their own, which ends with its client and with the door.

The process answers requests with the same application, one after the other: the environment of WSGI and the body go in
by its standard input; how far it is, status, headers and body come out. A fault of memory or of a library in it leaves
the door alone. One that has answered rests for a while, since a start costs more than most parts of a dossier.

    in      a line of JSON: the environment; then as many octets as its CONTENT_LENGTH says
    out     lines of JSON: a share from 0 to 1, as often as there is one; then [status, headers]; then a number of
            octets and so many octets, until that number is 0
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from flaggermail import progress

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOK_EVERY = 0.25  # seconds between looks whether the client is still there
TELL_EVERY = 0.25  # seconds between two shares
RESTS_FOR = 10.0  # seconds for which a process that has answered waits for another task
BLOCK = 65_536  # octets
_PR_SET_PDEATHSIG = 1  # prctl(2)
_NO_BODY = frozenset({"wsgi.input", "wsgi.errors"})

Head = tuple[str, list[tuple[str, str]]]


class ChildEnded(Exception):
    """The process ended without an answer: it was killed, or met a fault that it has logged."""


class GivenUp(Exception):
    """Nobody waits for the answer any more; the process was ended."""


class Child:
    """A process that answers requests, one at a time. Closing it ends the process.

    `about`: the configuration that it has read.
    """

    def __init__(self, command: Sequence[str], about: Hashable) -> None:
        self.about, self.rested_at = about, 0.0
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603 - our own program
        self._held = b""
        self.has_answered = False

    @property
    def lives(self) -> bool:
        """False once the process has ended."""
        return self._process.poll() is None

    def ask(self, environ: Mapping[str, object], body: bytes) -> None:
        """Hands a request on."""
        self.has_answered = False
        asked = {name: value for name, value in environ.items() if isinstance(value, str) and name not in _NO_BODY}
        asked["CONTENT_LENGTH"] = str(len(body))
        with suppress(BrokenPipeError):
            left = memoryview(json.dumps(asked).encode() + b"\n" + body)
            while left:
                left = left[_pipe(self._process.stdin).write(left) :]

    def head(self, waits: Callable[[float | None], None]) -> Head:
        """Returns status and headers of the answer.

        Calls `waits` with each share that is done, and with None when nothing came for a moment; what it raises ends
        the process. Raises ChildEnded.
        """
        try:
            while True:
                found = json.loads(self._line(waits))
                if isinstance(found, list):
                    return str(found[0]), [(str(name), str(value)) for name, value in found[1]]
                waits(float(found))
        except BaseException:
            self.close()
            raise

    def body(self) -> Iterator[bytes]:
        """Yields the parts of the body. Raises ChildEnded."""
        while size := int(self._line(lambda _: None)):
            while size:
                part = self._held or self._read()
                yield part[:size]
                self._held, size = part[size:], size - len(part[:size])
        self.has_answered = True

    def _line(self, waits: Callable[[float | None], None]) -> bytes:
        while b"\n" not in self._held:
            while not select.select([_pipe(self._process.stdout)], [], [], LOOK_EVERY)[0]:
                waits(None)
            self._held += self._read()
        line, _, self._held = self._held.partition(b"\n")
        return line

    def _read(self) -> bytes:
        found = _pipe(self._process.stdout).read(BLOCK)
        if not found:
            raise ChildEnded
        return found

    def close(self) -> None:
        """Ends the process; idempotent."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                _pipe(pipe).close()


class Children:
    """The processes for large tasks that a door has begun with `command`."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command, self._lock = command, threading.Lock()
        self._resting: list[Child] = []

    def take(self, about: Hashable) -> Child:
        """Returns a process that rests and has read that configuration, or a new one."""
        with self._lock:
            rested, self._resting = self._resting, []
            found = next((one for one in rested if one.about == about and one.lives), None)
            self._resting = [one for one in rested if one is not found]
        return found or Child(self._command, about)

    def rest(self, child: Child) -> None:
        """Keeps a process for the next task if it has answered all of the last one; else ends it."""
        if not child.has_answered:
            child.close()
            return
        child.rested_at = time.monotonic()
        with self._lock:
            self._resting.append(child)

    def end(self, rested_for: float = RESTS_FOR) -> None:
        """Ends the processes that have rested so long."""
        now = time.monotonic()
        with self._lock:
            ended = [one for one in self._resting if now - one.rested_at >= rested_for or not one.lives]
            self._resting = [one for one in self._resting if one not in ended]
        for child in ended:
            child.close()


def _pipe(line: IO[bytes] | None) -> IO[bytes]:
    if line is None:
        raise TypeError("a child without a pipe")
    return line


def end_with_parent() -> None:
    """Lets the kernel end this process once the thread that began it has ended; ends it at once if it has already."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        sys.exit(1)


def answer_all(application: WSGIApplication, asked: IO[bytes], out: IO[bytes]) -> None:
    """Answers the requests that a door hands on, until it hands on no more."""
    while line := asked.readline():
        environ: dict[str, str] = json.loads(line)
        body = asked.read(int(environ["CONTENT_LENGTH"]))
        with progress.heard(_Teller(out).tell):
            _answer(application, environ, body, out)


class _Teller:
    """Writes how far the task is, now and then."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._due = out, 0.0

    def tell(self, share: float) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + TELL_EVERY
            self._out.write(b"%.4f\n" % share)
            self._out.flush()


def _answer(application: WSGIApplication, asked: Mapping[str, str], body: bytes, out: IO[bytes]) -> None:
    environ: WSGIEnvironment = {
        **asked, "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }  # fmt: skip

    def send(part: bytes) -> object:
        return out.write(b"%d\n" % len(part) + part) if part else None

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
        out.write(json.dumps([status, headers]).encode() + b"\n")
        return send

    begin: StartResponse = start
    for part in application(environ, begin):
        send(part)
    out.write(b"0\n")
    out.flush()
