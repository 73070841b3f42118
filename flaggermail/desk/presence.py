# SPDX-License-Identifier: EUPL-1.2
"""Who looks at the same case, draft or mail now: kept in the memory of one process, and in no row.

It locks nothing. Two officers who decide at once are kept apart by the `version` of what each saw.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from flaggermail.desk.answers import Answer
from flaggermail.record.readings import ReadItem

LOOKS_LAST = timedelta(minutes=2)
MOST_LOOKS = 1_000
"""The looks that are kept; the oldest are forgotten first. A desk has a dozen people."""


@dataclass(frozen=True, slots=True)
class Onlooker:
    """A person (the id of an officer or associate) and the instant at which they last looked."""

    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksNow(Answer):
    """Somebody who looked at the same thing in the last two minutes: an entry of `looking` in the answer of a view."""

    officer: str  # the id of an officer or associate
    name: str
    at: datetime


class Presence:
    """The looks of the last two minutes at each case, draft and mail. Thread-safe; the caller passes the instant."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._looks: OrderedDict[tuple[ReadItem, str], datetime] = OrderedDict()  # the earliest look first

    def looked(self, person: str, items: Collection[ReadItem], at: datetime) -> None:
        """Keeps that a person looks at these now."""
        with self._lock:
            for item in items:
                self._looks[item, person] = at
                self._looks.move_to_end((item, person))
            while len(self._looks) > MOST_LOOKS:
                self._looks.popitem(last=False)

    def others(self, person: str, items: Collection[ReadItem], at: datetime) -> tuple[Onlooker, ...]:
        """Returns who else looked at any of these in the last two minutes, the latest look first.

        A look from after `at` counts for nothing: the clock was put back.
        """
        latest: dict[str, datetime] = {}
        with self._lock:
            looks = [(who, seen) for (item, who), seen in self._looks.items() if item in items]
        for who, seen in looks:
            if who != person and timedelta(0) <= at - seen < LOOKS_LAST:
                latest[who] = max(seen, latest.get(who, seen))
        found = (Onlooker(who, seen) for who, seen in latest.items())
        return tuple(sorted(found, key=lambda look: (look.at, look.person), reverse=True))
