# SPDX-License-Identifier: EUPL-1.2
"""The list of outgoing mail, one line a recipient, and how the submission server stands towards the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.desk.answers import FLAT, Answer
from flaggermail.desk.views.view import ListView
from flaggermail.letters import standing
from flaggermail.record.definition import where
from flaggermail.record.rows import OutboxMail
from flaggermail.record.states import WAITING, ServerState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMail(Answer):
    """One mail to one recipient."""

    row: Annotated[OutboxMail, FLAT]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxList(Answer):
    """Mails in the order in which they were queued; `held_since`: since when the submission server takes no mail."""

    mails: tuple[ListedMail, ...]
    standing: ServerState
    held_since: datetime | None
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOutbox(ListView):
    """Mails that wait or are uncertain, one a recipient; with `everything` also the settled ones."""

    MAY: ClassVar[frozenset[str]] = DESK

    everything: bool = False

    def show(self, work: UnitOfWork) -> OutboxList:
        """Returns the mails, and with each part of them the state of the server. Raises Refusal."""
        wanted = [] if self.everything else [where(OutboxMail.state).in_(WAITING)]
        found = self.ordered(work, OutboxMail, OutboxMail.queued_at, *wanted)
        outlook = standing.look(work.tx)
        return OutboxList(
            mails=tuple(ListedMail(row=row) for row in found.lines),
            standing=outlook.standing,
            held_since=standing.held_since(work.tx, outlook),
            next=found.next,
        )
