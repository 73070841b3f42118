# SPDX-License-Identifier: EUPL-1.2
"""The daemon: one place starts everything, the same stack in reverse stops it within a deadline.

One thread watches the mailbox; a ticker drains the outbox, reminds, and keeps the lease. A worker that fails stops the
daemon loudly: a silent half of it would be worse than none.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from flaggermail import logbook, outbox, remind, watch
from flaggermail.core.backoff import delay
from flaggermail.environment import Environment
from flaggermail.errors import LinkLost
from flaggermail.ports import Interrupt, Mailbox, Ticker

DEADLINE = 10.0  # seconds from the signal to the end of the process
LEASE, LEASE_SECONDS, LEASE_EVERY = "mailbox", 60, 10.0
OUTBOX_EVERY, REMIND_EVERY = 1.0, 15.0


@dataclass
class Daemon:
    """Everything that runs; `holder` is the name under which the lease is taken."""

    env: Environment
    mailbox: Mailbox
    ticker: Ticker
    stop: Interrupt
    holder: str
    fraction: Callable[[], float]  # in [0, 1): spreads the reconnects of many clients
    ready: Callable[[], None] = lambda: None
    outbox_every: float = OUTBOX_EVERY  # seconds
    remind_every: float = REMIND_EVERY
    failure: BaseException | None = None

    def run(self) -> None:
        """Run until `stop` is set or a worker fails, whose error is raised then. Raises StoreBusy."""
        with ExitStack() as running:
            env = self.env
            env.store.acquire(LEASE, self.holder, env.clock.now(), LEASE_SECONDS)
            running.callback(env.store.release)
            doubtful = outbox.recover(env)
            if doubtful:
                logbook.unsettled(doubtful)
            self.ticker.every(LEASE_EVERY, "lease", self._guarded("lease", self._keep_lease))
            self.ticker.every(self.outbox_every, "outbox", self._guarded("outbox", self._send))
            self.ticker.every(self.remind_every, "remind", self._guarded("remind", self._remind))
            watcher = threading.Thread(target=self._guarded("watcher", self._watch), name="watcher", daemon=True)
            watcher.start()
            running.callback(self._join, watcher)
            self.ticker.start()
            running.callback(self.ticker.stop, DEADLINE / 2)
            logbook.daemon_started(self.holder)
            self.ready()
            while not self.stop.is_set():
                self.stop.wait(1.0)
            stopping = time.monotonic()
        logbook.daemon_stopped(time.monotonic() - stopping)
        if self.failure is not None:
            raise self.failure

    def obey_signals(self) -> None:
        """SIGTERM and SIGINT end the daemon after the message in hand."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())

    def _guarded(self, name: str, work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - the one boundary of a worker: recorded, and the daemon stops
                logbook.worker_failed(name, error)
                self.failure = self.failure or error
                self.stop.set()

        return run

    def _watch(self) -> None:
        """Look, wait for a hint or the interval, look again; reconnect with growing, spread waits."""
        failures = 0
        every = float(self.env.settings.desk.mailbox.poll_seconds)
        while not self.stop.is_set():
            try:
                watch.look(self.env, self.mailbox, self.stop)
                if failures:
                    logbook.link_up()
                failures = 0
                self.mailbox.wait(self.stop, every)
            except LinkLost as lost:
                failures += 1
                self.mailbox.close()
                seconds = delay(failures, self.fraction())
                logbook.link_lost(failures, seconds, str(lost))
                self.stop.wait(seconds)
        self.mailbox.close()

    def _send(self) -> None:
        tried = outbox.drain(self.env)
        if tried:
            logbook.mails_sent(tried)

    def _remind(self) -> None:
        told = remind.tick(self.env)
        if told:
            logbook.reminders_sent(told)

    def _keep_lease(self) -> None:
        self.env.store.renew(self.env.clock.now(), LEASE_SECONDS)

    def _join(self, worker: threading.Thread) -> None:
        self.stop.set()
        worker.join(DEADLINE / 2)
        if worker.is_alive():
            logbook.stop_overdue(worker.name)
