# SPDX-License-Identifier: EUPL-1.2
"""Writes to a referrer in free text."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.commands.command import DESK, CaseCommand
from flaggermail.commands.lookups import given, the_case
from flaggermail.commands.outcome import Outcome
from flaggermail.errors import Refusal
from flaggermail.letters import writing
from flaggermail.notices import notices
from flaggermail.services import UnitOfWork
from flaggermail.wording.pieces import Piece
from flaggermail.wording.refusals import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToReferrer(CaseCommand):
    """Sends it at once: no platform reads it, so it needs no approval. It is no notification and starts no clock."""

    NAME = "case reply"
    MAY = DESK

    text: str

    def perform(self, work: UnitOfWork) -> Outcome:
        case = the_case(work, self.case)
        if not notices.has_referrer(work, case):
            raise Refusal(Because.NOBODY_TO_WRITE_TO(case=case.number))
        notices.refuse_unproven(work, case)
        given("text", self.text)
        writing.refuse(work, Piece.CASE(key=case.number))
        dedupe = f"reply/{case.number}/{work.now.isoformat()}"
        if unmade := notices.to_referrer(work, case, "referrer_reply", {"text": self.text.strip()}, dedupe):
            raise Refusal(unmade)
        return Outcome(f"case {case.number}: the referrer is written to", case.number)
