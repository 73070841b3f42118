# SPDX-License-Identifier: EUPL-1.2
"""Ends observing."""

from __future__ import annotations

from flaggermail.commands import acts
from flaggermail.commands.lookups import Outcome
from flaggermail.errors import Refusal
from flaggermail.letters import observing
from flaggermail.record.rows import OutboxMail
from flaggermail.record.states import MailState
from flaggermail.services import UnitOfWork


def resume(work: UnitOfWork, act: acts.Resume) -> Outcome:
    """Ends observing; suppressed mail is not sent afterwards."""
    state = observing.state_of(work.tx)
    if state is None or not state.observing:
        raise Refusal("resume: the desk does not observe; there is nothing to resume")
    waiting = [mail.id for mail in work.tx.find(OutboxMail, state=MailState.QUEUED)]
    if waiting and not act.with_waiting:
        raise Refusal(
            f"resume: {', '.join(waiting)} waited before the desk began to observe, and would leave now: take each "
            "back with `flaggermail outbox cancel ID`, or let all leave with `flaggermail resume --with-waiting`"
        )
    observing.end(work, state)
    return Outcome("the desk sends again; what was withheld stays unsent", state.id)
