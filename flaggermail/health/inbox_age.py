# SPDX-License-Identifier: EUPL-1.2
"""How long the inbox has not been read: also over restarts, and not while a long look brings mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flaggermail.ports import Cursor
from flaggermail.services import Services

GRACE = timedelta(minutes=2)  # beside the interval: a start after a night takes that long at most to read something


class InboxAge:
    """Counts from the last look, or the last page, of this run, by a clock in seconds that never goes back.

    A page of any folder counts: between two of them the inbox is looked at (`intake.out_of_turn`).

    The instant of the last look is stored, and counts too once this run has read nothing for a while: a daemon that
    hangs and is restarted again and again has an age, one that was switched off, or whose clock was set, has none.
    """

    def __init__(self, seconds: float) -> None:
        self._began = seconds
        self._seen: Mapping[str, Cursor] | None = None
        self.was_read = False  # to its end, at any time

    def begin(self, seconds: float) -> None:
        """Counts anew: the inbox was read to its end, or nobody could record that it was."""
        self._began = seconds

    def unread(self, env: Services, seconds: float) -> timedelta:
        """Returns the time for which the inbox was not read."""
        mailbox = env.settings.desk.mailbox
        with env.store.read() as tx:
            here = tx.cursors()
        if here != self._seen and self._seen is not None:
            self.begin(seconds)
        self._seen = here
        looked_at = here[mailbox.inbox].looked_at if mailbox.inbox in here else None
        self.was_read = looked_at is not None
        idle = timedelta(seconds=seconds - self._began)
        patience = min(
            timedelta(minutes=mailbox.alarm_after_minutes), GRACE + timedelta(seconds=mailbox.poll_seconds)
        )  # fmt: skip
        return max(idle, _since(looked_at, env.clock.now())) if idle >= patience else idle


def _since(looked_at: datetime | None, now: datetime) -> timedelta:
    return now - looked_at if looked_at is not None else timedelta(0)
