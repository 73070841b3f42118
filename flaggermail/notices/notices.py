# SPDX-License-Identifier: EUPL-1.2
"""Mail about a case or about another mail: notices and alarms to officers, answers to the referrer.

`reparse` parses stored mail again when other mail needs it, but for mail that is costly to read or lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from flaggermail.cases import attention, elections, lifecycle
from flaggermail.cases.lifecycle import missing_of
from flaggermail.errors import OctetsLost, Refusal
from flaggermail.letters import stored_messages, writing
from flaggermail.letters.outgoing import GENERATED, REPLIED, Outgoing
from flaggermail.letters.writing import issue, note_unmade, queue
from flaggermail.mail.case_numbers import with_tail
from flaggermail.mail.message import Address, Message, SenderVerdict
from flaggermail.notices import duty, last_contact, pager_queue, shown_mail
from flaggermail.record import clocks
from flaggermail.record.case_values import LIFETIME, USUAL_LIFE, Priority, SenderTrust, Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Direction, Kind, PersonBasis, Place
from flaggermail.record.rows import Alarm, Case, HeldBack, Notification, OutboxMail, Platform, StoredMessage, Token
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import CaseState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText

NAMED_CASES = 5  # cases listed in the notice of an unfiled mail
_OF_ALARM = "alarm"  # the template
TOGETHER = timedelta(minutes=30)  # within which a case causes one mail about a platform's automatic mail
NO_CLOCKS: Mapping[str, object] = MappingProxyType({"clocks": (), "unstopped": ""})
_LETTERS = {  # to referrers, by their template; all others are about a decision
    "intake_confirmation": Kind.INTAKE_CONFIRMATION, "information_request": Kind.INFORMATION_REQUEST,
    "referrer_reply": Kind.FOLLOW_UP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """The template, subject and token data of a mail to an officer; a reply carries its token."""

    kind: Kind
    template: str
    dedupe: str
    about: EventRef
    topic: Topic = Topic.NOTICE
    reminder: str | None = None
    message: str | None = None
    settles: str | None = None  # the waiting or uncertain mail that a reply settles, and which this one does not show
    answers: str | None = None
    language: str | None = None  # None: the desk's language
    token: str | None = None  # a token to reuse, issued unless it already was; None: a new one
    exercise: bool = False  # for a mail without a case
    trust: SenderTrust | None = None  # whose mail caused it; None: the desk itself
    instead_of: str | None = None  # the refused mail in whose place this one is sent


class AlarmReaders(StrEnum):
    """Whom an alarm is sent to: the first of officer on call, heads and others, those and the heads, or all of them."""

    ON_CALL = "on call"
    HEAD_TOO = "head too"
    EVERYONE = "everyone"


def raise_alarm(  # noqa: PLR0913 - what an alarm may add to its row; most alarms add nothing
    work: UnitOfWork, alarm: Alarm, next_step: str, not_to: str = "", *, exercise: bool = False,
    topic: Topic = Topic.NOTICE, message: str | None = None, settles: str | None = None,
    trust: SenderTrust | None = None, reach: AlarmReaders = AlarmReaders.ON_CALL,
) -> None:  # fmt: skip
    """Alerts the officer on call, or else a head, or else another officer, once for each `alarm.id`.

    Skips the officer whose address is `not_to`, to which mail does not arrive, and one to whom none can be made.
    `topic` determines the accepted replies, and `message` the mail that they are about, or `settles` one that the alarm
    does not show. `trust`: whose mail caused it, if a stranger's can; it counts against the limits of that class only.
    """
    if work.tx.get(Alarm, alarm.id) is not None:
        duty.count_suppressed(work)
        return
    about = EventRef(case=alarm.case, notification=alarm.notification)
    work.record(EventKind.ALARM_RAISED, added(alarm), reason=alarm.kind, about=about)
    use = work.tx.get(Notification, alarm.notification) if alarm.notification else None
    phone = last_contact.phone_of(work, use)
    rota = work.env.settings.rota
    first = duty.in_charge(work)
    in_turn = [one for one in dict.fromkeys([*first, *rota.officers]) if one.address.lower() != not_to.lower()]
    in_charge = max(2, len(first))
    most = {AlarmReaders.ON_CALL: 1, AlarmReaders.HEAD_TOO: in_charge}.get(reach, len(in_turn))
    reached: list[Officer] = []
    for officer in in_turn:
        if len(reached) == most:
            break
        dedupe = f"alarm/{alarm.id}/{officer.id}" if reached else f"alarm/{alarm.id}"
        notice = Notice(
            Kind.ALARM, _OF_ALARM, dedupe, about, topic=topic, message=message, settles=settles, exercise=exercise,
            trust=trust,
        )  # fmt: skip
        values = {
            "kind": alarm.kind, "what": alarm.text, "next_step": next_step, "phone": phone,
            "minutes": clocks.minutes(use.sent_at, work.now) if use is not None and use.sent_at is not None else None,
        }  # fmt: skip
        if tell(work, officer, notice, values):
            reached.append(officer)
    if not reached:
        note_unmade(work, Kind.ALARM, about)
    for officer in [one for one in dict.fromkeys([*in_turn[:most], *reached]) if one.pagers][:in_charge]:
        pager_queue.queue_for_alarm(work, officer, alarm, exercise=exercise, trust=trust)


def page_alarm(work: UnitOfWork, alarm: Alarm) -> None:
    """Records an alarm, and pages the officer on call, or else the heads: for when no mail can be written."""
    work.record(EventKind.ALARM_RAISED, added(alarm), reason=alarm.kind)
    on_call = duty.officer_on_call(work)
    for officer in [on_call] if on_call is not None else work.env.settings.rota.heads:
        pager_queue.queue_for_alarm(work, officer, alarm)


def tell(work: UnitOfWork, officer: Officer, notice: Notice, values: Mapping[str, object]) -> bool:
    """Queues one mail to an officer. Returns False if none could be made of it: then an alarm says so, once."""
    if writing.suppresses(work, notice.kind, notice.dedupe, notice.about):
        return True  # no token is issued either, since nobody would receive it
    if notice.template in duty.LIMITED_TEMPLATES and duty.hold_back_if_over_limit(
        work, officer, _held_back_row(work, officer, notice, values)
    ):
        return True
    token = Token(
        token=notice.token or work.env.randomness.token(),
        purpose=notice.topic,
        case=notice.about.case,
        notification=notice.about.notification,
        reminder=notice.reminder,
        message=notice.message or notice.settles,
        officer=officer.id,
        issued_at=work.now,
        expires_at=work.now + LIFETIME.get(notice.topic, USUAL_LIFE),
    )
    language = notice.language or work.env.settings.desk.organisation.language
    unmade = queue(
        work,
        Outgoing(
            kind=notice.kind,
            template=notice.template,
            language=language,
            to=(Address(officer.address, officer.name),),
            values={
                "replies": list(work.env.would_work(notice.topic, language)),
                **_matter(work, notice.about),
                **values,
            },
            dedupe=notice.dedupe,
            token=token.token,
            case=notice.about.case,
            notification=notice.about.notification,
            answers=(notice.answers,) if notice.answers else (),
            automatic=REPLIED if notice.answers else GENERATED,
            keyed_subject=not work.env.settings.desk.mailbox.plus_addresses,
            exercise=notice.exercise,
            shows=notice.message,
            trust=notice.trust,
            instead_of=notice.instead_of,
        ),
    )
    if unmade:
        _tell_unmade(work, notice, unmade_key(notice.dedupe, officer), AlarmText.UNMADE(
            name=officer.name, address=officer.address, fault=unmade,
        ))  # fmt: skip
    elif notice.token is None or work.tx.get(Token, notice.token) is None:
        issue(work, token)
    return not unmade


def tell_first(work: UnitOfWork, officers: Sequence[Officer], notice: Notice, values: Mapping[str, object]) -> bool:
    """Tells the first of these officers to whom a mail can be made; False if there is none."""
    return any(tell(work, officer, notice, values) for officer in dict.fromkeys(officers))


def unmade_key(dedupe: str, officer: Officer) -> str:
    """Returns the key of the alarm that no mail could be made for an officer, at the address that they have now."""
    return alarm_key(AlarmKind.MAIL_UNMADE, f"{dedupe}/{officer.address.lower()}")


def _tell_unmade(
    work: UnitOfWork, notice: Notice, key: str, text: StoredText, reach: AlarmReaders = AlarmReaders.HEAD_TOO
) -> None:
    """Records that a mail could not be made, and alarms the heads too; once for each. An alarm goes on to others."""
    if notice.template == _OF_ALARM or work.tx.get(Alarm, key) is not None:
        return
    note_unmade(work, notice.kind, notice.about)
    raised = alarm(AlarmKind.MAIL_UNMADE, key, text, work.now, notice.about.case, notice.about.notification)
    raise_alarm(work, raised, "flaggermail check", exercise=notice.exercise, trust=notice.trust, reach=reach)


def _matter(work: UnitOfWork, about: EventRef) -> dict[str, object]:
    """Returns what the first line of each mail to an officer names, as far as it is known: title and platform."""
    case = work.tx.get(Case, about.case) if about.case else None
    use = work.tx.get(Notification, about.notification) if about.notification else None
    platform = work.tx.get(Platform, use.platform) if use is not None else None
    return {"title": case.title if case is not None else "", "platform": platform.name if platform is not None else ""}


def _held_back_row(work: UnitOfWork, officer: Officer, notice: Notice, values: Mapping[str, object]) -> HeldBack:
    """The row stored instead of a mail when the officer has reached a rate limit."""
    return HeldBack(
        id="",
        officer=officer.id,
        kind=notice.kind,
        dedupe=notice.dedupe,
        what=str(values["kind"]),
        case=notice.about.case,
        notification=notice.about.notification,
        next_step=str(values["next_step"]),
        exercise=stored_messages.belongs_to_exercise(work, notice.about.case, otherwise=notice.exercise),
        shows=notice.message,
        trust=notice.trust,
        held_at=work.now,
    )


def tell_of_mail(
    work: UnitOfWork, what: str, stored: StoredMessage, message: Message, attached: Mapping[str, Message] | None = None,
    clocks: Mapping[str, object] = NO_CLOCKS,
) -> None:  # fmt: skip
    """Sends the officer on call a received mail, unfolded, with the possible next steps.

    `attached`: the mails that it brought, by the ids of their rows. `clocks`: those that it stopped, or why none.
    A platform's automatic mail that must wait for others is held back; `clocks` then names them, `together`.
    """
    case = work.tx.get(Case, stored.case) if stored.case else None
    if case is not None and lifecycle.was_rehearsed(work, case):
        return
    officer = duty.officer_or_head(work, what, EventRef(case=stored.case, message=stored.id))
    if officer is None:
        return
    grouped = what == "platform answer" and stored.automatic and not _is_unsure(what, stored)
    if grouped and case is not None and "together" not in clocks and told_lately(work, case.number):
        _hold_for_others(work, officer, what, stored)
        return
    referrers = case is not None and stored.from_address == case.referrer_address
    like = shown_mail.alike(work, case, stored, message, reparse) if case and stored.id == case.root_message else ()
    topic = _topic(what, stored, case, alike=bool(like))
    read = {stored.id: message, **(attached or {})}
    values = {
        "kind": what,
        "unsure": _is_unsure(what, stored),
        "automatic": what == "platform answer" and stored.automatic,
        "says": stored.says if what == "platform answer" else "",
        "comment": stored.person_basis is PersonBasis.COMMENT,
        "missing": [item.value for item in missing_of(work, case, read, reparse)] if case and referrers else [],
        "carried": {name: stored.reason.detail(name) or "" for name in ("service", "person")}
        | {"opens": f"flaggermail case open --from-message {stored.id}"},
        "urgent": stored.priority == Priority.URGENT,
        "labels": list(stored.labels),
        "sender": stored.from_address or "",
        "verdict": stored.verdict,
        "hops": shown_mail.hop_values(shown_mail.hops_of(work, stored)) if stored.disputed else [],
        "unread": shown_mail.unread(message, list((attached or {}).values())),
        "subject": stored.subject or "",
        **shown_mail.template_values(stored, message, is_answer=what == "platform answer"),
        "attachments": [a.filename or shown_mail.kind_of(a.content_type) for a in message.attachments],
        "suggestions": [] if like else list(stored.suggestions),
        "alike": [_like(work, case, one) for one in like if case is not None],
        "signed": shown_mail.signed(work, message),
        "open_cases": _open_cases(work, message) if stored.place == Place.QUARANTINE else [],
        "next_step": _next_step(stored),
        "minutes": shown_mail.minutes(work, stored),
        "together": (),
        "to_matter": topic is Topic.ANSWER,
        **clocks,
    }
    notice = Notice(
        Kind.OFFICER_NOTICE,
        "officer_notice",
        f"notice/{stored.id}",
        EventRef(stored.case, stored.notification),
        topic=topic,
        message=stored.id,
        exercise=stored.exercise,
        trust=attention.trust_of(work, stored),
    )
    tell_first(work, [officer, *duty.in_charge(work)], notice, values)


def told_lately(work: UnitOfWork, case: str) -> bool:
    """True if a mail about a platform's automatic mail in this case is less than `TOGETHER` old."""
    lately = where(OutboxMail.case).is_(case), where(OutboxMail.queued_at).after(work.now - TOGETHER)
    notices = work.tx.columns(OutboxMail, (OutboxMail.shows, OutboxMail.kind), *lately)
    shown = [shows for shows, kind in notices if shows and kind == Kind.OFFICER_NOTICE]
    return any(row.automatic for row in work.tx.find(StoredMessage, where(StoredMessage.id).in_(shown)))


