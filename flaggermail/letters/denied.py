# SPDX-License-Identifier: EUPL-1.2
"""Which of our mail waits because the submission server refuses the desk itself: its login, TLS or relaying."""

from __future__ import annotations

from flaggermail.ports import Transaction
from flaggermail.record.finding import where
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.states import AttemptResult, MailState


def denied(tx: Transaction) -> list[OutboxMail]:
    """Returns all waiting mail in queue order if the last attempt of one of them was denied; else an empty list.

    A mail in hand counts by its last ended attempt, so that trying again does not look like being accepted again.
    """
    waiting = tx.readable(OutboxMail, where(OutboxMail.state).in_([MailState.QUEUED, MailState.ATTEMPTING]))
    last = [f"{mail.id}/{mail.tries - (mail.state == MailState.ATTEMPTING):04d}" for mail in waiting if mail.tries]
    ended = tx.find(Attempt, where(Attempt.id).in_(last)) if last else []
    return waiting if any(attempt.result == AttemptResult.DENIED for attempt in ended) else []
