# SPDX-License-Identifier: EUPL-1.2
"""The states that are counted, in the order in which they are shown; apart from the rows, which take long to load."""

from __future__ import annotations

from datetime import timedelta

CASE_STATES = ("open", "decided", "notified", "answered", "closed")
IN_HAND = CASE_STATES[:-1]
CLOCKS = ("receipt", "human", "substance")
WAITING = ("queued", "attempting", "uncertain")  # mail in the outbox that somebody or something still waits for
LEAVING = ("queued", "attempting")  # of these, what nobody has to judge
UNHEARD = ("failed", "held")  # pages that woke nobody
UNHEARD_FOR = timedelta(days=1)
SUPPRESSED = "suppressed"  # the counter of what was wanted a second time for the same reason
LEASE = "mailbox"  # what the one daemon holds
IN_JUNK = "; in the junk folder"  # ends the reason of a placement
