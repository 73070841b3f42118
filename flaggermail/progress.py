# SPDX-License-Identifier: EUPL-1.2
"""How far a long task is, as a share from 0 to 1: told where it is done, heard by whoever waits for it.

Between the two lie many calls, and on the way through the door two processes, none of which needs to know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Hearer = Callable[[float], None]

_hearer: ContextVar[Hearer | None] = ContextVar("hearer", default=None)


def told(share: float) -> None:
    """Tells that this share of the task is done."""
    hearer = _hearer.get()
    if hearer is not None:
        hearer(min(1.0, max(0.0, share)))


@contextmanager
def heard(hearer: Hearer) -> Iterator[None]:
    """Calls `hearer` with each share that is told within, in the thread that tells it."""
    before = _hearer.set(hearer)
    try:
        yield
    finally:
        _hearer.reset(before)


@contextmanager
def part(begin: float, end: float) -> Iterator[None]:
    """Makes what is told within the part from `begin` to `end` of the task around it."""
    around = _hearer.get()
    with heard(lambda share: around(begin + (end - begin) * share) if around is not None else None):
        yield


def counted(items: Iterable[T], of: int) -> Iterator[T]:
    """Yields the items, and tells after each what share of `of` they are."""
    for number, item in enumerate(items, start=1):
        yield item
        told(number / max(number, of))
