# SPDX-License-Identifier: EUPL-1.2
"""The process of the door: it listens, shows that it lives, and stops within its deadline."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from flask import Flask

from flaggermail import logbook
from flaggermail.door.application import DeskSource, DoorApplication, door_application
from flaggermail.door.http_server import DoorServer
from flaggermail.door.listening import Listening
from flaggermail.ports import Interrupt, Supervisor
from flaggermail.sockets import UnixConnection

STOP_WITHIN = 8.0  # seconds; the process ends within ten seconds of the signal
ALIVE_EVERY = 15.0  # seconds between requests to itself, at most; less if the manager wants it
HEARD_WITHIN = 10.0  # seconds for its own answer
HEALTH = "/health"


class Door:
    """Serves the desk on a socket until `stop` is set."""

    def __init__(
        self, source: DeskSource, listening: Listening, supervisor: Supervisor, stop: Interrupt,
        apart: Sequence[str] = (), *, pages: Callable[[Flask, DoorApplication], None] = lambda *_: None,
    ) -> None:  # fmt: skip
        """`apart` is the command of a process for large tasks; `pages` gives the application further addresses."""
        self._listening, self._supervisor, self._stop = listening, supervisor, stop
        self._every_second = source.each_second
        self._application = DoorApplication(source, lambda: self._stops, apart=apart)
        served = door_application(self._application)
        pages(served, self._application)
        self._server = DoorServer(served, listening)
        self._stops = False
        self._failed: BaseException | None = None
        self._ending = threading.Thread(target=self._server.stop, name="end", daemon=True)

    @property
    def path(self) -> Path:
        """Where it listens."""
        return self._listening.path

    def obey_signals(self) -> None:
        """Makes SIGTERM, SIGINT and the end of its terminal end the door, with its socket."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())

    def exit_if_overdue(self) -> None:
        """Ends the process if a request is still under way: the interpreter would wait for its thread.

        What it had begun is in the record whole or not at all, as after a crash.
        """
        if self._ending.is_alive():
            sys.stderr.flush()
            os._exit(os.EX_OK)

    def run(self, opened: Callable[[], None]) -> None:
        """Serves until the stop; calls `opened` once it listens. Raises what ended the server if nobody stopped it."""
        self._server.prepare()
        serving = threading.Thread(target=self._serve, name="door", daemon=True)
        serving.start()
        logbook.door_opened(str(self._listening.path))
        opened()
        self._supervisor.ready()
        try:
            self._watch(serving)
        finally:
            self._end()
        if self._failed is not None:
            raise self._failed

    def _serve(self) -> None:
        try:
            self._server.serve()
        except BaseException as fault:  # noqa: BLE001 - the boundary of a thread: it ends the process, which says why
            self._failed = fault

    def _watch(self, serving: threading.Thread) -> None:
        """Waits for the stop; shows the manager that the door answers."""
        every, due = min(ALIVE_EVERY, self._supervisor.interval), 0.0
        while serving.is_alive() and not self._stop.wait(1.0):
            self._every_second()
            self._application.end_resting()
            if time.monotonic() >= due:
                due = time.monotonic() + every
                self._show_life()

    def _show_life(self) -> None:
        try:
            answer(self._listening.path.as_posix(), HEALTH, HEARD_WITHIN)
        except (OSError, http.client.HTTPException) as fault:
            logbook.door_unanswered(type(fault).__name__)
        else:
            self._supervisor.alive()

    def _end(self) -> None:
        """Lets requests under way finish, refuses the others, and removes the socket."""
        began = time.monotonic()
        self._supervisor.stopping()
        self._stops = True
        self._listening.remove()
        self._application.end_resting(all_of_them=True)
        self._ending.start()
        self._ending.join(STOP_WITHIN)
        logbook.door_closed(time.monotonic() - began)


def answer(path: str, address: str, seconds: float) -> bytes:
    """Returns what the door on the socket `path` answers at an address. Raises OSError, HTTPException."""
    with closing(UnixConnection(path, seconds)) as line:
        line.request("GET", address)
        return line.getresponse().read()
