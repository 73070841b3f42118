# SPDX-License-Identifier: EUPL-1.2
"""Drafts a notification, or a follow-up, to a platform. It is sent only after approval."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.cases import lifecycle
from flaggermail.commands import acts, approve, channel_status, platform_checks, portal_texts
from flaggermail.commands.lookups import Outcome, one_of, the_case, the_election
from flaggermail.errors import Refusal
from flaggermail.letters import writing
from flaggermail.letters.outgoing import Frozen, Outgoing, of_notification
from flaggermail.mail.tailed_numbers import with_tail
from flaggermail.notifications import draft_policy
from flaggermail.record.case_values import CaseType
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, Channel, Election, Notification, Platform, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.services import EventRef, UnitOfWork

TEMPLATE_OF_TYPE = {
    CaseType.CONTENT: "notification",
    CaseType.CHANNEL: "channel_recovery",
    CaseType.ADVERT: "advert",
    CaseType.GENERAL_WARNING: "general_warning",
    CaseType.OTHER: "notification",
}
FOLLOW_UP, CALL_SHEET = "follow_up", "call_sheet"
PHONE = "phone"  # a kind of channel
NEEDS_TEXT = frozenset({"notification", "channel_recovery", "advert", FOLLOW_UP})


def draft(work: UnitOfWork, act: acts.Draft) -> Outcome:
    """Drafts a notification; its octets are frozen now, and an approval covers exactly those octets."""
    case = the_case(work, act.case)
    channel = channel_status.usable(work, act.channel or _channel_of_exchange(work, case))
    platform_checks.check_decided(case)
    warnings = platform_checks.check_exercise(work, case, channel)
    _check_none_pending(work, case, channel)
    template = _template(case, channel, act)
    written = TEMPLATE_OF_TYPE[case.type] if template == CALL_SHEET else template
    if written in NEEDS_TEXT and not act.text.strip():
        raise Refusal(f"notify: template {template} needs --text FILE, what the platform is asked to look at")
    blank = _blank(work, case, channel, template)
    frozen = writing.freeze(work, _outgoing(work, case, channel, blank, act))
    _check(work, channel, blank, frozen)
    drafted = replace(blank, subject=frozen.subject, message_id=frozen.message_id, digest=frozen.digest)
    _supersede(work, case, channel)
    about = EventRef(case=case.number, notification=drafted.id)
    work.record(EventKind.NOTIFICATION_DRAFTED, added(drafted), reason=template, about=about)
    approve.request(work, drafted, frozen.body)
    does = "sends it" if channel.kind == platform_checks.MAIL else f"gives it to the officer, for the {channel.kind}"
    return Outcome(
        f"draft {drafted.id} to {channel.name}; `flaggermail approve {drafted.id}` {does}", drafted.id, warnings
    )


def _channel_of_exchange(work: UnitOfWork, case: Case) -> str:
    """Returns the channel of the case's sent notifications; raises Refusal unless there is exactly one."""
    codes = {
        use.channel for use in work.tx.find(Notification, case=case.number, counted=True, state=NotificationState.SENT)
    }
    if len(codes) != 1:
        named = ", ".join(sorted(codes)) or "none that was sent"
        raise Refusal(f"case {case.number}: name the channel of the exchange (--channel); there is {named}")
    return codes.pop()


def _template(case: Case, channel: Channel, act: acts.Draft) -> str:
    """Returns the template of the draft; for a phone channel it is always the call sheet."""
    if act.follow_up:
        return FOLLOW_UP
    if channel.kind == PHONE:
        return one_of("template", act.template or CALL_SHEET, (CALL_SHEET,))
    return one_of("template", act.template or TEMPLATE_OF_TYPE[case.type], tuple(TEMPLATE_OF_TYPE.values()))


def _check_none_pending(work: UnitOfWork, case: Case, channel: Channel) -> None:
    """Raises Refusal if an approved text is not submitted yet: a note could then refer to either."""
    for waiting in work.tx.find(Notification, case=case.number, channel=channel.code, state=NotificationState.APPROVED):
        if platform_checks.awaits_submission(work, waiting):
            raise Refusal(
                f"channel {channel.code}: {waiting.id} is approved and not done yet; write down that it was "
                f"(`{portal_texts.note_command(waiting, channel.kind)}`) "
                f"or `flaggermail approve {waiting.id} --reject R`"
            )


