# SPDX-License-Identifier: EUPL-1.2
"""Makes strangers' text safe for a terminal: characters that act on it or hide text are shown as escapes.

Who waits for long work sees a bar on a terminal, and nothing in a file or a pipe. It is on stderr, so that what is
printed stays as it is.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from flaggermail import progress

# Unicode general categories: control (start of ANSI sequences), format (bidirectional and invisible characters),
# surrogate, line and paragraph separator.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAYOUT = "\n\t"


def safe(text: str) -> str:
    """Makes control, bidirectional and invisible characters visible as `<U+202E>`; keeps line breaks and tabs."""
    return "".join(_visible(sign) if sign not in _LAYOUT else sign for sign in text)


def safe_line(text: str) -> str:
    """Does the same as `safe` for line breaks and tabs too, so that no text can forge a line of our output."""
    return "".join(map(_visible, text))


def safe_json(document: str) -> str:
    """Escapes such characters in a JSON document, whose meaning stays the same (RFC 8259, section 7)."""
    return "".join(_escaped(sign) if _is_unsafe(sign) and sign != "\n" else sign for sign in document)


def _is_unsafe(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSAFE


def _visible(sign: str) -> str:
    return f"<U+{ord(sign):04X}>" if _is_unsafe(sign) else sign


def _escaped(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


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
