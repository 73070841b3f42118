# SPDX-License-Identifier: EUPL-1.2
"""What an editor made of a report: its figures compared with those that were frozen."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from flaggermail.commands.reports import reportable
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.views.view import View
from flaggermail.documents import model as documents
from flaggermail.errors import Refusal
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.rows import Election
from flaggermail.report import frozen
from flaggermail.report.quantities import QuantityKind
from flaggermail.report.verifying import FigureFindingKind, compare, likeness
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import ACCOUNTS
from flaggermail.wording.refusals import ReportRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingFigure(ViewAnswer):
    """A figure that no longer matches; `stands` is empty if it is missing. The words are those of the document."""

    kind: FigureFindingKind
    figure: str
    about: QuantityKind | None  # None for words
    place: str
    sentence: str
    record: str
    stands: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedReport(ViewAnswer):
    """An edited report compared with the frozen one.

    `right`: no figure stands there otherwise; one that is missing is a fault all the same.
    """

    election: str
    language: LanguageCode
    freeze: str
    figures: int  # that bear a mark
    right: bool
    faults: tuple[DifferingFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport(View):
    """The figures of an edited report, an OpenDocument text (Base64), that differ from the frozen ones.

    Without an election, it is the one that the document speaks of.
    """

    MAY: ClassVar[frozenset[str]] = ACCOUNTS

    octets: str
    election: str | None = None

    def show(self, work: UnitOfWork) -> VerifiedReport:
        """Returns the differences in reading order. Raises NotFound, Refusal."""
        try:
            octets = b64decode(self.octets, validate=True)
        except (binascii.Error, ValueError) as fault:
            raise Refusal(ReportRefusal.NOT_BASE64()) from fault
        passages = work.env.documents.read_odt(octets)
        code = self._of(work, passages) if self.election is None else reportable(work, self.election).code
        row = frozen.the_freeze(work, code)
        language, ours = _frozen(work, code, passages)
        faults = compare(ours, passages)
        return VerifiedReport(
            election=code,
            language=language,
            freeze=row.id,
            figures=sum(len(passage.figures) for passage in passages),
            right=all(fault.kind is FigureFindingKind.MISSING for fault in faults),
            faults=tuple(DifferingFigure.from_fields(one, figure=one.name) for one in faults),
        )

    def _of(self, work: UnitOfWork, passages: Sequence[documents.Passage]) -> str:
        """Returns the election whose frozen report the document is most like. Raises Refusal if that is unclear."""
        known = [one.code for one in work.tx.find(Election) if frozen.standing(work, one.code) is not None]
        text = " ".join([one.text for one in passages] + [mark.name for one in passages for mark in one.figures])
        scores = {
            code: (text.count(f"-{code}-"), likeness(_frozen(work, code, passages)[1], passages)) for code in known
        }
        best = [code for code in known if scores[code] == max(scores.values()) and scores[code] > (0, 0)]
        if len(best) != 1:
            raise Refusal(ReportRefusal.WHICH_ELECTION(known=known or ["-"]))
        return best[0]


def _frozen(
    work: UnitOfWork, code: str, passages: Sequence[documents.Passage]
) -> tuple[LanguageCode, documents.Document]:  # fmt: skip
    """Returns the frozen report in the language of the edited document."""
    made = frozen.documents(frozen.inputs_of(frozen.the_freeze(work, code)))
    return max(made.items(), key=lambda one: likeness(one[1], passages))
