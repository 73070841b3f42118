# SPDX-License-Identifier: EUPL-1.2
"""The pages on which one writes about a case: a contact note, a mail to its referrer, a correction; and a new case."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from flaggermail.desk.views.completion import CompletedKind
from flaggermail.door.pages.acts import PageAct
from flaggermail.door.pages.page import PageRequest, Shown
from flaggermail.mail.message import Json
from flaggermail.record.case_values import COUNTS, Aspect, CaseType, ContactMeans, DeclineReason, Item, Origin, Source

_RELATED = frozenset({"related"})


def about_case(asked: PageRequest) -> Shown:
    """Returns the case, and the closed sets of which its forms offer the values. Raises Refusal, NotFound."""
    return {
        "sheet": asked.ask("case show", case=asked.parts["case"], limit=1),
        "channels": channels(asked),
        "narratives": words(asked, CompletedKind.NARRATIVES),
        **SETS,
    }


SETS: Mapping[str, object] = {
    "types": list(CaseType), "sources": list(Source), "origins": list(Origin), "means": list(ContactMeans),
    "counts": COUNTS, "items": list(Item), "grounds": list(DeclineReason), "aspects": list(Aspect),
}  # fmt: skip


def channels(asked: PageRequest) -> list[tuple[str, str]]:
    """Returns the channels of the desk by their codes, with the words that a list has for each."""
    return [
        (one["code"], f"{one['platform_name']}: {one['name']} ({one['code']})")
        for one in asked.ask("channel list")["channels"]
    ]


def words(asked: PageRequest, what: CompletedKind) -> list[tuple[str, str]]:
    """Returns the words of a kind that the desk knows, each with its remark."""
    return [(one["word"], one["remark"]) for one in asked.ask("complete", what=what.value)["words"]]


def _to_case(fields: Mapping[str, Json], _key: str) -> str:
    return f"/cases/{quote(str(fields['case']))}"


_ITEMS, _LABELS = frozenset({"items"}), frozenset({"tags", "remove"})
NOTE_ACTS = {
    "note": PageAct(
        "case note", frozenset({"means", "text", "effective_at", "counts_as", "channel"}), _to_case,
        lists=frozenset({"counts_as"}), kept=True,
    )
}  # fmt: skip
WRITE_ACTS = {
    "ask": PageAct("case ask", _ITEMS | {"text"}, _to_case, lists=_ITEMS, kept=True),
    "reply": PageAct("case reply", frozenset({"text"}), _to_case, kept=True),
}
CORRECT_ACTS = {
    "reclassify": PageAct("case reclassify", frozenset({"type", "source"})),
    "tag": PageAct("case tag", _LABELS, lists=_LABELS),
    "link": PageAct("case link", _RELATED, words=_RELATED),
}


def new_case(asked: PageRequest) -> Shown:
    """Returns the elections to which a new case may belong, and the closed sets."""
    return {"list": asked.ask("election list"), **SETS}


NEW_CASE_ACTS = {
    "open": PageAct(
        "case open", frozenset({"election", "type", "origin", "source", "title"}) | _RELATED,
        lambda _, key: f"/cases/{quote(key)}", words=_RELATED, kept=True,
    )
}  # fmt: skip
