# SPDX-License-Identifier: EUPL-1.2
"""Approved texts for a portal or phone: given to an officer, who submits them and records when."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.commands.outcome import Did, Done
from flaggermail.notices import duty, notices
from flaggermail.notices.notices import Notice
from flaggermail.record.contacts import ChannelKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Channel, Notification, Platform
from flaggermail.record.states import NotificationState
from flaggermail.record.topics import Topic
from flaggermail.services import EventRef, UnitOfWork


@dataclass(frozen=True, slots=True)
class DraftText:
    """The text of a draft: to paste into a portal, or a call sheet."""

    subject: str
    body: str


def wording(work: UnitOfWork, notification: Notification) -> DraftText:
    """Returns subject and text from the frozen octets."""
    read = work.env.parser.parse(work.env.octets.get(notification.digest))
    return DraftText(notification.subject, read.text)


def note_command(notification: Notification, kind: str) -> str:
    """Returns the command that the officer types when it is done."""
    return (
        f"flaggermail case note {notification.case} --means {kind} --channel {notification.channel} "
        f"--counts-as {counted_as(notification)} --text TEXT"
    )


def counted_as(notification: Notification) -> Kind:
    """Returns what it counts as once submitted: a notification, or a follow-up to one."""
    return Kind.NOTIFICATION if notification.counted else Kind.FOLLOW_UP


def did(what: Done, notification: Notification, channel: Channel) -> Did:
    """Returns what was done with a draft; it leaves once it has all approvals."""
    return Did(
        what=what, case=notification.case, draft=notification.id, channel=notification.channel_name,
        kind=ChannelKind(channel.kind), leaves=notification.state == NotificationState.APPROVED,
    )  # fmt: skip


def give(work: UnitOfWork, approved: Notification, channel: Channel) -> None:
    """Mails the text to the officer on call, or else to the approver."""
    rota = work.env.settings.rota
    officer = duty.officer_on_call(work) or rota.officer(work.actor)
    if officer is None:
        return
    platform = work.tx.get(Platform, channel.platform)
    said = wording(work, approved)
    values = {
        "kind": channel.kind,
        "platform": platform.name if platform else channel.platform,
        "channel": channel.name,
        "phone": channel.phone,
        "subject": said.subject,
        "text": said.body,
        "next_step": note_command(approved, channel.kind),
    }
    about = EventRef(approved.case, approved.id)
    notice = Notice(Kind.OFFICER_NOTICE, "submission_request", f"submit/{approved.id}", about, topic=Topic.SUBMISSION)
    notices.tell(work, officer, notice, values)
