# SPDX-License-Identifier: EUPL-1.2
"""Phrases of mail systems and automatic replies, loaded from rules/mail-machines.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

LATIN = "[a-z\u00df-\u00ff]"
"""A letter, in folded text, at which a word of a phrase neither begins nor ends."""
GAP = " ... "
_DEEPEST = 2  # characters by which alternatives are grouped
_NOTHING = re.compile(r"(?!)")

T = TypeVar("T")
_WORD = re.compile(f"{LATIN}+")
_SPACES = {ord(char): " " for char in map(chr, range(128)) if not "a" <= char <= "z"}


def words_of(small: str) -> frozenset[str]:
    """Returns the words of a folded text: runs of Latin letters."""
    return frozenset(small.translate(_SPACES).split() if small.isascii() else _WORD.findall(small))


class NeededWords:
    """The whole words of each of some phrases; see `machine_words.phrases` for what a phrase matches."""

    def __init__(self, phrases: Iterable[str], *, whole: bool = False) -> None:
        """`phrases`: folded; `whole`: a phrase does not end inside a word."""
        needed: dict[str, list[frozenset[str]]] = {}
        loose: list[str] = []
        for phrase in phrases:
            words = _whole_words(phrase, whole=whole)
            if words:
                needed.setdefault(max(sorted(words), key=len), []).append(words)
            else:
                loose.append(max(phrase.split(GAP), key=len))
        self._needed = needed
        self._keys = frozenset(needed)
        self._loose = tuple(loose)
        self._loose_in_ascii = tuple(piece for piece in loose if piece.isascii())

    def met(self, small: str, words: AbstractSet[str]) -> bool:
        """True if the folded text, which has these words, may have one of the phrases; False only if it has none."""
        some = any(need <= words for key in self._keys & words for need in self._needed[key])
        return some or any(piece in small for piece in (self._loose_in_ascii if small.isascii() else self._loose))


def _whole_words(phrase: str, *, whole: bool) -> frozenset[str]:
    """Returns the words of a phrase that are whole words of any text with the phrase: not those beside a gap."""
    pieces = phrase.split(GAP)
    return frozenset(
        word.group()
        for number, piece in enumerate(pieces)
        for word in _WORD.finditer(piece)
        if (word.start() or not number) and (word.end() < len(piece) or (whole and number == len(pieces) - 1))
    )


def phrases(wanted: Iterable[str], *, whole: bool = False) -> re.Pattern[str]:
    """Compiles a pattern that finds any of `wanted` in folded text; " ... " matches up to 60 characters of a sentence.

    A phrase does not start inside a word of Latin letters; a `whole` phrase does not end inside one either. A dot
    after a digit ("10.06.") does not end a sentence.
    """
    found = sorted(set(wanted), key=len, reverse=True)
    if not found:
        return _NOTHING
    gap = r"(?:[^.!?\n]|(?<=\d)\.){0,60}?"
    end = f"(?!{LATIN})" if whole else ""
    return re.compile(f"(?<!{LATIN})(?:{_grouped(found, gap)}){end}")


def whole_phrases(wanted: Iterable[str]) -> re.Pattern[str]:
    """Compiles a pattern of `phrases` that do not end inside a word."""
    return phrases(wanted, whole=True)


def any_of(words: Iterable[str]) -> str:
    """Returns a pattern of the words, also inside longer ones; of several that begin alike the longest matches."""
    return _grouped(sorted(set(words), key=len, reverse=True), re.escape(GAP))


def _grouped(found: Sequence[str], gap: str, depth: int = 0) -> str:
    """Returns the alternatives, longest first, with those of one first character together: fewer have to be tried."""
    groups: dict[str, list[str]] = {}
    for phrase in found:
        groups.setdefault(phrase[depth : depth + 1], []).append(phrase)
    parts = []
    for first, some in sorted(groups.items(), key=lambda group: not group[0]):  # a phrase that has ended comes last
        if depth < _DEEPEST and first and " ..." not in some[0][: depth + 2] and len(some) > 1:
            parts.append(f"{re.escape(first)}(?:{_grouped(some, gap, depth + 1)})")
        else:
            parts += [gap.join(re.escape(piece) for piece in phrase[depth:].split(GAP)) for phrase in some]
    return "|".join(parts)


class Listed(cached_property[T]):
    """What a table makes of its words under one key, on first use: most mails need few of them."""

    def __init__(self, make: Callable[[Sequence[str]], T], key: str = "") -> None:
        """`make`: of the words of all languages together; `key`: of the words, by default the attribute's name."""
        super().__init__(lambda table: make(table.words[self.key]))
        self.key = key

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        self.key = self.key or name


def keys_of(table: type) -> tuple[str, ...]:
    """Returns the keys of the words that a table reads."""
    return tuple(dict.fromkeys(one.key for one in vars(table).values() if isinstance(one, Listed)))


