# SPDX-License-Identifier: EUPL-1.2
"""Compares two rule sets on the archive: both classify every message, with what was known when it arrived.

The event that recorded the arrival holds what was known: the verdict, the match by tokens, and the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from flaggermail.cases import elections, erasure
from flaggermail.intake import disposition, facts, triage
from flaggermail.mail.message import Message, Verdict
from flaggermail.matching import lookup, scoring
from flaggermail.matching.placing import Placement, Sender
from flaggermail.ports import RawMessage, Role
from flaggermail.record import clocks
from flaggermail.record.case_values import Priority
from flaggermail.record.definition import where
from flaggermail.record.events import Change, EventKind
from flaggermail.record.kinds import Direction, Place
from flaggermail.record.rows import Delivery, ElectionSecret, Notification, Record, StoredMessage
from flaggermail.rules import classifier
from flaggermail.rules.classifier import Classification, RulePair, RuleSet
from flaggermail.rules.conditions import Context
from flaggermail.services import Services, UnitOfWork, one_ahead
from flaggermail.wording.said import StoredText
from flaggermail.wording.sheets import PlaceWord, RuleText

T = TypeVar("T")
R = TypeVar("R", bound=Record)
Arrival = tuple[int, StoredMessage, StoredMessage]  # number of the event; the row as it is, and as it was
_BATCH_SIZE = 100  # messages parsed in one batch


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """The effect of a rule set on a message: its classification and where it would be placed."""

    found: Classification
    place: Place
    opens: bool

    @property
    def says(self) -> StoredText:
        """A short description."""
        more = [str(word) for word in (self.found.source, self.found.case_type, self.found.template) if word]
        more += [str(Priority.URGENT)] if self.found.priority == Priority.URGENT else []
        more += [f"#{label}" for label in self.found.labels]
        said = RuleText.OUTCOME_WITH if more else RuleText.OUTCOME
        return said.having(kinds="+".join(self.found.kinds), place=PlaceWord[self.place.name](), more=" ".join(more))


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """A message as it was on arrival; `stored` is its row in its present state.

    `work` has the time of arrival, so lookups by day find what applied on that day.
    """

    work: UnitOfWork
    row: StoredMessage
    stored: StoredMessage
    raw: RawMessage
    message: Message
    context: Context
    known_sender: bool  # an earlier mail came from this address
    sender: Sender

    @property
    def by_hand(self) -> bool:
        """True if a person has classified or placed it."""
        return self.stored.placed_by is not None or self.stored.corrected_by is not None


@dataclass(frozen=True, slots=True)
class Difference:
    """A message whose outcome would change. A person's decision about it stays in force, whatever the rules say."""

    arrived: ArchivedMessage
    old: RuleOutcome
    new: RuleOutcome
    clocks: bool  # it would stop different clocks
    cases: bool  # it would open a different case or none, or be placed elsewhere


@dataclass(frozen=True, slots=True)
class ComparedPart:
    """A part of the archive, compared; `next` is the `after` of the following part, None at the end."""

    judged: int
    next: int | None
    differences: tuple[Difference, ...]


def compare(work: UnitOfWork, old: RuleSet, new: RuleSet, judged: Callable[[int], None]) -> Iterator[Difference]:
    """Yields the messages of the archive that `new` classifies differently from `old`, in order of arrival.

    Calls `judged` with the number of messages classified since its last call.
    """
    pair = RulePair.from_rules(old, new)
    for batch in _batches(archive(work)):
        for one in batch:
            difference = _difference(one, pair)
            if difference is not None:
                yield difference
        judged(len(batch))


def compare_next(work: UnitOfWork, old: RuleSet, new: RuleSet, after: int, most: int) -> ComparedPart:
    """Compares at most `most` messages, recorded after the event `after`; the next call begins where this one ended."""
    judged, last, differences = 0, after, list[Difference]()
    pair = RulePair.from_rules(old, new)
    for seq, one in _archive_after(work, after, most):
        judged, last = judged + 1, seq
        difference = _difference(one, pair)
        if difference is not None:
            differences.append(difference)
    return ComparedPart(judged, last if judged == most else None, tuple(differences))


