# SPDX-License-Identifier: EUPL-1.2
"""Approves or rejects drafts, and informs the approvers. Nothing is sent to a platform otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flaggermail.commands import channel_status, devices, platform_checks, portal_texts
from flaggermail.commands.command import Command, Subject
from flaggermail.commands.lookups import draft_id, given, the_case, the_draft
from flaggermail.commands.outcome import Did, Done, Outcome
from flaggermail.errors import Refusal
from flaggermail.letters import observing, standing, writing
from flaggermail.letters.outgoing import Frozen, of_notification
from flaggermail.notices import code_pages, notices
from flaggermail.notices.notices import Notice
from flaggermail.notifications.approval import APPROVES, ByReply, Offer, approvers_of
from flaggermail.oncall.schedule import Officer
from flaggermail.record.events import EventKind, changed
from flaggermail.record.finding import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, Channel, Notification, Platform, Token
from flaggermail.record.states import CaseState, NotificationState, ServerState
from flaggermail.record.topics import LASTS, Topic
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.pieces import Piece
from flaggermail.wording.refusals import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Command):
    """Approves a draft; if two approvals are required, neither may come from its author."""

    NAME = "approve"
    MAY = APPROVES

    draft: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _of_draft(work, draft_id(work, self.draft))

    def perform(self, work: UnitOfWork) -> Outcome:
        notification = the_draft(work, self.draft)
        observing.refuse(work, Piece.DRAFT(key=notification.id))
        case = the_case(work, notification.case)
        platform_checks.check_decided(case)  # the decision may have changed since the draft was written
        if case.state == CaseState.CLOSED:
            raise Refusal(Because.DRAFT_OF_CLOSED_CASE(draft=notification.id, case=case.number))
        persons = _persons(work)
        if persons > 1 and work.actor == notification.drafted_by:
            raise Refusal(Because.DRAFT_BY_ONESELF(draft=notification.id, officer=work.actor))
        if work.actor in notification.approved_by:
            raise Refusal(Because.DRAFT_APPROVED_BY_ONESELF(draft=notification.id, officer=work.actor))
        channel = channel_status.usable(work, notification.channel)
        approved = replace(
            notification,
            approved_by=(*notification.approved_by, work.actor),
            approved_with=(*_logins(notification), work.login),
        )
        count = len(approvers_of(work.env.settings.rota, approved))
        if count >= persons:
            approved = replace(approved, state=NotificationState.APPROVED, approved_at=work.now)
        about = EventRef(case=approved.case, notification=approved.id)
        work.record(EventKind.NOTIFICATION_APPROVED, changed(notification, approved), about=about)
        done = f"draft {approved.id}: {count} of {persons} approvals"
        did = portal_texts.did(Done.APPROVED, approved, channel)
        if count >= persons and channel.kind == platform_checks.MAIL:
            did = _with_what_holds(work, did)
            _release(work, approved)  # before the mails that report it
            done = _leaving(work, approved, did)
        elif count >= persons:
            done = _give(work, approved, channel)
        _announce(work, approved, did)
        return Outcome(done, approved.id, did=did)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Command):
    """Rejects a draft, or withdraws an approved text that nobody has submitted yet."""

    NAME = "reject"
    MAY = APPROVES

    draft: str
    reason: str

    def subject(self, work: UnitOfWork) -> Subject:
        return _of_draft(work, _rejected(work, self.draft))

    def perform(self, work: UnitOfWork) -> Outcome:
        notification = work.tx.get(Notification, _rejected(work, self.draft))
        if notification is None or not platform_checks.awaits_submission(work, notification):
            notification = the_draft(work, self.draft)
        given("reason", self.reason)
        rejected = replace(
            notification, state=NotificationState.REJECTED, rejected_by=work.actor, rejected_reason=self.reason
        )
        about = EventRef(case=rejected.case, notification=rejected.id)
        work.record(EventKind.NOTIFICATION_REJECTED, changed(notification, rejected), about=about)
        did = Did(what=Done.REJECTED, draft=rejected.id)
        _announce(work, rejected, did)
        return Outcome(f"draft {rejected.id} rejected", rejected.id, did=did)


def _logins(notification: Notification) -> tuple[str, ...]:
    """Returns a login, or none, for each approval; one of before they were recorded has none."""
    known = notification.approved_with or ()
    return (*known, *[""] * (len(notification.approved_by) - len(known)))


def _rejected(work: UnitOfWork, typed: str) -> str:
    return draft_id(work, typed, waits=lambda one: platform_checks.awaits_submission(work, one))


def _of_draft(work: UnitOfWork, key: str) -> Subject:
    """Returns the draft and its case: what arrives in the case may be a reason not to approve."""
    notification = work.tx.get(Notification, key)
    return ((Notification, key), (Case, notification.case)) if notification else ((Notification, key),)


# ---- mail to approvers


def request(work: UnitOfWork, draft: Notification, text: str, officers: Sequence[Officer] | None = None) -> None:
    """Shows a draft to every approver (or only to `officers`), each with their own code.

    If two approvals are required, the author is not asked. `text` is the body of the draft.
    """
    asked = _approvers(work) if officers is None else officers
    for officer in asked:
        if _persons(work) == 1 or officer.id != draft.drafted_by:
            _ask(work, draft, text, officer)


def request_again(work: UnitOfWork, token: Token) -> None:
    """Shows a draft anew after a request has expired, unless a newer request is still open: one call a request."""
    draft = work.tx.get(Notification, token.notification or "")
    officer = work.env.settings.rota.officer(token.officer or "")
    if draft is None or draft.state != NotificationState.DRAFT or officer is None or officer.id in draft.approved_by:
        return
    shown = work.tx.find(
        Token,
        where(Token.purpose).is_(Topic.APPROVAL),
        where(Token.notification).is_(draft.id),
        where(Token.officer).is_(officer.id),
    )
    if not any(other.expires_at is not None and other.expires_at > work.now for other in shown):
        request(work, draft, portal_texts.wording(work, draft).body, [officer])


def _ask(work: UnitOfWork, draft: Notification, text: str, officer: Officer) -> None:
    token, means = work.env.randomness.token(), means_of(work, officer)
    if means is ByReply.PAGER and not code_pages.queue(work, officer, draft, token):
        means = ByReply.OFF  # called often enough in this hour: the command remains
    offer = Offer(draft.id, token, draft.digest, officer.id, work.now + LASTS)
    values = {
        **_values(work, draft),
        "author": _name(work, draft.drafted_by),
        "to": list(draft.to),
        "cc": list(draft.cc),
        "policy_title": draft.policy_title,
        "policy_url": draft.policy_url,
        "policy_read_on": draft.policy_read_on,
        "subject": draft.subject,
        "text": text,
        "by_reply": means.value,
        "code": offer.code if means is ByReply.MAIL else "",
        "until": offer.expires_at,
    }
    about = EventRef(case=draft.case, notification=draft.id)
    dedupe = f"approval/{draft.id}/{work.now.isoformat()}/{officer.id}"
    notice = Notice(Kind.APPROVAL_REQUEST, "approval_request", dedupe, about, topic=Topic.APPROVAL, token=token)
    notices.tell(work, officer, notice, values)


def means_of(work: UnitOfWork, officer: Officer) -> ByReply:
    """Returns how this officer can approve by reply; off without the device or the pager that it needs."""
    means = work.env.settings.desk.approval.means
    lacks_pager = means is ByReply.PAGER and not officer.pagers
    device = devices.valid_device(work, officer.id) if means is ByReply.TOTP else None
    lacks_device = means is ByReply.TOTP and (device is None or device.locked_at is not None)
    return ByReply.OFF if lacks_pager or lacks_device else means


def _announce(work: UnitOfWork, judged: Notification, did: Did) -> None:
    """Tells every approver, and the author, the verdict on a draft; one mail each."""
    author = work.env.settings.rota.officer(judged.drafted_by)
    told = dict.fromkeys([*_approvers(work), *([author] if author else [])])
    values = {
        **_values(work, judged),
        "officer": _name(work, work.actor),
        "approved": judged.state != NotificationState.REJECTED,
        "reason": judged.rejected_reason or "",
        "have": len(approvers_of(work.env.settings.rota, judged)),
        "held_since": did.held_since,
        "away": bool(did.away),
    }
    about = EventRef(case=judged.case, notification=judged.id)
    for officer in told:
        dedupe = f"approval/{judged.id}/{judged.state}/{work.actor}/{officer.id}"
        notices.tell(work, officer, Notice(Kind.OFFICER_NOTICE, "approval_told", dedupe, about), values)


def _values(work: UnitOfWork, draft: Notification) -> dict[str, object]:
    platform, channel = work.tx.get(Platform, draft.platform), work.tx.get(Channel, draft.channel)
    return {
        "draft": draft.id,
        "follow_up": not draft.counted,
        "platform": platform.name if platform else draft.platform,
        "channel": draft.channel_name,
        "kind": channel.kind if channel else platform_checks.MAIL,
        "persons": _persons(work),
    }


def _approvers(work: UnitOfWork) -> list[Officer]:
    return [officer for officer in work.env.settings.rota.officers if officer.roles & APPROVES]


def _persons(work: UnitOfWork) -> int:
    return work.env.settings.desk.approval.persons


def _name(work: UnitOfWork, officer_id: str) -> str:
    officer = work.env.settings.rota.officer(officer_id)
    return officer.name if officer else officer_id


def _with_what_holds(work: UnitOfWork, did: Did) -> Did:
    """Adds since when the submission server takes no mail, if it takes none."""
    outlook = standing.look(work.tx)
    since = standing.held_since(work.tx, outlook)
    return did if since is None else replace(did, held_since=since, away=outlook.standing is ServerState.AWAY)


def _leaving(work: UnitOfWork, approved: Notification, did: Did) -> str:
    """Returns the new state of a draft that was put into the outbox."""
    if did.held_since is None:
        return f"{approved.id} approved; it leaves for {approved.channel_name} now"
    why = "cannot be reached" if did.away else "refuses mail"
    since, today = did.held_since.astimezone(work.env.settings.zone), work.now.astimezone(work.env.settings.zone).date()
    shown = f"{since:%H:%M}" if since.date() == today else f"{since:%Y-%m-%d %H:%M}"
    return f"{approved.id} approved; queued: the submission server {why} since {shown}"


def _give(work: UnitOfWork, approved: Notification, channel: Channel) -> str:
    """Gives the draft to the officer who submits it; returns the new state."""
    portal_texts.give(work, approved, channel)
    command = portal_texts.note_command(approved, channel.kind)
    return f"{approved.id} approved for {channel.name}; when it is done: `{command}`"


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
