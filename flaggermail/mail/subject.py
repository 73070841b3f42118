# SPDX-License-Identifier: EUPL-1.2
"""Subject lines: reply and forward prefixes, topics, case numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flaggermail.mail.tailed_numbers import ALPHABET, LENGTH
from flaggermail.mail.vocabulary import Language, folded, may_hold

# "Re:", "RE : ", "Re[2]:", "Re(3):", "Re^2:", with the full-width colon of East Asian programs. A prefix has at most
# 24 characters, and only the first 60 characters are searched for it, so the time does not grow with the subject.
_PREFIX = re.compile(
    r"\s*([^\s:\uff1a\[\](){}]{1,24}(?: [^\s:\uff1a\[\](){}]{1,24})?)\s?(?:[\[(^]\d{1,3}[\])]?)?\s?[:\uff1a]\s*"
)
_LOOK = 60
_WORD = re.compile(r"[^\W_]{3,}")
_REPEATS = 50


@dataclass(frozen=True, slots=True)
class SubjectParts:
    """A subject without its prefixes. `first` is the kind of the outermost: "reply", "forward", "recall" or None.

    "VS:" is a reply in Finnish and a forward in Danish: such a prefix is removed but decides nothing.
    """

    base: str
    first: str | None = None


def split_subject(subject: str, language: Language) -> SubjectParts:
    """Removes reply and forward prefixes, including repeated ones."""
    rest, first = _unboxed(subject.strip(), language), None
    for _ in range(_REPEATS):
        match = _PREFIX.match(rest[:_LOOK])
        kind = _kind(match.group(1), language) if match else None
        if match is None or kind is None:
            break
        first = first or (kind if kind != "either" else None)
        rest = rest[match.end() :]
    return SubjectParts(rest.strip(), first)


def _unboxed(subject: str, language: Language) -> str:
    """Returns the content of "[Fwd: Posts]", the form in which old Mozilla marks a forward."""
    match = _PREFIX.match(subject[1:_LOOK]) if subject[:1] == "[" and subject[-1:] == "]" else None
    return subject[1:-1] if match and _kind(match.group(1), language) else subject


def stems(subject: str) -> tuple[str, ...]:
    """Returns the folded `subject` with one, two, three ... words before a colon removed, known prefixes or not."""
    found: list[str] = []
    rest = subject.strip()
    while len(found) < _REPEATS and (match := _PREFIX.match(rest[:_LOOK])):
        rest = rest[match.end() :]
        found.append(folded(rest))
    return tuple(stem for stem in found if stem)


def same_topic(subject: str, other: str) -> bool:
    """True if two subjects without prefixes seem to have the same topic. An empty subject matches any.

    One contains the other, or they share half of the words of the shorter one: programs and gateways prepend words to
    a subject and truncate it, and people correct it.
    """
    here, there = folded(subject), folded(other)
    if not here or not there or here in there or there in here:
        return True
    words, others = set(_WORD.findall(here)), set(_WORD.findall(there))
    return 2 * len(words & others) >= max(min(len(words), len(others)), 1)


def case_numbers(text: str, prefix: str) -> tuple[str, ...]:
    """Returns the case numbers in `text` that start with `prefix` and a hyphen, in capitals, in order, without repeats.

    A number is the prefix, the election code and at least three digits: `VF-EP2024-0001` for prefix "VF". Its tail, if
    it has one (`mail.tailed_numbers`), is left out.
    """
    if not may_hold(text, f"{prefix}-"):
        return ()
    number = rf"(?<![\w-])({re.escape(prefix)}-[A-Za-z0-9]{{1,24}}-\d{{3,9}})(?:-[{ALPHABET}]{{{LENGTH}}})?(?![\w-])"
    return tuple(dict.fromkeys(found.upper() for found in re.findall(number, text, re.IGNORECASE)))


def _kind(prefix: str, language: Language) -> str | None:
    word = folded(prefix).rstrip(".")
    replies, forwards = word in language.reply_prefixes, word in language.forward_prefixes
    if replies and forwards:
        return "either"
    if replies:
        return "reply"
    if forwards:
        return "forward"
    return "recall" if word in language.recall_prefixes else None
