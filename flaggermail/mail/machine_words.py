# SPDX-License-Identifier: EUPL-1.2
"""Phrases of mail systems and automatic replies, loaded from rules/mail-machines.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from flaggermail.mail.needed_words import GAP, LATIN, NeededWords

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
        """Matches what is asked in such a text."""
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
        """Matches what stands between a person's name and a company's."""
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
        """Matches how it tells of a ticket's state, closes it, or asks how satisfied one is."""
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
