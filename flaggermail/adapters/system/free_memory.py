# SPDX-License-Identifier: EUPL-1.2
"""Keeps little memory that nothing uses: settings of glibc's allocator (mallopt(3), malloc_trim(3)).

Another C library has none of them: there nothing is done.
"""

from __future__ import annotations

import ctypes

# malloc.h; mallopt(3) has no other names for them
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
ARENAS = 2
"""Pools of memory. By default each thread gets one, and what a thread frees stays in its own."""
LARGE = 128 * 1024
"""Octets from which a block goes back to the system once it is free. By default this grows to 32 MiB with the mails."""


def keep_little() -> bool:
    """Sets the allocator of this process for a daemon that waits most of the time; True if it could."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_M_ARENA_MAX, ARENAS)) and bool(mallopt(_M_MMAP_THRESHOLD, LARGE))


def give_back() -> None:
    """Gives free memory back to the system; takes some milliseconds."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return
    trim(0)
