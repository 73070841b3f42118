# SPDX-License-Identifier: EUPL-1.2
"""In each stage the first matching rule decides; the first rule that gives a kind ends the classification."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.mail.message import Address, Message
from flaggermail.record.case_values import CaseType, Priority, Source
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Platform
from flaggermail.rules.classifier import (
    AnswerTemplate,
    Classification,
    Context,
    Rule,
    RuleEffect,
    RuleSet,
    Stage,
    classify,
    explain,
    platform_of,
    references,
)
from flaggermail.rules.conditions import All, Condition, Words, YesOrNo, wording

FIND = Re2Matcher().find
MAIL = Message(
    sha256="", size=0, from_=(Address("desk@eu.video-platform.example"),), subject="Re: Two boxes [#5519]",
    text="We will look into it.\n> Could you check this?", reply_text="We will look into it.",
)  # fmt: skip
NOISE = RuleEffect((Kind.NOISE,))
ALWAYS = YesOrNo("placed", wanted=False)
NEVER = YesOrNo("placed", wanted=True)


def body(*entries: str) -> Words:
    """Returns a condition on words in the body."""
    return Words("body", tuple(map(wording, entries)))


def rule(name: str, when: Condition = ALWAYS, stage: Stage = Stage.PLATFORM, *, then: RuleEffect = NOISE) -> Rule:
    """Returns a rule in the third line of a file."""
    return Rule(name, stage, when, then, "20-x.yaml", 3)


def outcome(*rules: Rule, message: Message = MAIL) -> Classification:
    """Returns the classification of a mail by these rules."""
    return classify(message, Context(), RuleSet(rules), FIND)


def test_first_rule_of_a_stage_that_matches_wins() -> None:
    """The first matching rule of a stage decides; later rules of the stage are not evaluated."""
    first, second = rule("first", then=RuleEffect((Kind.PLATFORM_ACK,))), rule("second")
    assert outcome(rule("never", NEVER), first, second).kinds == (Kind.PLATFORM_ACK,)
    assert outcome(first, second).rule == "20-x.yaml:3 first"
    assert outcome(second, first).rule == "20-x.yaml:3 second"


def test_a_rule_that_says_what_the_mail_is_ends_the_matter() -> None:
    """A rule that gives a kind ends the classification; later stages are not evaluated."""
    later = rule("later", stage=Stage.NOISE, then=RuleEffect((Kind.NOISE,), labels=("late",)))
    found = outcome(rule("first", then=RuleEffect((Kind.REFERRAL,))), later)
    assert (found.kinds, found.labels) == ((Kind.REFERRAL,), ())


def test_a_rule_that_only_labels_ends_its_own_stage() -> None:
    """A rule that only labels ends its own stage; labels add up, and the last priority wins."""
    marks = rule("marks", stage=Stage.SENDER, then=RuleEffect(labels=("forged",), priority=Priority.URGENT))
    not_asked = rule("not asked", stage=Stage.SENDER, then=RuleEffect(labels=("never",)))
    says = rule("says", then=RuleEffect((Kind.PLATFORM_ACK,), labels=("question", "forged")))
    found = outcome(marks, not_asked, says)
    assert (found.kinds, found.labels, found.priority) == ((Kind.PLATFORM_ACK,), ("forged", "question"), "urgent")
    calm = replace(says, then=replace(says.then, priority=Priority.NORMAL))
    assert outcome(marks, calm).priority == "normal"
    assert outcome(marks) == Classification((Kind.UNKNOWN,), None, priority=Priority.URGENT, labels=("forged",))


def test_no_rule_matching_is_unknown() -> None:
    """A mail that no rule matches is unknown, never noise."""
    for rules in ((), (rule("never", NEVER),)):
        assert outcome(*rules) == Classification((Kind.UNKNOWN,), None)


def test_what_the_rule_gives_comes_with_the_outcome() -> None:
    """The classification has the rule's source, type and template, and references found in subject or text."""
    then = RuleEffect((Kind.REFERRAL,), Source.MEDIA, CaseType.CONTENT, AnswerTemplate.INTAKE_CONFIRMATION, r"#\d{3,}")
    whole = rule("whole", then=then)
    found = outcome(whole)
    assert (found.source, found.case_type, found.template) == ("media", "A_content", "intake_confirmation")
    assert found.references == ("#5519",)
    assert outcome(whole, message=replace(MAIL, subject=None)).references == ()


def test_references_are_all_that_any_rule_would_take() -> None:
    """References are found in subject and text by every rule's pattern, each once, twenty at most."""
    rules = RuleSet(
        (rule("a", then=RuleEffect(reference=r"#\d+\b")), rule("b", then=RuleEffect(reference=r"\bR-\d+\b")))
    )
    message = replace(MAIL, subject="[#5519] and R-88172", text="See #5519, not #12.")
    assert references(message, rules, FIND) == ("#5519", "#12", "R-88172")
    assert references(MAIL, RuleSet((rule("none"),)), FIND) == ()
    many = replace(MAIL, subject="", text=" ".join(f"#{number}" for number in range(1000)))
    assert len(references(many, rules, FIND)) == 20


def test_explanation_names_what_was_passed_over_and_the_next_best() -> None:
    """The next-best rule is a later one that would match, otherwise the one with most conditions met."""
    half = rule("half", All((ALWAYS, body("nowhere"))))
    third = rule("third", All((ALWAYS, NEVER, body("nowhere"))))
    decides = rule("decides", stage=Stage.REFERRAL)
    found = explain(MAIL, Context(), RuleSet((third, half, decides)), FIND)
    assert [tried.rule.name for tried in found.made_by] == ["decides"]
    assert [tried.rule.name for tried in found.passed_over] == ["third", "half"]
    assert found.next_best is not None
    assert (found.next_best.rule.name, found.next_best.share) == ("half", 0.5)
    assert [part.saw for part in found.next_best.looked.within] == ["is false", "found nowhere"]
    later = rule("later", stage=Stage.NOISE)
    found = explain(MAIL, Context(), RuleSet((third, half, decides, later)), FIND)
    assert found.next_best is not None
    assert (found.next_best.rule.name, found.next_best.reached) == ("later", False)
    nothing = explain(MAIL, Context(), RuleSet((rule("never", NEVER),)), FIND)
    assert nothing.next_best is None


def test_explanation_is_the_live_outcome() -> None:
    """An explanation has the same outcome as the live classification."""
    rules = RuleSet(
        (rule("never", NEVER), rule("marks", then=RuleEffect(labels=("a",))), rule("says", stage=Stage.NOISE))
    )
    assert explain(MAIL, Context(), rules, FIND).outcome == classify(MAIL, Context(), rules, FIND)


PLATFORMS = [Platform(code="Video", name="Video", domains=("video-platform.example",))]


def test_a_mail_in_the_name_of_several_is_a_platforms_as_soon_as_one_is() -> None:
    """A mail from several authors is a platform's if one of them is."""
    stranger = Address("a@elsewhere.example")
    assert platform_of(replace(MAIL, from_=(stranger, *MAIL.from_)), PLATFORMS) == "Video"
    assert platform_of(replace(MAIL, from_=(stranger,)), PLATFORMS) is None
    assert platform_of(replace(MAIL, from_=()), PLATFORMS) is None


def test_a_domain_that_small_letters_would_turn_into_ascii_is_nobodys() -> None:
    """A domain that becomes ASCII when lower-cased matches no platform: the Kelvin sign would become a k."""
    platforms = [Platform(code="K", name="K", domains=("kk.example",))]
    assert platform_of(replace(MAIL, from_=(Address("a@k\u212a.example"),)), platforms) is None
