# SPDX-License-Identifier: EUPL-1.2
"""Nights with two nodes at one record, whose leader is killed, paused and woken, or told to stop, keep every promise.

`./dev test` plays a few, `./dev test long` fifty, `./dev bench nights 500 --nodes 2 --seed 0` five hundred.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.corpus import one_in
from tests.nights import nodes
from tests.nights.kit import Kit
from tests.nights.telling import story

NIGHTS = 50
TOGETHER = 5
MET = (
    "nodes: take-over",
    "nodes: killed",
    "nodes: paused",
    "nodes: woken and replaced",
    "nodes: told to stop",
    "pages",
)


@pytest.mark.slow
@pytest.mark.parametrize("first", one_in(NIGHTS // TOGETHER, range(0, NIGHTS, TOGETHER), 4))
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
