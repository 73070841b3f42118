# SPDX-License-Identifier: EUPL-1.2
"""Finds the cause of a server's answer in the table of known answers, `answers.yaml`.

The table is read when a server first gives an answer that is no success.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator

from flaggermail.adapters.server_answers.answer import KnownAnswer, ProtocolStep, Reader, ServerAnswer, Service
from flaggermail.settings.yaml_files.faults import read_model
from flaggermail.settings.yaml_files.kinds import Model
from flaggermail.wording.said import Sentence, StoredText
from flaggermail.wording.servers import (
    ConnectionFailure,
    ConnectionRemedy,
    MailboxFailure,
    SubmissionFailure,
    TokenFailure,
)

_SETS: tuple[type[Sentence], ...] = (
    ConnectionFailure,
    ConnectionRemedy,
    TokenFailure,
    MailboxFailure,
    SubmissionFailure,
)
_CAUSES: Mapping[str, Sentence] = {cause.value: cause for kind in _SETS for cause in kind}
_UNKNOWN_READER = Reader()

Words = Annotated[str, Field(min_length=1, strict=True)]


def _cause(code: object) -> Sentence:
    if not isinstance(code, str) or code not in _CAUSES:
        raise ValueError(f"{code!r} is the code of no cause")
    return _CAUSES[code]


class AnswerRow(Model):
    """One answer, and the code of the sentence of its cause."""

    line: Words
    phrase: Annotated[str, Field(strict=True, pattern="^[^A-Z]+$")] = ""
    codes: frozenset[Words] = frozenset()
    statuses: frozenset[Words] = frozenset()
    means: Annotated[Sentence, PlainValidator(_cause)]


class AnswerGroup(Model):
    """Answers that are given at the same steps, and known from one source."""

    at: Annotated[tuple[ProtocolStep, ...], Field(min_length=1)]
    source: Words
    any_code: bool = False
    answers: tuple[AnswerRow, ...]


class AnswersFile(Model):
    """The file `answers.yaml`."""

    services: dict[Service, tuple[AnswerGroup, ...]]


def read_answers(path: Path) -> Iterator[KnownAnswer]:
    """Yields the rows of a table in their order; raises ConfigurationError naming every fault by line and column."""
    for service, groups in read_model(path, AnswersFile).services.items():
        for group in groups:
            for row in group.answers:
                yield KnownAnswer(
                    means=row.means, service=service, steps=group.at, line=row.line, phrase=row.phrase, codes=row.codes,
                    statuses=row.statuses, any_code=group.any_code, source=group.source,
                )  # fmt: skip


@cache
def known() -> Sequence[KnownAnswer]:
    """Returns the shipped table. Of several rows that fit an answer, the first one tells its cause."""
    return tuple(read_answers(Path(__file__).with_name("answers.yaml")))


@dataclass(frozen=True, slots=True)
class AnswerMeaning:
    """The cause of an answer, and its sentence: what it means, and what to change where."""

    cause: Sentence
    said: StoredText


def explain(step: ProtocolStep, answer: ServerAnswer, reader: Reader = _UNKNOWN_READER) -> AnswerMeaning | None:
    """Returns what `answer` means at this step, in words for `reader`; None if it is not known.

    The words hold nothing of the answer, whatever the server wrote.
    """
    row = next((row for row in known() if step in row.steps and row.fits(answer)), None)
    return AnswerMeaning(row.means, worded(row.means, reader)) if row else None


def worded(cause: Sentence, reader: Reader) -> StoredText:
    """Returns the sentence of a cause, with what it names of the settings."""
    return cause(**reader.details(cause.details))
