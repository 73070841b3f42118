# SPDX-License-Identifier: EUPL-1.2
"""Drafts a notification, or a follow-up, to a platform. It is sent only after approval."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.cases import lifecycle
from flaggermail.commands import channel_status, platform_checks
from flaggermail.commands.command import CaseCommand
from flaggermail.commands.named_rows import one_of, the_case, the_election
from flaggermail.commands.outcome import ActKind, ActResult
from flaggermail.commands.platform_checks import DraftText
from flaggermail.errors import Refusal
from flaggermail.letters import writing
from flaggermail.letters.outgoing import Outgoing, of_notification
from flaggermail.mail.case_numbers import with_tail
from flaggermail.notices import approval_requests
from flaggermail.record.case_values import CaseType, ChannelKind
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, Channel, Election, Notification, Platform, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.rules import draft_policy
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.wording.acts import ActPart, ActText
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText
from flaggermail.wording.sheets import PreviewText

TEMPLATE_OF_TYPE = {
    CaseType.CONTENT: "notification",
    CaseType.CHANNEL: "channel_recovery",
    CaseType.ADVERT: "advert",
    CaseType.GENERAL_WARNING: "general_warning",
    CaseType.OTHER: "notification",
}
FOLLOW_UP, CALL_SHEET, OWN_TEXT = "follow_up", "call_sheet", "own_text"
SALUTATION = 8  # words of the longest
PHONE = "phone"  # a kind of channel
NO_TOKEN, NO_TAIL = "0" * 32, "XXXX"  # stand in a preview for what chance decides when the draft is made
NEEDS_TEXT = frozenset({"notification", "channel_recovery", "advert", FOLLOW_UP, OWN_TEXT})


@dataclass(frozen=True, slots=True)
class Preview:
    """A draft as it would be frozen now; `text` as the platform reads it."""

    subject: str
    text: str
    octets: bytes
    by_mail: bool  # False for a portal or a phone
    differs: tuple[StoredText, ...]  # what is a placeholder in it
    warnings: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A checked request for a draft."""

    case: Case
    channel: Channel
    template: str
    warnings: tuple[StoredText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(CaseCommand):
    """Drafts a notification; its octets are frozen now, and an approval covers exactly those octets."""

    NAME = "notify"
    MAY = DESK

    channel: str
    template: str | None = None
    title: str = ""
    text: str = ""
    contact: str = ""
    follow_up: bool = False

    def perform(self, work: UnitOfWork) -> ActResult:
        plan = _planned(work, self)
        case, channel = plan.case, plan.channel
        number, token = work.tx.number(_counter(case)), work.env.randomness.token()
        blank = _blank(work, plan, number, token, _tail(work, plan) or lifecycle.new_tail(work, case))
        frozen = writing.freeze(work, _outgoing(work, case, channel, blank, self))
        _check(work, channel, blank, frozen.subject, frozen.body)
        drafted = replace(blank, subject=frozen.subject, message_id=frozen.message_id, digest=frozen.digest)
        _supersede(work, case, channel)
        about = EventRef(case=case.number, notification=drafted.id)
        work.record(EventKind.NOTIFICATION_DRAFTED, added(drafted), reason=plan.template, about=about)
        approval_requests.request(work, drafted, frozen.body)
        text = ActText.DRAFTED(draft=drafted.id, channel=channel.name)
        if channel.kind != platform_checks.MAIL:
            way = ActPart[ChannelKind(channel.kind).name]()
            text = ActText.DRAFTED_TO_GIVE(draft=drafted.id, channel=channel.name, way=way)
        return ActResult(text, drafted.id, plan.warnings, platform_checks.did(ActKind.DRAFTED, drafted, channel))


def preview(work: UnitOfWork, command: Draft) -> Preview:
    """Returns the draft that `draft` would freeze now, with placeholders for what chance decides; writes nothing.

    Raises Refusal as `draft` does.
    """
    plan = _planned(work, command)
    tail = _tail(work, plan)
    blank = _blank(work, plan, work.tx.reached(_counter(plan.case)) + 1, NO_TOKEN, tail or NO_TAIL)
    sample = writing.preview(work, _outgoing(work, plan.case, plan.channel, blank, command))
    _check(work, plan.channel, blank, sample.subject, sample.body)
    text = work.env.parser.parse(sample.octets).text
    chance = () if tail else (PreviewText.TAIL(sign=NO_TAIL),)
    differs = (*chance, PreviewText.TOKEN(sign=NO_TOKEN), PreviewText.MESSAGE_ID(), PreviewText.DATE())
    return Preview(sample.subject, text, sample.octets, bool(blank.to), differs, plan.warnings)


def unwritten(work: UnitOfWork, draft: Notification) -> DraftText:
    """Returns the text of a draft for which nobody wrote a word: its template, with what the record says now.

    Raises Refusal, NotFound.
    """
    written_on = draft.drafted_at.astimezone(work.env.settings.zone).date()
    case, channel = the_case(work, draft.case), channel_status.valid(work, draft.channel, written_on)
    blank = Draft(case=case.number, channel=channel.code, follow_up=not draft.counted)
    sample = writing.preview(work, _outgoing(work, case, channel, draft, blank))
    return DraftText(sample.subject, work.env.parser.parse(sample.octets).text)


def _planned(work: UnitOfWork, command: Draft) -> _Plan:
    """Checks everything that can be checked before the text is written. Raises Refusal."""
    case = the_case(work, command.case)
    channel = channel_status.usable(work, command.channel or _channel_of_exchange(work, case))
    platform_checks.check_decided(case)
    warnings = platform_checks.check_exercise(work, case, channel)
    if faults := draft_policy.title_faults(command.title or case.title):
        raise Refusal(CommandRefusal.DRAFT_FAULTY(channel=channel.name, faults=faults))
    _check_none_pending(work, case, channel)
    template = _template(case, channel, command)
    written = TEMPLATE_OF_TYPE[case.type] if template == CALL_SHEET else template
    if written in NEEDS_TEXT and not command.text.strip():
        raise Refusal(CommandRefusal.TEXT_NEEDED(template=template))
    return _Plan(case, channel, template, warnings)


def _counter(case: Case) -> str:
    return f"notification {case.number}"


def _channel_of_exchange(work: UnitOfWork, case: Case) -> str:
    """Returns the channel of the case's sent notifications; raises Refusal unless there is exactly one."""
    codes = {
        use.channel
        for use in work.tx.find(
            Notification,
            where(Notification.case).is_(case.number),
            where(Notification.counted).is_(True),
            where(Notification.state).is_(NotificationState.SENT),
        )
    }
    if len(codes) != 1:
        named = ", ".join(sorted(codes)) or RefusalPart.NONE_SENT()
        raise Refusal(CommandRefusal.EXCHANGE_NEEDS_CHANNEL(case=case.number, known=named))
    return codes.pop()


def _template(case: Case, channel: Channel, command: Draft) -> str:
    """Returns the template of the draft; for a phone channel it is always the call sheet.

    A text that opens as a letter is sent as written, because the other templates open and close one themselves.
    """
    if command.follow_up:
        return FOLLOW_UP
    if channel.kind == PHONE:
        return one_of("template", command.template or CALL_SHEET, (CALL_SHEET,))
    usual = OWN_TEXT if _opens_as_letter(command.text) else TEMPLATE_OF_TYPE[case.type]
    return one_of("template", command.template or usual, (*TEMPLATE_OF_TYPE.values(), OWN_TEXT))


def _opens_as_letter(text: str) -> bool:
    """True if the first line is a salutation by its form, in whatever language: a few words that end with a comma."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first.endswith(",") and len(first.split()) <= SALUTATION and "://" not in first


def _check_none_pending(work: UnitOfWork, case: Case, channel: Channel) -> None:
    """Raises Refusal if an approved text is not submitted yet: a note could then refer to either."""
    for waiting in work.tx.find(
        Notification,
        where(Notification.case).is_(case.number),
        where(Notification.channel).is_(channel.code),
        where(Notification.state).is_(NotificationState.APPROVED),
    ):
        if platform_checks.awaits_submission(work, waiting):
            raise Refusal(
                CommandRefusal.APPROVED_NOT_DONE(
                    channel=channel.code, draft=waiting.id, command=platform_checks.note_command(waiting, channel.kind)
                )
            )


def _blank(work: UnitOfWork, plan: _Plan, number: int, token: str, tail: str) -> Notification:
    case, channel = plan.case, plan.channel
    return Notification(
        id=f"{case.number}/{number}",
        case=case.number,
        platform=channel.platform,
        channel=channel.code,
        channel_name=channel.name,
        counted=plan.template != FOLLOW_UP,
        template=plan.template,
        language=channel.language,
        to=channel.to,
        cc=channel.cc,
        subject="",
        policy_title=channel.policy_title,
        policy_url=channel.policy_url,
        policy_read_on=channel.policy_read_on,
        drafted_by=work.actor,
        drafted_at=work.now,
        token=token,
        digest="",
        exercise=case.exercise,
        tail=tail,
    )


def _tail(work: UnitOfWork, plan: _Plan) -> str | None:
    """Returns the tail that a follow-up bears, that of the notification which it follows; None for a new one."""
    if plan.template != FOLLOW_UP:
        return None
    channel = plan.channel
    sent = work.tx.find(
        Notification,
        where(Notification.case).is_(plan.case.number),
        where(Notification.platform).is_(channel.platform),
        where(Notification.counted).is_(True),
        where(Notification.state).is_(NotificationState.SENT),
    )
    sent.sort(key=lambda use: (use.channel == channel.code, use.sent_at or use.drafted_at))
    return sent[-1].tail if sent else None


def _supersede(work: UnitOfWork, case: Case, channel: Channel) -> None:
    """Cancels an unapproved draft for the same channel, which the new draft replaces."""
    for old in work.tx.find(
        Notification,
        where(Notification.case).is_(case.number),
        where(Notification.channel).is_(channel.code),
        where(Notification.state).is_(NotificationState.DRAFT),
    ):
        change = changed(old, replace(old, state=NotificationState.CANCELLED))
        about = EventRef(case=case.number, notification=old.id)
        work.record(EventKind.NOTIFICATION_REJECTED, change, reason="superseded", about=about)


def _outgoing(work: UnitOfWork, case: Case, channel: Channel, blank: Notification, command: Draft) -> Outgoing:
    return of_notification(
        blank,
        channel.to or (work.env.settings.desk.mailbox.address,),
        channel.cc,
        _values(work, case, channel, command) | ({"phone": channel.phone} if blank.template == CALL_SHEET else {}),
        _thread(work, case, channel) if command.follow_up else (),
    )


def _values(work: UnitOfWork, case: Case, channel: Channel, command: Draft) -> dict[str, object]:
    platform = work.tx.get(Platform, channel.platform)
    election: Election = the_election(work, case.election)
    return {
        "platform": platform.name if platform else channel.platform,
        "channel": channel.name,
        "election": election.names[channel.language],
        "polling_days": list(election.polling_days),
        "policy_title": channel.policy_title,
        "policy_url": channel.policy_url,
        "policy_read_on": channel.policy_read_on,
        "can_confirm": channel.can_confirm,
        "criteria": list(case.criteria),
        "aspects": list(case.aspects),
        "title": command.title or case.title,
        "text": command.text.strip(),
        "earlier": _earlier(work, case, channel.platform),
        "authority": case.referrer_name or "",
        "attempts": case.own_attempts or 0,
        "contact": command.contact,
    }


def _thread(work: UnitOfWork, case: Case, channel: Channel) -> tuple[str, ...]:
    """Returns the Message-IDs of the exchange with this platform, the latest last."""
    uses = [
        n.id
        for n in work.tx.find(
            Notification, where(Notification.case).is_(case.number), where(Notification.platform).is_(channel.platform)
        )
    ]
    said = work.tx.find(StoredMessage, where(StoredMessage.notification).in_(uses))
    exchanged = [m for m in said if m.direction == Direction.IN or Kind.NOTIFICATION in m.kinds]
    return tuple(m.message_id for m in sorted(exchanged, key=lambda m: m.received_at) if m.message_id)


def _earlier(work: UnitOfWork, case: Case, platform: str) -> list[dict[str, object]]:
    """Returns the notifications to this platform in the related cases, with the day on which they were sent."""
    uses = work.tx.find(
        Notification,
        where(Notification.case).in_(list(case.related)),
        where(Notification.platform).is_(platform),
        where(Notification.state).is_(NotificationState.SENT),
        where(Notification.counted).is_(True),
    )
    uses = [use for use in uses if case.exercise or not use.exercise]
    dated = sorted((n.sent_at, n.case) for n in uses if n.sent_at is not None)
    zone = work.env.settings.zone
    return [{"number": number, "sent_on": sent_at.astimezone(zone).date()} for sent_at, number in dated]


def _check(work: UnitOfWork, channel: Channel, notification: Notification, subject: str, body: str) -> None:
    """Raises Refusal for a text without a required statement or with a forbidden one."""
    requirements = draft_policy.Requirements(
        language=channel.language,
        number=with_tail(notification.case, notification.tail),
        policy_title=channel.policy_title,
        policy_url=channel.policy_url,
        policy_read_on=channel.policy_read_on or channel.valid_from,
        drafted_on=work.now.astimezone(work.env.settings.zone).date(),
        can_confirm=channel.can_confirm,
        follow_up=not notification.counted,
    )
    patterns, search = work.env.draft_patterns, work.env.matcher.search
    faults = draft_policy.faults(subject, body, requirements, patterns, search)
    if faults:
        letter = notification.template == OWN_TEXT
        because = CommandRefusal.DRAFT_FAULTY_LETTER if letter else CommandRefusal.DRAFT_FAULTY
        raise Refusal(because(channel=channel.name, faults=faults))
