# SPDX-License-Identifier: EUPL-1.2
"""The act that writes a notification, or a further mail, to a platform. It leaves only when it is approved."""

from __future__ import annotations

from dataclasses import replace

from flaggermail import post
from flaggermail.core import acts, drafts
from flaggermail.core.events import EventKind, added, changed
from flaggermail.core.message import Address
from flaggermail.core.outgoing import Outgoing
from flaggermail.core.records import Case, Channel, Election, Notification, Platform, StoredMessage
from flaggermail.core.rules import Kind
from flaggermail.desk import approving, channels
from flaggermail.desk.outcome import Outcome, one_of, the_case, the_election
from flaggermail.environment import About, Work
from flaggermail.errors import Refusal

TEMPLATE_OF_TYPE = {
    "A_content": "notification",
    "B_channel": "channel_recovery",
    "C_advert": "advert",
    "D_general_warning": "general_warning",
    "other": "notification",
}
FOLLOW_UP = "follow_up"
NEEDS_TEXT = frozenset({"notification", "channel_recovery", "advert", FOLLOW_UP})


def draft(work: Work, act: acts.Draft) -> Outcome:
    """Write a notification; its octets are frozen now, and those octets are what an approval lets go."""
    case = the_case(work, act.case)
    channel = channels.mail_channel(work, act.channel)
    channels.wanted(case)
    warnings = channels.in_its_world(work, case, channel)
    template = FOLLOW_UP if act.follow_up else act.template or TEMPLATE_OF_TYPE[case.type]
    one_of("template", template, (*TEMPLATE_OF_TYPE.values(), *([FOLLOW_UP] if act.follow_up else [])))
    if template in NEEDS_TEXT and not act.text.strip():
        raise Refusal(f"notify: template {template} needs --text FILE, what the platform is asked to look at")
    blank = _blank(work, case, channel, template)
    frozen = post.freeze(work, _outgoing(work, case, channel, blank, act))
    _check(work, channel, blank, frozen)
    drafted = replace(blank, subject=frozen.subject, message_id=frozen.message_id, digest=frozen.digest)
    _supersede(work, case, channel)
    about = About(case=case.number, notification=drafted.id)
    work.record(EventKind.NOTIFICATION_DRAFTED, added(drafted), reason=template, about=about)
    approving.request(work, drafted, frozen.body)
    return Outcome(
        f"draft {drafted.id} to {channel.name}; `flaggermail approve {drafted.id}` sends it", drafted.id, warnings
    )


def _blank(work: Work, case: Case, channel: Channel, template: str) -> Notification:
    return Notification(
        id=f"{case.number}/{work.tx.number(f'notification {case.number}')}",
        case=case.number,
        platform=channel.platform,
        channel=channel.code,
        channel_name=channel.name,
        use=template != FOLLOW_UP,
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
    )


def _supersede(work: Work, case: Case, channel: Channel) -> None:
    """A new draft takes the place of one for the same channel that nobody approved."""
    for old in work.tx.find(Notification, case=case.number, channel=channel.code, state="draft"):
        change = changed(old, replace(old, state="cancelled"))
        about = About(case=case.number, notification=old.id)
        work.record(EventKind.NOTIFICATION_REJECTED, change, reason="superseded", about=about)


def _outgoing(work: Work, case: Case, channel: Channel, blank: Notification, act: acts.Draft) -> Outgoing:
    return Outgoing(
        kind=Kind.FOLLOW_UP if act.follow_up else Kind.NOTIFICATION,
        template=blank.template,
        language=channel.language,
        to=tuple(Address(address) for address in channel.to),
        cc=tuple(Address(address) for address in channel.cc),
        values=_values(work, case, channel, act),
        dedupe=f"notification/{blank.id}",
        token=blank.token,
        case=case.number,
        notification=blank.id,
        answers=_thread(work, case, channel) if act.follow_up else (),
        automatic=None,
        once=True,
    )


def _values(work: Work, case: Case, channel: Channel, act: acts.Draft) -> dict[str, object]:
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


def _thread(work: Work, case: Case, channel: Channel) -> tuple[str, ...]:
    """The Message-IDs of the exchange with this platform so far, the latest last."""
    uses = [n.id for n in work.tx.find(Notification, case=case.number, platform=channel.platform)]
    said = work.tx.find(StoredMessage, notification=uses)
    exchanged = [m for m in said if m.direction == "in" or Kind.NOTIFICATION.value in m.kinds]
    return tuple(m.message_id for m in sorted(exchanged, key=lambda m: m.received_at) if m.message_id)


def _earlier(work: Work, case: Case, platform: str) -> list[dict[str, object]]:
    """The notifications to this platform in the related cases, with the day on which they were sent."""
    uses = work.tx.find(Notification, case=list(case.related), platform=platform, state="sent", use=True)
    uses = [use for use in uses if case.exercise or not use.exercise]
    dated = sorted((n.sent_at, n.case) for n in uses if n.sent_at is not None)
    zone = work.env.settings.zone
    return [{"number": number, "sent_on": sent_at.astimezone(zone).date()} for sent_at, number in dated]


def _check(work: Work, channel: Channel, notification: Notification, frozen: post.Frozen) -> None:
    """Refuse a text that lacks what every notification must say, or says what none may."""
    requirements = drafts.Requirements(
        language=channel.language,
        number=notification.case,
        policy_title=channel.policy_title,
        policy_url=channel.policy_url,
        policy_read_on=channel.policy_read_on or channel.valid_from,
        can_confirm=channel.can_confirm,
        follow_up=not notification.use,
    )
    patterns, search = work.env.draft_patterns, work.env.matcher.search
    faults = drafts.faults(frozen.subject, frozen.body, requirements, patterns, search)
    if faults:
        raise Refusal(f"draft for {channel.name}: {'; '.join(faults)}")
