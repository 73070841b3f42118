# SPDX-License-Identifier: EUPL-1.2
"""The texts of notifications: as a platform reads one, and as one would be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from flaggermail.commands import door
from flaggermail.commands.named_rows import draft_id, the_mail
from flaggermail.commands.notify import Draft, preview
from flaggermail.commands.platform_checks import wording
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.view import ListView, OctetsView, View, at_most
from flaggermail.documents.octets import PREVIEWED_MAIL, PREVIEWED_TEXT, Octets
from flaggermail.documents.tar import tar
from flaggermail.errors import NotFound
from flaggermail.record.definition import where
from flaggermail.record.rows import Attempt, Notification, OutboxMail
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationWording(ViewAnswer):
    """Subject and text of a notification as they are frozen."""

    draft: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPreview(ViewAnswer):
    """What in the files of a draft is made up; unless it goes `by_mail`, somebody pastes its text or reads it out."""

    by_mail: bool
    differs: tuple[StoredText, ...]
    warnings: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptedMail(ViewAnswer):
    """A mail with its attempts in order; `next` is the cursor of further ones; a `withheld` mail may not leave."""

    row: Annotated[OutboxMail, FLAT]
    withheld: bool
    attempts: tuple[Attempt, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationText(View):
    """A notification as a platform reads it: to approve it, paste it into a portal, or read it out by phone."""

    MAY: ClassVar[frozenset[str]] = READERS

    draft: str

    def show(self, work: UnitOfWork) -> NotificationWording:
        """Returns subject and text. Raises NotFound, ArchiveFailure."""
        notification = work.tx.get(Notification, draft_id(work, self.draft))
        if notification is None or not notification.digest:
            raise NotFound(CommandRefusal.NO_SUCH_DRAFT(draft=self.draft))
        said = wording(work, notification)
        return NotificationWording(draft=notification.id, subject=said.subject, text=said.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewNotification(OctetsView):
    """A draft as it would be frozen now; nothing is stored, and no approver is asked."""

    MAY: ClassVar[frozenset[str]] = DESK

    case: str
    channel: str
    template: str | None = None
    title: Annotated[str, at_most(door.LONGEST)] = ""
    text: Annotated[str, at_most(door.LONGEST)] = ""
    contact: Annotated[str, at_most(door.LONGEST)] = ""
    follow_up: bool = False

    def show(self, work: UnitOfWork) -> Octets[ViewAnswer]:
        """Returns the mail, and in a second file its subject, an empty line and its text, as one tar.

        Raises Refusal as the command "notify" does.
        """
        wanted = Draft(
            case=self.case, channel=self.channel, template=self.template, title=self.title, text=self.text,
            contact=self.contact, follow_up=self.follow_up,
        )  # fmt: skip
        found = preview(work, door.ready(work, wanted))
        files = ((PREVIEWED_MAIL, found.octets), (PREVIEWED_TEXT, f"{found.subject}\n\n{found.text}".encode()))
        facts = DraftPreview(by_mail=found.by_mail, differs=found.differs, warnings=found.warnings)
        return tar("preview.tar", files, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMail(ListView):
    """One mail with the attempts to deliver it."""

    MAY: ClassVar[frozenset[str]] = DESK

    mail: str

    def show(self, work: UnitOfWork) -> AttemptedMail:
        """Returns the mail with its attempts. Raises NotFound, Refusal."""
        found = the_mail(work, self.mail)
        tried = self.ordered(work, Attempt, Attempt.started_at, where(Attempt.mail).is_(found.id))
        return AttemptedMail(row=found, withheld=found.is_withheld, attempts=tried.lines, next=tried.next)
