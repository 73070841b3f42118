# SPDX-License-Identifier: EUPL-1.2
"""Properties of conditions alone: implication, contradiction, and rules that are never reached."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.mail.machine_words import Languages
from flaggermail.mail.message import Address, Message, SenderVerdict
from flaggermail.record.kinds import Kind
from flaggermail.rules.classifier import Rule, RuleEffect, RuleSet, Stage
from flaggermail.rules.conditions import (
    All,
    Between,
    Condition,
    Context,
    Domain,
    Either,
    MailFacts,
    Not,
    OneOf,
    Words,
    YesOrNo,
    wording,
)
from flaggermail.rules.overlap import excludes, implies, impossible, never_matching, overlapping, unreachable
from tests.corpus import each

LISTS = {"one": frozenset({"a.example"}), "two": frozenset({"b.example"})}
FIND = Re2Matcher().find

LEAVES: st.SearchStrategy[Condition] = st.one_of(
    st.builds(YesOrNo, st.sampled_from(["placed", "from_officer"]), wanted=st.booleans()),
    st.builds(OneOf, st.just("verdict"), st.sampled_from([("verified",), ("verified", "failed"), ("unverified",)])),
    st.builds(Domain, st.sampled_from([("one",), ("one", "two"), ("a.example",)])),
    st.builds(Between, st.just("size"), st.sampled_from([None, 1, 5]), st.sampled_from([None, 5, 9])),
    st.builds(
        Words, st.just("subject"), st.sampled_from([(wording("x"),), (wording("x"), wording("y")), (wording("y"),)])
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Either, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
FACTS = [
    MailFacts(
        Message(sha256="", size=size, from_=(Address(f"u@{domain}"),), subject=subject),
        Context(placed=placed, from_officer=officer, verdict=SenderVerdict(verdict)), LISTS, Languages(), FIND,
    )
    for size in (0, 5, 9, 99)
    for domain in ("a.example", "b.example", "c.example")
    for subject in ("x", "y", "x y", "z")
    for placed in (True, False)
    for officer in (True, False)
    for verdict in ("verified", "unverified", "failed")
]  # fmt: skip


@given(CONDITIONS, CONDITIONS)
def test_what_is_said_about_two_conditions_is_true_of_every_mail(one: Condition, other: Condition) -> None:
    """What is derived about two conditions is true of every mail."""
    follows, apart, never = implies(one, other), excludes(one, other), impossible(one)
    for facts in FACTS:
        first, second = one.look(facts).held, other.look(facts).held
        assert not (follows and first and not second)
        assert not (apart and first and second)
        assert not (never and first)


PLACED, STRANGE = YesOrNo("placed", wanted=True), YesOrNo("placed", wanted=False)
LISTED = Domain(("one",))


@each(
    ("one", "other"),
    [
        (PLACED, PLACED),
        (All((PLACED, LISTED)), LISTED),
        (LISTED, Domain(("one", "two"))),
        (OneOf("verdict", ("failed",)), OneOf("verdict", ("failed", "verified"))),
        (Between("size", 5, 6), Between("size", 1, None)),
        (Words("subject", (wording("x"),)), Words("subject", (wording("y"), wording("x")))),
        (PLACED, Either((LISTED, PLACED))),
        (Either((LISTED, All((LISTED, PLACED)))), LISTED),
        (Not(Domain(("one", "two"))), Not(LISTED)),
        (PLACED, Not(STRANGE)),
        (All((PLACED, LISTED)), All((LISTED, PLACED))),
    ],
)
def test_the_narrower_condition_implies_the_wider(one: Condition, other: Condition) -> None:
    """A condition with fewer words, more parts or tighter bounds implies the wider one."""
    assert implies(one, other)


def rule(name: str, when: Condition, stage: Stage = Stage.NOISE, *, decides: bool = True) -> Rule:
    """Returns a rule with these conditions."""
    return Rule(name, stage, when, RuleEffect((Kind.NOISE,)) if decides else RuleEffect(labels=(name,)), "x.yaml", 1)


def test_a_rule_behind_a_wider_one_is_never_asked() -> None:
    """A rule after a wider one is unreachable, in its stage or after an earlier stage that decides.

    A rule of another stage that only labels does not matter.
    """
    wide, narrow = rule("wide", LISTED), rule("narrow", All((LISTED, PLACED)))
    assert [(r.name, by.name) for r, by in unreachable(RuleSet((wide, narrow)))] == [("narrow", "wide")]
    assert list(unreachable(RuleSet((narrow, wide)))) == []
    early = rule("early", LISTED, Stage.MACHINE)
    assert [r.name for r, _ in unreachable(RuleSet((early, narrow)))] == ["narrow"]
    assert list(unreachable(RuleSet((rule("label", LISTED, Stage.SENDER, decides=False), narrow)))) == []


def test_a_rule_that_contradicts_itself_matches_nothing() -> None:
    """A rule with contradictory conditions, at any depth, is reported as never matching."""
    for when in (
        All((PLACED, STRANGE)),
        All((LISTED, Not(Domain(("one", "two"))))),
        All((PLACED, All((STRANGE, LISTED)))),
    ):
        assert [r.name for r in never_matching(RuleSet((rule("dead", when),)))] == ["dead"]
    assert list(never_matching(RuleSet((rule("alive", All((PLACED, LISTED))),)))) == []
    assert impossible(Either((All((PLACED, STRANGE)), All((STRANGE, PLACED)))))


def test_overlap_is_a_matter_of_order_alone() -> None:
    """Two rules overlap only if their order matters.

    A special case before the general one, two rules with the same outcome and rules of two stages do not overlap.
    """
    one, other = rule("one", LISTED), Rule("other", Stage.NOISE, PLACED, RuleEffect(labels=("b",)))
    assert overlapping(one, other)
    assert not overlapping(rule("special", All((LISTED, PLACED))), one)
    assert not overlapping(one, rule("same", PLACED))
    assert not overlapping(one, Rule("elsewhere", Stage.SENDER, PLACED, RuleEffect(labels=("b",))))
