# SPDX-License-Identifier: EUPL-1.2
"""The texts of notifications: as a platform reads one, and the octets that are sent."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from flaggermail.commands.portal_texts import wording
from flaggermail.errors import NotFound
from flaggermail.record.rows import Notification
from flaggermail.services import UnitOfWork
from flaggermail.views.view import Document, View


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationText(View):
    """A notification as a platform reads it: to approve it, paste it into a portal, or read it out by phone."""

    draft: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"draft", "subject", "text"}. Raises NotFound."""
        notification = _with_text(work, self.draft)
        said = wording(work, notification)
        return {"draft": notification.id, "subject": said.subject, "text": said.body}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationOctets(View):
    """The frozen octets of a notification."""

    draft: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"draft", "subject", "text", "base64"}; the last is null for a portal or phone. Raises NotFound."""
        notification = _with_text(work, self.draft)
        said = wording(work, notification)
        octets = work.env.octets.get(notification.digest) if notification.to else None
        return {
            "draft": notification.id, "subject": said.subject, "text": said.body,
            "base64": None if octets is None else base64.b64encode(octets).decode("ascii"),
        }  # fmt: skip


def _with_text(work: UnitOfWork, draft: str) -> Notification:
    notification = work.tx.get(Notification, draft)
    if notification is None or not notification.digest:
        raise NotFound(f"draft {draft}: there is no text of it; `flaggermail case show` lists the notifications")
    return notification
