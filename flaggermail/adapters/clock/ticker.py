# SPDX-License-Identifier: EUPL-1.2
"""The ticker on APScheduler. It only ticks: what is due stands in rows, so nothing is lost with a process.

Its default would drop a call that came a second late; here a late call is made once, however late.
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
        self._pool = ThreadPoolExecutor(16)  # more than there is work: none waits for one that waits for a server
        self._scheduler = BackgroundScheduler(
            executors={"default": self._pool},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone="UTC",
        )
        self._running = 0
        # It warns of each call that is left out because the one before still runs; the port promises just that.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Call `work` every `seconds`, from `start` on."""

        def counted() -> None:
            self._running += 1
            try:
                work()
            finally:
                self._running -= 1

        self._scheduler.add_job(counted, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self, deadline: float) -> bool:
        """End; waits for calls in hand, `deadline` seconds at most; answers whether all of them have ended."""
        self._scheduler.remove_all_jobs()
        until = time.monotonic() + deadline
        while self._running and time.monotonic() < until:
            time.sleep(0.01)
        ended = not self._running
        self._scheduler.shutdown(wait=False)
        return ended