def count(work: UnitOfWork) -> int:
    """Returns the number of messages that `compare` classifies, plus those whose classification fails."""
    return sum(_exists(row) for row in work.tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN)))


def archive(work: UnitOfWork) -> Iterator[ArchivedMessage]:
    """Yields every message that the rules classified and that still exists, as it was on arrival."""
    for _, one in _archive_after(work, 0):
        yield one


def _archive_after(work: UnitOfWork, after: int, most: int | None = None) -> Iterator[tuple[int, ArchivedMessage]]:
    """Yields the messages recorded after the event `after`, at most `most` of them, each with its event's number."""
    everything = work.tx.find(StoredMessage)
    rows = {row.id: row for row in everything if row.direction == Direction.IN and _exists(row)}
    first = {row.from_address: row.id for row in reversed(everything)}
    taken = (
        (seq, rows[change.key], _as_taken_in(rows[change.key], change))
        for seq, event in work.tx.events(after, EventKind.MESSAGE_TAKEN_IN)
        for change in event.changes
        if change.table == StoredMessage.TABLE and change.key in rows
    )
    with ThreadPoolExecutor(1, "compare") as reader:
        for batch, messages in one_ahead(reader, partial(_read, work.env), _batches(islice(taken, most))):
            delivered = work.tx.find(Delivery, where(Delivery.message).in_([row.id for _, _, row in batch]))
            deliveries = {(one.message, one.digest): one for one in sorted(delivered, key=_seen_at, reverse=True)}
            for (seq, stored, row), message in zip(batch, messages, strict=True):
                raw = _raw(work, deliveries[row.id, row.digest])
                one = _arrived(replace(work, now=row.first_seen_at), stored, row, raw, message)
                known = message.sender is not None and first.get(message.sender.key, row.id) < row.id
                yield seq, replace(one, known_sender=known)


def _read(env: Services, batch: Sequence[Arrival]) -> list[Message]:
    """Parses the mails of a batch, which other processes do."""
    return env.parser.parse_all([env.octets.get(row.digest) for _, _, row in batch])


def _as_taken_in(row: R, change: Change) -> R:
    """Returns the row with the values of the event. Generic, because only the row types its values."""
    return replace(row, **change.values)


def _exists(row: StoredMessage) -> bool:
    """False for mails attached to another, to which no rule applies, and for destroyed ones."""
    return row.enclosed_in is None and row.discarded_at is None


