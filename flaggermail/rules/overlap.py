# SPDX-License-Identifier: EUPL-1.2
"""Compares the conditions of rules to find rules that can never match and rules that are never reached.

Sound but not complete: every finding is true, but a rule that two others hide together is not found. Sample mails
reveal such a rule, because it decides none of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from flaggermail.rules.classifier import Rule, RuleSet
from flaggermail.rules.conditions import All, Between, Condition, Domain, Either, Not, OneOf, Words, YesOrNo


def implies(one: Condition, other: Condition) -> bool:
    """True if `other` holds whenever `one` does."""
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
    return _implies_simple(one, other)


def _implies_simple(one: Condition, other: Condition) -> bool:
    """`implies` for two simple conditions: `other` allows everything that `one` allows."""
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
    """True if the two can never hold together."""
    for first, second in ((one, other), (other, one)):
        if isinstance(first, All):
            return any(excludes(part, second) for part in first.of)
        if isinstance(first, Either):
            return all(excludes(part, second) for part in first.of)
        if isinstance(first, Not):
            return implies(second, first.of)
    return _excludes_simple(one, other)


def _excludes_simple(one: Condition, other: Condition) -> bool:
    """`excludes` for two simple conditions."""
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
    """True if the condition contradicts itself."""
    if isinstance(condition, Either):
        return all(impossible(part) for part in condition.of)
    if not isinstance(condition, All):
        return False
    parts = condition.of
    pairs = ((one, other) for at, one in enumerate(parts) for other in parts[at + 1 :])
    return any(impossible(part) for part in parts) or any(excludes(one, other) for one, other in pairs)


def never_matching(rules: RuleSet) -> Iterator[Rule]:
    """Yields rules whose conditions contradict each other."""
    return (rule for rule in rules.rules if impossible(rule.when))


def unreachable(rules: RuleSet) -> Iterator[tuple[Rule, Rule]]:
    """Yields rules that are never reached, each with the earlier rule that matches all of their mail.

    The earlier rule is in the same stage, or in an earlier stage and sets a kind.
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
    """True if the order of two rules of one stage matters, although neither is a special case of the other."""
    if one.stage is not other.stage or one.then == other.then:
        return False
    return not implies(one.when, other.when) and not implies(other.when, one.when)
