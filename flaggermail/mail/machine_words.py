# SPDX-License-Identifier: EUPL-1.2
"""Phrases of mail systems and automatic replies, loaded from rules/mail-machines.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

LATIN = "[a-z\u00df-\u00ff]"
"""A letter, in folded text, at which a word of a phrase neither begins nor ends."""
GAP = " ... "

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


MACHINE_KEYS = (
    "daemon_addresses",
    "system_addresses",
    "system_names",
    "robot_addresses",
    "list_addresses",
    "bounce_subjects",
    "delivered_subjects",
    "failure_lines",
    "delay_lines",
    "recipient_labels",
    "returned_lines",
    "automatic_subjects",
    "robot_lines",
    "no_reply_lines",
    "receipt_lines",
    "notice_subjects",
    "gateway_subjects",
    "gateway_lines",
    "absence_subjects",
    "absence_lines",
    "absence_persons",
    "absence_alone",
    "absence_signs",
    "absence_questions",
    "absence_directions",
    "contrast_words",
    "answer_words",
    "ticket_fields",
    "ticket_mailers",
    "ticket_hosts",
    "company_words",
    "comment_verbs",
    "comment_labels",
    "comment_notes",
    "moment_words",
    "robot_names",
    "no_names",
    "frame_lines",
    "progress_lines",
    "read_subjects",
    "unread_subjects",
    "read_lines",
    "until_words",
)

_DEEPEST = 2  # characters by which alternatives are grouped
_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True)
class MachineWords:
    """The phrases of all languages together, folded by mail.vocabulary.

    Patterns are compiled on first use: most mails need few of them, and some programs read only one mail.
    """

    words: Mapping[str, Sequence[str]]  # by MACHINE_KEYS
    daemon_addresses: frozenset[str]
    system_addresses: frozenset[str]
    system_names: tuple[str, ...]
    robot_addresses: frozenset[str]
    list_addresses: tuple[str, ...]  # endings of local parts
    bounce_subjects: tuple[str, ...]
    delivered_subjects: tuple[str, ...]
    returned_lines: tuple[str, ...]
    automatic_subjects: tuple[str, ...]
    robot_lines: tuple[str, ...]
    no_reply_lines: tuple[str, ...]
    absence_directions: tuple[str, ...]
    notice_subjects: tuple[str, ...]
    gateway_subjects: tuple[str, ...]
    absence_subjects: tuple[str, ...]
    ticket_fields: tuple[str, ...]  # beginnings of names
    ticket_mailers: tuple[str, ...]
    ticket_hosts: tuple[str, ...]
    moment_words: frozenset[str]
    robot_names: frozenset[str]
    no_names: frozenset[str]
    frame_lines: tuple[str, ...]
    read_subjects: tuple[str, ...]
    unread_subjects: tuple[str, ...]

    @cached_property
    def failure(self) -> re.Pattern[str]:
        """Matches what a mail system writes about a recipient that it did not reach."""
        return phrases(self.words["failure_lines"])

    @cached_property
    def delay(self) -> re.Pattern[str]:
        """Matches what it writes about one that it did not reach yet."""
        return phrases(self.words["delay_lines"])

    @cached_property
    def label(self) -> re.Pattern[str]:
        """Matches what is before such a recipient at the beginning of a line."""
        return phrases(self.words["recipient_labels"])

    @cached_property
    def receipt(self) -> re.Pattern[str]:
        """Matches how a text says that a mail has arrived."""
        return phrases(self.words["receipt_lines"])

    @cached_property
    def gateway(self) -> re.Pattern[str]:
        """Matches what a filter or a portal says that it did with a mail."""
        return phrases(self.words["gateway_lines"])

    @cached_property
    def absence_phrases(self) -> tuple[str, ...]:
        """Those of `absence_subjects` with several words, with the space before the first."""
        return tuple(f" {phrase}" for phrase in self.absence_subjects if " " in phrase)

    @cached_property
    def needed_for_receipt(self) -> NeededWords:
        """The words without which `receipt` matches nothing."""
        return NeededWords(self.words["receipt_lines"])

    @cached_property
    def needed_for_failure(self) -> NeededWords:
        """The words without which `failure` matches nothing."""
        return NeededWords(self.words["failure_lines"])

    @cached_property
    def needed_for_delay(self) -> NeededWords:
        """The words without which `delay` matches nothing."""
        return NeededWords(self.words["delay_lines"])

    @cached_property
    def needed_for_absence(self) -> NeededWords:
        """The words without which neither `absence` nor `absence_alone` matches anything."""
        return NeededWords([*self.words["absence_lines"], *self.words["absence_alone"]], whole=True)

    @cached_property
    def absence(self) -> re.Pattern[str]:
        """Matches a word of absence."""
        return phrases(self.words["absence_lines"], whole=True)

    @cached_property
    def absence_person(self) -> re.Pattern[str]:
        """Matches a word for the writer, in the sentence of such a word."""
        return phrases(self.words["absence_persons"], whole=True)

    @cached_property
    def absence_alone(self) -> re.Pattern[str]:
        """Matches an absence stated without such a word."""
        return phrases(self.words["absence_alone"], whole=True)

    @cached_property
    def absence_sign(self) -> re.Pattern[str]:
        """Matches a word of the other sentences of an absence."""
        return phrases(self.words["absence_signs"], whole=True)

    @cached_property
    def absence_question(self) -> re.Pattern[str]:
        """Matches a question in such a text."""
        return phrases(self.words["absence_questions"])

    @cached_property
    def contrast(self) -> re.Pattern[str]:
        """Matches a word behind which something new is said."""
        return phrases(self.words["contrast_words"], whole=True)

    @cached_property
    def answer(self) -> re.Pattern[str]:
        """Matches a word that says something on the matter."""
        return phrases(self.words["answer_words"], whole=True)

    @cached_property
    def company(self) -> re.Pattern[str]:
        """Matches the words between a person's name and a company's."""
        return phrases(self.words["company_words"], whole=True)

    @cached_property
    def comment_verb(self) -> re.Pattern[str]:
        """Matches what a ticket system writes behind the name of the author of a comment."""
        return phrases(self.words["comment_verbs"], whole=True)

    @cached_property
    def comment_label(self) -> re.Pattern[str]:
        """Matches what it writes before that name."""
        return phrases(self.words["comment_labels"], whole=True)

    @cached_property
    def comment_note(self) -> re.Pattern[str]:
        """Matches how it calls such a comment behind the name."""
        return phrases(self.words["comment_notes"], whole=True)

    @cached_property
    def progress(self) -> re.Pattern[str]:
        """Matches a notice that states a ticket's progress, closes it, or asks for a rating."""
        return phrases(self.words["progress_lines"])

    @cached_property
    def read(self) -> re.Pattern[str]:
        """Matches how a mail program says that a mail was opened, or deleted unread."""
        return phrases(self.words["read_lines"])

    @cached_property
    def until(self) -> re.Pattern[str]:
        """Matches a word before the end of an absence."""
        return phrases(self.words["until_words"], whole=True)


