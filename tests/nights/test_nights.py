# SPDX-License-Identifier: EUPL-1.2
"""Simulated nights of mails, answers, faults and crashes, each from one seed, keep every promise.

`./dev test` plays the first 25, `./dev test long` 250 more, `./dev bench nights 3000 --seed 0` three thousand.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.corpus import one_in
from tests.nights.kit import Kit
from tests.nights.telling import story
from tests.nights.troubles import play
from tests.nights.world import SecondThread, Watch

NIGHTS = 275
TOGETHER = 25


@pytest.mark.slow
@pytest.mark.parametrize("first", one_in(NIGHTS // TOGETHER, range(0, NIGHTS, TOGETHER), 4))
def test_every_night_keeps_its_promises(kit: Kit, first: int) -> None:
    """Every night keeps all promises of `verdict.PROMISES`."""
    notifications = reminders = 0
    for seed in range(first, first + TOGETHER):
        diary = play(seed, kit)
        assert not diary.violations, story(seed, diary)
        notifications += len(diary.uses)
        reminders += sum(len(tick.due) for tick in diary.ticks)
    assert notifications > TOGETHER / 5  # nights without events would keep every promise
    assert reminders > TOGETHER / 2


def test_a_night_is_the_same_again(kit: Kit) -> None:
    """A seed alone determines its night, whatever was played before it."""
    first = play(7, kit)
    play(8, kit)
    again = play(7, kit)
    assert again.lines == first.lines
    assert [h.octets for h in again.handed_over] == [h.octets for h in first.handed_over]


def test_no_other_thread_uses_a_port() -> None:
    """Two threads would count the uses in any order, and a pause of one would let the other go on."""
    watch = Watch(lambda _: None)
    watch.use()
    with ThreadPoolExecutor(1) as other, pytest.raises(SecondThread):
        other.submit(watch.use).result()
