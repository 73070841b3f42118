# SPDX-License-Identifier: EUPL-1.2
"""The rules are tried in order, the first whose conditions all hold wins, and says what it saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaggermail.adapters.patterns import Re2Matcher
from flaggermail.core.message import Address, Attachment, Forwarded, MechanicalKind, Message
from flaggermail.core.rules import Classification, Context, Kind, Rule, RuleSet, When, classify, in_domains, references

SEARCH = Re2Matcher().search
MAIL = Message(
    sha256="", size=0, from_=(Address("desk@eu.video-platform.example"),), subject="Re: Two boxes [#5519]",
    text="We will look into it.\n> Could you check this?", reply_text="We will look into it.",
)  # fmt: skip
LISTS = {"platforms": frozenset({"video-platform.example"}), "none": frozenset[str]()}


def rule(name: str, when: When, *kinds: Kind) -> Rule:
    """A rule in the third line of a file."""
    return Rule(name, "20-x.yaml:3", when, kinds or (Kind.NOISE,))


def outcome(*rules: Rule, message: Message = MAIL, context: Context | None = None) -> Classification:
    """What these rules make of a mail."""
    return classify(message, context or Context(), RuleSet(rules, LISTS), SEARCH)


def holds(when: When, message: Message = MAIL, context: Context | None = None) -> bool:
    """Whether a rule with these conditions matches."""
    return outcome(rule("any", when), message=message, context=context).rule is not None


def test_first_rule_that_matches_wins() -> None:
    """A later rule that would match as well is not asked."""
    never = rule("never", When(subject=("nowhere",)))
    first, second = rule("first", When(body=("look",)), Kind.PLATFORM_ACK), rule("second", When(body=("look",)))
    assert outcome(never, first, second).kinds == (Kind.PLATFORM_ACK,)
    assert outcome(never, first, second).rule == "20-x.yaml:3 first"
    assert outcome(second, first).rule == "20-x.yaml:3 second"


def test_no_rule_matching_is_unknown_and_says_so() -> None:
    """What no rule knows is unknown: never noise, never a guess."""
    for rules in ((), (rule("never", When(subject=("nowhere",))),)):
        assert outcome(*rules) == Classification((Kind.UNKNOWN,), None, ("no rule matched",))


def test_trace_names_every_condition_that_held() -> None:
    """An officer can read from the trace why a mail was taken for what it is."""
    when = When(
        mechanical=frozenset({MechanicalKind.HUMAN}), sender_list="platforms", from_platform=True, forwarded=False,
        has_attachment=False, placed=True, verified=True, declined_before=False, from_officer=False, subject=("^re:",),
        body=("nowhere", "check"), reply=("look into",), not_body=("citizen",),
    )  # fmt: skip
    context = Context(from_platform=True, placed=True, verified=True)
    assert outcome(rule("all", when), context=context).trace == (
        "mechanical kind is human", "from a platform", "not: from an officer", "not: is a forward",
        "not: has an attachment", "belongs to a case", "sender verified", "not: sender was declined in this period",
        "eu.video-platform.example is on the list platforms", "subject has 'Re:'", "body has 'check'",
        "reply has 'look into'",
    )  # fmt: skip
    assert outcome(rule("empty", When())).trace == ("no condition",)


def test_every_condition_must_hold() -> None:
    """One condition that does not hold is enough to pass the rule over."""
    assert holds(When(subject=("two boxes",), body=("look",)))
    assert not holds(When(subject=("two boxes",), body=("nowhere",)))
    assert not holds(When(subject=("nowhere",), body=("look",)))
    assert not holds(When(body=("look",), not_body=("check",)))
    assert not holds(When(mechanical=frozenset({MechanicalKind.BOUNCE, MechanicalKind.AUTO_REPLY})))


def test_reply_is_what_the_sender_wrote_himself() -> None:
    """Our own words below his answer are no words of his."""
    assert holds(When(body=("could you check",)))
    assert not holds(When(reply=("could you check",)))


FORWARD = replace(MAIL, forwarded=Forwarded(None, (), (), None, None, "inner", "inline"))
WITH_FILE = replace(MAIL, attachments=(Attachment("photo.png", "image/png", 3),))


@pytest.mark.parametrize(
    ("yes", "no", "message", "context"),
    [
        (When(from_platform=True), When(from_platform=False), MAIL, Context(from_platform=True)),
        (When(from_officer=True), When(from_officer=False), MAIL, Context(from_officer=True)),
        (When(placed=True), When(placed=False), MAIL, Context(placed=True)),
        (When(verified=True), When(verified=False), MAIL, Context(verified=True)),
        (When(declined_before=True), When(declined_before=False), MAIL, Context(declined_before=True)),
        (When(forwarded=True), When(forwarded=False), FORWARD, Context()),
        (When(has_attachment=True), When(has_attachment=False), WITH_FILE, Context()),
    ],
)
def test_yes_no_and_left_out(yes: When, no: When, message: Message, context: Context) -> None:
    """A condition of yes or no holds for that alone; left out it does not matter."""
    assert holds(yes, message, context)
    assert not holds(no, message, context)
    assert holds(no)
    assert not holds(yes)
    assert holds(When(), message, context)


@pytest.mark.parametrize(
    ("domain", "listed"),
    [
        ("video-platform.example", True),
        ("VIDEO-Platform.Example", True),
        ("eu.video-platform.example", True),
        ("a.b.c.video-platform.example", True),
        ("notvideo-platform.example", False),
        ("video-platform.example.elsewhere.example", False),
        ("video-platform-example", False),
        ("platform.example", False),
        ("example", False),
        ("", False),
    ],
)
def test_a_listed_domain_stands_for_its_sub_domains_and_no_look_alike(domain: str, listed: bool) -> None:  # noqa: FBT001 - a column of the table
    """A domain that merely begins or ends with the same letters belongs to somebody else."""
    assert in_domains(domain, LISTS["platforms"]) is listed
    sender = replace(MAIL, from_=(Address(f"desk@{domain}"),))
    assert holds(When(sender_list="platforms"), sender) is listed


def test_sender_on_no_list() -> None:
    """A mail without an author, an empty list and a list that does not exist match nobody."""
    assert not holds(When(sender_list="platforms"), replace(MAIL, from_=()))
    assert not holds(When(sender_list="none"))
    assert not holds(When(sender_list="absent"))


def test_the_first_author_is_the_sender() -> None:
    """Of two authors the second lends no domain to the mail."""
    two = (Address("a@elsewhere.example"), Address("b@video-platform.example"))
    assert not holds(When(sender_list="platforms"), replace(MAIL, from_=two))


def test_what_the_rule_gives_comes_with_the_outcome() -> None:
    """Source, type, template and the platform's own reference, found in subject or text."""
    whole = Rule(
        "whole", "20-x.yaml:3", When(), (Kind.REFERRAL,), "media", "A_content", "intake_confirmation", r"#\d{3,}"
    )
    found = outcome(whole)
    assert (found.source, found.case_type, found.template) == ("media", "A_content", "intake_confirmation")
    assert found.references == ("#5519",)
    assert outcome(whole, message=replace(MAIL, subject=None)).references == ()


def test_mail_without_subject_or_text_is_judged_like_any_other() -> None:
    """Nothing is there to match, and nothing fails."""
    bare = Message(sha256="", size=0)
    assert outcome(rule("words", When(subject=(".",))), message=bare).rule is None
    assert outcome(rule("not", When(not_body=("x",))), message=bare).rule is not None


def test_references_are_all_that_any_rule_would_take() -> None:
    """Subject and text, each pattern, each number once; of a mail made of numbers no more than twenty."""
    numbers = rule("numbers", When(), Kind.PLATFORM_ACK)
    rules = RuleSet((replace(numbers, reference=r"#\d+\b"), replace(numbers, reference=r"\bR-\d+\b")), LISTS)
    message = replace(MAIL, subject="[#5519] and R-88172", text="See #5519, not #12.")
    assert references(message, rules, SEARCH) == ("#5519", "#12", "R-88172")
    assert references(MAIL, RuleSet((numbers,), LISTS), SEARCH) == ()
    many = replace(MAIL, subject="", text=" ".join(f"#{number}" for number in range(1000)))
    assert len(references(many, rules, SEARCH)) == 20
