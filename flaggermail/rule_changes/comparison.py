# SPDX-License-Identifier: EUPL-1.2
"""What another rule set would make of the archive: every message judged by both, with what was known when it came.

What was known stands in the event by which a message was taken in: its verdict, where its keys led, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from flaggermail.cases import elections
from flaggermail.citizens import declining
from flaggermail.intake import disposition, triage
from flaggermail.mail.message import Message, Verdict
from flaggermail.matching import lookup, scoring
from flaggermail.matching.lookup import Sender
from flaggermail.matching.placing import Placement
from flaggermail.notifications import clocks
from flaggermail.ports import RawMessage, Role
from flaggermail.record.events import Change, EventKind
from flaggermail.record.rows import Delivery, ElectionSecret, Notification, Record, StoredMessage
from flaggermail.rules import classifier
from flaggermail.rules.classifier import Classification, RuleSet
from flaggermail.rules.conditions import Context
from flaggermail.services import UnitOfWork

T = TypeVar("T")
R = TypeVar("R", bound=Record)
_TOGETHER = 100  # messages that are parsed in one go
_BY_HAND = "placed by "
_CORRECTED = "corrected by "


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule set makes of a message: what it is, and where it would go."""

    found: Classification
    place: str
    opens: bool

    @property
    def says(self) -> str:
        """In a few words."""
        words = ["+".join(self.found.kinds), f"to {self.place}"]
        words += [word for word in (self.found.source, self.found.case_type, self.found.template) if word]
        words += ["urgent"] if self.found.priority == classifier.URGENT else []
        return " ".join([*words, *(f"#{label}" for label in self.found.labels)])


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it was when it was taken in; `stored` is its row as it stands now.

    `work` is of that instant, so that whoever looks up what runs on a day finds that day's.
    """

    work: UnitOfWork
    row: StoredMessage
    stored: StoredMessage
    raw: RawMessage
    message: Message
    context: Context
    known_sender: bool  # mail from this address had been taken in before
    sender: Sender

    @property
    def by_hand(self) -> bool:
        """Whether a person has said what it is, or where it belongs."""
        return self.stored.basis.startswith(_BY_HAND) or (self.stored.rule or "").startswith(_CORRECTED)


@dataclass(frozen=True, slots=True)
class Difference:
    """A message of which the outcome would change. What a person has said of it stands, whatever the rules say."""

    arrived: Arrived
    old: RuleOutcome
    new: RuleOutcome
    clocks: bool  # another clock would stop, or one less
    cases: bool  # another case would be opened, or none, or the message would lie elsewhere


def compare(work: UnitOfWork, old: RuleSet, new: RuleSet, judged: Callable[[int], None]) -> Iterator[Difference]:
    """The messages of the archive that `new` would judge otherwise than `old`, in the order in which they came to us.

    `judged` hears how many more have been judged.
    """
    for together in _batches(archive(work)):
        for one in together:
            difference = _difference(one, old, new)
            if difference is not None:
                yield difference
        judged(len(together))


def count(work: UnitOfWork) -> int:
    """How many messages `compare` judges, and a few more: those on which the judgement failed."""
    return sum(_is_there(row) for row in work.tx.find(StoredMessage, direction="in"))


def archive(work: UnitOfWork) -> Iterator[Arrived]:
    """Every message that the rules judged and that is there still, as it was when it came."""
    everything = work.tx.find(StoredMessage)
    rows = {row.id: row for row in everything if row.direction == "in" and _is_there(row)}
    first = {row.from_address: row.id for row in reversed(everything)}
    taken = (
        (rows[change.key], _as_taken_in(rows[change.key], change))
        for _, event in work.tx.events()
        if event.kind is EventKind.MESSAGE_TAKEN_IN
        for change in event.changes
        if change.table == StoredMessage.TABLE and change.key in rows
    )
    for together in _batches(taken):
        messages = work.env.parser.parse_all([work.env.octets.get(row.digest) for _, row in together])
        for (stored, row), message in zip(together, messages, strict=True):
            one = _arrived(replace(work, now=row.first_seen_at), stored, row, message)
            known = message.sender is not None and first.get(message.sender.key, row.id) < row.id
            yield replace(one, known_sender=known)


def _as_taken_in(row: R, change: Change) -> R:
    """The row with the values that it had in the event; generic, because the values are typed by the row alone."""
    return replace(row, **change.values)


def _is_there(row: StoredMessage) -> bool:
    """Not what came attached to another mail, of which no rule is asked, and not what is destroyed."""
    return not row.basis.startswith("forwarded in ") and row.discarded_at is None


def _batches(many: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(many)
    while together := list(islice(rest, _TOGETHER)):
        yield together


def _arrived(then: UnitOfWork, stored: StoredMessage, row: StoredMessage, message: Message) -> Arrived:
    raw = _raw(then, row)
    sender = lookup.sender_of(then, message)
    vouched = replace(message, vouched=Verdict(row.verdict, row.verdict_basis))
    return Arrived(
        then, row, stored, raw, vouched, _context(then, row, raw, vouched, sender), known_sender=False, sender=sender
    )


def _raw(then: UnitOfWork, row: StoredMessage) -> RawMessage:
    """How it came: the first delivery of it, without its octets."""
    first = min(then.tx.find(Delivery, message=row.id, digest=row.digest), key=lambda one: one.first_seen_at)
    junk = first.folder == then.env.settings.desk.mailbox.junk
    return RawMessage(
        b"", first.internaldate, first.folder, first.uidvalidity, first.uid, Role.JUNK if junk else Role.INBOX
    )


def _context(then: UnitOfWork, row: StoredMessage, raw: RawMessage, message: Message, sender: Sender) -> Context:
    """What the rules could ask about it beside itself."""
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
    """Where its keys led; of a case that it opened itself there was none."""
    named = bool(row.basis)
    found = tuple(scoring.read(text) for text in row.suggestions)
    strong = tuple(one for one in found if one.score >= scoring.HOLDS)
    return Placement(row.case if named else None, row.notification if named else None, row.basis, suggestions=strong)


def _declined_before(then: UnitOfWork, row: StoredMessage, message: Message) -> bool:
    """Whether its sender had been declined by then, and not because of this mail or a later one.

    Once the key of a closed election is destroyed, nobody knows, and it is taken that he had not.
    """
    election = elections.open_election(then)
    if election is None or message.sender is None:
        return False
    told = declining.told(then, then.tx.get(ElectionSecret, election.code), message.sender.key)
    if told is None or told.message >= row.id:
        return False
    return told.taken_back_at is None or told.taken_back_at > then.now


def _difference(one: Arrived, old: RuleSet, new: RuleSet) -> Difference | None:
    before, after = classify(one, old), classify(one, new)
    if _same(before, after):
        return None
    was, would = outcome(one, before), outcome(one, after)
    return Difference(
        one, was, would,
        clocks=not one.by_hand and _stops(one.stored, before) != _stops(one.stored, after),
        cases=not one.by_hand and _case_of(was) != _case_of(would),
    )  # fmt: skip


def classify(one: Arrived, ruleset: RuleSet) -> Classification:
    """What a rule set would have said of it."""
    return classifier.classify(one.message, one.context, ruleset, one.work.env.matcher.find)


def _same(one: Classification, other: Classification) -> bool:
    """Whether they say the same; by which rule is no matter."""
    bare = (replace(found, rule=None, trace=None) for found in (one, other))
    return next(bare) == next(bare)


def _stops(row: StoredMessage, found: Classification) -> frozenset[str]:
    """Which clocks of its notification the message would stop, by what is known of its sender now."""
    judged = replace(row, kinds=tuple(kind.value for kind in found.kinds))
    answer = clocks.answer_of_message(judged) if row.notification is not None else None
    return answer.stops if answer is not None else frozenset()


def _case_of(outcome: RuleOutcome) -> tuple[object, ...]:
    """What of an outcome shows in cases."""
    opened = (outcome.found.source, outcome.found.case_type) if outcome.opens else ()
    return (outcome.place, outcome.opens, opened)


def outcome(one: Arrived, found: Classification) -> RuleOutcome:
    """What would have become of it, had the rules found that."""
    then = one.work
    mail = triage.Mail(one.raw, one.message, one.sender, _placement(one.row))
    facts = triage.facts_of(then, mail, one.context, found, disputed=one.row.disputed)
    decision = disposition.decide(replace(facts, known_sender=one.known_sender))
    if lookup.late(then.env, one.raw, then.now):
        decision = disposition.of_old_mail(decision)
    return RuleOutcome(found, decision.place, decision.opens)
