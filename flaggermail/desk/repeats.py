# SPDX-License-Identifier: EUPL-1.2
"""Commands that may be sent twice: one who does not know whether a command was done sends it again with its key.

The answer is kept in the transaction of the command, so that either both are on record or neither. A command that was
refused is not kept: a repeat of it is judged anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from flaggermail.commands.door import command_of
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.ports import KeptAnswer
from flaggermail.services import UnitOfWork
from flaggermail.wording.door import RepeatRefusal

KEPT_FOR = timedelta(hours=24)


def once(
    work: UnitOfWork, key: str, name: str, request: Mapping[str, Json], act: Callable[[], dict[str, Json]]
) -> dict[str, Json]:  # fmt: skip
    """Returns the answer of `act`, or that of the same command of the same person with the same key within a day.

    Raises Refusal if the key was another person's, or another request's, and what `act` raises.
    """
    work.tx.forget_answers(work.now - KEPT_FOR)
    asked = _digest(name, request)
    kept = work.tx.kept_answer(key)
    if kept is None:
        answer = act()
        work.tx.keep_answer(KeptAnswer(key, work.actor, asked, work.now, json.dumps(answer)))
        return answer
    if kept.person != work.actor:
        raise Refusal(RepeatRefusal.OF_ANOTHER_PERSON())
    if kept.asked != asked:
        raise Refusal(RepeatRefusal.OF_ANOTHER_REQUEST())
    found: dict[str, Json] = json.loads(kept.answer)
    return found


def _digest(name: str, request: Mapping[str, Json]) -> str:
    """Returns what tells a request from others.

    A repeat may name the version of a view that was asked since. A code is kept in no form.
    """
    left_out = command_of(name).OF_A_MOMENT | {"version"}
    asked = {field: value for field, value in request.items() if field not in left_out}
    written = json.dumps([name, asked], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()
