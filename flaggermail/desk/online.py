# SPDX-License-Identifier: EUPL-1.2
"""Checks the servers around a desk, in words. Only the trial of `trust: exchange` is written to the record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from flaggermail.desk.ground import DeskServers
from flaggermail.desk.inspections import octets, texts
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json, contract, packed, unpacked
from flaggermail.mail.subject import conversations
from flaggermail.online import checking
from flaggermail.online.outcomes import StepOutcome
from flaggermail.record.case_values import LanguageCode
from flaggermail.wording.refusals import ViewRefusal

if TYPE_CHECKING:
    from flaggermail.desk.ground import DeskFiles
    from flaggermail.ports import Parser


def parse(ground: DeskFiles, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"mails": [...]}: the content of each mail in `mails` (Base64), with the seconds its parsing took."""
    reader = ground.parser()
    return {"mails": [_parsed(reader, octets(text)) for text in texts(request, "mails")]}


def _parsed(reader: Parser, mail: bytes) -> dict[str, Json]:
    begun = time.perf_counter()
    message = reader.parse(mail)
    seconds = round(time.perf_counter() - begun, 6)
    return {**contract(message), "seconds": seconds}


def read_for_threads(ground: DeskFiles, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"messages": [...]}: of each mail in `mails` (Base64) what `threads` needs, without its text."""
    reader = ground.parser()
    bare = (
        replace(reader.parse(octets(text)), text="", html_text="", reply_text="", headers=(), html=None, forwarded=None)
        for text in texts(request, "mails")
    )
    return {"messages": [packed(message) for message in bare]}


def group(_: DeskFiles, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"threads": [[Message-ID, ...], ...]} of the `messages` that "threads read" gave."""
    given = request["messages"]
    if not isinstance(given, list | tuple):
        raise Refusal(ViewRefusal.NO_THREADS())
    try:
        messages = [unpacked(one) for one in given]
    except (TypeError, KeyError, ValueError) as fault:
        raise Refusal(ViewRefusal.NO_THREADS()) from fault
    return {"threads": conversations(messages)}


def check_online(ground: DeskServers, request: Mapping[str, Json]) -> dict[str, Json]:
    """Returns {"outcomes", "first"}: the outcome of every step, and the first to mend, null if there is none.

    An outcome is {"code", "step", "result", "what", "where", "mend"}, with `what` and `mend` in `language`; `where` is
    empty if `mend` names the place. `pages` says whether the pagers are called. Raises ConfigurationError, and Refusal
    in a replay, which has no servers.
    """
    if ground.simulated:
        raise Refusal(ViewRefusal.REPLAY_HAS_NO_SERVERS())
    if request["language"] not in set(LanguageCode):
        raise Refusal(ViewRefusal.LANGUAGE_UNKNOWN(allowed=list(LanguageCode)))
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
