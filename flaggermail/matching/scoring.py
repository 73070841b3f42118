# SPDX-License-Identifier: EUPL-1.2
"""Where a message may belong: clues with points; their sum, at most 100, is the score of a case.

The points rate how specific a clue is by itself. They are chosen so that no two weak clues together delay a referral,
and that filing without a person takes the same referral plus more than its subject.

Whether two mails report the same matter: compares each mail, and the mail it forwards, with the other's.

Both mails are parsed when they are compared. No text, web address or name is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flaggermail.mail.message import Message
from flaggermail.mail.reply_tokens import keys_of
from flaggermail.mail.vocabulary import Language, folded
from flaggermail.wording.filing import SuggestionText
from flaggermail.wording.said import StoredText

HIGHEST = 100
HOLDS = 40  # from this score a referral opens no new case until a person has looked
MOST = 5  # cases listed at most


@dataclass(frozen=True, slots=True)
class Clue:
    """Evidence for a case. Only a `firm` clue allows filing without a person."""

    why: StoredText
    points: int
    firm: bool = False


ATTACHED = Clue(SuggestionText.ATTACHED(), 80, firm=True)
SAME_REFERRAL = Clue(SuggestionText.SAME_REFERRAL(), 60, firm=True)
OUR_KEY = Clue(SuggestionText.OUR_KEY(), 50)
SAME_THREAD = Clue(SuggestionText.SAME_THREAD(), 50)
NUMBER = Clue(SuggestionText.NUMBER(), 50)
TAIL = Clue(SuggestionText.TAIL(), 50)
QUOTES = Clue(SuggestionText.QUOTES(), 50)
PLACED_BEFORE = Clue(SuggestionText.PLACED_BEFORE(), 50)
OTHER_SUBJECT = Clue(SuggestionText.OTHER_SUBJECT(), 40)
WAITS = Clue(SuggestionText.WAITS(), 40)
SAME_TEXT = Clue(SuggestionText.SAME_TEXT(), 20)
SAME_SUBJECT = Clue(SuggestionText.SAME_SUBJECT(), 25)
SAME_ADDRESS = Clue(SuggestionText.SAME_ADDRESS(), 25)
SAME_SENDER = Clue(SuggestionText.SAME_SENDER(), 10)

# Why a key only suggests: shown beside its clue, without points of its own.
NOT_TO_US = Clue(SuggestionText.NOT_TO_US(), 0)
NOT_VERIFIED = Clue(SuggestionText.NOT_VERIFIED(), 0)
OTHER_ADDRESS = Clue(SuggestionText.OTHER_ADDRESS(), 0)
OTHER_HOST = Clue(SuggestionText.OTHER_HOST(), 0)
OTHER_CASE_WAITS = Clue(SuggestionText.OTHER_CASE_WAITS(), 0)
OTHER_RECIPIENT = Clue(SuggestionText.OTHER_RECIPIENT(), 0)
CLOSED = Clue(SuggestionText.CLOSED(), 0)
NOT_ENOUGH = Clue(SuggestionText.NOT_ENOUGH(), 0)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A case to which a message may belong, its score (0 to 100), and the reasons."""

    case: str
    score: int
    why: tuple[StoredText, ...]
    firm: bool = False

    @property
    def said(self) -> StoredText:
        """The stored form, in words: `VF-EP2024-0001 (85): the same referral was taken in before; ...`."""
        return SuggestionText.SUGGESTION(case=self.case, score=self.score, why=self.why)

    @property
    def document(self) -> dict[str, str | int | list[str]]:
        """The JSON form."""
        return {"case": self.case, "score": self.score, "why": [why.english for why in self.why]}


def suggest(clues: Mapping[str, Iterable[Clue]]) -> tuple[Suggestion, ...]:
    """Returns the cases by descending score; equal scores keep the order in which they were named."""
    found = [_suggestion(case, list(dict.fromkeys(those))) for case, those in clues.items()]
    return tuple(sorted(found, key=lambda one: -one.score)[:MOST])


def certain(suggestions: Sequence[Suggestion], threshold: int | None) -> Suggestion | None:
    """Returns the only suggestion that reaches `threshold`, if it rests on a firm clue; None without a threshold."""
    reaching = [one for one in suggestions if threshold is not None and one.score >= threshold]
    return reaching[0] if len(reaching) == 1 and reaching[0].firm else None


def read(said: StoredText) -> Suggestion:
    """Returns a suggestion as it was stored."""
    score = said.detail("score")
    return Suggestion(str(said.detail("case")), score if isinstance(score, int) else 0, said.sentences("why"))


def _suggestion(case: str, clues: Sequence[Clue]) -> Suggestion:
    score = min(HIGHEST, sum(clue.points for clue in clues))
    return Suggestion(case, score, tuple(clue.why for clue in clues), any(clue.firm for clue in clues))


# ---- two mails compared


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
        found.append(SAME_REFERRAL)
    elif _same_subject(message, other, language) and _people(message, ours) & _people(other, ours):
        found.append(SAME_SUBJECT)
    if any(_agree(here.text, there.text) for here, there in same):
        found.append(SAME_TEXT)
    if _addresses(message) & _addresses(other):
        found.append(SAME_ADDRESS)
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
