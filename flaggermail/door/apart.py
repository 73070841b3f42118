# SPDX-License-Identifier: EUPL-1.2
"""Large tasks in a process of their own, which ends with its client and with the door.

The process answers one request with the same application: the environment of WSGI goes in by its standard input, and
status, headers and body come out. A fault of memory or of a library in it leaves the door alone.
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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOK_EVERY = 0.25  # seconds between looks whether the client is still there
BLOCK = 65_536  # octets
_PR_SET_PDEATHSIG = 1  # prctl(2)
_NO_BODY = frozenset({"wsgi.input", "wsgi.errors"})


class ChildEnded(Exception):
    """The process ended without an answer: it was killed, or met a fault that it has logged."""


class GivenUp(Exception):
    """Nobody waits for the answer any more; the process was ended."""


class Child:
    """A process that answers one request. Closing it ends the process."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, object], body: bytes) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own program
        asked = {name: value for name, value in environ.items() if isinstance(value, str) and name not in _NO_BODY}
        with suppress(BrokenPipeError), _pipe(self._process.stdin) as line:
            line.write(json.dumps(asked).encode() + b"\n" + body)

    def answer(self, given_up: Callable[[], bool]) -> tuple[str, list[tuple[str, str]], Iterator[bytes]]:
        """Returns status, headers and the parts of the body. Raises GivenUp once `given_up` says so, ChildEnded."""
        out = _pipe(self._process.stdout)
        while not select.select([out], [], [], LOOK_EVERY)[0]:
            if given_up():
                self.close()
                raise GivenUp
        head = out.readline()
        if not head.endswith(b"\n"):
            self.close()
            raise ChildEnded
        status, headers = json.loads(head)
        return str(status), [(str(name), str(value)) for name, value in headers], self._parts(out)

    def _parts(self, out: IO[bytes]) -> Iterator[bytes]:
        try:
            while part := out.read(BLOCK):
                yield part
        finally:
            self.close()

    def close(self) -> None:
        """Ends the process; idempotent."""
        self._process.kill()
        self._process.wait()
        _pipe(self._process.stdout).close()


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


def answer_one(application: WSGIApplication, asked: IO[bytes], out: IO[bytes]) -> None:
    """Answers the request that a door handed on."""
    environ: WSGIEnvironment = {
        **json.loads(asked.readline()),
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(asked.read()),
        "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": True,
    }  # fmt: skip

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
        out.write(json.dumps([status, headers]).encode() + b"\n")
        return out.write

    begin: StartResponse = start
    for part in application(environ, begin):
        out.write(part)
    out.flush()
