# SPDX-License-Identifier: EUPL-1.2
"""When the mailbox may be read, and when a lost connection to it is made anew.

After a lost line soon, after a refused login slowly, and not before the pause is over for which a throttling server
asks. A desk with a token reads nothing before that is proven to open no other mailbox.
"""

from __future__ import annotations

from collections.abc import Callable

from flaggermail import logbook
from flaggermail.daemon.backoff import delay, login_delay
from flaggermail.errors import LinkLost, LoginRefused, MailboxUnclear, MailboxUnproven, PauseAsked
from flaggermail.ports import Interrupt, Mailbox, Reach, TokenReach
from flaggermail.settings.mistakes import SetupFaultCode, setup_fault
from flaggermail.wording.said import UNSAID, StoredText

SECRET_EVERY = 5.0  # seconds between two looks for a new password while the login is refused


class Reconnection:
    """Counts failures in a row; `fraction` in [0, 1) spreads the reconnections of many clients."""

    def __init__(self, mailbox: Mailbox, fraction: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._mailbox, self._fraction, self._monotonic = mailbox, fraction, monotonic
        self._failures = self._refusals = 0
        self._why: LinkLost | None = None

    @property
    def reason(self) -> str | None:
        """Why the mailbox cannot be read; None if it can."""
        return str(self._why) if self._why else None

    @property
    def meaning(self) -> StoredText:
        """What the server's last answer means; unsaid if it is not known, or the mailbox can be read."""
        return self._why.meaning if self._why else UNSAID

    def made(self) -> None:
        """Notes that the mailbox was read."""
        if self._failures:
            logbook.link_up()
        self._failures = self._refusals = 0
        self._why = None

    def lost(self, reason: LinkLost) -> float:
        """Closes the mailbox; returns the seconds until the next try, which it logs."""
        self._mailbox.close()
        self._failures += 1
        self._why = reason
        self._refusals = self._refusals + 1 if isinstance(reason, LoginRefused) else 0
        seconds = login_delay(self._refusals) if self._refusals else delay(self._failures, self._fraction())
        if isinstance(reason, PauseAsked):  # whoever comes back earlier is asked for a longer one
            seconds = max(seconds, reason.seconds)
        logbook.link_lost(self._failures, seconds, str(reason))
        return seconds

    def pause(self, stop: Interrupt, seconds: float, at_most: float) -> None:
        """Waits in steps of `at_most` seconds; ends when `stop` is set, or the password of a refused login changes."""
        until, secret = self._monotonic() + seconds, self._mailbox.secret_version()
        step = min(at_most, SECRET_EVERY) if self._refusals else at_most
        while (left := until - self._monotonic()) > 0 and not stop.wait(min(left, step)):
            if self._refusals and self._mailbox.secret_version() != secret:
                return


class ReachCheck:
    """Tries another mailbox with the token of the desk, once; `tries` as `wiring.mail_servers.proves_one_mailbox`.

    A server that is away puts the proof off with the first poll. Reminders and alarms do not wait for it.
    """

    def __init__(self, tries: Callable[[], TokenReach | None] | None) -> None:
        self._tries = tries

    def require(self) -> None:
        """Raises MailboxUnproven unless the other mailbox is refused, or none is named. Raises LinkLost."""
        if self._tries is None:
            return
        found = self._tries()
        if found is not None and found.reach is not Reach.REFUSED:
            kind = MailboxUnproven if found.reach is Reach.OPENED else MailboxUnclear
            raise kind(setup_fault(SetupFaultCode.TOKEN_REACH, said=found.told.english).text)
        self._tries = None
        if found is not None:
            logbook.token_reach_proven(found.told.english)
