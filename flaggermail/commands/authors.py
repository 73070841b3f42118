# SPDX-License-Identifier: EUPL-1.2
"""Says who wrote a platform's mail: a person, though its fields call it automatic, or a system after all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.cases import lifecycle
from flaggermail.commands import judging, move
from flaggermail.commands.command import DESK, Command, Subject
from flaggermail.commands.lookups import the_message
from flaggermail.commands.outcome import Did, Done, Outcome
from flaggermail.errors import Refusal
from flaggermail.mail.message import MechanicalKind
from flaggermail.record.contacts import AuthorWord
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Direction, PersonBasis
from flaggermail.record.rows import StoredMessage
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.refusals import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAuthor(Command):
    """Says that a person or a system wrote a platform's mail in a case; its clocks are judged anew.

    A person's mail stops the human clock at its own arrival, and with the kinds that the rules give its words.
    """

    NAME = "message author"
    MAY = DESK

    message: str
    author: AuthorWord

    def subject(self, work: UnitOfWork) -> Subject:
        return ((StoredMessage, the_message(work, self.message).id),)

    def perform(self, work: UnitOfWork) -> Outcome:
        message = move.of_others(work, self.message)
        if message.direction != Direction.IN or message.case is None:
            raise Refusal(Because.NO_PLATFORMS_MAIL(message=message.id))
        by_person = self.author is AuthorWord.PERSON
        kind = MechanicalKind.HUMAN if by_person else MechanicalKind.AUTO_REPLY
        mail = replace(work.env.parser.parse(work.env.octets.get(message.digest)), kind=kind)
        if by_person:
            mail = replace(mail, no_receipt=None)
        found = judging.as_written_by(work, message, mail)
        if found is None:
            raise Refusal(Because.NO_PLATFORMS_MAIL(message=message.id))
        judged = replace(
            found, person_basis=PersonBasis.OFFICER if by_person else None, rule=f"corrected by {work.actor}",
            corrected_by=work.actor,
        )  # fmt: skip
        about = EventRef(case=judged.case, notification=judged.notification, message=judged.id)
        reason = "+".join(judged.kinds)
        work.record(EventKind.MESSAGE_RECLASSIFIED, changed(message, judged), reason=reason, about=about)
        if judged.notification is not None:
            lifecycle.rejudge(work, judged.notification)
        what = Done.BY_PERSON if by_person else Done.BY_SYSTEM
        return Outcome(f"message {message.id} is a {self.author}'s", message.id, did=Did(what=what, case=message.case))
