# SPDX-License-Identifier: EUPL-1.2
"""Ends observing."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.commands.command import LEADS, Command, Subject
from flaggermail.commands.outcome import Outcome
from flaggermail.errors import Refusal
from flaggermail.letters import writing
from flaggermail.record.definition import where
from flaggermail.record.rows import DeskState, OutboxMail
from flaggermail.record.states import MailState
from flaggermail.services import UnitOfWork
from flaggermail.wording.refusals import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    """Ends observing: mail requested from now on is sent, with or without the mail that was already queued."""

    NAME = "resume"
    MAY = LEADS

    with_waiting: bool = False

    def subject(self, work: UnitOfWork) -> Subject:
        return ((DeskState, None),)

    def perform(self, work: UnitOfWork) -> Outcome:
        state = writing.state_of(work.tx)
        if state is None or not state.observing:
            raise Refusal(Because.NOT_OBSERVING())
        waiting = [mail.id for mail in work.tx.find(OutboxMail, where(OutboxMail.state).is_(MailState.QUEUED))]
        if waiting and not self.with_waiting:
            raise Refusal(Because.MAIL_WAITED_BEFORE(mails=waiting))
        writing.end(work, state)
        return Outcome("the desk sends again; what was withheld stays unsent", state.id)
