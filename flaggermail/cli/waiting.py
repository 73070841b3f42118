# SPDX-License-Identifier: EUPL-1.2
"""What a person sees who waits for long work: a bar on a terminal, and nothing in a file or a pipe.

The bar is on stderr, so that what is printed stays as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from flaggermail import progress

_STEPS = 1_000  # of a bar for a share


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields a function that shows how much is done, and of how much."""
    with click.progressbar(length=1, label=what, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def show(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield show


@contextmanager
def waited_for(what: str) -> Iterator[None]:
    """Shows how far that is which the desk does within, at the other side of its door or in this process.

    A share that is less than one before it, of work that is done once more, moves nothing.
    """
    most = 0.0

    def show(share: float) -> None:
        nonlocal most
        most = max(most, share)
        moved(int(most * _STEPS), _STEPS)

    with counting(what) as moved, progress.heard(show):
        yield
