# SPDX-License-Identifier: EUPL-1.2
"""The list of outgoing mail, one line a recipient, and how the submission server stands towards the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.view import ListView
from flaggermail.letters import standing
from flaggermail.record.definition import where
from flaggermail.record.rows import Channel, OutboxMail, Platform
from flaggermail.record.states import WAITING, MailState, ServerState
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMail(ViewAnswer):
    """One mail to one recipient; `recipient_name` is the officer's or the platform's, null for others."""

    row: Annotated[OutboxMail, FLAT]
    recipient_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxList(ViewAnswer):
    """Mails in the order in which they were queued; `held_since`: since when the submission server takes no mail."""

    mails: tuple[ListedMail, ...]
    uncertain: int  # in all, whatever is asked for
    standing: ServerState
    held_since: datetime | None
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOutbox(ListView):
    """Mails that wait or are uncertain, one a recipient; with `everything` also the settled ones.

    `state`: those in that state alone.
    """

    MAY: ClassVar[frozenset[str]] = DESK

    everything: bool = False
    state: MailState | None = None

    def show(self, work: UnitOfWork) -> OutboxList:
        """Returns the mails, and with each part of them the state of the server. Raises Refusal."""
        states = WAITING if self.state is None else (self.state,)
        every = self.everything and self.state is None
        wanted = [] if every else [where(OutboxMail.state).in_(states)]
        found = self.ordered(work, OutboxMail, OutboxMail.queued_at, *wanted)
        stands, names = standing.of_server(work.tx), _names(work)
        return OutboxList(
            mails=tuple(ListedMail(row=row, recipient_name=names.get(row.recipient.lower())) for row in found.lines),
            uncertain=work.tx.count(OutboxMail, where(OutboxMail.state).is_(MailState.UNCERTAIN)),
            standing=stands.standing,
            held_since=standing.held_since(work.tx, stands),
            next=found.next,
        )


def _names(work: UnitOfWork) -> Mapping[str, str]:
    """Returns the names of platforms and officers by their addresses, in lower case."""
    platforms = {one.code: one.name for one in work.tx.find(Platform)}
    channels = {address: platforms[one.platform] for one in work.tx.find(Channel) for address in (*one.to, *one.cc)}
    officers = {one.address: one.name for one in work.env.settings.rota.officers}
    return {address.lower(): name for address, name in {**channels, **officers}.items()}
