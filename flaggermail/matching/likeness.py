# SPDX-License-Identifier: EUPL-1.2
"""Whether two mails report the same matter: compares each mail, and the mail it forwards, with the other's.

Both mails are parsed when they are compared. No text, web address or name is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flaggermail.mail.keys import keys_of
from flaggermail.mail.message import Message
from flaggermail.mail.vocabulary import Language, folded
from flaggermail.matching import scoring
from flaggermail.matching.scoring import Clue

_LONGEST = 20_000  # characters of a text that are compared
_SHORTEST = 40  # characters from which a text contained in another is evidence
_WORD = re.compile(r"[^\W_]{3,}")
_WEB = re.compile(r"https?://([^\s/<>\"']{3,253})(/[^\s<>\"')\]]{2,1000})", re.IGNORECASE)


@dataclass(frozen=True)
class _Version:
    """One mail as written by its author or as forwarded by another person."""

    author: str
    subject: str
    written: str
    passed_on: bool

    @cached_property
    def text(self) -> str:
        """The text, ready to be compared."""
        return folded(self.written[:_LONGEST])


def clues(message: Message, other: Message, language: Language, ours: str) -> list[Clue]:
    """Returns the clues that `message` belongs to the case of `other`; `ours` is the address of the desk."""
    found: list[Clue] = []
    others = list(_versions(other, language))
    pairs = [(here, there) for here in _versions(message, language) for there in others]
    same = [(here, there) for here, there in pairs if _is_same(here, there)]
    if same:
        found.append(scoring.SAME_REFERRAL)
    elif _same_subject(message, other, language) and _people(message, ours) & _people(other, ours):
        found.append(scoring.SAME_SUBJECT)
    if any(_agree(here.text, there.text) for here, there in same):
        found.append(scoring.SAME_TEXT)
    if _addresses(message) & _addresses(other):
        found.append(scoring.SAME_ADDRESS)
    return found


def base_subjects(message: Message, language: Language) -> tuple[str, ...]:
    """Returns the subjects of a mail and of the mail it forwards, without reply and forward prefixes."""
    return tuple(dict.fromkeys(told.subject for told in _versions(message, language) if told.subject))


def authors(message: Message) -> tuple[str, ...]:
    """Returns the addresses of its author and of the author of the mail it forwards."""
    inner = message.forwarded.sender if message.forwarded else None
    return tuple(address.key for address in (message.sender, inner) if address is not None)


def _versions(message: Message, language: Language) -> Iterator[_Version]:
    inner, keys = message.forwarded, keys_of(message, language)
    if message.sender is not None:
        text = message.reply_text if inner else message.text
        yield _Version(message.sender.key, keys.topic, text, passed_on=False)
    if inner is not None and inner.sender is not None:
        yield _Version(inner.sender.key, keys.inner_topic, inner.body, passed_on=True)


def _is_same(here: _Version, there: _Version) -> bool:
    """True if author and subject are equal and most words agree; if neither is forwarded, the texts must agree.

    Many offices, and their web forms, reuse one subject for every mail.
    """
    if not here.author or (here.author, folded(here.subject)) != (there.author, folded(there.subject)):
        return False
    if not (here.passed_on or there.passed_on):
        return _agree(here.text, there.text)
    words, others = set(_WORD.findall(here.text)), set(_WORD.findall(there.text))
    return 2 * len(words & others) >= max(min(len(words), len(others)), 1)


def _agree(here: str, there: str) -> bool:
    """True if one text contains the other, ignoring blanks: mail programs rewrap lines and append signatures."""
    short, long = sorted(("".join(here.split()), "".join(there.split())), key=len)
    return len(short) >= _SHORTEST and short in long


def _same_subject(message: Message, other: Message, language: Language) -> bool:
    here, there = (keys_of(mail, language).topic for mail in (message, other))
    return bool(here) and folded(here) == folded(there)


def _people(message: Message, ours: str) -> set[str]:
    return {person.key for person in (*message.from_, *message.to, *message.cc)} - {ours.lower()}


def _addresses(message: Message) -> set[str]:
    """Returns the web addresses in a mail, except those under its authors' own domains, which occur in signatures."""
    text = f"{message.text[:_LONGEST]}\n{message.forwarded.body[:_LONGEST] if message.forwarded else ''}"
    own = tuple(author.rpartition("@")[2] for author in authors(message))
    found = ((host.lower(), path.rstrip(".,;:!?")) for host, path in _WEB.findall(text))
    return {f"{host}{path}" for host, path in found if not host.endswith(own)}
