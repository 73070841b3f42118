# SPDX-License-Identifier: EUPL-1.2
"""Conditions for drafting and approving mail to a platform."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.commands.outcome import ActFacts, ActKind
from flaggermail.errors import Refusal
from flaggermail.letters import stored_messages
from flaggermail.notices import duty, notices
from flaggermail.notices.notices import Notice
from flaggermail.record.case_values import ChannelKind, Decision, Topic
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, Channel, Notification, Platform
from flaggermail.record.states import NotificationState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.acts import ActWarning
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText


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


def did(what: ActKind, notification: Notification, channel: Channel) -> ActFacts:
    """Returns what was done with a draft; it leaves once it has all approvals."""
    return ActFacts(
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


MAIL = "mail"  # a kind of channel


def check_decided(case: Case) -> None:
    """Raises Refusal unless the decision is to notify."""
    if case.decision != Decision.NOTIFY:
        raise Refusal(CommandRefusal.NOT_DECIDED_TO_NOTIFY(case=case.number))


def awaits_submission(work: UnitOfWork, notification: Notification) -> bool:
    """True if it was approved for a portal or phone and not recorded as done yet."""
    channel = work.tx.get(Channel, notification.channel)
    return notification.state == NotificationState.APPROVED and channel is not None and channel.kind != MAIL


def check_exercise(work: UnitOfWork, case: Case, channel: Channel) -> tuple[StoredText, ...]:
    """Raises Refusal if an exercise case uses a real portal or phone, or a real case an exercise platform.

    Returns a warning for each real address in an exercise: the outbox will refuse it.
    """
    settings, addresses = work.env.settings, (*channel.to, *channel.cc)
    platform = work.tx.get(Platform, channel.platform)
    played = any(
        stored_messages.is_address(settings, f"any@{domain}") for domain in (platform.domains if platform else ())
    )
    if not case.exercise and (played or any(stored_messages.is_address(settings, address) for address in addresses)):
        raise Refusal(CommandRefusal.CHANNEL_FOR_EXERCISES(channel=channel.code, case=case.number))
    if case.exercise and channel.kind != MAIL and not played:
        raise Refusal(CommandRefusal.CHANNEL_IS_REAL(channel=channel.code, kind=channel.kind, case=case.number))
    barred = [address for address in addresses if case.exercise and not stored_messages.may_reach(settings, address)]
    if stored_messages.rehearsal_of(work.tx, case.number) is not None:
        return tuple(ActWarning.ADDRESS_PLAYED(address=address) for address in barred)
    return tuple(ActWarning.NO_EXERCISE_ADDRESS(address=address) for address in barred)