@dataclass(frozen=True)
class MachineWords:
    """The phrases of all languages together, folded by mail.vocabulary."""

    words: Mapping[str, Sequence[str]]  # by MACHINE_KEYS
    daemon_addresses = Listed(frozenset)
    system_addresses = Listed(frozenset)
    system_names = Listed(tuple)
    robot_addresses = Listed(frozenset)
    list_addresses = Listed(tuple)  # endings of local parts
    bounce_subjects = Listed(tuple)
    delivered_subjects = Listed(tuple)
    failure = Listed(phrases, "failure_lines")
    """Matches what a mail system writes about a recipient that it did not reach."""
    needed_for_failure = Listed(NeededWords, "failure_lines")
    """The words without which `failure` matches nothing."""
    delay = Listed(phrases, "delay_lines")
    """Matches what it writes about one that it did not reach yet."""
    needed_for_delay = Listed(NeededWords, "delay_lines")
    """The words without which `delay` matches nothing."""
    label = Listed(phrases, "recipient_labels")
    """Matches what is before such a recipient at the beginning of a line."""
    returned_lines = Listed(tuple)
    automatic_subjects = Listed(tuple)
    robot_lines = Listed(tuple)
    no_reply_lines = Listed(tuple)
    receipt = Listed(phrases, "receipt_lines")
    """Matches how a text says that a mail has arrived."""
    needed_for_receipt = Listed(NeededWords, "receipt_lines")
    """The words without which `receipt` matches nothing."""
    notice_subjects = Listed(tuple)
    gateway_subjects = Listed(tuple)
    gateway = Listed(phrases, "gateway_lines")
    """Matches what a filter or a portal says that it did with a mail."""
    absence_subjects = Listed(tuple)
    absence = Listed(whole_phrases, "absence_lines")
    """Matches a word of absence."""
    absence_person = Listed(whole_phrases, "absence_persons")
    """Matches a word for the writer, in the sentence of such a word."""
    absence_alone = Listed(whole_phrases, "absence_alone")
    """Matches an absence stated without such a word."""
    absence_sign = Listed(whole_phrases, "absence_signs")
    """Matches a word of the other sentences of an absence."""
    absence_question = Listed(phrases, "absence_questions")
    """Matches a question in such a text."""
    absence_directions = Listed(tuple)
    contrast = Listed(whole_phrases, "contrast_words")
    """Matches a word behind which something new is said."""
    answer = Listed(whole_phrases, "answer_words")
    """Matches a word that says something on the matter."""
    ticket_fields = Listed(tuple)  # beginnings of names
    ticket_mailers = Listed(tuple)
    ticket_hosts = Listed(tuple)
    company = Listed(whole_phrases, "company_words")
    """Matches the words between a person's name and a company's."""
    comment_verb = Listed(whole_phrases, "comment_verbs")
    """Matches what a ticket system writes behind the name of the author of a comment."""
    comment_label = Listed(whole_phrases, "comment_labels")
    """Matches what it writes before that name."""
    comment_note = Listed(whole_phrases, "comment_notes")
    """Matches how it calls such a comment behind the name."""
    moment_words = Listed(frozenset)
    robot_names = Listed(frozenset)
    no_names = Listed(frozenset)
    frame_lines = Listed(tuple)
    progress = Listed(phrases, "progress_lines")
    """Matches a notice that states a ticket's progress, closes it, or asks for a rating."""
    read_subjects = Listed(tuple)
    unread_subjects = Listed(tuple)
    read = Listed(phrases, "read_lines")
    """Matches how a mail program says that a mail was opened, or deleted unread."""
    until = Listed(whole_phrases, "until_words")
    """Matches a word before the end of an absence."""
    pressed_subjects = Listed(tuple)
    pressed_lines = Listed(phrases)
    report_lines = Listed(phrases)
    mailing_subjects = Listed(tuple)
    mailing_lines = Listed(phrases)
    matter_words = Listed(phrases)
    shared_lines = Listed(phrases)
    post_paths = Listed(tuple)

    @cached_property
    def absence_phrases(self) -> tuple[str, ...]:
        """Those of `absence_subjects` with several words, with the space before the first."""
        return tuple(f" {phrase}" for phrase in self.absence_subjects if " " in phrase)

    @cached_property
    def needed_for_absence(self) -> NeededWords:
        """The words without which neither `absence` nor `absence_alone` matches anything."""
        return NeededWords([*self.words["absence_lines"], *self.words["absence_alone"]], whole=True)


MACHINE_KEYS = keys_of(MachineWords)

UNKNOWN = "unknown"
_READ = 4000  # characters; the first lines are enough to recognise a language
_FEWEST = 2  # function words; a single one may also occur in another language
_ANY_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Languages:
    """The function words of each language, in lower case."""

    words: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def guess(self, text: str) -> str:
        """Returns the language with the most function words in `text`; `unknown` if there are too few or a tie."""
        found = [word.lower() for word in _ANY_WORD.findall(text[:_READ])]
        counts = sorted(
            ((sum(word in words for word in found), code) for code, words in self.words.items()), reverse=True
        )
        if not counts or counts[0][0] < _FEWEST or (len(counts) > 1 and counts[0][0] == counts[1][0]):
            return UNKNOWN
        return counts[0][1]
