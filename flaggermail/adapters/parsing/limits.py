# SPDX-License-Identifier: EUPL-1.2
"""What every contained process does: how its answers begin, and limits that it sets itself for good."""

from __future__ import annotations

import resource
import struct

LENGTH = struct.Struct(">Q")  # octets that follow: first what confines the process, as JSON, then each answer


def at_most(what: int, most: int) -> None:
    """Sets a limit for good; a lower one that this process was started with stays, as none may be raised."""
    _, hard = resource.getrlimit(what)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (least, least))
