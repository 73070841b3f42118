# SPDX-License-Identifier: EUPL-1.2
"""What the manual promises of each effect, when the leader ends at any point around it and another node goes on.

`./dev test` plays the point at which most is at stake, `./dev test long` all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from flaggermail.adapters.db import nodes as lease
from flaggermail.outbox import delivery, results
from flaggermail.ports import Unknown
from flaggermail.record.rows import OutboxMail
from flaggermail.reminders import paging
from flaggermail.services import UnitOfWork
from tests.corpus import long
from tests.nights.effects import EFFECTS, Evening, Point, Promise, evening, use_at
from tests.nights.kit import Kit
from tests.nights.nodes import Ending

MANUAL = Path(__file__).parents[2] / "docs" / "operation.md"
HEADING = "## What is promised when a daemon ends in the middle\n"
MOST_AT_STAKE = {Ending.KILLED: Point.ANSWERED, Ending.PAUSED: Point.ASKED, Ending.TOLD_TO_STOP: Point.IN_DATA}


def table() -> dict[str, tuple[Promise, str]]:
    """Returns what the manual promises of each effect, and what it says that the officer sees."""
    section = MANUAL.read_text("utf-8").partition(HEADING)[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {effect: (Promise(promise), f"{does} {sees}") for effect, promise, does, sees in rows[2:]}


@pytest.fixture(scope="module")
def quiet(kit: Kit) -> Evening:
    """Returns the evening on which nothing happens to the leader."""
    return evening(kit, Ending.KILLED)


def test_each_row_is_played_and_no_other() -> None:
    """The manual has a row for each effect of the evening, and the evening an effect for each row."""
    assert list(table()) == list(EFFECTS)


def test_a_quiet_evening_has_each_effect_once(quiet: Evening) -> None:
    """Without an end of the leader nothing is in doubt."""
    assert {name: quiet.times(effect) for name, effect in EFFECTS.items()} == dict.fromkeys(EFFECTS, 1)
    assert quiet.diary.violations == []
    assert quiet.alarms() == set()


def _cases() -> list[object]:
    """Returns all cases; the ordinary ones are three of the first row and one of each other."""
    ordinary = {(name, list(Ending)[row % 3]) for row, name in enumerate(EFFECTS)}
    ordinary |= {(next(iter(EFFECTS)), ending) for ending in Ending}
    each = [(name, ending, point) for name in EFFECTS for ending in Ending for point in Point]
    return [case if case[:2] in ordinary and case[2] is MOST_AT_STAKE[case[1]] else long(case, 24) for case in each]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "ending", "point"), _cases())
def test_a_promise_is_kept_wherever_the_leader_ends(
    kit: Kit, quiet: Evening, name: str, ending: Ending, point: Point
) -> None:
    """The effect happens as often as its row says, and the officer sees what it says, and no more."""
    effect, (promise, sees) = EFFECTS[name], table()[name]
    night = evening(kit, ending, use_at(point, quiet.began(effect), effect))
    assert night.diary.counts[f"nodes: {ending}"] == 1
    assert night.diary.counts["nodes: take-over"] >= 2
    assert night.diary.violations == []
    alarms, times = night.alarms(), night.times(effect)
    assert alarms <= set(re.findall(r"`([a-z ]+)`", sees))
    assert promise.keeps(times, shown=bool(alarms))
    if ending is Ending.TOLD_TO_STOP:
        assert (times, alarms) == (1, set())


def _fencing_ignored() -> AbstractContextManager[object]:
    return patch.object(lease, "require", lambda *_: True)


def _nothing_recovered() -> AbstractContextManager[object]:
    return patch.object(delivery, "recover", lambda _: 0)


def _pages_not_recovered() -> AbstractContextManager[object]:
    return patch.object(paging, "recover", lambda _: 0)


def _repeated_in_doubt() -> AbstractContextManager[object]:
    """Sends a platform's mail again like any other."""
    in_doubt = results.in_doubt

    def repeats(work: UnitOfWork, mail: OutboxMail, answer: Unknown) -> None:
        in_doubt(work, replace(mail, at_most_once=False), answer)

    return patch.object(results, "in_doubt", repeats)


PLATFORM = next(iter(EFFECTS))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planted", "where", "promise"),
    [
        (_fencing_ignored, (PLATFORM, Ending.PAUSED, Point.ANSWERED), 14),
        (_nothing_recovered, (PLATFORM, Ending.KILLED, Point.COMMITTED), 2),
        (_repeated_in_doubt, (PLATFORM, Ending.KILLED, Point.ANSWERED), 1),
        (_pages_not_recovered, ("a page", Ending.KILLED, Point.COMMITTED), 15),
    ],
)
def test_a_fault_of_a_take_over_is_found(
    kit: Kit, quiet: Evening, planted: Callable[[], AbstractContextManager[object]],
    where: tuple[str, Ending, Point], promise: int,
) -> None:  # fmt: skip
    """Without what bears a take-over, the evening breaks its promise."""
    name, ending, point = where
    effect = EFFECTS[name]
    with planted():
        night = evening(kit, ending, use_at(point, quiet.began(effect), effect))
    assert promise in {violation.promise for violation in night.diary.violations}
