# SPDX-License-Identifier: EUPL-1.2
"""One incoming mail, from top to bottom.

parsed -> vouched for -> seen before? -> placed -> classified -> decided -> one commit

Up to the commit every step can be repeated: the mail is still on its server. Its octets and the letters that it causes
are made durable while all this is worked out, and before the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import chain, islice

from flaggermail.cases import citizen_criteria, erasure, lifecycle
from flaggermail.commands import devices
from flaggermail.errors import ArchiveFailure, OctetsLost, StoreBusy, StoreFailure
from flaggermail.intake import apply, facts, triage
from flaggermail.intake.triage import IntakeFacts, Triaged, judge
from flaggermail.letters import stored_messages
from flaggermail.mail import reply_tokens
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.matching import confirmation, thread_keys
from flaggermail.notices import notices
from flaggermail.ports import Cursor, RawMessage, Role, Transaction
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import ArrivalBasis, AssignedBy, Direction, Kind, PersonBasis, Place
from flaggermail.record.rows import Case, Delivery, StoredMessage
from flaggermail.services import ArchivedBeside, EventRef, Services, UnitOfWork, one_ahead
from flaggermail.wording.filing import FilingReason

HOLD = timedelta(seconds=0.5)  # of old mail in one transaction, while all other writers wait
LARGE = 1_000_000  # octets of a mail that is durable before it is recorded


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail whose octets are durable before the commit, parsed without the record; `inner` is its attached mail."""

    raw: RawMessage
    digest: str
    message: Message
    inner: tuple[tuple[str, Message], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of taking in a mail; `new` if it is a message of its own and not a copy."""

    text: str
    new: bool = False
    came: bool = True  # if its folder holds one more known copy


def ingest(env: Services, raw: RawMessage) -> str:
    """Takes in one mail; returns its disposition as a short phrase. Raises ArchiveFailure if it cannot be made durable.

    A mail without a `cursor` leaves the read position of its folder unchanged.

    A mail whose triage raises an exception is filed in the quarantine with the name of the fault, and the next one
    proceeds. A store that cannot write is not the mail's fault: the error is raised, and the mail is fetched again.
    """
    return _alone(env, raw).text


@dataclass(frozen=True, slots=True)
class Batch:
    """Old mails whose octets are durable, parsed without the record."""

    mails: tuple[_Mail, ...]


def prepare(env: Services, mails: Sequence[RawMessage]) -> Batch:
    """Makes old mails durable and parses them; reads nothing of the record, so it may run while others are recorded.

    Raises ArchiveFailure.
    """
    return Batch(tuple(_all_archived(env, mails)))


def ingest_prepared(env: Services, batch: Batch) -> list[str]:
    """Takes in old mails, which cause no notifications, in few transactions of limited time; otherwise like `ingest`.

    If the triage of one fails, each is taken in alone, so that the fault is filed with the mail it belongs to.
    """
    return [outcome.text for outcome in _together(env, batch)]


def ingest_batches(env: Services, batches: Iterable[Sequence[RawMessage]]) -> Iterator[list[Outcome]]:
    """Takes in batches of old mail; while one is recorded, the next is made durable and parsed. Yields their outcomes.

    Otherwise like `ingest_prepared`.
    """
    with ThreadPoolExecutor(1, "parse") as parsing:
        for _, batch in one_ahead(parsing, partial(prepare, env), batches):
            yield _together(env, batch)


def _alone(env: Services, raw: RawMessage) -> Outcome:
    with _disk() as disk:
        octets = ArchivedBeside(env, disk)
        mail = _archived(env, raw, octets)
        try:
            return _in_one_commit(env, octets, mail)[0]
        except OctetsLost as lost:  # of another mail, which this one's triage or reply needed
            return _in_one_commit(env, octets, mail, fault=type(lost).__name__)[0]
        except (StoreBusy, StoreFailure, ArchiveFailure):
            raise
        except Exception as fault:  # noqa: BLE001 - the one boundary of a message: the exception is filed with it
            return _in_one_commit(env, octets, mail, fault=type(fault).__name__)[0]


def _together(env: Services, batch: Batch) -> list[Outcome]:
    taken: list[Outcome] = []
    try:
        with _disk() as disk:
            while rest := batch.mails[len(taken) :]:
                taken += _in_one_commit(env, ArchivedBeside(env, disk), *rest)
    except OctetsLost:
        taken += [_alone(env, mail.raw) for mail in rest]
    except (StoreBusy, StoreFailure, ArchiveFailure):
        raise
    except Exception:  # noqa: BLE001 - as above: the failing mail fails again, alone, and is filed with it
        taken += [_alone(env, mail.raw) for mail in rest]
    return taken


def _disk() -> ThreadPoolExecutor:
    """Returns the one thread beside a mail, for its octets and its letters; it starts with its first work.

    To start and to end a thread waits twice for a processor.
    """
    return ThreadPoolExecutor(1, "disk")


def _archived(env: Services, raw: RawMessage, octets: ArchivedBeside) -> _Mail:
    digest = octets.put(raw.octets)  # the parser is another process, and the record needs no octets
    message, attached = env.parser.parse_delivery(raw.octets)
    inner = tuple(zip(env.octets.put_all(_attached(raw, message)), attached, strict=True))
    if len(raw.octets) > LARGE:
        octets.settle()  # the record is not locked for as long as that takes
    return _Mail(raw, digest, _with_verdict(env, raw.octets, message), inner)


def _all_archived(env: Services, mails: Sequence[RawMessage]) -> list[_Mail]:
    """Does the same for many mails and their attached mail, made durable together."""
    digests = env.octets.put_all([raw.octets for raw in mails])
    read = env.parser.parse_deliveries([raw.octets for raw in mails])
    within = [_attached(raw, message) for raw, (message, _) in zip(mails, read, strict=True)]
    inner = iter(env.octets.put_all(list(chain.from_iterable(within))))
    owned = [tuple(zip(islice(inner, len(attached)), attached, strict=True)) for _, attached in read]
    return [
        _Mail(raw, digest, _with_verdict(env, raw.octets, message), own)
        for raw, digest, (message, _), own in zip(mails, digests, read, owned, strict=True)
    ]


def _with_verdict(env: Services, octets: bytes, message: Message) -> Message:
    """Returns the mail with the verdict on its author; attached mail remains unverified."""
    return replace(message, vouched=env.sender_check.verdict(octets, message))


def _attached(raw: RawMessage, message: Message) -> list[bytes]:
    return [raw.octets[start:end] for start, end in message.enclosed]


def _in_one_commit(env: Services, octets: ArchivedBeside, *mails: _Mail, fault: str | None = None) -> list[Outcome]:
    """Commits everything about the first of these mails together with the read position of their folders, or nothing.

    Returns an outcome for each: at least one, and as many as `HOLD` has room for.
    """
    with env.store.begin() as tx, octets:
        env, begun = replace(env, octets=octets), env.clock.now()
        if len(mails) > 1:
            tx.gather()  # after a fault each mail is taken in alone
        facts.ask(env, tx, [(mail.raw, mail.message) for mail in mails])
        outcomes: list[Outcome] = []
        for mail in mails:
            now = env.clock.now()
            if outcomes and now - begun >= HOLD:
                break
            outcomes.append(_record(UnitOfWork(env, tx, now), mail, fault))
        by_folder: dict[str, list[tuple[RawMessage, Outcome]]] = {}
        for mail, outcome in zip(mails, outcomes, strict=False):  # what has no outcome is left to the next commit
            by_folder.setdefault(mail.raw.folder, []).append((mail.raw, outcome))
        for folder, taken in by_folder.items():
            _advance(tx, folder, taken)
    return outcomes


def _advance(tx: Transaction, folder: str, taken: Sequence[tuple[RawMessage, Outcome]]) -> None:
    """Stores how far the folder is read after these mails, and how many more copies are known to be in it."""
    before = tx.cursor(folder)
    here = next((raw.cursor for raw, _ in reversed(taken) if raw.cursor is not None), None)
    came = sum(outcome.came for _, outcome in taken)
    if before is None:
        if here is not None:
            there = where(Delivery.folder).is_(folder), where(Delivery.gone_at).is_(None)
            tx.advance(folder, Cursor(here, None, tx.count(Delivery, *there)))
    elif here is not None or came:
        held = None if before.held is None else before.held + came
        tx.advance(folder, Cursor(here or before.position, before.looked_at, held))


def _record(work: UnitOfWork, mail: _Mail, fault: str | None) -> Outcome:
    """Records one mail. After a `fault` it is not compared with known mail, since that may be what failed."""
    raw, tx = _dated(work, mail.raw, mail.message), work.tx
    delivery = _copy(work, mail, raw)
    if tx.get(Delivery, delivery.id) is not None:
        outcome = Outcome("seen before", came=False)
    elif fault is not None:
        work.env.octets.put(raw.octets)  # as a copy of a destroyed mail, the first try may have destroyed them
        outcome = Outcome(apply.file_unjudged(work, raw, mail.message, delivery, fault), new=True)
    elif (twin := _same_message(work, raw, mail.message)) and _only_in_files(raw, twin):
        outcome = Outcome(_file(work, raw, mail.message, delivery, (), twin))
    elif twin:
        outcome = _another_copy(work, twin, delivery, raw, mail.message)
    else:
        outcome = Outcome(_file(work, raw, mail.message, delivery, mail.inner), new=True)
    return outcome


def _copy(work: UnitOfWork, mail: _Mail, raw: RawMessage) -> Delivery:
    """Returns the row of this copy, of no message yet, with what was found about its sender as it came in."""
    vouched, signature = mail.message.vouched, mail.message.vouched.signature
    return Delivery(
        id=raw.key,
        message="",
        folder=raw.folder,
        numbering=raw.numbering,
        item=raw.item,
        internaldate=raw.arrived_at,
        digest=mail.digest,
        first_seen_at=work.now,
        arrival=raw.arrival,
        source=raw.source,
        role=raw.role,
        verdict=vouched.value,
        verdict_basis=vouched.basis,
        signature=signature.state,
        signature_basis=signature.basis,
        signer=signature.domain,
        selector=signature.selector,
        key_record=signature.key_record,
        key_digest=signature.key_digest,
        dnssec=signature.dnssec,
        resolver=signature.resolver,
        looked_up_at=signature.looked_up_at,
    )


def _dated(work: UnitOfWork, raw: RawMessage, message: Message) -> RawMessage:
    """Returns a mail from a file with the best instant of arrival that it gives, other mail with one that can be."""
    if not raw.arrival.in_file or raw.arrival is ArrivalBasis.MOVED:
        possible = not raw.written and triage.is_possible(raw.internaldate, work.now)
        return raw if possible else replace(raw, seen_at=work.now, arrival=raw.arrival.first_sight)
    server = work.env.settings.desk.mailbox.trusted.received_by
    at, basis = triage.in_file(message.headers, server, (raw.internaldate, raw.arrival), work.now)
    return replace(raw, internaldate=at, arrival=basis)


def _same_message(work: UnitOfWork, raw: RawMessage, message: Message) -> StoredMessage | None:
    """Returns the message of which this is another copy: by Message-ID and stable parts, or our own sent mail.

    In Sent, either is enough for our own mail: some servers change the Message-ID, some add to the text. Where a server
    does both, our own header names our Message-ID. In the inbox that alone proves nothing: everyone who got our mail
    knows it.
    """
    key = message.content_key  # never by this alone: a mail sent repeatedly has thousands of copies
    same = _of_that_name(work, message)
    ours = where(StoredMessage.content_key).is_(key), where(StoredMessage.direction).is_(Direction.OUT)
    same = same or work.tx.find(StoredMessage, *ours)
    mailbox = work.env.settings.desk.mailbox
    by_us = message.sender is not None and message.sender.key == mailbox.address.lower()
    if not same and by_us and raw.role is Role.SENT and message.message_id is not None:
        same = work.tx.find(
            StoredMessage,
            where(StoredMessage.message_id).in_([message.message_id, *reply_tokens.ours_of(message)]),
            where(StoredMessage.direction).is_(Direction.OUT),
        )
    return same[0] if same else None


def _of_that_name(work: UnitOfWork, message: Message) -> list[StoredMessage]:
    """Returns the messages with its Message-ID, or with none as it has, and its stable parts."""
    name, key = message.message_id, message.content_key
    if name is None:
        unnamed = where(StoredMessage.content_key).is_(key), where(StoredMessage.message_id).is_(None)
        return work.tx.find(StoredMessage, *unnamed)
    # By its name alone, as `facts.ask` asks too: one question for both.
    return [
        row for row in work.tx.find(StoredMessage, where(StoredMessage.message_id).is_(name)) if row.content_key == key
    ]


def _only_in_files(raw: RawMessage, twin: StoredMessage) -> bool:
    """True if the mailbox shows a mail for the first time that only a file of old mail showed so far."""
    marked = twin.placed_by or twin.confirmed_by or twin.corrected_by
    return twin.arrival.in_file and not raw.arrival.in_file and marked is None


def _another_copy(
    work: UnitOfWork, twin: StoredMessage, delivery: Delivery, raw: RawMessage, message: Message
) -> Outcome:
    """Records a second delivery of a known message.

    The earliest delivery sets its arrival time, unless disputed; the best verdict counts. A copy in a file of old mail
    changes nothing else; nor does one moved in, unless it was taken out of the junk folder.
    """
    delivery = erasure.discard_second_copy(work, twin, delivery)
    if _renumbered(work, twin, delivery):
        return Outcome(f"{twin.id} under a new number", came=False)
    about = EventRef(case=twin.case, notification=twin.notification, message=twin.id)
    claim = triage.impossible(raw.internaldate, raw.written).english if raw.seen_at else ""
    work.record(EventKind.DELIVERY_SEEN, added(replace(delivery, message=twin.id)), about=about, reason=claim)
    moved = raw.arrival is ArrivalBasis.MOVED
    saved = raw.role is Role.INBOX and twin.from_junk and (moved or not raw.arrival.in_file)
    if (raw.arrival.in_file and not saved) or _is_settled(twin):
        return Outcome(f"another copy of {twin.id}")
    if twin.direction == Direction.OUT:
        work.env.health_probe.returned(delivery.internaldate, twin.received_at)
        _learn_id(work, twin, raw, message)
        apply.prove_sent(work, twin)
        return Outcome(f"own copy of {twin.id}")
    better = twin
    if delivery.internaldate < twin.received_at and facts.disputed(work, raw) is None:
        better = replace(better, received_at=delivery.internaldate, arrival=raw.arrival)
    verdict = message.vouched
    if verdict.value == SenderVerdict.VERIFIED and twin.verdict == SenderVerdict.UNVERIFIED:
        better = replace(better, verdict=verdict.value, verdict_basis=verdict.basis)
    if saved:
        reason = FilingReason.OUT_OF_JUNK(reason=twin.reason)
        better = replace(better, reason=reason, from_junk=False, pending_digest=moved)
    if better != twin:
        work.record(EventKind.DELIVERY_SUPERSEDED, changed(twin, better), about=about)
        if twin.notification is not None:
            lifecycle.rejudge(work, twin.notification, better)
    if saved and not moved and better.place == Place.QUARANTINE:
        notices.tell_of_mail(work, "unplaced mail", better, message)
    return Outcome(f"another copy of {twin.id}")


def _learn_id(work: UnitOfWork, twin: StoredMessage, raw: RawMessage, message: Message) -> None:
    """Records the Message-ID of a copy of our mail in Sent, under which a server let it leave.

    Who got our mail can send it to the inbox under any Message-ID, so only the folder of sent mail teaches.
    """
    if raw.role is Role.SENT and twin.message_id is not None:
        changes = stored_messages.learned_id(work, message.message_id, twin.message_id, AssignedBy.COPY)
        if changes:
            about = EventRef(twin.case, twin.notification, twin.id)
            work.record(EventKind.MESSAGE_ID_LEARNED, *changes, about=about)


def _is_settled(twin: StoredMessage) -> bool:
    """True if no further copy changes a message: a person said when it was sent, or its octets are destroyed.

    What a copy of destroyed mail says of its sender would stay.
    """
    if twin.direction is Direction.OUT:
        return twin.arrival not in {ArrivalBasis.SERVER, ArrivalBasis.FIRST_SIGHT}
    return twin.discarded_at is not None


def _renumbered(work: UnitOfWork, twin: StoredMessage, delivery: Delivery) -> bool:
    """Records the new item of a known copy if its folder was renumbered; returns whether it was.

    It is the same delivery under another numbering. Of identical copies, the one that has this item already comes
    first.
    """
    same = [
        known
        for known in work.tx.find(Delivery, where(Delivery.message).is_(twin.id))
        if known.folder == delivery.folder and known.digest == delivery.digest and _same_arrival(known, delivery)
    ]
    called = delivery.numbering, delivery.item
    moved = (known for known in same if known.numbering != delivery.numbering)
    known = next((known for known in same if (known.numbering, known.item) == called), next(moved, None))
    if known is None:
        return False
    now_there = replace(known, numbering=delivery.numbering, item=delivery.item, gone_at=None)
    if now_there != known:
        work.record(EventKind.COPIES_CHANGED, changed(known, now_there), about=EventRef(message=twin.id))
    return True


def _same_arrival(known: Delivery, delivery: Delivery) -> bool:
    """True if two rows of a copy can bear one INTERNALDATE: what could not be at first sight is in no row."""
    claimed = ArrivalBasis.FIRST_SIGHT in {known.arrival, delivery.arrival}
    return claimed or known.internaldate == delivery.internaldate


def _file(
    work: UnitOfWork, raw: RawMessage, message: Message, delivery: Delivery, inner: Sequence[tuple[str, Message]],
    known: StoredMessage | None = None,
) -> str:  # fmt: skip
    """Triages a new message and records it with all its effects; `known` is its row if only files showed it so far."""
    about = facts.facts_of(work, raw, message)
    judged = judge(about, facts.reading_of(work.env))
    message, sender = about.message, about.sender
    stored = _row(work, about, delivery, judged)
    if known is not None:
        stored = replace(stored, id=known.id, first_seen_at=known.first_seen_at, same_id_as=known.same_id_as)
    if stored.place == Place.DECLINED:
        stored = citizen_criteria.minimal(stored, stored.reason)
    if judged.decision.opens and about.election is not None:
        stored = replace(stored, case=apply.open_case(work, stored, judged.found, about.election).number)
    event = EventRef(case=stored.case, notification=stored.notification, message=stored.id)
    changes = (changed(known, stored) if known else added(stored), added(replace(delivery, message=stored.id)))
    work.record(EventKind.MESSAGE_TAKEN_IN, *changes, about=event, reason=stored.reason)
    read = {apply.file_attached(work, stored, digest, attached).id: attached for digest, attached in inner}
    if judged.decision.from_file:  # until a person says what it is, it only teaches by which keys its exchange is known
        thread_keys.learn(work, stored, message, sender.platform)
    else:
        apply.apply_effects(work, stored, message, judged.decision, sender, read)
    apply.watch_server_name(work, about, stored)
    devices.spend_seen(work, message)
    if judged.placement.by_score is not None:
        confirmation.placed_by_score(work, stored, message, judged.placement.by_score, quietly=judged.decision.late)
    return f"{stored.place} {stored.case or '-'} {'+'.join(stored.kinds)}: {judged.decision.reason.english}"


def _row(work: UnitOfWork, about: IntakeFacts, delivery: Delivery, judged: Triaged) -> StoredMessage:
    """Returns the row of the message, with its classification and the reasons."""
    raw, message, placement, decision = about.raw, about.message, judged.placement, judged.decision
    in_case = decision.place == Place.CASE
    own = work.tx.get(Case, placement.case) if in_case and placement.case else None
    exercise = own.exercise if own is not None else about.exercise
    return replace(
        stored_messages.taken_in(work, message, delivery.digest, raw.arrived_at, decision.place),
        direction=Direction.OUT if raw.role is Role.SENT else Direction.IN,
        kinds=judged.found.kinds,
        case=placement.case if in_case else None,
        notification=placement.notification if in_case else None,
        match_basis=placement.basis,
        reason=FilingReason.DISPUTED(reason=decision.reason, dispute=judged.dispute)
        if judged.dispute
        else decision.reason,
        from_junk=decision.from_junk,
        suggestions=tuple(one.said for one in (*placement.suggestions, *placement.hints)),
        verdict=message.vouched.value,
        verdict_basis=message.vouched.basis,
        rule=judged.found.rule,
        automatic=message.kind is MechanicalKind.AUTO_REPLY or Kind.AUTO_REPLY in judged.found.kinds,
        disputed=judged.dispute is not None,
        pending_digest=(judged.missed or decision.listed) and not exercise,
        same_id_as=about.same_id,
        platform_references=thread_keys.merged(judged.found.references, thread_keys.marked_references(work, message))
        if about.sender.platform
        else (),
        ruleset=work.env.settings.rules.version,
        priority=judged.found.priority,
        labels=judged.found.labels,
        exercise=exercise,
        arrival=raw.arrival,
        person_basis=PersonBasis.COMMENT if message.comment and message.kind is MechanicalKind.HUMAN else None,
        says=judged.says,
    )