def machine_words(tables: Iterable[Mapping[str, Sequence[str]]]) -> MachineWords:
    """Merges the tables of all languages. Their keys are in MACHINE_KEYS, their words are folded."""
    words: dict[str, list[str]] = {key: [] for key in MACHINE_KEYS}
    for table in tables:
        for key, values in table.items():
            words[key].extend(values)
    return MachineWords(
        words=words,
        daemon_addresses=frozenset(words["daemon_addresses"]),
        system_addresses=frozenset(words["system_addresses"]),
        system_names=tuple(words["system_names"]),
        robot_addresses=frozenset(words["robot_addresses"]),
        list_addresses=tuple(words["list_addresses"]),
        bounce_subjects=tuple(words["bounce_subjects"]),
        delivered_subjects=tuple(words["delivered_subjects"]),
        returned_lines=tuple(words["returned_lines"]),
        automatic_subjects=tuple(words["automatic_subjects"]),
        robot_lines=tuple(words["robot_lines"]),
        no_reply_lines=tuple(words["no_reply_lines"]),
        absence_directions=tuple(words["absence_directions"]),
        notice_subjects=tuple(words["notice_subjects"]),
        gateway_subjects=tuple(words["gateway_subjects"]),
        absence_subjects=tuple(words["absence_subjects"]),
        ticket_fields=tuple(words["ticket_fields"]),
        ticket_mailers=tuple(words["ticket_mailers"]),
        ticket_hosts=tuple(words["ticket_hosts"]),
        moment_words=frozenset(words["moment_words"]),
        robot_names=frozenset(words["robot_names"]),
        no_names=frozenset(words["no_names"]),
        frame_lines=tuple(words["frame_lines"]),
        read_subjects=tuple(words["read_subjects"]),
        unread_subjects=tuple(words["unread_subjects"]),
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
