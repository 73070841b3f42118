# SPDX-License-Identifier: EUPL-1.2
"""Nights with two nodes at one record, whose leader is killed, paused and woken, or told to stop, keep every promise.

`./dev test` plays a few, `./dev test long` fifty, `./dev bench nights 500 --nodes 2 --seed 0` five hundred.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from unittest.mock import patch

import pytest

from flaggermail.adapters.db import nodes as lease
from flaggermail.outbox import delivery, results
from flaggermail.ports import Unknown
from flaggermail.record.rows import OutboxMail
from flaggermail.reminders import paging
from flaggermail.services import UnitOfWork
from tests.corpus import one_in
from tests.nights import nodes
from tests.nights.kit import Kit
from tests.nights.telling import story

NIGHTS = 50
TOGETHER = 5
MOST = 60
MET = (
    "nodes: take-over",
    "nodes: killed",
    "nodes: paused",
    "nodes: woken and replaced",
    "nodes: told to stop",
    "pages",
)


@pytest.mark.slow
@pytest.mark.parametrize("first", one_in(NIGHTS // TOGETHER, range(0, NIGHTS, TOGETHER)))
def test_every_night_keeps_its_promises(kit: Kit, first: int) -> None:
    """Every night keeps all promises of `verdict.PROMISES`, and each end of a leader is met."""
    met: Counter[str] = Counter()
    for seed in range(first, first + TOGETHER):
        diary = nodes.play(seed, kit)
        assert not diary.violations, story(seed, diary, "--nodes 2 ")
        met.update(diary.counts)
    assert [what for what in MET if not met[what]] == []


@pytest.mark.slow
def test_a_night_there_is_the_same_again(kit: Kit) -> None:
    """A seed alone determines what happens to the nodes."""
    first = nodes.play(3, kit)
    again = nodes.play(3, kit)
    assert again.lines == first.lines
    assert [handed.octets for handed in again.handed_over] == [handed.octets for handed in first.handed_over]


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


@pytest.mark.long
@pytest.mark.parametrize(
    ("planted", "promise"),
    [(_fencing_ignored, 14), (_nothing_recovered, 2), (_pages_not_recovered, 15), (_repeated_in_doubt, 1)],
)
def test_a_fault_of_a_take_over_is_found(
    kit: Kit, planted: Callable[[], AbstractContextManager[object]], promise: int
) -> None:
    """Without what bears a take-over, a night breaks its promise."""
    with planted():
        found = (violation.promise for seed in range(MOST) for violation in nodes.play(seed, kit).violations)
        assert promise in found
