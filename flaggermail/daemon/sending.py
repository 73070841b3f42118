# SPDX-License-Identifier: EUPL-1.2
"""Sends what is due, and says in the journal when the submission server begins or ceases to refuse the desk."""

from __future__ import annotations

from flaggermail import logbook
from flaggermail.health import status
from flaggermail.outbox import delivery
from flaggermail.ports import Interrupt
from flaggermail.services import Services


class Sending:
    """Remembers which password was tried last, and the server's words while it refuses the desk."""

    def __init__(self) -> None:
        self._secret: str | None = None
        self._denied: str | None = None

    def send(self, env: Services, stop: Interrupt) -> None:
        """Sends due mail; at the start and after a change of the password also what waits for the next login."""
        secret = env.submitter.secret_version()
        if secret != self._secret:
            delivery.try_now(env)
            self._secret = secret  # after it: a record that is busy or away puts it off, too
        tried = delivery.drain(env, stop)
        if tried:
            logbook.mails_sent(tried)
            self._tell(env)  # only a try can change it

    def _tell(self, env: Services) -> None:
        """Logs once that the submission server refuses the desk, and once that it does no longer."""
        with env.store.read() as tx:
            words = status.denial(tx)
        if words and self._denied is None:
            logbook.submission_denied(words)
        elif not words and self._denied:
            logbook.submission_accepts()
        self._denied = words or None
