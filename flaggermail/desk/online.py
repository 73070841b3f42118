# SPDX-License-Identifier: EUPL-1.2
"""Checks the servers around a desk, in words. Only the trial of `trust: exchange` is written to the record."""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.desk.ground import ServerGround
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.online import checking
from flaggermail.online.outcomes import StepOutcome
from flaggermail.record.contacts import LanguageCode


def check_online(ground: ServerGround, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"outcomes", "first"}: the outcome of every step, and the first to mend, null if there is none.

    An outcome is {"code", "step", "result", "what", "where", "mend"}, with `what` and `mend` in `language`; `where` is
    empty if `mend` names the place. `pages` says whether the pagers are called. Raises ConfigurationError, and Refusal
    in a replay, which has no servers.
    """
    if ground.simulated:
        raise Refusal("check --online: a replay has no servers")
    if request["language"] not in set(LanguageCode):
        raise Refusal(f"language: must be one of {', '.join(LanguageCode)}")
    language = LanguageCode(str(request["language"]))
    outcomes = checking.check(ground.online(pages=request["pages"] is True))
    first = checking.first_to_mend(outcomes)
    return {
        "outcomes": [_shown(one, language) for one in outcomes],
        "first": _shown(first, language) if first is not None else None,
    }


def _shown(outcome: StepOutcome, language: LanguageCode) -> dict[str, Json]:
    return {
        "code": outcome.code,
        "step": outcome.step,
        "result": outcome.result,
        "what": outcome.what.in_language(language),
        "where": outcome.where,
        "mend": outcome.mend.in_language(language),
    }
