# SPDX-License-Identifier: EUPL-1.2
"""What versions 1 and 2 of the events said in a sentence or in a key, and version 3 says in a field of its own.

Only the codec and migration 0007 read these sentences. In both, a field follows from one row's values alone, so that a
row that was migrated equals the fold of its events.
"""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.record.alarm_kinds import AlarmKind

_IN_JUNK = "; in the junk folder"
READ = {
    "message": ("match_basis", "reason", "verdict_basis", "rule"),
    "outbox": ("dedupe", "shows"),
    "held_back": ("dedupe", "shows"),
    "alarm": ("kind", "text"),
}
"""By table, the fields that hold such a sentence or are completed by it."""


def completed(table: str, values: Mapping[str, object]) -> dict[str, str | bool | None]:
    """Returns the fields that these values of a row, or of a change of one, imply; names today's tables and fields."""
    match table:
        case "message":
            return _of_message(values)
        case "outbox" | "held_back":
            shown = _after("notice/", values.get("dedupe"))
            return {"shows": shown.partition("/")[0]} if shown and values.get("shows") is None else {}
        case "alarm" if values.get("kind") == AlarmKind.WAITING:
            return {"officer": _after("", values.get("text"))}
    return {}


def _of_message(values: Mapping[str, object]) -> dict[str, str | bool | None]:
    found: dict[str, str | bool | None] = {}
    if "match_basis" in values:
        found["enclosed_in"] = _after("forwarded in ", values["match_basis"])
        found["placed_by"] = _after("placed by ", values["match_basis"])
    if "reason" in values:
        found["from_junk"] = _IN_JUNK in str(values["reason"])
    if "verdict_basis" in values:
        found["confirmed_by"] = _after("confirmed by ", values["verdict_basis"])
    if "rule" in values:
        found["corrected_by"] = _after("corrected by ", values["rule"])
    return found


def _after(begin: str, sentence: object) -> str | None:
    """Returns the rest of a sentence that begins so; else None."""
    return sentence[len(begin) :] if isinstance(sentence, str) and sentence.startswith(begin) else None
