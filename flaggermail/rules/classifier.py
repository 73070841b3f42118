# SPDX-License-Identifier: EUPL-1.2
"""Classifies a message: stages of ordered rules; in each stage the first matching rule wins, and the trace says why.

A rule that sets a kind ends the classification. A rule that only adds labels or a priority ends its stage, and the next
stage follows. No rule can send to a platform, record an outcome or drop a message: the language has no word for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from flaggermail.mail.fields import in_domains
from flaggermail.mail.machine_words import Languages
from flaggermail.mail.message import Message
from flaggermail.record.case_values import CaseType, Priority, Source
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Platform
from flaggermail.rules.conditions import Condition, ConditionTrace, Context, Find, MailFacts
from flaggermail.rules.statements import AnswerWords

__all__ = [
    "STAGES",
    "CitedSample",
    "Classification",
    "Context",
    "Evaluated",
    "Explanation",
    "Rule",
    "RuleEffect",
    "RuleSet",
    "Samples",
    "Stage",
    "Statement",
    "classify",
    "explain",
    "platform_of",
    "references",
]  # fmt: skip


class Stage(StrEnum):
    """The questions asked of every mail, in this order."""

    MACHINE = "machine"  # did a machine write it?
    SENDER = "sender"  # what does the authentication of its sender say?
    PLATFORM = "platform"  # what does a person at a platform say?
    REFERRAL = "referral"  # who refers what?
    CITIZEN = "citizen"  # does a citizen report a post?
    NOISE = "noise"  # is it unrelated to the desk's work?


class AnswerTemplate(StrEnum):
    """The templates with which a rule can have a mail answered."""

    INTAKE_CONFIRMATION = "intake_confirmation"
    DECLINE = "decline"


class Statement(StrEnum):
    """What a platform's mail states besides its arrival: of a machine's mail, that is told."""

    QUESTION = "question"
    PROMISE = "promise"
    ANSWER = "answer"  # to the matter itself
    TICKET = "ticket"  # a survey, a merge or a closure


STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """The result of a matching rule. Without kinds the rule only adds priority and labels."""

    kinds: tuple[Kind, ...] = ()
    source: Source | None = None
    case_type: CaseType | None = None
    template: AnswerTemplate | None = None
    reference: str | None = None  # pattern that matches the platform's own reference
    says: Statement | None = None
    priority: Priority | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CitedSample:
    """The name of a sample mail, and the place at which a rule names it."""

    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Samples:
    """Sample mails that a rule must decide, and similar ones that it must not decide."""

    match: tuple[CitedSample, ...] = ()
    not_match: tuple[CitedSample, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `file`, `line` and `column` locate its name."""

    name: str
    stage: Stage
    when: Condition
    then: RuleEffect
    file: str = ""
    line: int = 1
    column: int = 1
    samples: Samples = Samples()

    @property
    def place(self) -> str:
        """File and line of the rule."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in order, stage by stage, and the domain lists they name."""

    rules: tuple[Rule, ...] = ()
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    languages: Languages = field(default_factory=Languages)
    answers: AnswerWords = field(default_factory=AnswerWords)
    version: str = ""  # SHA-256 over the files
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)  # the octets read, by name

    @property
    def for_persons(self) -> RuleSet:
        """The rules without those of machines and noise: what they say if a person wrote a mail for the desk."""
        of_others = {Stage.MACHINE, Stage.NOISE}
        return replace(self, rules=tuple(rule for rule in self.rules if rule.stage not in of_others))


@dataclass(frozen=True, slots=True)
class Classification:
    """The result: kinds, the rule that decided, and its trace."""

    kinds: tuple[Kind, ...]
    rule: str | None
    trace: ConditionTrace | None = None
    source: Source | None = None
    case_type: CaseType | None = None
    template: AnswerTemplate | None = None
    references: tuple[str, ...] = ()
    says: Statement | None = None
    priority: Priority = Priority.NORMAL
    labels: tuple[str, ...] = ()


_MOST_REFERENCES = 20  # matches of one pattern, more than any receipt has
_READ = 20_000  # characters; bounds the time spent on a mail full of numbers


def classify(message: Message, context: Context, rules: RuleSet, find: Find) -> Classification:
    """Applies the first matching rule of each stage; the kind is `unknown` if no rule sets one."""
    return classified(rules, facts_of(message, context, rules, find), {})


def classified(rules: RuleSet, facts: MailFacts, looked: dict[int, ConditionTrace | None]) -> Classification:
    """Works like `classify`. `looked`: what conditions found in the same facts, by `id`, None if nothing; grows."""
    added: list[RuleEffect] = []
    for rule, found in _matching(rules, facts, looked):
        added.append(rule.then)
        if rule.then.kinds:
            return _outcome(rule, found, added, facts)
    return Classification((Kind.UNKNOWN,), None, priority=_priority(added), labels=_labels(added))


def facts_of(message: Message, context: Context, rules: RuleSet, find: Find) -> MailFacts:
    """Returns what the conditions of these rules may examine."""
    return MailFacts(message, context, rules.lists, rules.languages, find, rules.answers)


def _matching(
    rules: RuleSet, facts: MailFacts, looked: dict[int, ConditionTrace | None]
) -> Iterator[tuple[Rule, ConditionTrace]]:
    """Yields the matching rule of each stage."""
    done: Stage | None = None
    for rule in rules.rules:
        if rule.stage is done:
            continue
        key = id(rule.when)
        if key not in looked:
            looked[key] = rule.when.look(facts) if rule.when.holds(facts) else None
        if (found := looked[key]) is not None:
            yield rule, found
            done = rule.stage