def _batches(many: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(many)
    while batch := list(islice(rest, _BATCH_SIZE)):
        yield batch


def _seen_at(delivery: Delivery) -> datetime:
    return delivery.first_seen_at


def _arrived(
    then: UnitOfWork, stored: StoredMessage, row: StoredMessage, raw: RawMessage, message: Message
) -> ArchivedMessage:
    sender = lookup.sender_of(then, message)
    own = lookup.with_answers(then, lookup.without_ours(then, message, sender.platform), [row.notification])
    vouched = replace(own, vouched=Verdict(row.verdict, row.verdict_basis))
    return ArchivedMessage(
        then, row, stored, raw, vouched, _context(then, row, raw, vouched, sender), known_sender=False, sender=sender
    )


def _raw(work: UnitOfWork, first: Delivery) -> RawMessage:
    """Returns a message as its first delivery says, without its octets."""
    mailbox = work.env.settings.desk.mailbox
    junk = (first.role or mailbox.role_of(first.folder)) is Role.JUNK
    role = Role.JUNK if junk else Role.INBOX
    return RawMessage(
        b"", first.internaldate, first.folder, first.numbering, first.item, role, first.arrival, first.source
    )


def _context(then: UnitOfWork, row: StoredMessage, raw: RawMessage, message: Message, sender: Sender) -> Context:
    """Returns what the rules could test besides the content of the mail."""
    placed = _placement(row)
    answered = then.tx.get(Notification, placed.notification) if placed.notification else None
    since = raw.internaldate - answered.sent_at if answered is not None and answered.sent_at is not None else None
    return Context(
        platform=sender.platform,
        from_officer=sender.officer is not None,
        placed=placed.case is not None,
        suggested=bool(placed.suggestions),
        channel=answered.channel if answered else None,
        minutes=max(0, int(since.total_seconds()) // 60) if since is not None else None,
        verdict=row.verdict,
        period=elections.open_election(then) is not None,
        declined_before=_declined_before(then, row, message),
    )


def _placement(row: StoredMessage) -> Placement:
    """Returns where its tokens placed it; None for a case that the message itself opened."""
    named = bool(row.match_basis)
    found = tuple(scoring.read(said) for said in row.suggestions)
    strong = tuple(one for one in found if one.score >= scoring.HOLDS)
    return Placement(
        row.case if named else None, row.notification if named else None, row.match_basis, suggestions=strong
    )


def _declined_before(then: UnitOfWork, row: StoredMessage, message: Message) -> bool:
    """True if its sender had been declined before, and not because of this mail or a later one.

    Once the secret of a closed election is destroyed this cannot be known, and False is assumed.
    """
    election = elections.open_election(then)
    if election is None or message.sender is None:
        return False
    told = erasure.decline_of(then, then.tx.get(ElectionSecret, election.code), message.sender.key)
    if told is None or told.message >= row.id:
        return False
    return told.taken_back_at is None or told.taken_back_at > then.now


def _difference(one: ArchivedMessage, pair: RulePair) -> Difference | None:
    before, after = pair.classify(one.message, one.context, one.work.env.matcher.find)
    if _same(before, after):
        return None
    was, would = outcome(one, before), outcome(one, after)
    return Difference(
        one, was, would,
        clocks=not one.by_hand and _stops(one.stored, before) != _stops(one.stored, after),
        cases=not one.by_hand and _case_of(was) != _case_of(would),
    )  # fmt: skip


def classify(one: ArchivedMessage, ruleset: RuleSet) -> Classification:
    """Classifies the message by a rule set."""
    return classifier.classify(one.message, one.context, ruleset, one.work.env.matcher.find)


def _same(one: Classification, other: Classification) -> bool:
    """True if both give the same result, whichever rule decided."""
    if one.trace is other.trace and one == other:
        return True
    bare = (replace(found, rule=None, trace=None) for found in (one, other))
    return next(bare) == next(bare)


def _stops(row: StoredMessage, found: Classification) -> frozenset[str]:
    """Returns the clocks of its notification that the message would stop, given the present verdict on its sender."""
    judged = replace(row, kinds=found.kinds)
    answer = clocks.answer_of_message(judged) if row.notification is not None else None
    return answer.stops if answer is not None else frozenset()


def _case_of(outcome: RuleOutcome) -> tuple[object, ...]:
    """Returns the part of an outcome that affects cases."""
    opened = (outcome.found.source, outcome.found.case_type) if outcome.opens else ()
    return (outcome.place, outcome.opens, opened)


def outcome(one: ArchivedMessage, found: Classification) -> RuleOutcome:
    """Returns the outcome of that classification at the time of arrival."""
    then = one.work
    known = replace(facts.of_author(then, one.raw, one.message, one.sender), known_sender=one.known_sender)
    reading, placement = facts.reading_of(then.env), _placement(one.row)
    on = triage.circumstances(known, placement, one.context, found, reading, disputed=one.row.disputed)
    decision = disposition.decide(on)
    if known.late:
        decision = disposition.of_old_mail(decision)
    return RuleOutcome(found, decision.place, decision.opens)
