# SPDX-License-Identifier: EUPL-1.2
"""The texts of notifications: as a platform reads one, and as one would be sent."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import ClassVar

from flaggermail.commands import door
from flaggermail.commands.lookups import draft_id, the_mail
from flaggermail.commands.notify import Draft, preview
from flaggermail.commands.platform_checks import wording
from flaggermail.desk.views.view import Document, View, plain
from flaggermail.errors import NotFound
from flaggermail.record.definition import where
from flaggermail.record.rows import Attempt, Notification
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationText(View):
    """A notification as a platform reads it: to approve it, paste it into a portal, or read it out by phone."""

    MAY: ClassVar[frozenset[str]] = READERS

    draft: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"draft", "subject", "text"}. Raises NotFound."""
        notification = work.tx.get(Notification, draft_id(work, self.draft))
        if notification is None or not notification.digest:
            raise NotFound(
                f"draft {self.draft}: there is no text of it; `flaggermail case show` lists the notifications"
            )
        said = wording(work, notification)
        return {"draft": notification.id, "subject": said.subject, "text": said.body}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewNotification(View):
    """A draft as it would be frozen now; nothing is stored, and no approver is asked."""

    MAY: ClassVar[frozenset[str]] = DESK

    case: str
    channel: str
    template: str | None = None
    title: str = ""
    text: str = ""
    contact: str = ""
    follow_up: bool = False

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"subject", "text", "base64", "by_mail", "differs", "warnings"}: the mail, and what is made up in it.

        Raises Refusal as the command "notify" does.
        """
        wanted = Draft(
            case=self.case, channel=self.channel, template=self.template, title=self.title, text=self.text,
            contact=self.contact, follow_up=self.follow_up,
        )  # fmt: skip
        found = preview(work, door.ready(work, wanted))
        return {
            "subject": found.subject,
            "text": found.text,
            "base64": base64.b64encode(found.octets).decode("ascii"),
            "by_mail": found.by_mail,
            "differs": list(found.differs),
            "warnings": list(found.warnings),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMail(View):
    """One mail with every attempt to deliver it."""

    MAY: ClassVar[frozenset[str]] = DESK

    mail: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns the mail with its "attempts". Raises NotFound."""
        zone = work.env.settings.zone
        found = the_mail(work, self.mail)
        attempts = sorted(
            work.tx.find(Attempt, where(Attempt.mail).is_(found.id)), key=lambda row: (row.started_at, row.id)
        )
        return {**plain(found, zone), "attempts": [plain(attempt, zone) for attempt in attempts]}
