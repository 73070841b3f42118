# SPDX-License-Identifier: EUPL-1.2
"""What rules say about each other, read from their conditions alone: which can never match, which is never reached.

Sound and not complete: what is said here is true, and a rule that hides behind two others together is not found. Sample
mails find that one: it decides none of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from flaggermail.rules.classifier import Rule, RuleSet
from flaggermail.rules.conditions import All, Between, Condition, Domain, Either, Not, OneOf, Words, YesOrNo


def implies(one: Condition, other: Condition) -> bool:
    """Whether `other` holds wherever `one` does."""
    if isinstance(other, All):
        return all(implies(one, part) for part in other.of)
    if isinstance(one, Either):
        return all(implies(part, other) for part in one.of)
    if isinstance(one, All) and any(implies(part, other) for part in one.of):
        return True
    if isinstance(other, Either):
        return any(implies(one, part) for part in other.of)
    if isinstance(one, Not) and isinstance(other, Not):
        return implies(other.of, one.of)
    if isinstance(other, Not):
        return excludes(one, other.of)
    return _narrower(one, other)


def _narrower(one: Condition, other: Condition) -> bool:
    """The same of two single conditions: the second allows all that the first does."""
    if isinstance(one, YesOrNo) and isinstance(other, YesOrNo):
        return one == other
    if isinstance(one, OneOf) and isinstance(other, OneOf):
        return one.name == other.name and set(one.values) <= set(other.values)
    if isinstance(one, Domain) and isinstance(other, Domain):
        return set(one.values) <= set(other.values)
    if isinstance(one, Words) and isinstance(other, Words):
        return one.place == other.place and set(one.entries) <= set(other.entries)
    if isinstance(one, Between) and isinstance(other, Between):
        return one.name == other.name and _at_least(one, other) and _at_most(one, other)
    return False


def _at_least(one: Between, other: Between) -> bool:
    return other.least is None or (one.least is not None and one.least >= other.least)


def _at_most(one: Between, other: Between) -> bool:
    return other.most is None or (one.most is not None and one.most <= other.most)


def excludes(one: Condition, other: Condition) -> bool:
    """Whether the two can never hold together."""
    for first, second in ((one, other), (other, one)):
        if isinstance(first, All):
            return any(excludes(part, second) for part in first.of)
        if isinstance(first, Either):
            return all(excludes(part, second) for part in first.of)
        if isinstance(first, Not):
            return implies(second, first.of)
    return _apart(one, other)


def _apart(one: Condition, other: Condition) -> bool:
    """The same of two single conditions."""
    if isinstance(one, YesOrNo) and isinstance(other, YesOrNo):
        return one.name == other.name and one.wanted != other.wanted
    if isinstance(one, OneOf) and isinstance(other, OneOf):
        return one.name == other.name and not set(one.values) & set(other.values)
    if isinstance(one, Between) and isinstance(other, Between):
        return one.name == other.name and (_above(one, other) or _above(other, one))
    return False


def _above(one: Between, other: Between) -> bool:
    return one.least is not None and other.most is not None and one.least > other.most


def impossible(condition: Condition) -> bool:
    """Whether it contradicts itself."""
    if isinstance(condition, Either):
        return all(impossible(part) for part in condition.of)
    if not isinstance(condition, All):
        return False
    parts = condition.of
    pairs = ((one, other) for at, one in enumerate(parts) for other in parts[at + 1 :])
    return any(impossible(part) for part in parts) or any(excludes(one, other) for one, other in pairs)


def never_matching(rules: RuleSet) -> Iterator[Rule]:
    """Rules whose conditions contradict each other."""
    return (rule for rule in rules.rules if impossible(rule.when))


def unreachable(rules: RuleSet) -> Iterator[tuple[Rule, Rule]]:
    """Rules that are never asked, each with the earlier one that takes all of their mail.

    That one stands in the same stage, or in an earlier one and says what the mail is.
    """
    for at, rule in enumerate(rules.rules):
        before = (
            other
            for other in rules.rules[:at]
            if (other.stage is rule.stage or other.then.kinds) and implies(rule.when, other.when)
        )
        hidden_by = next(before, None)
        if hidden_by is not None and not impossible(rule.when):
            yield rule, hidden_by


def overlapping(one: Rule, other: Rule) -> bool:
    """Whether the order of two rules of one stage decides, though neither is a special case of the other."""
    if one.stage is not other.stage or one.then == other.then:
        return False
    return not implies(one.when, other.when) and not implies(other.when, one.when)
