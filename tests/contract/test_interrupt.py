# SPDX-License-Identifier: EUPL-1.2
"""An interrupt ends every wait, in every thread, and stays set."""

import gc
import os
import select
import signal
from contextlib import suppress
from threading import Thread

import pytest

from flaggermail.adapters.system.clock import EventInterrupt
from tests.patience import PATIENCE

LONG = 2 * PATIENCE  # seconds


@pytest.fixture(params=["eventfd", "pipe"])
def interrupt(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> EventInterrupt:
    """Returns an interrupt of each kind; the pipe is used without eventfd."""
    if request.param == "pipe":
        monkeypatch.delattr(os, "eventfd")
    return EventInterrupt()


def readable(interrupt: EventInterrupt) -> bool:
    """Returns whether a poll finds it readable."""
    poll = select.poll()
    poll.register(interrupt, select.POLLIN)
    return bool(poll.poll(0))


def test_set(interrupt: EventInterrupt) -> None:
    """Once set, its descriptor is readable and waits end at once, repeatedly."""
    assert (interrupt.is_set(), readable(interrupt), interrupt.wait(0.001)) == (False, False, False)
    interrupt.set()
    interrupt.set()
    for _ in range(2):
        assert (interrupt.is_set(), readable(interrupt), interrupt.wait(LONG)) == (True, True, True)


def test_another_thread_waits(interrupt: EventInterrupt) -> None:
    """All waiting threads continue."""
    answers: list[bool] = []
    waiting = [Thread(target=lambda: answers.append(interrupt.wait(LONG))) for _ in range(2)]
    for thread in waiting:
        thread.start()
    interrupt.set()
    for thread in waiting:
        thread.join(LONG / 2)
    assert answers == [True, True]


def test_a_signal(interrupt: EventInterrupt) -> None:
    """A signal handler may set it."""
    before = signal.signal(signal.SIGUSR1, lambda *_: interrupt.set())
    try:
        signal.raise_signal(signal.SIGUSR1)
        assert interrupt.wait(LONG)
    finally:
        signal.signal(signal.SIGUSR1, before)


def is_pipe(descriptor: int, number: int) -> bool:
    """Returns whether a descriptor is that pipe; another thread may have got its number for something else."""
    with suppress(OSError):
        return os.fstat(descriptor).st_ino == number
    return False


def test_its_descriptors_end_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its descriptors are closed with it, and not before."""
    monkeypatch.delattr(os, "eventfd")
    ends: list[int] = []
    pipe = os.pipe

    def noted() -> tuple[int, int]:
        ends.extend(pipe())
        return ends[0], ends[1]

    monkeypatch.setattr(os, "pipe", noted)
    interrupt = EventInterrupt()
    pipes = [os.fstat(end).st_ino for end in ends]
    del interrupt
    gc.collect()
    assert not any(is_pipe(end, before) for end, before in zip(ends, pipes, strict=True))