def _hold_for_others(work: UnitOfWork, officer: Officer, what: str, stored: StoredMessage) -> None:
    """Holds an automatic mail back until `digest.tell_held_back` tells it together with others of its case."""
    row = HeldBack(
        id=f"h{work.tx.number('held back'):08d}", officer=officer.id, kind=Kind.AUTO_REPLY,
        dedupe=f"together/{stored.id}", what=what, case=stored.case, notification=stored.notification,
        next_step=_next_step(stored), exercise=stored.exercise, shows=stored.id,
        trust=attention.trust_of(work, stored), held_at=work.now,
    )  # fmt: skip
    work.record(EventKind.MAIL_HELD_BACK, added(row), about=EventRef(row.case, row.notification), reason=row.kind)


def _open_cases(work: UnitOfWork, message: Message) -> list[dict[str, str]]:
    """Returns the newest cases in hand of its election, for a reader on a phone without a case list at hand."""
    election = elections.election_of(work, message)
    newest = lifecycle.newest_in_hand(work, election.code)[:NAMED_CASES] if election else ()
    return [{"number": case.number, "title": case.title, "state": case.state} for case in newest]


def entry_of(message: StoredMessage) -> dict[str, object]:
    """Returns the line of a waiting mail in a list, as template values."""
    return {
        "at": message.received_at,
        "sender": message.from_address or "",
        "verdict": message.verdict,
        "subject": message.subject or "",
        "place": message.id,
    }


