# SPDX-License-Identifier: EUPL-1.2
"""A ticker built on APScheduler. It only triggers calls: due work is stored in rows, so a crash loses nothing.

By default APScheduler drops a call that is one second late. Here a late call runs once, however late.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler


class SchedulerTicker:
    """Implements `ports.Ticker`."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(16)  # more threads than jobs: no job waits for one that waits for a server
        self._scheduler = BackgroundScheduler(
            executors={"default": self._pool},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone="UTC",
        )
        self._running = 0
        # APScheduler warns when it skips a call because the previous one still runs. The port promises that behaviour.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Calls `work` every `seconds` once the ticker has started."""

        def counted() -> None:
            self._running += 1
            try:
                work()
            finally:
                self._running -= 1

        self._scheduler.add_job(counted, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Starts the periodic calls."""
        self._scheduler.start()

    def stop(self, deadline: float) -> bool:
        """Stops the ticker and waits up to `deadline` seconds for running calls; returns True if all of them ended."""
        self._scheduler.remove_all_jobs()
        until = time.monotonic() + deadline
        while self._running and time.monotonic() < until:
            time.sleep(0.01)
        ended = not self._running
        self._scheduler.shutdown(wait=False)
        return ended
