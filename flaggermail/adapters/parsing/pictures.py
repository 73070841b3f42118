# SPDX-License-Identifier: EUPL-1.2
"""Plain pixels of a stranger's picture, made by a process of its own that reads this one picture in a sandbox.

Pixels are all that comes back: whatever a picture does to the library that reads it, no octet of it reaches a browser
but as a colour. Without the whole sandbox, or without the library, no picture is read.
"""

from __future__ import annotations

import threading

from flaggermail.adapters.parsing.exchange import TimeLimit, answer, end_child, first_words, send, started
from flaggermail.adapters.parsing.picture_child import ANSWER, ASKED, FAULTS, LONGEST_SIDE
from flaggermail.ports.texts import PictureFault, Pixels

MODULE = "flaggermail.adapters.parsing.picture_child"
TIME_LIMIT = 10  # seconds
MEMORY_LIMIT = 768 * 1024 * 1024  # octets of address space
LARGEST = 40 * 1024 * 1024  # octets of a picture
_COLOURS = 3  # octets of a pixel
_CONFINED = ("no_new_privileges", "landlock", "seccomp")
_one = threading.Lock()  # so that many who ask take the memory of one picture


def pixels_of(octets: bytes, seconds: int = TIME_LIMIT, memory: int = MEMORY_LIMIT) -> Pixels | PictureFault:
    """Returns the pixels of a PNG or JPEG, or why there are none; see `ports.Parser`."""
    if len(octets) > LARGEST:
        return PictureFault.TOO_LARGE
    if not _one.acquire(timeout=seconds):
        return PictureFault.GIVEN_UP
    try:
        return _of_a_child(octets, seconds, memory)
    except (OSError, EOFError, ValueError, TypeError):  # it took too long, or ended: a bomb, or an attack
        return PictureFault.GIVEN_UP
    finally:
        _one.release()


def _of_a_child(octets: bytes, seconds: int, memory: int) -> Pixels | PictureFault:
    child = started(MODULE, str(memory))
    try:
        said = first_words(child)
        if said.get("installed") is not True:
            return PictureFault.NOT_INSTALLED
        if not all(said.get(name) for name in _CONFINED):
            return PictureFault.NOT_CONFINED
        limit = TimeLimit(child.pid, seconds)
        send(child, (ASKED.pack(len(octets), seconds), octets), limit)
        return _read(answer(child, ANSWER.size + LONGEST_SIDE * LONGEST_SIDE * _COLOURS, limit))
    finally:
        end_child(child)


def _read(found: bytes) -> Pixels | PictureFault:
    """Returns what a process answered, which may be a stranger's by now. Raises ValueError for what is no answer."""
    if len(found) < ANSWER.size:
        raise ValueError("no answer")
    fault, width, height = ANSWER.unpack_from(found)
    if fault:
        return FAULTS[fault - 1] if fault <= len(FAULTS) else PictureFault.GIVEN_UP
    pixels = found[ANSWER.size :]
    if not 0 < width <= LONGEST_SIDE or not 0 < height <= LONGEST_SIDE or len(pixels) != width * height * _COLOURS:
        raise ValueError("no pixels")
    return Pixels(width, height, pixels)