def _like(work: UnitOfWork, case: Case, one: shown_mail.SimilarCase) -> dict[str, object]:
    """Returns the template values of an open case that a new one is like."""
    minutes = clocks.minutes(one.case.opened_at, case.opened_at)
    number = elections.short_number(work, one.case)
    return {"case": one.case.number, "reply": number, "title": one.case.title, "minutes": minutes, "why": list(one.why)}


def _topic(what: str, stored: StoredMessage, case: Case | None, *, alike: bool) -> Topic:
    """Returns the topic of the notice, which determines the accepted replies."""
    if stored.place == Place.QUARANTINE:
        return Topic.QUARANTINE
    if what == "platform answer":
        return _topic_of_answer(stored)
    undecided = case is not None and case.decision is None and case.state != CaseState.CLOSED
    return (Topic.NEW_CASE_ALIKE if alike else Topic.NEW_CASE) if undecided else Topic.NOTICE


def _topic_of_answer(stored: StoredMessage) -> Topic:
    """Returns the topic of a platform's mail in a case: a reply corrects who wrote it, and whether it answers."""
    if _is_unsure("platform answer", stored):
        return Topic.UNVERIFIED
    if stored.automatic:
        return Topic.AUTOMATIC
    return Topic.ANSWER if Kind.SUBSTANTIVE_REPLY in stored.kinds else Topic.COMMENT


