# SPDX-License-Identifier: EUPL-1.2
"""States that are counted, in display order; kept out of `rows`, which is slow to import."""

from __future__ import annotations

from datetime import timedelta

CASE_STATES = ("open", "decided", "notified", "answered", "closed")
IN_HAND = CASE_STATES[:-1]
CLOCKS = ("receipt", "human", "substance")
WAITING = ("queued", "attempting", "uncertain")  # outbox mail that is not yet settled
LEAVING = ("queued", "attempting")  # those that need no decision by a person
UNDELIVERED_PAGES = ("failed", "held")  # pages that reached nobody
UNDELIVERED_FOR = timedelta(days=1)
SUPPRESSED = "suppressed"  # the counter of mails suppressed as duplicates
LEASE = "mailbox"  # held by the one running daemon
IN_JUNK = "; in the junk folder"  # suffix of the reason of a placement
