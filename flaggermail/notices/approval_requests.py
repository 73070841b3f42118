# SPDX-License-Identifier: EUPL-1.2
"""Shows a draft to those who may approve it: first to who is on duty, to the others if no answer comes.

A night has few people awake. The others are asked at once only where those on duty cannot decide alone; of many
approvers the heads count as on duty then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flaggermail.cases.approval import ApprovalTally, Offer, may_approve, tally
from flaggermail.notices import duty, notices, pager_queue
from flaggermail.notices.notices import Notice
from flaggermail.ports import Transaction
from flaggermail.record.case_values import LASTS, ChannelKind, Topic
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Channel, Notification, OutboxMail, PageCode, Platform, Token
from flaggermail.record.states import NotificationState
from flaggermail.rules import draft_policy
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.settings.sections import ByReply

_FEW = 5  # approvers: that many may be asked at once where the officer on call cannot decide alone


def request(work: UnitOfWork, draft: Notification, text: str) -> None:
    """Shows a new draft, whose body is `text`, to those first asked: who is on duty, or all if those are too few."""
    for officer in _first_asked(work, draft):
        _ask(work, draft, text, officer)


def request_again(work: UnitOfWork, token: Token) -> None:
    """Shows a draft anew after a request came to nothing, unless another one is still open: one call a request."""
    draft = work.tx.get(Notification, token.notification or "")
    officer = work.env.settings.rota.officer(token.officer or "")
    if draft is None or draft.state != NotificationState.DRAFT or officer is None:
        return
    if officer.id in approval_tally(work.env, draft).counted:
        return
    shown = [other for other in shown_to(work.tx, draft) if other.officer == officer.id]
    others = [other for other in shown if other.token != token.token]
    if not any(other.expires_at is not None and other.expires_at > work.now for other in others):
        _ask(work, draft, _body_of(work, draft), officer)


def has_code(work: UnitOfWork, token: Token, offer: Offer | None) -> bool:
    """Returns whether a request gave its code in the way in which the desk gives codes now.

    A request of before `approval.by_reply` changed did not, nor did one beyond the hourly limit of pages.
    """
    if work.env.settings.desk.approval.means is ByReply.PAGER:
        return work.tx.exists(PageCode, where(PageCode.token).is_(token.token))
    dedupe = _dedupe(token.notification or "", token.issued_at, token.officer or "")
    sent = work.tx.find(OutboxMail, where(OutboxMail.dedupe).is_(dedupe))
    texts = [work.env.parser.parse(work.env.octets.get(mail.digest)).text for mail in sent]
    return offer is not None and any(offer.code in text for text in texts)


def request_of_others(work: UnitOfWork, draft: Notification) -> None:
    """Shows a draft that waits for an answer to the approvers who were not asked yet."""
    for officer in not_asked(work.env, work.tx, draft):
        _ask(work, draft, _body_of(work, draft), officer)


def others_due_at(env: Services, draft: Notification) -> datetime:
    """Returns when an undecided draft is shown to the approvers off duty."""
    return draft.drafted_at + timedelta(minutes=env.settings.desk.approval.others_after_minutes)


def not_asked(env: Services, tx: Transaction, draft: Notification) -> list[Officer]:
    """Returns who may approve the draft and was not shown it."""
    shown = {token.officer for token in shown_to(tx, draft)}
    return [one for one in _may_approve(env, draft) if one.id not in shown and one.id not in draft.approved_by]


def approval_tally(env: Services, draft: Notification) -> ApprovalTally:
    """Returns whose approvals of the draft count by the desk's own configuration."""
    return tally(env.settings.rota, env.settings.desk.approval.persons, draft)


def may_still_approve(env: Services, draft: Notification) -> list[Officer]:
    """Returns the officers whose approval would be one more."""
    have = approval_tally(env, draft).counted
    return [officer for officer in _may_approve(env, draft) if officer.id not in have]


def shown_to(tx: Transaction, draft: Notification) -> list[Token]:
    """Returns the tokens of the requests to approve a draft."""
    return tx.find(Token, where(Token.purpose).is_(Topic.APPROVAL), where(Token.notification).is_(draft.id))


def draft_values(work: UnitOfWork, draft: Notification) -> dict[str, object]:
    """Returns the template values of each mail about a draft."""
    platform, channel = work.tx.get(Platform, draft.platform), work.tx.get(Channel, draft.channel)
    return {
        "draft": draft.id,
        "follow_up": not draft.counted,
        "platform": platform.name if platform else draft.platform,
        "channel": draft.channel_name,
        "kind": channel.kind if channel else ChannelKind.MAIL,
        "persons": work.env.settings.desk.approval.persons,
    }


def _first_asked(work: UnitOfWork, draft: Notification) -> Sequence[Officer]:
    everyone, persons = _may_approve(work.env, draft), work.env.settings.desk.approval.persons
    first = duty.in_charge(work) if len(everyone) > _FEW else [duty.officer_on_call(work)]
    deciding = [one for one in first if one in everyone and one is not None and one.id != draft.drafted_by]
    enough = len(deciding) >= persons and others_due_at(work.env, draft) > work.now
    return deciding[:persons] if enough else everyone


def _may_approve(env: Services, draft: Notification) -> list[Officer]:
    return list(may_approve(env.settings.rota, env.settings.desk.approval.persons, draft).values())


def _body_of(work: UnitOfWork, draft: Notification) -> str:
    return work.env.parser.parse(work.env.octets.get(draft.digest)).text


def _ask(work: UnitOfWork, draft: Notification, text: str, officer: Officer) -> None:
    token, means = work.env.randomness.token(), duty.means_of(work, officer)
    if means is ByReply.PAGER and not pager_queue.queue_code(work, officer, draft, token):
        means = ByReply.OFF  # called often enough in this hour: the command remains
    offer = Offer(draft.id, token, draft.digest, officer.id, work.now + LASTS)
    author = work.env.settings.rota.officer(draft.drafted_by)
    values = {
        **draft_values(work, draft),
        "author": author.name if author else draft.drafted_by,
        "to": list(draft.to),
        "cc": list(draft.cc),
        "policy_title": draft.policy_title,
        "policy_url": draft.policy_url,
        "policy_read_on": draft.policy_read_on,
        "policy_age": draft_policy.days_since(draft.policy_read_on, work.today),
        "stale": draft.counted and draft_policy.is_stale(draft.policy_read_on, work.today),
        "subject": draft.subject,
        "text": text,
        "by_reply": means.value,
        "code": offer.code if means is ByReply.MAIL else "",
        "repeats": must_repeat(work, draft),
        "until": offer.expires_at,
    }
    about = EventRef(case=draft.case, notification=draft.id)
    dedupe = _dedupe(draft.id, work.now, officer.id)
    notice = Notice(Kind.APPROVAL_REQUEST, "approval_request", dedupe, about, topic=Topic.APPROVAL, token=token)
    notices.tell(work, officer, notice, values)


def _dedupe(draft: str, asked_at: datetime, officer: str) -> str:
    return f"approval/{draft}/{asked_at.isoformat()}/{officer}"


def must_repeat(work: UnitOfWork, draft: Notification) -> bool:
    """True if the approver must repeat the day on which the policy was read: it is old, and the desk asks for it."""
    asks = work.env.settings.desk.approval.repeat_policy_date and draft.counted
    return asks and draft_policy.is_stale(draft.policy_read_on, work.today)
