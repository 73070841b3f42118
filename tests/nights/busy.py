# SPDX-License-Identifier: EUPL-1.2
"""A record that is busy for seconds at a time: another process holds its lock, just after the server's answer too.

Its own chance decides, so that everything else of the night is planned as without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from flaggermail.errors import StoreBusy
from tests.nights.night import HOURS, Night

WAIT = timedelta(seconds=10)  # for which the store waits for its lock


@dataclass
class Busy:
    """Another process at the record."""

    night: Night
    _left: int = 0  # transactions that find it busy from now on
    _after_answer: int = 0  # likewise, from the next answer of the submission server on

    def lock(self) -> None:
        """Lets a transaction begin, or raises StoreBusy after the wait."""
        record = self.night.server.record
        if self._after_answer and record and record[-1].asked:
            self._left, self._after_answer = self._after_answer, 0
            self.night.diary.counts["trouble: record busy after an answer"] += 1
        if self._left:
            self._left -= 1
            self.night.clock.true += WAIT
            raise StoreBusy("another process writes")

    def hold(self, transactions: int, *, after_answer: bool) -> None:
        """Holds the record."""
        self.night.diary.counts["trouble: record busy"] += 1
        if after_answer:
            self._after_answer = transactions
        else:
            self._left = transactions
        self.night.tell(f"the record is busy for {transactions} transactions{' after an answer' * after_answer}")

    def end(self) -> None:
        """Lets everything through."""
        self._left = self._after_answer = 0


def plan(night: Night) -> None:
    """Plans when the record is busy; never on half of the nights."""
    chance = Random(f"busy/{night.seed}")  # noqa: S311 - the same night again is the purpose
    busy = Busy(night)
    night.watch.lock = busy.lock
    for _ in range(chance.choice((0, 0, 3, 8))):
        at = night.begin + timedelta(minutes=round(chance.uniform(0, HOURS * 60)))
        transactions, after_answer = chance.choice((1, 1, 2, 4)), chance.random() < 0.5
        night.must(at, partial(busy.hold, transactions, after_answer=after_answer))
    night.must(night.end, busy.end)
