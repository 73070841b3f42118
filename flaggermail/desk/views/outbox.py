# SPDX-License-Identifier: EUPL-1.2
"""Outgoing mail: what waits, and every attempt to deliver one mail."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.commands.lookups import the_mail
from flaggermail.desk.views.view import Document, View, plain
from flaggermail.letters import standing
from flaggermail.record.definition import where
from flaggermail.record.rows import Attempt, OutboxMail
from flaggermail.record.states import WAITING
from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOutbox(View):
    """Mails that wait or are uncertain, one a recipient; with `everything` also the settled ones."""

    everything: bool = False

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"mails": [...], "standing", "held_since"}, the mails in the order in which they were queued.

        "standing" says how the submission server stands towards the desk, "held_since" since when it takes no mail.
        """
        found = (
            work.tx.find(OutboxMail)
            if self.everything
            else work.tx.find(OutboxMail, where(OutboxMail.state).in_(WAITING))
        )
        mails = sorted(found, key=lambda mail: (mail.queued_at, mail.id))
        outlook = standing.look(work.tx)
        since = standing.held_since(work.tx, outlook)
        return {
            "mails": [plain(mail, work.env.settings.zone) for mail in mails],
            "standing": outlook.standing,
            "held_since": since.astimezone(work.env.settings.zone).isoformat() if since else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMail(View):
    """One mail with every attempt to deliver it."""

    mail: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns the mail with its "attempts". Raises NotFound."""
        zone = work.env.settings.zone
        found = the_mail(work, self.mail)
        attempts = sorted(
            work.tx.find(Attempt, where(Attempt.mail).is_(found.id)), key=lambda row: (row.started_at, row.id)
        )
        return {**plain(found, zone), "attempts": [plain(attempt, zone) for attempt in attempts]}
