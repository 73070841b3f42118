# SPDX-License-Identifier: EUPL-1.2
"""The texts of notifications: as a platform reads one, and as one would be sent."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from flaggermail.commands import door
from flaggermail.commands.lookups import draft_id
from flaggermail.commands.notify import Draft, preview
from flaggermail.commands.portal_texts import wording
from flaggermail.desk.views.view import Document, View
from flaggermail.errors import NotFound
from flaggermail.record.rows import Notification
from flaggermail.services import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationText(View):
    """A notification as a platform reads it: to approve it, paste it into a portal, or read it out by phone."""

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
    """A draft as it would be frozen now; nothing is stored, and nobody is asked."""

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
