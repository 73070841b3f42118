# SPDX-License-Identifier: EUPL-1.2
"""Two rule sets together classify each mail as each of them alone, and look at what both have once."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.mail.message import Message
from flaggermail.rules.classifier import RulePair, RuleSet, Stage, classify
from flaggermail.rules.conditions import Context
from flaggermail.rules.files import load_rules
from flaggermail.shipped import shipped
from tests.corpus import each, looked_at
from tests.mail_senders import load
from tests.shipped_parser import PARSER

RULES, AGAIN = load_rules(shipped("rules"), []), load_rules(shipped("rules"), [])
FIND = Re2Matcher().find
MAILS = [PARSER.parse(senders.octets(mail)) for _, senders, mail in load("judged")]
CONTEXTS = [Context(), Context(platform="tiktok", placed=True, channel="tiktok-elections", minutes=90)]
OTHERS = {
    "the same, read again": AGAIN,
    "fewer rules": replace(AGAIN, rules=tuple(rule for rule in AGAIN.rules if rule.stage is not Stage.PLATFORM)),
    "another order": replace(AGAIN, rules=tuple(sorted(AGAIN.rules, key=lambda rule: (rule.stage, rule.name)))),
    "no domain on any list": replace(AGAIN, lists={}),
    "rules for persons": AGAIN.for_persons,
}


@each("name", OTHERS)
def test_both_are_classified_as_alone(name: str) -> None:
    """Whatever differs, each mail gets the two classifications that it gets from each rule set alone."""
    old, new = RULES, OTHERS[name]
    pair = RulePair.from_rules(old, new)
    for message in MAILS:
        looked_at("mails")
        for context in CONTEXTS:
            alone = (classify(message, context, old, FIND), classify(message, context, new, FIND))
            assert pair.classify(message, context, FIND) == alone, message.message_id


def searched(message: Message, old: RuleSet, new: RuleSet) -> int:
    """Returns how often a mail is searched for a pattern while two rule sets classify it."""
    count = 0

    def find(pattern: str, text: str) -> tuple[int, int] | None:
        nonlocal count
        count += 1
        return FIND(pattern, text)

    RulePair.from_rules(old, new).classify(message, Context(), find)
    return count


def test_what_both_have_is_looked_for_once() -> None:
    """The same rules a second time search hardly at all; rules with other lists search again."""
    nothing = replace(RULES, rules=())
    for message in MAILS[:20]:
        once = searched(message, RULES, nothing)
        assert searched(message, RULES, AGAIN) <= once + 1  # a platform's reference is looked for by each
        assert searched(message, RULES, OTHERS["no domain on any list"]) > once or once == 0
