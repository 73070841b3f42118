# SPDX-License-Identifier: EUPL-1.2
"""The assessment of a case as a form: its questions with the known answers, and the reading of one filled in as YAML.

A form may be partly filled in: empty answers keep their value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, TypeVar

from flaggermail.cases.lifecycle import attempts_of
from flaggermail.commands.cases import numbers_on_narrative
from flaggermail.commands.named_rows import the_case
from flaggermail.commands.requests import shown
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.case import MOST_PRECEDENTS, Precedent, precedents
from flaggermail.desk.views.view import LISTED, View, at_most
from flaggermail.record.case_values import Aspect
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.settings.yaml_files.source import FileFault, YamlSource, read_text
from flaggermail.wording.said import StoredText, as_written
from flaggermail.wording.sheets import FormFaultText, FormQuestion

T = TypeVar("T")

LONGEST = 100_000  # characters of a form that is read
QUESTIONS: Mapping[str, FormQuestion] = {
    "incorrect": FormQuestion.INCORRECT,
    "contradicts": FormQuestion.CONTRADICTS,
    "criteria": FormQuestion.CRITERIA,
    "aspects": FormQuestion.ASPECTS,
    "own_attempts": FormQuestion.OWN_ATTEMPTS,
    "all_means_used": FormQuestion.ALL_MEANS_USED,
    "override_reason": FormQuestion.OVERRIDE_REASON,
    "satire": FormQuestion.SATIRE,
}
"""By the key of its answer in the form, in the order in which they are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentAnswers(ViewAnswer):
    """The answers of an assessment, fields of the request "case assess"; null is no answer."""

    incorrect: bool | None
    contradicts: str | None
    criteria: tuple[int, ...] | None
    aspects: tuple[str, ...] | None
    own_attempts: int | None
    all_means_used: bool | None
    override_reason: str | None
    satire: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion(ViewAnswer):
    """A question of the form, and the known answer; null if there is none."""

    key: str
    words: StoredText
    answer: bool | int | str | tuple[int | str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentForm(ViewAnswer):
    """The questions about a case, and the reasoning of some earlier ones: the latest on the same narrative."""

    number: str
    title: str
    assessed_at: datetime | None
    assessed_by: str | None
    related_cases: tuple[Precedent, ...]
    related_cases_in_all: int
    same_narrative: tuple[Precedent, ...]
    same_narrative_in_all: int
    questions: tuple[AskedQuestion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFault(ViewAnswer):
    """What is wrong at a place of a form, which counts from 1; `key` is null where the form cannot be read."""

    line: int
    column: int
    key: str | None
    words: StoredText


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadForm(ViewAnswer):
    """What a filled-in form says; `answers` is null if it has a fault."""

    answers: AssessmentAnswers | None
    faults: tuple[AnswerFault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseForm(View):
    """The form for a case, with the reasoning of related cases and of earlier ones on the same narrative."""

    MAY: ClassVar[frozenset[str]] = DESK

    case: str

    def show(self, work: UnitOfWork) -> AssessmentForm:
        """Returns the questions with the known answers. Raises NotFound."""
        case, tx = the_case(work, self.case), work.tx
        alike = [number for number in numbers_on_narrative(tx, case) if number not in case.related]
        dated = attempts_of(work, case)
        return AssessmentForm(
            number=case.number,
            title=case.title,
            assessed_at=case.assessed_at,
            assessed_by=case.assessed_by,
            related_cases=precedents(tx, sorted(case.related)[:LISTED]),
            related_cases_in_all=len(case.related),
            same_narrative=precedents(tx, alike[:MOST_PRECEDENTS]),
            same_narrative_in_all=len(alike),
            questions=tuple(
                AskedQuestion(key=key, words=_worded(asked, dated), answer=getattr(case, key))
                for key, asked in QUESTIONS.items()
            ),
        )


def _worded(asked: FormQuestion, dated: int) -> StoredText:
    """Returns a question; that for own attempts says how many the referrer's mail dates, if it dates any."""
    if asked is FormQuestion.OWN_ATTEMPTS and dated:
        return FormQuestion.OWN_ATTEMPTS_DATED(dated=dated)
    return asked.having(aspects=list(Aspect), example=Aspect.ORGANISATION.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm(View):
    """What a filled-in form says."""

    MAY: ClassVar[frozenset[str]] = DESK

    text: Annotated[str, at_most(LONGEST)]

    def show(self, work: UnitOfWork) -> ReadForm:
        """Returns the answers, or every fault by its place."""
        del work
        return read_form(self.text)


def read_form(text: str) -> ReadForm:
    """Parses a filled-in form."""
    source = read_text(text, "")
    faults = [_fault(one, as_written(one.text)) for one in source.faults]
    faults += [
        _fault(source.fault((key,), ""), FormFaultText.UNKNOWN(keys=list(QUESTIONS)))
        for key in source.values
        if key not in QUESTIONS
    ]
    answers = _FileAnswers(source, faults)
    found = AssessmentAnswers(
        incorrect=answers.one("incorrect", _boolean, FormFaultText.BOOLEAN),
        contradicts=answers.one("contradicts", _words, FormFaultText.TEXT),
        criteria=answers.several("criteria", _number, FormFaultText.NUMBERS),
        aspects=answers.several("aspects", _words, FormFaultText.ASPECTS),
        own_attempts=answers.one("own_attempts", _number, FormFaultText.NUMBER),
        all_means_used=answers.one("all_means_used", _boolean, FormFaultText.BOOLEAN),
        override_reason=answers.one("override_reason", _words, FormFaultText.TEXT),
        satire=answers.one("satire", _boolean, FormFaultText.BOOLEAN),
    )
    in_order = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))
    return ReadForm(answers=None if faults else found, faults=in_order)


def _fault(place: FileFault, words: StoredText) -> AnswerFault:
    return AnswerFault(line=place.line, column=place.column, key=place.key or None, words=words)


class _FileAnswers:
    """Reads the answers of a form, converts their types, and records a fault for each wrong one."""

    def __init__(self, source: YamlSource, faults: list[AnswerFault]) -> None:
        self._source, self._faults = source, faults

    def one(self, key: str, convert: Callable[[object], T | None], wrong: FormFaultText) -> T | None:
        """Returns the single answer under `key`; None if it is empty."""
        value = self._source.values.get(key)
        if value is None:
            return None
        found = convert(value)
        if found is None:
            said = wrong.having(value=shown(value), example=Aspect.ORGANISATION.value)
            self._faults.append(_fault(self._source.fault((key,), ""), said))
        return found

    def several(
        self, key: str, convert: Callable[[object], T | None], wrong: FormFaultText
    ) -> tuple[T, ...] | None:  # fmt: skip
        """Returns the list under `key`; None if it is empty, an empty tuple for an explicit empty list."""

        def each(value: object) -> tuple[T, ...] | None:
            entries = [convert(entry) for entry in value] if isinstance(value, list) else [None]
            kept = tuple(entry for entry in entries if entry is not None)
            return kept if len(kept) == len(entries) else None

        return self.one(key, each, wrong)


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
