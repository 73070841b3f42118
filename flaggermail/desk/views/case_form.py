# SPDX-License-Identifier: EUPL-1.2
"""The assessment of a case as a form: its questions with the known answers, and the reading of one filled in as YAML.

A form may be partly filled in: empty answers keep their value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from flaggermail.cases.lifecycle import attempts_of
from flaggermail.commands.cases import same_narrative
from flaggermail.commands.lookups import the_case
from flaggermail.desk.views.case import earlier
from flaggermail.desk.views.view import Document, View, plain
from flaggermail.errors import ConfigurationError
from flaggermail.mail.message import Json
from flaggermail.record.case_values import Aspect
from flaggermail.record.definition import where
from flaggermail.record.rows import Case
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.settings.yaml_files.source import FileFault, YamlSource, read_text

T = TypeVar("T")

CRITERIA = {
    1: "a vote becomes invalid",
    2: "another person than meant is designated",
    3: "voters lose the chance to vote",
}
OWN_MEANS = "recovery form, business support, own supplier, second administrator, police where it fits"
_KEYS = (
    ("incorrect", "(a) is it in fact incorrect or misleading? true or false"),
    ("contradicts", "the rule or source that it contradicts"),
    ("criteria", f"(b) which of {'; '.join(f'{n} {what}' for n, what in CRITERIA.items())}, as in [1, 3]"),
    ("aspects", f"any of {', '.join(Aspect)}, as in [{Aspect.ORGANISATION}]"),
    ("own_attempts", "how often the referrer asked the platform, as a number; repeated means at least 2"),
    ("all_means_used", f"of a lost channel: has its owner used all own means ({OWN_MEANS})? true or false"),
    ("override_reason", "why to go on although the owner has not"),
    ("satire", "does it present itself as satire? true or false; by itself that does not exclude it"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseForm(View):
    """The form for a case, with the reasoning of related cases and of earlier ones on the same narrative."""

    MAY: ClassVar[frozenset[str]] = DESK

    case: str

    def show(self, work: UnitOfWork) -> Document:
        """Returns the case, "earlier" cases and "questions", each with its "key", "words" and "answer".

        Raises NotFound.
        """
        case, zone = the_case(work, self.case), work.env.settings.zone
        related = work.tx.find(Case, where(Case.number).in_(case.related))
        alike = [other for other in same_narrative(work.tx, case) if other not in related]
        values, told = plain(case, zone), attempts_of(work, case)
        hints = {"own_attempts": f"; the referrer's mail dates {told}"} if told else {}
        return {
            **{name: values[name] for name in ("number", "title", "assessed_at", "assessed_by")},
            "related_cases": [earlier(other, zone) for other in related],
            "same_narrative": [earlier(other, zone) for other in alike],
            "questions": [
                {"key": key, "words": words + hints.get(key, ""), "answer": values[key]} for key, words in _KEYS
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm(View):
    """What a filled-in form says; `name` is that of its file, for messages."""

    MAY: ClassVar[frozenset[str]] = DESK

    text: str
    name: str = "form"

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"answers": {...}}, fields of the request "case assess". Raises ConfigurationError."""
        del work
        return {"answers": read_form(self.text, self.name)}


def read_form(text: str, name: str) -> dict[str, Json]:
    """Parses a filled-in form. Raises ConfigurationError with one line per fault."""
    source = read_text(text, name)
    faults = list(source.faults)
    known = tuple(key for key, _ in _KEYS)
    faults += [
        source.fault((key,), f"is not known; the form has the keys {', '.join(known)}")
        for key in source.values
        if key not in known
    ]
    answers = _FileAnswers(source, faults)
    found: dict[str, Json] = {
        "incorrect": answers.one("incorrect", _boolean, "must be true or false"),
        "contradicts": answers.one("contradicts", _words, "must be text"),
        "criteria": answers.several("criteria", _number, "must be a list of numbers such as [1, 3]"),
        "aspects": answers.several("aspects", _words, f"must be a list such as [{Aspect.ORGANISATION}]"),
        "own_attempts": answers.one("own_attempts", _number, "must be a whole number"),
        "all_means_used": answers.one("all_means_used", _boolean, "must be true or false"),
        "override_reason": answers.one("override_reason", _words, "must be text"),
        "satire": answers.one("satire", _boolean, "must be true or false"),
    }
    if faults:
        raise ConfigurationError(*map(str, sorted(faults)))
    return found


class _FileAnswers:
    """Reads the answers of a form, converts their types, and records a fault for each wrong one."""

    def __init__(self, source: YamlSource, faults: list[FileFault]) -> None:
        self._source, self._faults = source, faults

    def one(self, key: str, convert: Callable[[object], T | None], right: str) -> T | None:
        """Returns the single answer under `key`; None if it is empty."""
        value = self._source.values.get(key)
        if value is None:
            return None
        found = convert(value)
        if found is None:
            self._faults.append(self._source.fault((key,), f"{value!r} {right}"))
        return found

    def several(self, key: str, convert: Callable[[object], T | None], right: str) -> tuple[T, ...] | None:
        """Returns the list under `key`; None if it is empty, an empty tuple for an explicit empty list."""

        def each(value: object) -> tuple[T, ...] | None:
            entries = [convert(entry) for entry in value] if isinstance(value, list) else [None]
            kept = tuple(entry for entry in entries if entry is not None)
            return kept if len(kept) == len(entries) else None

        return self.one(key, each, right)


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
