# SPDX-License-Identifier: EUPL-1.2
"""When a lost connection to the mailbox is made anew: after a lost line soon, after a refused login slowly."""

from __future__ import annotations

from collections.abc import Callable

from flaggermail import logbook
from flaggermail.daemon.backoff import delay, login_delay
from flaggermail.errors import LinkLost, LoginRefused
from flaggermail.ports import Interrupt, Mailbox

SECRET_EVERY = 5.0  # seconds between two looks for a new password while the login is refused


class Reconnection:
    """Counts failures in a row; `fraction` in [0, 1) spreads the reconnections of many clients."""

    def __init__(self, mailbox: Mailbox, fraction: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._mailbox, self._fraction, self._monotonic = mailbox, fraction, monotonic
        self._failures = self._refusals = 0

    def made(self) -> None:
        """Notes that the mailbox was read."""
        if self._failures:
            logbook.link_up()
        self._failures = self._refusals = 0

    def lost(self, reason: LinkLost) -> float:
        """Closes the mailbox; returns the seconds until the next try, which it logs."""
        self._mailbox.close()
        self._failures += 1
        self._refusals = self._refusals + 1 if isinstance(reason, LoginRefused) else 0
        seconds = login_delay(self._refusals) if self._refusals else delay(self._failures, self._fraction())
        logbook.link_lost(self._failures, seconds, str(reason))
        return seconds

    def pause(self, stop: Interrupt, seconds: float, at_most: float) -> None:
        """Waits in steps of `at_most` seconds; ends when `stop` is set, or the password of a refused login changes."""
        until, secret = self._monotonic() + seconds, self._mailbox.secret_version()
        step = min(at_most, SECRET_EVERY) if self._refusals else at_most
        while (left := until - self._monotonic()) > 0 and not stop.wait(min(left, step)):
            if self._refusals and self._mailbox.secret_version() != secret:
                return
