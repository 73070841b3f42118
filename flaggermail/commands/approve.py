# SPDX-License-Identifier: EUPL-1.2
"""Approves or rejects drafts. Nothing is sent to a platform otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from flaggermail.cases.approval import ApprovalTally
from flaggermail.commands import channel_status, platform_checks, step_up
from flaggermail.commands.command import Command, Subject
from flaggermail.commands.named_rows import draft_id, require_text, the_case, the_draft
from flaggermail.commands.outbox import cancel
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.errors import Refusal
from flaggermail.letters import standing, writing
from flaggermail.letters.outgoing import Frozen, of_notification
from flaggermail.notices import approval_letters, approval_requests
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.rows import Case, Channel, Notification, OutboxMail, Token
from flaggermail.record.states import CaseState, MailState, NotificationState, ServerState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import APPROVES
from flaggermail.wording.acts import ActText, ActWarning, in_a_row
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal, SendingRefusal
from flaggermail.wording.said import StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Command):
    """Approves a draft; if two approvals are required, neither may come from its author."""

    NAME = "approve"
    MAY = APPROVES
    OF_A_MOMENT: ClassVar[frozenset[str]] = frozenset({"code"})

    draft: str
    policy_read: str = ""  # the day on which the policy was read, repeated by the approver
    code: str | None = field(default=None, repr=False)  # one-time; None: by a way that asks for none, not by a page

    def subject(self, work: UnitOfWork) -> Subject:
        return _of_draft(work, draft_id(work, self.draft))

    def perform(self, work: UnitOfWork) -> ActResult:
        notification = the_draft(work, self.draft)
        writing.refuse(work, RefusalPart.DRAFT(key=notification.id))
        case = the_case(work, notification.case)
        platform_checks.check_decided(case)  # the decision may have changed since the draft was written
        if case.state == CaseState.CLOSED:
            raise Refusal(CommandRefusal.DRAFT_OF_CLOSED_CASE(draft=notification.id, case=case.number))
        persons = _persons(work)
        if persons > 1 and work.actor == notification.drafted_by:
            raise Refusal(CommandRefusal.DRAFT_BY_ONESELF(draft=notification.id, officer=work.actor))
        before = approval_requests.approval_tally(work.env, notification)
        if not before.has_author:
            raise Refusal(SendingRefusal.DRAFT(draft=notification.id, what=before.lacking()))
        if work.actor in before.counted and not before.is_enough:
            raise Refusal(CommandRefusal.DRAFT_APPROVED_BY_ONESELF(draft=notification.id, officer=work.actor))
        _check_policy_day(work, notification, self.policy_read.strip())
        channel, warnings = channel_status.of_draft(work, notification)
        if self.code is not None:  # last, so that what is refused anyway spends none
            step_up.check(work, notification, self.code)
        approved = replace(
            notification,
            channel=channel.code,
            channel_name=channel.name,
            approved_by=(*notification.approved_by, work.actor),
            approved_with=(*notification.approved_with, work.login),
        )
        tally = approval_requests.approval_tally(work.env, approved)
        if tally.is_enough:
            approved = replace(approved, state=NotificationState.APPROVED, approved_at=work.now)
        about = EventRef(case=approved.case, notification=approved.id)
        work.record(EventKind.NOTIFICATION_APPROVED, changed(notification, approved), about=about)
        done = ActText.DRAFT_APPROVALS(draft=approved.id, given=len(tally.counted), persons=persons)
        did = platform_checks.did(ActKind.APPROVED, approved, channel)
        if tally.is_enough and channel.kind == platform_checks.MAIL:
            did = _with_what_holds(work, did)
            _release(work, approved)  # what becomes of it there is told, not the approval
            return ActResult(_leaving(work, approved, did), approved.id, warnings, did)
        if tally.is_enough:
            done = _give(work, approved, channel)
        else:
            warnings = (*warnings, *_missing(work, approved, tally))
        approval_letters.tell_verdict(work, approved)
        return ActResult(done, approved.id, warnings, did)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Command):
    """Rejects a draft, or takes back an approved text that is not yet submitted or is withheld."""

    NAME = "reject"
    MAY = APPROVES

    draft: str
    reason: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _of_draft(work, _rejected(work, self.draft))

    def perform(self, work: UnitOfWork) -> ActResult:
        notification = work.tx.get(Notification, _rejected(work, self.draft))
        if notification is None or not _may_be_taken_back(work, notification):
            notification = the_draft(work, self.draft)
        require_text("reason", self.reason)
        for mail in _mails_of(work, notification):
            if mail.is_withheld:
                cancel(work, mail)
        rejected = replace(
            notification, state=NotificationState.REJECTED, rejected_by=work.actor, rejected_reason=self.reason
        )
        about = EventRef(case=rejected.case, notification=rejected.id)
        work.record(EventKind.NOTIFICATION_REJECTED, changed(notification, rejected), about=about)
        approval_letters.tell_verdict(work, rejected)
        return ActResult(
            ActText.DRAFT_REJECTED(draft=rejected.id),
            rejected.id,
            did=ActFacts(what=ActKind.REJECTED, draft=rejected.id),
        )


def _check_policy_day(work: UnitOfWork, draft: Notification, repeated: str) -> None:
    """Raises Refusal for another day than that on which the policy was read, or if the desk asks for it and none is."""
    day = draft.policy_read_on.isoformat() if draft.policy_read_on else ""
    if repeated != day and (repeated or approval_requests.must_repeat(work, draft)):
        raise Refusal(CommandRefusal.POLICY_DAY_TO_REPEAT(draft=draft.id, day=day))


def _rejected(work: UnitOfWork, typed: str) -> str:
    return draft_id(work, typed, waits=lambda one: _may_be_taken_back(work, one))


def _may_be_taken_back(work: UnitOfWork, one: Notification) -> bool:
    """True for an approved text of which nothing has left, or will: a person submits it, or each mail is withheld."""
    mails = [mail for mail in _mails_of(work, one) if mail.state not in {MailState.CANCELLED, MailState.REFUSED}]
    is_withheld = bool(mails) and all(mail.is_withheld for mail in mails)
    return platform_checks.awaits_submission(work, one) or (one.state == NotificationState.APPROVED and is_withheld)


def _mails_of(work: UnitOfWork, one: Notification) -> list[OutboxMail]:
    of_platform = where(OutboxMail.at_most_once).is_(True)
    return work.tx.find(OutboxMail, where(OutboxMail.notification).is_(one.id), of_platform)


def _of_draft(work: UnitOfWork, key: str) -> Subject:
    """Returns the draft and its case: what arrives in the case may be a reason not to approve."""
    notification = work.tx.get(Notification, key)
    return ((Notification, key), (Case, notification.case)) if notification else ((Notification, key),)


def _persons(work: UnitOfWork) -> int:
    return work.env.settings.desk.approval.persons


def _missing(work: UnitOfWork, draft: Notification, tally: ApprovalTally) -> tuple[StoredText, ...]:
    """Returns who still has to approve, and whose approval does not count."""
    still = [officer.name for officer in approval_requests.may_still_approve(work.env, draft)]
    void = (tally.lacking(),) if tally.void else ()
    if not still:
        return (ActWarning.NOBODY_MAY_APPROVE(), *void)
    return (ActWarning.STILL_TO_APPROVE(officers=in_a_row(still, RefusalPart.OR)), *void)


def _with_what_holds(work: UnitOfWork, did: ActFacts) -> ActFacts:
    """Adds since when the submission server takes no mail, if it takes none."""
    server = standing.of_server(work.tx)
    since = standing.held_since(work.tx, server)
    return did if since is None else replace(did, held_since=since, away=server.standing is ServerState.AWAY)


def _leaving(work: UnitOfWork, approved: Notification, did: ActFacts) -> StoredText:
    """Returns the new state of a draft that was put into the outbox."""
    if did.held_since is None:
        return ActText.DRAFT_LEAVES(draft=approved.id, channel=approved.channel_name)
    text = ActText.DRAFT_QUEUED_AWAY if did.away else ActText.DRAFT_QUEUED_REFUSED
    since, today = did.held_since.astimezone(work.env.settings.zone), work.now.astimezone(work.env.settings.zone).date()
    shown = f"{since:%H:%M}" if since.date() == today else f"{since:%Y-%m-%d %H:%M}"
    return text(draft=approved.id, at=shown)


def _give(work: UnitOfWork, approved: Notification, channel: Channel) -> StoredText:
    """Gives the draft to the officer who submits it; returns the new state."""
    platform_checks.give(work, approved, channel)
    command = platform_checks.note_command(approved, channel.kind)
    return ActText.DRAFT_GIVEN(draft=approved.id, channel=channel.name, command=command)


def _release(work: UnitOfWork, approved: Notification) -> None:
    """Puts the approved octets, and no others, into the outbox."""
    token = Token(
        token=approved.token,
        purpose=Topic.NOTIFICATION,
        case=approved.case,
        notification=approved.id,
        issued_at=work.now,
    )
    writing.issue(work, token)
    read = work.env.parser.parse(work.env.octets.get(approved.digest))
    frozen = Frozen(approved.message_id or "", approved.subject, "", approved.digest, read.content_key)
    writing.enqueue(work, of_notification(approved, approved.to), frozen, (*approved.to, *approved.cc))