def _blank(work: UnitOfWork, case: Case, channel: Channel, template: str) -> Notification:
    return Notification(
        id=f"{case.number}/{work.tx.number(f'notification {case.number}')}",
        case=case.number,
        platform=channel.platform,
        channel=channel.code,
        channel_name=channel.name,
        counted=template != FOLLOW_UP,
        template=template,
        language=channel.language,
        to=channel.to,
        cc=channel.cc,
        subject="",
        policy_title=channel.policy_title,
        policy_url=channel.policy_url,
        policy_read_on=channel.policy_read_on,
        drafted_by=work.actor,
        drafted_at=work.now,
        token=work.env.randomness.token(),
        digest="",
        exercise=case.exercise,
        tail=_tail(work, case, channel, follow_up=template == FOLLOW_UP),
    )


def _tail(work: UnitOfWork, case: Case, channel: Channel, *, follow_up: bool) -> str:
    """Returns the tail of the number: a follow-up bears that of the notification which it follows."""
    sent = work.tx.find(
        Notification, case=case.number, platform=channel.platform, counted=True, state=NotificationState.SENT
    )
    sent.sort(key=lambda use: (use.channel == channel.code, use.sent_at or use.drafted_at))
    return (sent[-1].tail if follow_up and sent else None) or lifecycle.new_tail(work, case)


def _supersede(work: UnitOfWork, case: Case, channel: Channel) -> None:
    """Cancels an unapproved draft for the same channel, which the new draft replaces."""
    for old in work.tx.find(Notification, case=case.number, channel=channel.code, state=NotificationState.DRAFT):
        change = changed(old, replace(old, state=NotificationState.CANCELLED))
        about = EventRef(case=case.number, notification=old.id)
        work.record(EventKind.NOTIFICATION_REJECTED, change, reason="superseded", about=about)


def _outgoing(work: UnitOfWork, case: Case, channel: Channel, blank: Notification, act: acts.Draft) -> Outgoing:
    return of_notification(
        blank,
        channel.to or (work.env.settings.desk.mailbox.address,),
        channel.cc,
        _values(work, case, channel, act) | ({"phone": channel.phone} if blank.template == CALL_SHEET else {}),
        _thread(work, case, channel) if act.follow_up else (),
    )


def _values(work: UnitOfWork, case: Case, channel: Channel, act: acts.Draft) -> dict[str, object]:
    platform = work.tx.get(Platform, channel.platform)
    election: Election = the_election(work, case.election)
    return {
        "platform": platform.name if platform else channel.platform,
        "channel": channel.name,
        "election": getattr(election, f"name_{channel.language}"),
        "polling_day": max(election.polling_days),
        "policy_title": channel.policy_title,
        "policy_url": channel.policy_url,
        "policy_read_on": channel.policy_read_on,
        "can_confirm": channel.can_confirm,
        "criteria": list(case.criteria),
        "aspects": list(case.aspects),
        "title": act.title or case.title,
        "text": act.text.strip(),
        "earlier": _earlier(work, case, channel.platform),
        "authority": case.referrer_name or "",
        "attempts": case.own_attempts or 0,
        "contact": act.contact,
    }


def _thread(work: UnitOfWork, case: Case, channel: Channel) -> tuple[str, ...]:
    """Returns the Message-IDs of the exchange with this platform, the latest last."""
    uses = [n.id for n in work.tx.find(Notification, case=case.number, platform=channel.platform)]
    said = work.tx.find(StoredMessage, notification=uses)
    exchanged = [m for m in said if m.direction == Direction.IN or Kind.NOTIFICATION in m.kinds]
    return tuple(m.message_id for m in sorted(exchanged, key=lambda m: m.received_at) if m.message_id)


def _earlier(work: UnitOfWork, case: Case, platform: str) -> list[dict[str, object]]:
    """Returns the notifications to this platform in the related cases, with the day on which they were sent."""
    uses = work.tx.find(
        Notification, case=list(case.related), platform=platform, state=NotificationState.SENT, counted=True
    )
    uses = [use for use in uses if case.exercise or not use.exercise]
    dated = sorted((n.sent_at, n.case) for n in uses if n.sent_at is not None)
    zone = work.env.settings.zone
    return [{"number": number, "sent_on": sent_at.astimezone(zone).date()} for sent_at, number in dated]


def _check(work: UnitOfWork, channel: Channel, notification: Notification, frozen: Frozen) -> None:
    """Raises Refusal for a text without a required statement or with a forbidden one."""
    requirements = draft_policy.Requirements(
        language=channel.language,
        number=with_tail(notification.case, notification.tail),
        policy_title=channel.policy_title,
        policy_url=channel.policy_url,
        policy_read_on=channel.policy_read_on or channel.valid_from,
        can_confirm=channel.can_confirm,
        follow_up=not notification.counted,
    )
    patterns, search = work.env.draft_patterns, work.env.matcher.search
    faults = draft_policy.faults(frozen.subject, frozen.body, requirements, patterns, search)
    if faults:
        raise Refusal(f"draft for {channel.name}: {'; '.join(faults)}")
