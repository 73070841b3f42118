# SPDX-License-Identifier: EUPL-1.2
"""Threads of one process take the write lock in the order in which they ask for it."""

from __future__ import annotations

import threading
import time

import pytest

from flaggermail.adapters.db.engine import BY_ANOTHER, BY_THIS, Turns
from flaggermail.errors import StoreBusy
from tests.patience import PATIENCE


def until_waiting(turns: Turns, count: int) -> None:
    """Waits until so many threads wait for their turn."""
    deadline = time.monotonic() + PATIENCE
    while turns.waiting < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    """Six threads queue behind one that holds its turn, and asks again at once: it comes last."""
    turns, came, threads = Turns(time.monotonic), list[int](), list[threading.Thread]()

    def ask(number: int) -> None:
        with turns.turn(PATIENCE):
            came.append(number)

    with turns.turn(PATIENCE):
        for number in range(6):
            threads.append(threading.Thread(target=ask, args=(number,), daemon=True))
            threads[-1].start()
            until_waiting(turns, number + 1)
    ask(6)
    for thread in threads:
        thread.join(PATIENCE)
    assert came == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("has_lock", "words"), [(True, BY_THIS), (False, BY_ANOTHER)])
def test_who_does_not_end_is_said_as_it_is(*, has_lock: bool, words: str) -> None:
    """The thread that holds up all others may itself wait for another process."""
    turns = Turns(time.monotonic)
    with turns.turn(PATIENCE):
        if has_lock:
            turns.locked()
        with pytest.raises(StoreBusy, match=words), turns.turn(0.01):
            pass
    with turns.turn(0.01) as left:
        assert 0 <= left <= 0.01
        with pytest.raises(StoreBusy, match=BY_ANOTHER), turns.turn(0.01):  # the next one has no lock yet
            pass


def test_one_that_gives_up_holds_up_nobody() -> None:
    """A thread whose time is over leaves the queue, and the one behind it has its turn."""
    turns, came = Turns(time.monotonic), list[str]()

    def ask(name: str, wait: float) -> None:
        try:
            with turns.turn(wait):
                came.append(name)
        except StoreBusy:
            came.append(f"{name} gave up")

    with turns.turn(PATIENCE):
        impatient = threading.Thread(target=ask, args=("impatient", 5.0), daemon=True)  # until both wait
        impatient.start()
        until_waiting(turns, 1)
        patient = threading.Thread(target=ask, args=("patient", PATIENCE), daemon=True)
        patient.start()
        until_waiting(turns, 2)
        impatient.join(PATIENCE)
    patient.join(PATIENCE)
    assert came == ["impatient gave up", "patient"]


def test_a_block_that_fails_ends_its_turn() -> None:
    """An exception within a turn is raised, and the next thread is not held up."""
    turns = Turns(time.monotonic)

    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), turns.turn(0.01):
        fail()
    with turns.turn(0.01):
        assert turns.waiting == 0
