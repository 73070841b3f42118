# SPDX-License-Identifier: EUPL-1.2
"""The effects of a filed message, in the same transaction: clocks, answers, notices, alarms.

Notices that our own server goes by another name than `mailbox.authserv_id`, so that it verifies no sender.

The finding is a row like those of `health.self_check`, so `status` names it and a restart repeats nothing. It ends with
a mail that bears results under the configured name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flaggermail.cases import attention, erasure, lifecycle
from flaggermail.commands import named_rows
from flaggermail.intake.disposition import Disposition
from flaggermail.intake.triage import IntakeFacts
from flaggermail.letters import stored_messages
from flaggermail.mail.authentication import authres, report_origin
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.mail.subject import split_subject
from flaggermail.matching import scoring, thread_keys
from flaggermail.matching.placing import Sender
from flaggermail.notices import notices
from flaggermail.outbox import bounces
from flaggermail.outbox.results import proven_deliveries, settle
from flaggermail.ports import Accepted, RawMessage, Role
from flaggermail.record.case_values import CaseType, Origin, Topic
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Alarm, Case, Delivery, Platform, StoredMessage, Watched
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import PLATFORM_MAILS, InstantBasis
from flaggermail.replies import reply_mail
from flaggermail.rules.classifier import Classification
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.filing import FilingReason, PlacementBasis, SenderEvidence
from flaggermail.wording.said import StoredText
from flaggermail.wording.servers import AttemptText

LOOKED_BACK = 1000  # messages of any sender searched for the latest ones of platforms


def apply_effects(
    work: UnitOfWork, stored: StoredMessage, message: Message, decision: Disposition, sender: Sender,
    attached: Mapping[str, Message],
) -> None:  # fmt: skip
    """Applies the effects of the decision on `stored`; `attached` are the rows of the mails attached to it."""
    if message.kind is MechanicalKind.BOUNCE:
        _handle_bounce(work, stored, message)
        return
    if (
        sender.officer is not None
        and (sender.answers is not None or sender.asks)
        and stored.direction == Direction.IN
        and not decision.late
    ):
        # What an order writes may be read again for the next: from memory, until it is durable.
        reply_mail.perform_reply(work, stored, message, sender.officer, sender.answers)
        return
    clocks = notices.NO_CLOCKS
    if stored.notification is not None:
        head = work.tx.head()
        lifecycle.rejudge(work, stored.notification, stored)
        clocks = named_rows.clocks_of_mail(work, stored, head.seq if head else 0)
    played = stored.exercise and stored_messages.rehearsal_of(work.tx, stored.case) is not None
    if not played:  # real mail may bear a number of the story
        thread_keys.learn(work, stored, message, sender.platform)
    own = work.tx.get(Case, stored.case) if stored.case else None
    if own is not None:
        if stored.verdict == SenderVerdict.VERIFIED and (sender.platform is not None or decision.tells is not None):
            lifecycle.reopen_for(work, own, stored.id)
        if decision.confirms:
            notices.confirm_intake(work, own, stored.subject or "")
    if decision.declines:
        erasure.decline(work, stored, message)
    if decision.tells is not None:
        notices.tell_of_mail(work, decision.tells, stored, message, attached, clocks)
    _raise_alarms(work, stored, decision, sender)


def file_attached(work: UnitOfWork, outer: StoredMessage, digest: str, attached: Message) -> StoredMessage:
    """Stores an attached mail as a message of its own, "forwarded in", without a verified sender; returns its row.

    Its content key differs from that of the same mail delivered directly, which would otherwise pass for a second copy.
    """
    taken = stored_messages.taken_in(work, attached, digest, outer.received_at, outer.place)
    stored = replace(
        taken,
        content_key=f"forwarded in {outer.id} {taken.content_key}",
        case=outer.case,
        match_basis=PlacementBasis.ENCLOSED(message=outer.id),
        enclosed_in=outer.id,
        reason=FilingReason.ATTACHED(),
        verdict_basis=SenderEvidence.ENCLOSED(),
        exercise=outer.exercise,
        arrival=outer.arrival,
    )
    about = EventRef(stored.case, None, stored.id)
    work.record(EventKind.MESSAGE_TAKEN_IN, added(stored), about=about, reason=stored.match_basis)
    return stored


def open_case(work: UnitOfWork, stored: StoredMessage, found: Classification, election: str) -> Case:
    """Opens a case for a referral."""
    opened = Case(
        number="",
        token="",
        election=election,
        type=found.case_type or CaseType.OTHER,
        origin=Origin.REFERRAL,
        source=found.source,
        title=split_subject(stored.subject or "", work.env.language).base,
        language=work.env.settings.desk.organisation.language,
        referrer_address=stored.from_address,
        referrer_name=stored.from_name,
        root_message=stored.id,
        opened_at=work.now,
        opened_by=work.actor,
        priority=stored.priority,
    )
    return lifecycle.new_case(work, opened, "a referral came in")


def prove_sent(work: UnitOfWork, own: StoredMessage) -> None:
    """Settles uncertain deliveries of our own mail once a copy of it proves them."""
    for mail, at in proven_deliveries(work, own):
        settle(work, mail, Accepted(mail.recipient, at, AttemptText.COPY_FOUND(), InstantBasis.SENT_COPY))


def file_unjudged(work: UnitOfWork, raw: RawMessage, message: Message, delivery: Delivery, fault: str) -> str:
    """Files a mail whose triage failed in the quarantine, and alerts the officer on call once."""
    stored = replace(
        stored_messages.taken_in(work, message, delivery.digest, raw.arrived_at, Place.QUARANTINE),
        from_name=None,
        mechanical=MechanicalKind.HUMAN,  # the kind of machine that wrote it may be what the triage failed on
        kinds=(Kind.UNKNOWN,),
        reason=FilingReason.UNJUDGED(fault=fault),
        defects=(*message.defects, fault),
        disputed=raw.arrival.in_file or raw.seen_at is not None,
        arrival=raw.arrival,
    )
    changes = (added(stored), added(replace(delivery, message=stored.id)))
    work.record(EventKind.MESSAGE_UNJUDGED, *changes, about=EventRef(message=stored.id), reason=fault)
    if raw.arrival.in_file:
        return f"quarantine: {stored.reason.english}"
    key = alarm_key(AlarmKind.UNJUDGED, stored.id)
    unjudged = alarm(AlarmKind.UNJUDGED, key, AlarmText.UNJUDGED(key=stored.id, fault=fault), work.now)
    trust = attention.trust_of(work, stored)
    notices.raise_alarm(
        work, unjudged, f"flaggermail quarantine show {stored.id}", topic=Topic.QUARANTINE, settles=stored.id,
        trust=trust,
    )  # fmt: skip
    return f"quarantine: {stored.reason.english}"


def _raise_alarms(work: UnitOfWork, stored: StoredMessage, decision: Disposition, sender: Sender) -> None:
    """Raises alarms about this mail, and about the share of unverified platform mail, which is counted."""
    if decision.alarm is not None:
        _alarm(work, decision.alarm, stored, sender)
    if sender.platform is None:
        return
    if not stored.exercise:
        work.tx.number(f"{PLATFORM_MAILS} {stored.verdict}")
    if stored.verdict == SenderVerdict.UNVERIFIED and not decision.late:
        _watch_unverified_share(work, stored)


def _alarm(work: UnitOfWork, kind: AlarmKind, stored: StoredMessage, sender: Sender) -> None:
    """Raises an alarm; for forged mail once for each platform and hour, whatever address it names."""
    about = f"{sender.platform}/{work.now:%Y-%m-%dT%H}" if kind is AlarmKind.FORGED else stored.id
    if kind is AlarmKind.FORGED:
        text = _pretended(stored)
    else:
        basis = stored.says if kind is AlarmKind.DELETED_UNREAD else stored.verdict_basis
        text = AlarmText.SENDER(address=stored.from_address or "", basis=basis)
    raised = alarm(kind, alarm_key(kind, about), text, work.now, stored.case, stored.notification)
    trust = attention.trust_of(work, stored)
    notices.raise_alarm(work, raised, f"flaggermail message show {stored.id}", trust=trust)


def _pretended(stored: StoredMessage) -> StoredText:
    """Returns what a forged mail pretends: in whose name, about which case, under which subject."""
    case = stored.case or next((scoring.read(one).case for one in stored.suggestions), None)
    said = {"address": stored.from_address or "", "basis": stored.verdict_basis, "subject": stored.subject or ""}
    return AlarmText.FORGED(case=case, **said) if case is not None else AlarmText.FORGED_ANYWHERE(**said)


def _watch_unverified_share(work: UnitOfWork, stored: StoredMessage) -> None:
    """Raises an alarm, once a day, if the share of unverified platform mail rises sharply."""
    key = alarm_key(AlarmKind.UNVERIFIED, work.today)
    asked = work.env.settings.desk.mailbox.trusted.asked
    if asked is AuthenticationMethod.NOBODY or work.tx.get(Alarm, key) is not None:
        return
    domains = frozenset(domain for platform in work.tx.find(Platform) for domain in platform.domains)
    mails = [
        (m.received_at, report_origin.came_unverified(m.verdict, m.confirmed_by))
        for m in work.tx.newest(StoredMessage, LOOKED_BACK)
        if m.direction == Direction.IN
        and not m.exercise
        and in_domains((m.from_address or "").rpartition("@")[2], domains)
    ]
    jump = report_origin.jump(mails, work.now)
    if jump is not None:
        text = AlarmText.TREND(
            now=jump.now.unverified, of_now=jump.now.of, before=jump.before.unverified, of_before=jump.before.of,
            address=stored.from_address or "", basis=stored.verdict_basis,
        )  # fmt: skip
        raised = alarm(AlarmKind.UNVERIFIED, key, text, work.now, stored.case)
        notices.raise_alarm(work, raised, f"flaggermail message show {stored.id}")


def _handle_bounce(work: UnitOfWork, stored: StoredMessage, message: Message) -> None:
    """Handles a bounce or delay of our mail; `outbox.bounces` decides whether it counts."""
    found = bounces.find(work, stored, message)
    # Unknown mail: a person must look at it. Only answers to citizens: the bounce names them, so it is reduced like
    # their own mail.
    if not found.fitting:
        notices.tell_of_mail(work, "further mail" if stored.case else "unplaced mail", stored, message)
    bounces.handle(work, stored, message, found)
    if found.fitting and all(mail.kind == Kind.DECLINE for mail in found.fitting):
        erasure.set_aside(work, stored, FilingReason.ANSWER_CAME_BACK())


# ---- the name by which our server goes


WATCHED = "authserv_id"


def watch_server_name(work: UnitOfWork, facts: IntakeFacts, stored: StoredMessage) -> None:
    """Compares the name in a new mail's results with the configured one; raises one alarm a day while they differ.

    Old mail, mail of exercises and mail in the folder of sent mail say nothing about the server of today.
    """
    if facts.late or stored.exercise or facts.raw.role is Role.SENT:
        return
    trust, before = work.env.settings.desk.mailbox.trusted, work.tx.get(Watched, WATCHED)
    if not authres.is_named(trust):
        if before is not None and before.failing:  # another method was chosen since
            _note_name(work, before, failing=False, value="not asked")
        return
    names = authres.servers(facts.trace, trust)
    configured = (trust.authserv_id or "").lower()
    if configured in names:
        if before is not None and before.failing:
            _note_name(work, before, failing=False, value="agrees")
    elif names:
        said = AlarmText.SERVER_NAMES(written=names[0], configured=configured)
        if before is None or (before.failing, before.value) != (True, said.english):
            _note_name(work, before, failing=True, value=said.english)
        _raise_alarm(work, said)


def _note_name(work: UnitOfWork, before: Watched | None, *, failing: bool, value: str) -> None:
    since = work.now if before is None or before.failing != failing else before.since
    row = Watched(id=WATCHED, failing=failing, since=since, value=value)
    work.record(EventKind.PROBE_CHANGED, added(row) if before is None else changed(before, row), reason=WATCHED)


def _raise_alarm(work: UnitOfWork, said: StoredText) -> None:
    key = alarm_key(AlarmKind.SERVER_MISNAMED, work.today)
    if work.tx.get(Alarm, key) is None:
        raised = alarm(AlarmKind.SERVER_MISNAMED, key, said, work.now)
        notices.raise_alarm(work, raised, "mailbox.authserv_id in flaggermail.yaml")
