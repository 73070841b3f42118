# SPDX-License-Identifier: EUPL-1.2
"""Phrases of mail systems and automatic replies, loaded from rules/mail-machines.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MACHINE_KEYS = (
    "daemon_addresses",
    "system_addresses",
    "system_names",
    "robot_addresses",
    "list_addresses",
    "bounce_subjects",
    "failure_lines",
    "delay_lines",
    "recipient_labels",
    "returned_lines",
    "automatic_subjects",
    "robot_lines",
    "receipt_lines",
    "absence_subjects",
    "absence_lines",
    "absence_persons",
    "absence_alone",
    "absence_signs",
    "absence_questions",
    "contrast_words",
    "answer_words",
)

_LATIN = "[a-z\u00df-\u00ff]"
_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class MachineWords:
    """The phrases of all languages together, folded by mail.vocabulary."""

    daemon_addresses: frozenset[str]
    system_addresses: frozenset[str]
    system_names: tuple[str, ...]
    robot_addresses: frozenset[str]
    list_addresses: tuple[str, ...]  # endings of local parts
    bounce_subjects: tuple[str, ...]
    failure: re.Pattern[str]
    delay: re.Pattern[str]
    label: re.Pattern[str]
    returned_lines: tuple[str, ...]
    automatic_subjects: tuple[str, ...]
    robot_lines: tuple[str, ...]
    receipt: re.Pattern[str]
    absence_subjects: tuple[str, ...]
    absence: re.Pattern[str]
    absence_person: re.Pattern[str]
    absence_alone: re.Pattern[str]
    absence_sign: re.Pattern[str]
    absence_question: re.Pattern[str]
    contrast: re.Pattern[str]
    answer: re.Pattern[str]


def machine_words(tables: Iterable[Mapping[str, Sequence[str]]]) -> MachineWords:
    """Merges the tables of all languages. Their keys are in MACHINE_KEYS, their words are folded."""
    words: dict[str, list[str]] = {key: [] for key in MACHINE_KEYS}
    for table in tables:
        for key, values in table.items():
            words[key].extend(values)
    return MachineWords(
        daemon_addresses=frozenset(words["daemon_addresses"]),
        system_addresses=frozenset(words["system_addresses"]),
        system_names=tuple(words["system_names"]),
        robot_addresses=frozenset(words["robot_addresses"]),
        list_addresses=tuple(words["list_addresses"]),
        bounce_subjects=tuple(words["bounce_subjects"]),
        failure=phrases(words["failure_lines"]),
        delay=phrases(words["delay_lines"]),
        label=phrases(words["recipient_labels"]),
        returned_lines=tuple(words["returned_lines"]),
        automatic_subjects=tuple(words["automatic_subjects"]),
        robot_lines=tuple(words["robot_lines"]),
        receipt=phrases(words["receipt_lines"]),
        absence_subjects=tuple(words["absence_subjects"]),
        absence=phrases(words["absence_lines"], whole=True),
        absence_person=phrases(words["absence_persons"], whole=True),
        absence_alone=phrases(words["absence_alone"], whole=True),
        absence_sign=phrases(words["absence_signs"], whole=True),
        absence_question=phrases(words["absence_questions"]),
        contrast=phrases(words["contrast_words"], whole=True),
        answer=phrases(words["answer_words"], whole=True),
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
    alternatives = (gap.join(re.escape(piece) for piece in phrase.split(" ... ")) for phrase in found)
    end = f"(?!{_LATIN})" if whole else ""
    return re.compile(f"(?<!{_LATIN})(?:{'|'.join(alternatives)}){end}")
