# SPDX-License-Identifier: EUPL-1.2
"""The texts of notifications: as a platform reads one, and as one would be sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, ClassVar

from flaggermail.commands import door
from flaggermail.commands.named_rows import draft_id, the_mail
from flaggermail.commands.notify import Draft, preview, unwritten
from flaggermail.commands.platform_checks import DraftText, wording
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.difference import ComparedWith, TextDifference, pieces
from flaggermail.desk.views.view import ListView, OctetsView, View, at_most
from flaggermail.documents.octets import PREVIEWED_MAIL, PREVIEWED_TEXT, Octets
from flaggermail.documents.tar import tar
from flaggermail.errors import ArchiveFailure, NotFound, Refusal
from flaggermail.record.definition import where
from flaggermail.record.rows import Attempt, Notification, OutboxMail
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK, READERS
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationWording(ViewAnswer):
    """Subject and text of a notification as they are frozen.

    `differences`, where they are asked for, are those to its template without a word of a person and to the draft
    before it for that case and channel; one that cannot be made any more is left out.
    """

    draft: str
    subject: str
    text: str
    differences: tuple[TextDifference, ...]


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
    difference: bool = False

    def show(self, work: UnitOfWork) -> NotificationWording:
        """Returns subject and text. Raises NotFound, ArchiveFailure."""
        notification = work.tx.get(Notification, draft_id(work, self.draft))
        if notification is None or not notification.digest:
            raise NotFound(CommandRefusal.NO_SUCH_DRAFT(draft=self.draft))
        said = wording(work, notification)
        differences = tuple(_differences(work, notification, said)) if self.difference else ()
        return NotificationWording(
            draft=notification.id, subject=said.subject, text=said.body, differences=differences
        )  # fmt: skip


def _differences(work: UnitOfWork, draft: Notification, said: DraftText) -> Iterator[TextDifference]:
    before = _before(work, draft)
    with suppress(Refusal):  # a template that was changed since may make no mail
        yield _difference(ComparedWith.TEMPLATE, None, unwritten(work, draft), said)
    with suppress(ArchiveFailure):
        if before is not None:
            yield _difference(ComparedWith.DRAFT, before.id, wording(work, before), said)


def _before(work: UnitOfWork, draft: Notification) -> Notification | None:
    """Returns the last text for the same case and channel that was written before, whatever became of it."""
    found = work.tx.find(
        Notification, where(Notification.case).is_(draft.case), where(Notification.channel).is_(draft.channel)
    )
    written = [one for one in found if one.digest and one.counted == draft.counted]
    return max((one for one in written if _place(one) < _place(draft)), key=_place, default=None)


def _place(draft: Notification) -> int:
    return int(draft.id.rpartition("/")[2])


def _difference(what: ComparedWith, number: str | None, before: DraftText, after: DraftText) -> TextDifference:
    old, new = (f"{one.subject}\n\n{one.body.strip()}\n" for one in (before, after))
    return TextDifference(compared_with=what, draft=number, pieces=pieces(old, new))


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
