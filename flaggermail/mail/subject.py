# SPDX-License-Identifier: EUPL-1.2
"""Subject lines: reply and forward prefixes, topics; the conversations of mails by reply and subject."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flaggermail.mail.message import Message
from flaggermail.mail.vocabulary import Language, folded

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


class _DisjointSets:
    """Disjoint sets of strings (union-find with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, item: str) -> str:
        parent = self._parent
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, first: str, second: str) -> None:
        self._parent[self.root(second)] = self.root(first)


def conversations(messages: Sequence[Message]) -> list[list[str]]:
    """Returns the Message-IDs of `messages` grouped by thread, in the order of the first mail of each thread.

    Mails that name the same identifier share a thread, even if no mail has that identifier. The subject joins mails
    only as a last resort: a mail that names no other joins the one thread that holds a mail with its subject minus a
    prefix, if it goes from a recipient of that mail to its author. With several such threads, it stays alone. Mails
    without a Message-ID are omitted.
    """
    listed = [message for message in messages if message.message_id]
    sets = _DisjointSets()
    for message in listed:
        named = (message.message_id or "", *message.references, *message.in_reply_to)
        for identifier in named[1:]:
            sets.join(named[0], identifier)
    _join_by_subject(listed, sets)
    found: dict[str, dict[str, None]] = {}
    for message in listed:
        identifier = message.message_id or ""
        found.setdefault(sets.root(identifier), {})[identifier] = None
    return [list(identifiers) for identifiers in found.values()]


def _join_by_subject(messages: Sequence[Message], sets: _DisjointSets) -> None:
    subjects: dict[str, list[Message]] = {}
    for message in messages:
        subjects.setdefault(folded(message.subject or ""), []).append(message)
    for message in messages:
        if not message.references and not message.in_reply_to:
            same = (other for stem in stems(message.subject or "") for other in subjects.get(stem, ()))
            fitting = {sets.root(other.message_id or "") for other in same if _is_reply_to(message, other)}
            if len(fitting) == 1:
                sets.join(fitting.pop(), message.message_id or "")


def _is_reply_to(reply: Message, other: Message) -> bool:
    """True if `reply` goes from a recipient of `other` to its author."""
    receivers = {address.key for address in (*other.to, *other.cc)}
    authors = {address.key for address in (*other.from_, *other.reply_to)}
    return bool({one.key for one in reply.from_} & receivers) and bool({one.key for one in reply.to} & authors)
