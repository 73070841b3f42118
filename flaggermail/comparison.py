# SPDX-License-Identifier: EUPL-1.2
"""What another rule set would make of the archive: every message judged by both, with what was known when it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from flaggermail import judge, recognise
from flaggermail.core import case, clocks, rules
from flaggermail.core.conditions import Context
from flaggermail.core.message import Message, Verdict
from flaggermail.core.records import Decline, Delivery, Election, Notification, StoredMessage
from flaggermail.core.rules import Classification, RuleSet
from flaggermail.core.threads import Placement
from flaggermail.core.unverified import came_unverified
from flaggermail.environment import Work
from flaggermail.ports import RawMessage, Role
from flaggermail.recognise import Sender

_TOGETHER = 100  # messages that are parsed in one go
_BY_HAND = "placed by "
_CORRECTED = "corrected by "


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule set makes of a message: what it is, and where it would go."""

    found: Classification
    place: str
    opens: bool

    @property
    def says(self) -> str:
        """In a few words."""
        words = ["+".join(self.found.kinds), f"to {self.place}"]
        words += [word for word in (self.found.source, self.found.case_type, self.found.template) if word]
        words += ["urgent"] if self.found.priority == rules.URGENT else []
        return " ".join([*words, *(f"#{label}" for label in self.found.labels)])


@dataclass(frozen=True, slots=True)
class Difference:
    """A message of which the outcome would change. What a person has said of it stands, whatever the rules say."""

    stored: StoredMessage
    message: Message
    context: Context
    old: Outcome
    new: Outcome
    by_hand: bool
    clocks: bool  # another clock would stop, or one less
    cases: bool  # another case would be opened, or none, or the message would lie elsewhere


def compare(work: Work, old: RuleSet, new: RuleSet, judged: Callable[[int], None]) -> Iterator[Difference]:
    """The messages of the archive that `new` would judge otherwise than `old`, in the order in which they came to us.

    `judged` hears how many more have been judged.
    """
    received = [row for row in work.tx.find(StoredMessage, direction="in") if _was_judged(row)]
    for start in range(0, len(received), _TOGETHER):
        rows = received[start : start + _TOGETHER]
        messages = work.env.parser.parse_all([work.env.octets.get(row.digest) for row in rows])
        for row, message in zip(rows, messages, strict=True):
            difference = _difference(work, row, message, old, new)
            if difference is not None:
                yield difference
        judged(len(rows))


def count(work: Work) -> int:
    """How many messages `compare` judges."""
    return sum(_was_judged(row) for row in work.tx.find(StoredMessage, direction="in"))


def _was_judged(row: StoredMessage) -> bool:
    """Not what came attached to another mail, and not what is destroyed."""
    return not row.basis.startswith("forwarded in ") and row.discarded_at is None


def _difference(work: Work, row: StoredMessage, message: Message, old: RuleSet, new: RuleSet) -> Difference | None:
    context = context_then(work, row, message)
    before, after = (rules.classify(message, context, ruleset, work.env.matcher.find) for ruleset in (old, new))
    if _same(before, after):
        return None
    was, would = (_outcome(work, row, message, context, found) for found in (before, after))
    by_hand = row.basis.startswith(_BY_HAND) or (row.rule or "").startswith(_CORRECTED)
    return Difference(
        row, message, context, was, would, by_hand,
        clocks=not by_hand and _stops(row, before) != _stops(row, after),
        cases=not by_hand and _case_of(was) != _case_of(would),
    )  # fmt: skip


def _same(one: Classification, other: Classification) -> bool:
    """Whether they say the same; by which rule is no matter."""
    bare = (replace(found, rule=None, trace=None) for found in (one, other))
    return next(bare) == next(bare)


def _stops(row: StoredMessage, found: Classification) -> frozenset[str]:
    """Which clocks of its notification the message would stop."""
    automatic = rules.Kind.AUTO_REPLY in found.kinds
    judged = replace(row, kinds=tuple(kind.value for kind in found.kinds), automatic=automatic)
    answer = clocks.answer_of_message(judged) if row.notification is not None else None
    return answer.stops if answer is not None else frozenset()


def _case_of(outcome: Outcome) -> tuple[object, ...]:
    """What of an outcome shows in cases."""
    opened = (outcome.found.source, outcome.found.case_type) if outcome.opens else ()
    return (outcome.place, outcome.opens, opened)


def _outcome(work: Work, row: StoredMessage, message: Message, context: Context, found: Classification) -> Outcome:
    raw = _raw(work, row)
    vouched = replace(message, vouched=Verdict(context.verdict, row.verdict_basis))
    placement = Placement(row.case if context.placed else None, row.notification if context.placed else None, row.basis)
    mail = judge.Mail(raw, vouched, Sender(context.platform, None), placement)
    facts = judge.facts_of(work, mail, context, found, disputed=row.disputed)
    then = replace(
        facts, known_sender=_known_before(work, row), election=_election_at(work, row.received_at),
        suggestions=context.suggested,
    )  # fmt: skip
    decision = case.decide(then)
    return Outcome(found, decision.place, decision.opens)


def _raw(work: Work, row: StoredMessage) -> RawMessage:
    """The message as it came, as far as the decision asks for it: in which folder."""
    desk = work.env.settings.desk.mailbox
    first = min(work.tx.find(Delivery, message=row.id), key=lambda delivery: delivery.internaldate, default=None)
    folder = first.folder if first is not None else desk.inbox
    role = Role.JUNK if folder == desk.junk else Role.INBOX
    return RawMessage(b"", row.received_at, folder, 0, 0, role)


def context_then(work: Work, row: StoredMessage, message: Message) -> Context:
    """What was known of a message when it came, as far as the record tells."""
    sender = recognise.sender_of(work, message)
    placed = bool(row.basis) and not row.basis.startswith(_BY_HAND) and row.case is not None
    answered = work.tx.get(Notification, row.notification) if placed and row.notification else None
    sent_at = answered.sent_at if answered else None
    since = row.received_at - sent_at if sent_at is not None else None
    return Context(
        platform=sender.platform,
        from_officer=sender.officer is not None,
        placed=placed,
        suggested=bool(row.suggestions),
        channel=answered.channel if answered else None,
        minutes=max(0, int(since.total_seconds()) // 60) if since is not None else None,
        verdict="unverified" if came_unverified(row.verdict, row.verdict_basis) else row.verdict,
        period=_election_at(work, row.received_at) is not None,
        declined_before=not work.tx.find(Decline, message=row.id) and recognise.declined_before(work, message),
    )


def _election_at(work: Work, at: datetime) -> str | None:
    """The election whose period ran then."""
    day = at.astimezone(work.env.settings.zone).date()
    running = [e for e in work.tx.find(Election) if e.period_from <= day <= e.period_until]
    return min(running, key=lambda e: abs((min(e.polling_days) - day).days)).code if running else None


def _known_before(work: Work, row: StoredMessage) -> bool:
    """Whether mail of this sender had been taken in before this one."""
    if row.from_address is None:
        return False
    return any(other.id < row.id for other in work.tx.find(StoredMessage, from_address=row.from_address))