def _is_unsure(what: str, stored: StoredMessage) -> bool:
    """True if a person must confirm a platform's answer: its sender or its arrival time is in doubt."""
    return what == "platform answer" and (stored.verdict != SenderVerdict.VERIFIED or stored.disputed)


def _next_step(stored: StoredMessage) -> str:
    if stored.place == Place.QUARANTINE:
        return f"flaggermail quarantine show {stored.id}"
    if stored.verdict != SenderVerdict.VERIFIED or stored.disputed:
        return f"flaggermail message confirm {stored.id}"
    return f"flaggermail case show {stored.case}"


def to_referrer(
    work: UnitOfWork, case: Case, template: str, values: Mapping[str, object], dedupe: str,
    instead_of: str | None = None,
) -> StoredText | None:  # fmt: skip
    """Queues one mail to the referrer of a case, in reply to the referral; does nothing without a referrer.

    Returns why no valid mail came of it, else None; an alarm says so.

    A referrer for whom nobody vouches is never written to: anybody can write under any name. In the place of a mail
    whose text was refused, it does not bear the name that the referrer chose either.
    """
    if case.referrer_address is None or not has_referrer(work, case):
        return None
    kind = _LETTERS.get(template, Kind.DECISION_NOTICE)
    if unproven_referrer(work, case) is not None:
        work.record(EventKind.REFERRER_UNVERIFIED, about=EventRef(case=case.number), reason=kind)
        return None
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message else None
    unmade = queue(
        work,
        Outgoing(
            kind=kind,
            template=template,
            language=case.language,
            to=(Address(case.referrer_address, None if instead_of else case.referrer_name),),
            values=values,
            dedupe=dedupe,
            token=case.token,
            case=case.number,
            number=with_tail(case.number, case.tail),
            answers=(root.message_id,) if root and root.message_id else (),
            automatic=REPLIED,
            instead_of=instead_of,
        ),
    )
    if unmade:
        text = AlarmText.UNMADE(name=case.referrer_name or "", address=case.referrer_address, fault=unmade)
        notice = Notice(kind, template, dedupe, EventRef(case=case.number))
        reach = AlarmReaders.ON_CALL  # a stranger chooses that address, and calls no head by it
        _tell_unmade(work, notice, alarm_key(AlarmKind.MAIL_UNMADE, dedupe), text, reach)
    return unmade


