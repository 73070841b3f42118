# SPDX-License-Identifier: EUPL-1.2
"""Counts what did not go as scheduled with the daemon's jobs since its start, for its log and the status."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from flaggermail.ports import JobFault, JobReport

LOGGED_AGAIN = 600.0  # seconds; a server that is slow for an hour skips a call each second


class JobFaults:
    """The faults counted so far; `monotonic` returns seconds. Reports come from several threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic, self._lock = monotonic, threading.Lock()
        self._counts: Counter[tuple[str, JobFault]] = Counter()
        self._logged: dict[tuple[str, JobFault], float] = {}

    def count(self, report: JobReport) -> bool:
        """Counts the fault; returns True if it is to be logged, once in ten minutes for each job and kind."""
        key, now = (report.name, report.fault), self.monotonic()
        with self._lock:
            self._counts[key] += 1
            is_news = key not in self._logged or now - self._logged[key] >= LOGGED_AGAIN
            if is_news:
                self._logged[key] = now
        return is_news

    def counts(self) -> dict[str, dict[str, int]]:
        """Returns the counts by job and kind, of the jobs that had a fault, in the order of their names."""
        with self._lock:
            names = sorted({name for name, _ in self._counts})
            return {name: {fault.value: self._counts[name, fault] for fault in JobFault} for name in names}
