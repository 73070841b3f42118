# SPDX-License-Identifier: EUPL-1.2
"""The shipped rules against the sample mails of rules/samples: every sample, and every single condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.mail.message import Message
from flaggermail.record.kinds import Kind
from flaggermail.rules import rulebook
from flaggermail.rules.classifier import Classification, Context, Rule, RuleSet, classify, explain, holding
from flaggermail.rules.conditions import All, Condition, Domain, Either, Not, OneOf, Words
from flaggermail.rules.configuration import load
from flaggermail.rules.rulebook import load_samples
from flaggermail.settings.yaml_files.source import FileFault
from flaggermail.shipped import shipped
from flaggermail.wiring.rule_checks import rule_findings
from tests.corpus import each
from tests.shipped_parser import PARSER

SETTINGS = load(shipped("config"), shipped("rules"))
FAULTS: list[FileFault] = []
SAMPLES = load_samples(shipped("rules"), FAULTS)
RULES = replace(SETTINGS.rules, lists={**SETTINGS.rules.lists, **rulebook.who_lists(SAMPLES)})
FIND = cache(Re2Matcher().find)
EVERY_MAIL = All(())


@cache
def mails() -> dict[str, tuple[Message, Context]]:
    """Returns every sample mail as parsed, with its context."""
    parser = PARSER
    read = {name: (sample, parser.parse(sample.octets)) for name, sample in SAMPLES.mails.items()}
    return {name: (mail, rulebook.context_of(sample, SAMPLES, mail)) for name, (sample, mail) in read.items()}


def outcome(name: str, rules: RuleSet) -> Classification:
    """Returns the classification of a sample mail, without the rule that decided it."""
    return replace(classify(*mails()[name], rules, FIND), rule=None, trace=None)


@cache
def intended(name: str) -> Classification:
    """Returns the classification by the shipped rules."""
    return outcome(name, RULES)


@cache
def made_by(name: str) -> frozenset[str]:
    """Returns the names of the rules that determine the classification of a sample."""
    return frozenset(tried.rule.name for tried in explain(*mails()[name], RULES, FIND).made_by)


def test_the_samples_are_read_without_fault_and_are_many_in_both_languages() -> None:
    """The samples load without fault, and there are at least 75 in Dutch and 75 in English.

    The name of a sample ends in its language.
    """
    assert FAULTS == []
    languages = [name.rpartition("-")[2] for name in SAMPLES.mails]
    assert len(languages) >= 150
    assert min(languages.count("nl"), languages.count("en")) >= 75


def test_the_rules_that_hold_are_those_that_are_explained() -> None:
    """`rules check` asks which rules hold, and a person what each of their conditions found: by the same rules."""
    for name, (mail, context) in mails().items():
        made, others = holding(mail, context, RULES, FIND)
        told = explain(mail, context, RULES, FIND)
        assert made == tuple(tried.rule for tried in told.made_by), name
        assert others == tuple(tried.rule for tried in told.passed_over if tried.looked.held), name


def test_a_sample_is_never_taken_for_another_language() -> None:
    """The language of a sample is recognised or left unknown, never mistaken."""
    for name, (mail, _) in mails().items():
        language = name.rpartition("-")[2]
        if language in RULES.languages.words:
            assert RULES.languages.guess(mail.reply_text) in {language, "unknown"}, name


def test_the_shipped_rules_have_no_fault() -> None:
    """Nothing is to be said of the shipped rules, whatever lists a desk has: `rules check` counts on it."""
    assert rule_findings(SETTINGS) == []
    assert SAMPLES.who is not None
    assert SAMPLES.who.lists.keys() == SETTINGS.rules.lists.keys()


@each("name", sorted(SAMPLES.mails), of="mails")
def test_a_sample_is_decided_as_it_says(name: str) -> None:
    """A sample is decided as its YAML says, and exactly the rules that decide it cite it."""
    nobody = SAMPLES.mails[name].beside.decided_by == "nobody"
    assert (intended(name).kinds == (Kind.UNKNOWN,)) is nobody
    assert {rule.name for rule in RULES.rules if name in cited(rule)} == made_by(name)


@each("rule", RULES.rules, ids=[rule.name for rule in RULES.rules])
def test_a_rule_shows_what_it_takes_and_what_only_looks_alike(rule: Rule) -> None:
    """Each rule cites at least one matching sample and one that only looks like a match."""
    assert rule.samples.match
    assert rule.samples.not_match


def cited(rule: Rule) -> list[str]:
    """Returns the samples that a rule must match."""
    return [sample.name for sample in rule.samples.match]


# ---- every condition matters

Reduced = tuple[str, Condition]


def without_one(condition: Condition) -> Iterator[Reduced]:
    """Yields `condition` without each single part or word, with the name of the removed part."""
    if isinstance(condition, All | Either):
        yield from _of_several(condition)
    elif isinstance(condition, Not):
        yield from ((f"not {name}", Not(rest)) for name, rest in without_one(condition.of))
    elif isinstance(condition, Words) and len(condition.entries) > 1:
        for entry in condition.entries:
            rest = tuple(other for other in condition.entries if other is not entry)
            yield f"{condition.place} {entry.written}", Words(condition.place, rest)
    elif isinstance(condition, OneOf | Domain) and len(condition.values) > 1:
        for value in condition.values:
            yield value, replace(condition, values=tuple(other for other in condition.values if other != value))


def _of_several(condition: All | Either) -> Iterator[Reduced]:
    for index, part in enumerate(condition.of):
        before, behind = condition.of[:index], condition.of[index + 1 :]
        if before or behind:
            yield _name(part), type(condition)((*before, *behind))
        yield from ((name, type(condition)((*before, rest, *behind))) for name, rest in without_one(part))


def _name(condition: Condition) -> str:
    return f"{type(condition).__name__} {getattr(condition, 'place', '') or getattr(condition, 'name', '')}".strip()


def _every() -> Iterator[tuple[Rule, str, Condition]]:
    for rule in RULES.rules:
        if not isinstance(rule.when, All):
            yield rule, _name(rule.when), EVERY_MAIL
        yield from ((rule, name, when) for name, when in without_one(rule.when))


TAKEN_OUT = list(_every())


@each(("rule", "name", "rest"), TAKEN_OUT, ids=[f"{rule.name}: {name}" for rule, name, _ in TAKEN_OUT])
def test_no_condition_can_be_taken_out_unnoticed(rule: Rule, name: str, rest: Condition) -> None:
    """Without any one of its conditions or words a rule changes the outcome of at least one sample."""
    rules = tuple(replace(one, when=rest) if one is rule else one for one in RULES.rules)
    changed = replace(RULES, rules=rules)
    own = [sample.name for sample in (*rule.samples.not_match, *rule.samples.match)]
    assert any(outcome(sample, changed) != intended(sample) for sample in dict.fromkeys([*own, *mails()])), name
