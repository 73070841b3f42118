# SPDX-License-Identifier: EUPL-1.2
"""What every contained process does: how it is asked and answers, and limits that it sets itself for good.

Apart from `child`, so that who asks loads no parser.
"""

from __future__ import annotations

import resource
import struct

LENGTH = struct.Struct(">Q")  # octets that follow: first what confines the process, as JSON, then each answer
REQUEST = struct.Struct(">BQdH")
"""What is asked, octets of the mail that follows, the seconds it may take, and which attachment is wanted."""
MESSAGE, HOPS, ATTACHMENT, DIGESTS = 0, 1, 2, 3  # what can be asked of a mail


def at_most(what: int, most: int) -> None:
    """Sets a limit for good; a lower one that this process was started with stays, as none may be raised."""
    _, hard = resource.getrlimit(what)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (least, least))