def _outcome(rule: Rule, looked: ConditionTrace, added: list[RuleEffect], facts: MailFacts) -> Classification:
    then = rule.then
    text = _read(facts.message)
    span = facts.find(then.reference, text) if then.reference else None
    return Classification(
        kinds=then.kinds,
        rule=f"{rule.place} {rule.name}",
        trace=looked,
        source=then.source,
        case_type=then.case_type,
        template=then.template,
        references=(text[slice(*span)],) if span else (),
        says=then.says,
        priority=_priority(added),
        labels=_labels(added),
    )


def _priority(added: list[RuleEffect]) -> Priority:
    """Returns the priority set by the latest stage, which knows most."""
    return next((then.priority for then in reversed(added) if then.priority), Priority.NORMAL)


def _labels(added: list[RuleEffect]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for then in added for label in then.labels))


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One rule, and what each of its conditions found."""

    rule: Rule
    looked: ConditionTrace
    reached: bool  # classify evaluates it: no earlier rule of its stage matched, and no earlier stage decided

    @property
    def parts(self) -> tuple[ConditionTrace, ...]:
        """The conditions at the top level of `when`."""
        return self.looked.within if self.looked.condition == "all" else (self.looked,)

    @property
    def share(self) -> float:
        """The share of top-level conditions that held, from 0 to 1."""
        return sum(part.held for part in self.parts) / len(self.parts)

    @property
    def nearness(self) -> tuple[int, float]:
        """Sort key: fewer failed conditions first; among equals, the larger share that held."""
        return (-sum(not part.held for part in self.parts), self.share)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a mail has its classification: the result, the rules that made it, the others, and the closest of those."""

    outcome: Classification
    made_by: tuple[Evaluated, ...]
    passed_over: tuple[Evaluated, ...]
    next_best: Evaluated | None


def explain(message: Message, context: Context, rules: RuleSet, find: Find) -> Explanation:
    """Classifies like `classify`, but evaluates every rule in full, including those that `classify` does not reach."""
    facts = facts_of(message, context, rules, find)
    outcome = classify(message, context, rules, find)
    made, others = list[Evaluated](), list[Evaluated]()
    decided, done = False, None
    for rule in rules.rules:
        reached = not decided and rule.stage is not done
        tried = Evaluated(rule, rule.when.look(facts, whole=True), reached)
        if reached and tried.looked.held:
            made.append(tried)
            decided, done = bool(rule.then.kinds), rule.stage
        else:
            others.append(tried)
    near = (tried for tried in others if tried.rule.then.kinds and tried.share > 0)
    best = max(near, key=lambda tried: tried.nearness, default=None)
    return Explanation(outcome, tuple(made), tuple(others), best)


def holding(
    message: Message, context: Context, rules: RuleSet, find: Find
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:  # fmt: skip
    """Returns the rules that made what `classify` returns, and the others that hold and that it does not reach.

    Both as `explain` has them, without what each condition found.
    """
    facts = facts_of(message, context, rules, find)
    made, others = list[Rule](), list[Rule]()
    for rule in rules.rules:
        if rule.when.holds(facts):
            reached = not made or not (made[-1].then.kinds or made[-1].stage is rule.stage)
            (made if reached else others).append(rule)
    return tuple(made), tuple(others)


def platform_of(message: Message, platforms: Iterable[Platform]) -> str | None:
    """Returns the code of the platform in whose name a mail comes, authenticated or not.

    If a mail has several authors, one in a platform's domain is enough: mail programs differ in the author they show.
    A domain with non-ASCII characters that lower-case to ASCII (the Kelvin sign becomes k) belongs to no platform.
    """
    domains = [address.domain for address in message.from_ if address.address.rpartition("@")[2].isascii()]
    owners = ((platform.code, frozenset(platform.domains)) for platform in platforms)
    return next((code for code, owned in owners if any(in_domains(domain, owned) for domain in domains)), None)


def references(message: Message, rules: RuleSet, find: Find) -> tuple[str, ...]:
    """Returns what any rule would take for a platform's reference in subject and text, at most 20 per pattern."""
    patterns = dict.fromkeys(rule.then.reference for rule in rules.rules if rule.then.reference)
    return tuple(dict.fromkeys(found for pattern in patterns for found in _all(pattern, _read(message), find)))


def _read(message: Message) -> str:
    return f"{message.subject or ''}\n{message.text[:_READ]}"


def _all(pattern: str, text: str, find: Find) -> Iterator[str]:
    rest = text
    for _ in range(_MOST_REFERENCES):
        span = find(pattern, rest)
        if span is None:
            return
        yield rest[slice(*span)]
        rest = rest[span[1] :]


@dataclass(frozen=True, slots=True)
class RulePair:
    """Two rule sets, prepared by `of`: conditions of `new` that are equal to those of `old` are the same objects."""

    old: RuleSet
    new: RuleSet
    same_words: bool
    """Both name the same domain lists and languages, so that equal conditions find the same."""

    @classmethod
    def from_rules(cls, old: RuleSet, new: RuleSet) -> RulePair:
        """Prepares two rule sets."""
        known = {rule.when: rule.when for rule in old.rules}
        rules = tuple(replace(rule, when=known.get(rule.when, rule.when)) for rule in new.rules)
        same = dict(old.lists) == dict(new.lists) and (old.languages, old.answers) == (new.languages, new.answers)
        return cls(old, replace(new, rules=rules), same)

    def classify(self, message: Message, context: Context, find: Find) -> tuple[Classification, Classification]:
        """Returns what `classifier.classify` returns for each of the two."""
        facts, looked = facts_of(message, context, self.old, find), dict[int, ConditionTrace | None]()
        before = classified(self.old, facts, looked)
        if self.same_words:
            return before, classified(self.new, facts, looked)
        return before, classified(self.new, facts_of(message, context, self.new, find), {})