def has_referrer(work: UnitOfWork, case: Case) -> bool:
    """True if the case was referred by mail from an address that is not ours."""
    return case.referrer_address not in {None, *work.env.own_addresses}


def unproven_referrer(work: UnitOfWork, case: Case) -> str | None:
    """Returns the mail to vouch for before the referrer may be written to; None if that is proven or there is none.

    Proven is an address from which a verified mail came in this case, by our server's check or by a person's word.
    """
    if not has_referrer(work, case):
        return None
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message is not None else None
    if root is not None and root.from_address == case.referrer_address and root.verdict == SenderVerdict.VERIFIED:
        return None
    proven = work.tx.exists(
        StoredMessage,
        where(StoredMessage.case).is_(case.number),
        where(StoredMessage.direction).is_(Direction.IN),
        where(StoredMessage.from_address).is_(case.referrer_address),
        where(StoredMessage.verdict).is_(SenderVerdict.VERIFIED),
    )
    return None if proven else case.root_message or ""


def refuse_unproven(work: UnitOfWork, case: Case) -> None:
    """Raises Refusal, with what to do, if the referrer's sender address is not verified."""
    message = unproven_referrer(work, case)
    if message is not None:
        root = work.tx.get(StoredMessage, message)
        if root is None:
            raise Refusal(CommandRefusal.REFERRER_TO_CALL(case=case.number))
        raise Refusal(CommandRefusal.REFERRER_UNPROVEN(case=case.number, verdict=root.verdict, message=message))


def confirm_intake(work: UnitOfWork, case: Case, subject: str) -> None:
    """Sends the referrer the case number and, in the election period, the phone number; once per case."""
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message else None
    if root is None or not attention.may_answer(work, root, Kind.INTAKE_CONFIRMATION, EventRef(case=case.number)):
        return  # the case exists all the same, and the referrer will receive the decision
    _confirm(work, case, subject, f"confirmation/{case.number}")


def confirm_without_words(work: UnitOfWork, case: Case, refused: str) -> None:
    """Sends the confirmation again without the referrer's words, in the place of a mail whose text was refused."""
    _confirm(work, case, "", f"instead/{refused}", refused)


def _confirm(work: UnitOfWork, case: Case, subject: str, dedupe: str, instead_of: str | None = None) -> None:
    phone = work.env.settings.desk.organisation.phone if elections.in_period(work, case.election) else None
    values = {"title": subject, "phone": phone}
    to_referrer(work, case, "intake_confirmation", values, dedupe, instead_of)


def reparse(work: UnitOfWork, row: StoredMessage) -> Message | None:
    """Parses a stored mail again; None if its octets are lost, which raises an alarm, or if it is costly to read.

    A mail that turns out to be costly is marked, so that it costs once.
    """
    if row.costly or row.discarded_at is not None:
        return None
    try:
        message = work.env.parser.parse_again(work.env.octets.get(row.digest))
    except OctetsLost:
        _raise_lost(work, row)
        return None
    if message.costly:
        about = EventRef(row.case, row.notification, row.id)
        work.record(EventKind.MESSAGE_COSTLY, changed(row, replace(row, costly=True)), about=about)
    return message


def _raise_lost(work: UnitOfWork, row: StoredMessage) -> None:
    """Raises an alarm, once, for a mail whose octets are missing from the archive or changed there."""
    key = alarm_key(AlarmKind.OCTETS_LOST, row.id)
    text = AlarmText.LOST(key=row.id, digest=row.digest)
    lost = alarm(AlarmKind.OCTETS_LOST, key, text, work.now, row.case, row.notification)
    raise_alarm(work, lost, f"flaggermail message show {row.id}")
