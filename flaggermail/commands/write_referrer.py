# SPDX-License-Identifier: EUPL-1.2
"""Writes to a referrer in free text."""

from __future__ import annotations

from flaggermail.commands import acts
from flaggermail.commands.lookups import Outcome, given, the_case
from flaggermail.errors import Refusal
from flaggermail.letters import observing
from flaggermail.notices import notices
from flaggermail.record.kinds import Kind
from flaggermail.services import UnitOfWork


def to_referrer(work: UnitOfWork, act: acts.ReplyToReferrer) -> Outcome:
    """Sends it at once: no platform reads it, so it needs no approval. It is no notification and starts no clock."""
    case = the_case(work, act.case)
    if not notices.has_referrer(work, case):
        raise Refusal(f"case {case.number}: nobody referred it by mail, so there is nobody to write to")
    notices.refuse_unproven(work, case)
    given("text", act.text)
    observing.refuse(work, f"case {case.number}")
    dedupe = f"reply/{case.number}/{work.now.isoformat()}"
    notices.to_referrer(work, case, Kind.FOLLOW_UP, "referrer_reply", {"text": act.text.strip()}, dedupe)
    return Outcome(f"case {case.number}: the referrer is written to", case.number)
