# SPDX-License-Identifier: EUPL-1.2
"""One incoming mail, from top to bottom.

octets durable -> parsed -> vouched for -> seen before? -> placed -> classified -> decided -> one commit

After the first step the message cannot be lost; up to the commit every step can be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from flaggermail.cases import elections, lifecycle
from flaggermail.citizens import criteria, retention
from flaggermail.commands import reply_codes
from flaggermail.errors import ArchiveFault, OctetsLost, StoreBusy, StoreFault
from flaggermail.intake import apply, server_name
from flaggermail.intake.triage import Triaged, judge
from flaggermail.letters import stored_messages
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.matching import arrival, confirmation, lookup, thread_keys
from flaggermail.notices import attention, notices
from flaggermail.ports import Cursor, Position, RawMessage, Role
from flaggermail.record import kinds
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.finding import where
from flaggermail.record.kinds import ArrivalBasis, Direction, Place
from flaggermail.record.rows import Case, Delivery, StoredMessage
from flaggermail.record.topics import Topic
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.wording.alarm_texts import AlarmText
from flaggermail.wording.filing import Filed


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail whose octets are durable, parsed without the record; `inner` is its attached mail."""

    raw: RawMessage
    digest: str
    message: Message
    inner: tuple[tuple[str, Message], ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a mail, in a few words; `new` if it is a message of its own, and not a copy of a known one."""

    text: str
    new: bool = False


def ingest(env: Services, raw: RawMessage, *, in_turn: bool = True) -> str:
    """Takes in one mail; returns its disposition in a few words. Raises ArchiveFault if it cannot be made durable.

    A mail that is not `in_turn` is taken in ahead of others in its folder and leaves the read position unchanged.

    A mail whose triage raises an exception is filed in the quarantine with the name of the fault, and the next one
    proceeds. A store that cannot write is not the mail's fault: the error is raised, and the mail is fetched again.
    """
    return _alone(env, raw, in_turn=in_turn).text


def ingest_together(env: Services, mails: Sequence[RawMessage]) -> list[str]:
    """Takes in old mails, which cause no notifications, in one transaction; otherwise like `ingest`.

    If the triage of one fails, each is taken in alone, so that the fault is filed with the mail it belongs to.
    """
    return [outcome.text for outcome in _together(env, mails)]


def ingest_from_files(env: Services, mails: Sequence[RawMessage]) -> int:
    """Does the same for mails from files, which no folder has a read position for; returns how many are new."""
    return sum(outcome.new for outcome in _together(env, mails, in_turn=False))


def _alone(env: Services, raw: RawMessage, *, in_turn: bool) -> _Outcome:
    mail = _archived(env, raw)
    try:
        return _in_one_commit(env, mail, in_turn=in_turn)[0]
    except OctetsLost as lost:  # of another mail, which this one's triage or reply needed
        return _in_one_commit(env, mail, fault=type(lost).__name__, in_turn=in_turn)[0]
    except (StoreBusy, StoreFault, ArchiveFault):
        raise
    except Exception as fault:  # noqa: BLE001 - the one boundary of a message: the exception is filed with it
        return _in_one_commit(env, mail, fault=type(fault).__name__, in_turn=in_turn)[0]


def _together(env: Services, mails: Sequence[RawMessage], *, in_turn: bool = True) -> list[_Outcome]:
    archived = _all_archived(env, mails)
    try:
        return _in_one_commit(env, *archived, in_turn=in_turn)
    except OctetsLost:
        return [_alone(env, raw, in_turn=in_turn) for raw in mails]
    except (StoreBusy, StoreFault, ArchiveFault):
        raise
    except Exception:  # noqa: BLE001 - as above: the failing mail fails again, alone, and is filed with it
        return [_alone(env, raw, in_turn=in_turn) for raw in mails]


def _archived(env: Services, raw: RawMessage) -> _Mail:
    digest = env.octets.put(raw.octets)
    message, attached = env.parser.parse_delivery(raw.octets)
    inner = tuple(zip(env.octets.put_all(_attached(raw, message)), attached, strict=True))
    return _Mail(raw, digest, _with_verdict(env, raw.octets, message), inner)


def _all_archived(env: Services, mails: Sequence[RawMessage]) -> list[_Mail]:
    """Does the same for many mails and their attached mail, made durable together."""
    digests = env.octets.put_all([raw.octets for raw in mails])
    read = env.parser.parse_deliveries([raw.octets for raw in mails])
    within = [_attached(raw, message) for raw, (message, _) in zip(mails, read, strict=True)]
    inner = iter(env.octets.put_all(list(chain.from_iterable(within))))
    return [
        _Mail(raw, digest, _with_verdict(env, raw.octets, message), _paired(inner, attached))
        for raw, digest, (message, attached) in zip(mails, digests, read, strict=True)
    ]


def _paired(digests: Iterator[str], attached: Sequence[Message]) -> tuple[tuple[str, Message], ...]:
    return tuple(zip(islice(digests, len(attached)), attached, strict=True))


def _with_verdict(env: Services, octets: bytes, message: Message) -> Message:
    """Returns the mail with the verdict on its author; attached mail remains unverified."""
    return replace(message, vouched=env.sender_check.verdict(octets, message))


def _attached(raw: RawMessage, message: Message) -> list[bytes]:
    return [raw.octets[start:end] for start, end in message.enclosed]


def _in_one_commit(env: Services, *mails: _Mail, fault: str | None = None, in_turn: bool = True) -> list[_Outcome]:
    """Commits everything about these mails together with the read position of the folder, or nothing."""
    with env.store.begin() as tx:
        outcomes = [_record(UnitOfWork(env, tx, env.clock.now()), mail, fault) for mail in mails]
        for mail in mails if in_turn else ():
            raw, cursor = mail.raw, tx.cursor(mail.raw.folder)
            tx.advance(raw.folder, _moved(cursor, raw))
    return outcomes


def _moved(cursor: Cursor | None, raw: RawMessage) -> Cursor:
    """Returns the cursor after a mail was taken in: read up to it, and one mail more is known to be there."""
    position = Position(raw.uidvalidity, raw.uid)
    if cursor is None:
        return Cursor(position, None, 1)
    counted = cursor.held is not None and cursor.position.uidvalidity == raw.uidvalidity
    return Cursor(position, cursor.looked_at, cursor.held + 1 if counted and cursor.held is not None else None)


def _record(work: UnitOfWork, mail: _Mail, fault: str | None) -> _Outcome:
    """Records one mail. After a `fault` it is not compared with known mail, since that may be what failed."""
    raw, tx = _dated(work, mail.raw, mail.message), work.tx
    delivery = Delivery(
        id=raw.key,
        message="",
        folder=raw.folder,
        uidvalidity=raw.uidvalidity,
        uid=raw.uid,
        internaldate=raw.internaldate,
        digest=mail.digest,
        first_seen_at=work.now,
        arrival=raw.arrival,
    )
    if tx.get(Delivery, delivery.id) is not None:
        outcome = _Outcome("seen before")
    elif fault is not None:
        outcome = _Outcome(_unjudged(work, raw, mail.message, delivery, fault), new=True)
    elif (twin := _same_message(work, raw, mail.message)) and _only_in_files(raw, twin):
        outcome = _Outcome(_file(work, raw, mail.message, delivery, (), twin))
    elif twin:
        outcome = _Outcome(_another_copy(work, twin, delivery, raw, mail.message))
    else:
        outcome = _Outcome(_file(work, raw, mail.message, delivery, mail.inner), new=True)
    return outcome


def _dated(work: UnitOfWork, raw: RawMessage, message: Message) -> RawMessage:
    """Returns a mail from a file with the best instant of arrival that it gives; other mail unchanged."""
    if not raw.arrival.in_file:
        return raw
    server = work.env.settings.desk.mailbox.trusted.received_by
    at, basis = arrival.in_file(message.headers, server, (raw.internaldate, raw.arrival), work.now)
    return replace(raw, internaldate=at, arrival=basis)


def _same_message(work: UnitOfWork, raw: RawMessage, message: Message) -> StoredMessage | None:
    """Returns the message of which this is another copy: by Message-ID and stable parts, or our own sent mail.

    In Sent, either is enough for our own mail: some servers change the Message-ID, some add to the text. In the inbox
    the Message-ID alone proves nothing: everyone who got our mail knows it.
    """
    key = message.content_key  # never by this alone: a mail sent repeatedly has thousands of copies
    same = work.tx.find(
        StoredMessage,
        where(StoredMessage.content_key).is_(key),
        where(StoredMessage.message_id).is_(message.message_id),
    )
    same = same or work.tx.find(
        StoredMessage, where(StoredMessage.content_key).is_(key), where(StoredMessage.direction).is_(Direction.OUT)
    )
    mailbox = work.env.settings.desk.mailbox
    ours = message.sender is not None and message.sender.key == mailbox.address.lower()
    if not same and ours and raw.role is Role.SENT and message.message_id is not None:
        same = work.tx.find(
            StoredMessage,
            where(StoredMessage.message_id).is_(message.message_id),
            where(StoredMessage.direction).is_(Direction.OUT),
        )
    return same[0] if same else None


def _only_in_files(raw: RawMessage, twin: StoredMessage) -> bool:
    """True if the mailbox shows a mail for the first time that only a file of old mail showed so far."""
    marked = twin.placed_by or twin.confirmed_by or twin.corrected_by
    return twin.arrival.in_file and not raw.arrival.in_file and marked is None


def _another_copy(work: UnitOfWork, twin: StoredMessage, delivery: Delivery, raw: RawMessage, message: Message) -> str:
    """Records a second delivery of a known message.

    The earliest delivery sets its arrival time, unless disputed; the best verdict counts. A copy in a file of old mail
    changes nothing else.
    """
    retention.again(work, twin, delivery)
    if _renumbered(work, twin, delivery):
        return f"{twin.id} under a new number"
    about = EventRef(case=twin.case, notification=twin.notification, message=twin.id)
    work.record(EventKind.DELIVERY_SEEN, added(replace(delivery, message=twin.id)), about=about)
    if raw.arrival.in_file or _is_settled(twin):
        return f"another copy of {twin.id}"
    if twin.direction == Direction.OUT:
        work.env.health_probe.returned(delivery.internaldate, twin.received_at)
        apply.prove_sent(work, twin)
        return f"own copy of {twin.id}"
    better = twin
    if delivery.internaldate < twin.received_at and lookup.disputed(work, raw, message) is None:
        better = replace(better, received_at=delivery.internaldate, arrival=raw.arrival)
    verdict = message.vouched
    if verdict.value == SenderVerdict.VERIFIED and twin.verdict == SenderVerdict.UNVERIFIED:
        better = replace(better, verdict=verdict.value, verdict_basis=verdict.basis)
    saved = raw.role is Role.INBOX and twin.from_junk
    if saved:
        better = replace(better, reason=Filed.OUT_OF_JUNK(reason=twin.reason), from_junk=False)
    if better != twin:
        work.record(EventKind.DELIVERY_SUPERSEDED, changed(twin, better), about=about)
        if twin.notification is not None:
            lifecycle.rejudge(work, twin.notification)
    if saved and better.place == Place.QUARANTINE:
        notices.tell_of_mail(work, "unplaced mail", better, message)
    return f"another copy of {twin.id}"


def _is_settled(twin: StoredMessage) -> bool:
    """True if no further copy changes a message: a person said when it was sent, or its octets are destroyed.

    What a copy of destroyed mail says of its sender would stay.
    """
    if twin.direction is Direction.OUT:
        return twin.arrival is not ArrivalBasis.SERVER
    return twin.discarded_at is not None


def _renumbered(work: UnitOfWork, twin: StoredMessage, delivery: Delivery) -> bool:
    """Records the new number of a known copy if the server renumbered the folder; returns whether it did.

    It is the same delivery under another UIDVALIDITY. Of identical copies, the one that has this number already comes
    first.
    """
    same = [
        known
        for known in work.tx.find(Delivery, where(Delivery.message).is_(twin.id))
        if known.folder == delivery.folder
        and (known.digest, known.internaldate) == (delivery.digest, delivery.internaldate)
    ]
    number = delivery.uidvalidity, delivery.uid
    moved = (known for known in same if known.uidvalidity != delivery.uidvalidity)
    known = next((known for known in same if (known.uidvalidity, known.uid) == number), next(moved, None))
    if known is None:
        return False
    now_there = replace(known, uidvalidity=delivery.uidvalidity, uid=delivery.uid, gone_at=None)
    if now_there != known:
        work.record(EventKind.COPIES_COUNTED, changed(known, now_there), about=EventRef(message=twin.id))
    return True


def _file(
    work: UnitOfWork, raw: RawMessage, message: Message, delivery: Delivery, inner: Sequence[tuple[str, Message]],
    known: StoredMessage | None = None,
) -> str:  # fmt: skip
    """Triages a new message and records it with all its effects; `known` is its row if only files showed it so far."""
    judged = judge(work, raw, message)
    stored = _row(work, raw, message, delivery, judged)
    if known is not None:
        stored = replace(stored, id=known.id, first_seen_at=known.first_seen_at, same_id_as=known.same_id_as)
    if stored.place == Place.DECLINED:
        stored = criteria.minimal(stored, stored.reason)
    if judged.decision.opens and judged.election is not None:
        stored = replace(stored, case=apply.open_case(work, stored, judged.found, judged.election).number)
    about = EventRef(case=stored.case, notification=stored.notification, message=stored.id)
    changes = (changed(known, stored) if known else added(stored), added(replace(delivery, message=stored.id)))
    work.record(EventKind.MESSAGE_TAKEN_IN, *changes, about=about, reason=stored.reason)
    read = {apply.file_attached(work, stored, digest, attached).id: attached for digest, attached in inner}
    if judged.decision.from_file:  # until a person says what it is, it only teaches by which keys its exchange is known
        thread_keys.learn(work, stored, message, judged.sender.platform)
    else:
        apply.follow(work, stored, message, judged.decision, judged.sender, read)
    server_name.watch(work, raw, stored, late=judged.decision.late)
    reply_codes.spend_seen(work, message)
    if judged.placement.by_score is not None:
        confirmation.placed_by_score(work, stored, message, judged.placement.by_score, quietly=judged.decision.late)
    return f"{stored.place} {stored.case or '-'} {'+'.join(stored.kinds)}: {judged.decision.reason.english}"


def _row(work: UnitOfWork, raw: RawMessage, message: Message, delivery: Delivery, judged: Triaged) -> StoredMessage:
    """Returns the row of the message, with its classification and the reasons."""
    placement, decision = judged.placement, judged.decision
    in_case = decision.place == Place.CASE
    own = work.tx.get(Case, placement.case) if in_case and placement.case else None
    exercise = own.exercise if own is not None else elections.is_players(work, message)
    return replace(
        stored_messages.taken_in(work, message, delivery.digest, raw.internaldate, decision.place),
        direction=Direction.OUT if raw.role is Role.SENT else Direction.IN,
        kinds=judged.found.kinds,
        case=placement.case if in_case else None,
        notification=placement.notification if in_case else None,
        match_basis=placement.basis,
        reason=Filed.DISPUTED(reason=decision.reason, dispute=judged.dispute) if judged.dispute else decision.reason,
        from_junk=decision.from_junk,
        suggestions=tuple(one.said for one in (*placement.suggestions, *placement.hints)),
        verdict=judged.verdict.value,
        verdict_basis=judged.verdict.basis,
        rule=judged.found.rule,
        automatic=message.kind is MechanicalKind.AUTO_REPLY,
        disputed=judged.dispute is not None,
        pending_digest=(judged.missed or decision.listed) and not exercise,
        same_id_as=lookup.same_id(work, message),
        platform_references=thread_keys.merged(judged.found.references, thread_keys.marked(work, message))
        if judged.sender.platform
        else (),
        ruleset=work.env.settings.rules.version,
        priority=judged.found.priority,
        labels=judged.found.labels,
        exercise=exercise,
        arrival=raw.arrival,
    )


def _unjudged(work: UnitOfWork, raw: RawMessage, message: Message, delivery: Delivery, fault: str) -> str:
    """Files a mail whose triage failed in the quarantine, and alerts the officer on call once."""
    stored = replace(
        stored_messages.taken_in(work, message, delivery.digest, raw.internaldate, Place.QUARANTINE),
        from_name=None,
        mechanical=MechanicalKind.HUMAN,  # the kind of machine that wrote it may be what the triage failed on
        kinds=(kinds.Kind.UNKNOWN,),
        reason=Filed.UNJUDGED(fault=fault),
        defects=(*message.defects, fault),
        disputed=raw.arrival.in_file,
        arrival=raw.arrival,
    )
    changes = (added(stored), added(replace(delivery, message=stored.id)))
    work.record(EventKind.MESSAGE_UNREADABLE, *changes, about=EventRef(message=stored.id), reason=fault)
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
