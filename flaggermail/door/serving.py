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
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from flaggermail import logbook
from flaggermail.door.application import DeskSource, DoorApplication, door_application
from flaggermail.door.http_server import DoorServer
from flaggermail.door.listening import Listening
from flaggermail.door.peers import Proxy
from flaggermail.ports import Interrupt, Supervisor
from flaggermail.sockets import UnixConnection

STOP_WITHIN = 8.0  # seconds; the process ends within ten seconds of the signal
ALIVE_EVERY = 15.0  # seconds between requests to itself, at most; less if the manager wants it
HEARD_WITHIN = 10.0  # seconds for its own answer
HEALTH = "/health"


@dataclass(frozen=True, slots=True)
class Sockets:
    """The socket of a door, and a second one for the persons whom a reverse proxy names."""

    own: Listening
    web: Listening | None = None
    proxy: Proxy | None = None

    def remove(self) -> None:
        """Removes the files; idempotent."""
        for one in (self.own, self.web):
            if one is not None:
                one.remove()


class Door:
    """Serves the desk on a socket until `stop` is set."""

    def __init__(
        self, source: DeskSource, sockets: Sockets, supervisor: Supervisor, stop: Interrupt,
        apart: Sequence[str] = (), *, pages: Callable[[Flask, DoorApplication], None] = lambda *_: None,
    ) -> None:  # fmt: skip
        """`apart` is the command of a process for large tasks; `pages` gives the application further addresses."""
        self._sockets, self._supervisor, self._stop = sockets, supervisor, stop
        self._every_second = source.each_second
        self._application = DoorApplication(source, lambda: self._stops, apart=apart)
        served = door_application(self._application)
        pages(served, self._application)
        self._servers = [DoorServer(served, sockets.own)]
        if sockets.web is not None:
            self._servers.append(DoorServer(served, sockets.web, sockets.proxy))
        self._stops = False
        self._failed: BaseException | None = None
        self._endings = [threading.Thread(target=one.stop, name="end", daemon=True) for one in self._servers]

    @property
    def path(self) -> Path:
        """Where it listens."""
        return self._sockets.own.path

    @property
    def web_path(self) -> Path | None:
        """Where it listens for a reverse proxy; None if it does not."""
        return None if self._sockets.web is None else self._sockets.web.path

    def obey_signals(self) -> None:
        """Makes SIGTERM, SIGINT and the end of its terminal end the door, with its socket."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())

    def exit_if_overdue(self) -> None:
        """Ends the process if a request is still under way: the interpreter would wait for its thread.

        What it had begun is in the record whole or not at all, as after a crash.
        """
        if any(one.is_alive() for one in self._endings):
            sys.stderr.flush()
            os._exit(os.EX_OK)

    def run(self, opened: Callable[[], None]) -> None:
        """Serves until the stop; calls `opened` once it listens. Raises what ended the server if nobody stopped it."""
        serving = [threading.Thread(target=self._serve, args=(one,), name="door", daemon=True) for one in self._servers]
        for server, thread in zip(self._servers, serving, strict=True):
            server.prepare()
            thread.start()
        logbook.door_opened(str(self._sockets.own.path))
        opened()
        self._supervisor.ready()
        try:
            self._watch(serving)
        finally:
            self._end()
        if self._failed is not None:
            raise self._failed

    def _serve(self, server: DoorServer) -> None:
        try:
            server.serve()
        except BaseException as fault:  # noqa: BLE001 - the boundary of a thread: it ends the process, which says why
            self._failed = fault

    def _watch(self, serving: Sequence[threading.Thread]) -> None:
        """Waits for the stop; shows the manager that the door answers."""
        every, due = min(ALIVE_EVERY, self._supervisor.interval), 0.0
        while all(one.is_alive() for one in serving) and not self._stop.wait(1.0):
            self._every_second()
            self._application.end_resting()
            if time.monotonic() >= due:
                due = time.monotonic() + every
                self._show_life()

    def _show_life(self) -> None:
        try:
            answer(self._sockets.own.path.as_posix(), HEALTH, HEARD_WITHIN)
        except (OSError, http.client.HTTPException) as fault:
            logbook.door_unanswered(type(fault).__name__)
        else:
            self._supervisor.alive()

    def _end(self) -> None:
        """Lets requests under way finish, refuses the others, and removes the socket."""
        began = time.monotonic()
        self._supervisor.stopping()
        self._stops = True
        self._sockets.remove()
        self._application.end_resting(all_of_them=True)
        for ending in self._endings:
            ending.start()
        for ending in self._endings:
            ending.join(max(began + STOP_WITHIN - time.monotonic(), 0.0))
        logbook.door_closed(time.monotonic() - began)


def answer(path: str, address: str, seconds: float) -> bytes:
    """Returns what the door on the socket `path` answers at an address. Raises OSError, HTTPException."""
    with closing(UnixConnection(path, seconds)) as line:
        line.request("GET", address)
        return line.getresponse().read()
