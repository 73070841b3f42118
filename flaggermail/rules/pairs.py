# SPDX-License-Identifier: EUPL-1.2
"""Classifies a mail by two rule sets at little more than the cost of one, where they have most conditions in common."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flaggermail.mail.message import Message
from flaggermail.rules.classifier import Classification, RuleSet, classified, facts_of
from flaggermail.rules.conditions import Context, Find, Looked


@dataclass(frozen=True, slots=True)
class RulePair:
    """Two rule sets, prepared by `of`: conditions of `new` that are equal to those of `old` are the same objects."""

    old: RuleSet
    new: RuleSet
    same_words: bool
    """Both name the same domain lists and languages, so that equal conditions find the same."""

    @classmethod
    def of(cls, old: RuleSet, new: RuleSet) -> RulePair:
        """Prepares two rule sets."""
        known = {rule.when: rule.when for rule in old.rules}
        rules = tuple(replace(rule, when=known.get(rule.when, rule.when)) for rule in new.rules)
        same = dict(old.lists) == dict(new.lists) and old.languages == new.languages
        return cls(old, replace(new, rules=rules), same)

    def classify(self, message: Message, context: Context, find: Find) -> tuple[Classification, Classification]:
        """Returns what `classifier.classify` returns for each of the two."""
        facts, looked = facts_of(message, context, self.old, find), dict[int, Looked | None]()
        before = classified(self.old, facts, looked)
        if self.same_words:
            return before, classified(self.new, facts, looked)
        return before, classified(self.new, facts_of(message, context, self.new, find), {})
