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


def _to_case(parts: Mapping[str, str]) -> str:
    return f"/cases/{quote(parts['case'])}"


def note_acts(parts: Mapping[str, str]) -> Mapping[str, PageAct]:
    """Returns the acts of the page for a contact note; what one wrote is shown on the page of the case."""
    case: Mapping[str, Json] = {"case": parts["case"]}
    return {
        "note": PageAct(
            "case note", frozenset({"means", "text", "effective_at", "counts_as", "channel"}),
            lambda _fields, _key: _to_case(parts), case, frozenset({"counts_as"}), kept=True,
        )
    }  # fmt: skip


def write_acts(parts: Mapping[str, str]) -> Mapping[str, PageAct]:
    """Returns the acts of the page for mails to the referrer."""
    case: Mapping[str, Json] = {"case": parts["case"]}
    return {
        "ask": PageAct(
            "case ask", frozenset({"items", "text"}), lambda _fields, _key: _to_case(parts), case, frozenset({"items"}),
            kept=True,
        ),
        "reply": PageAct("case reply", frozenset({"text"}), lambda _fields, _key: _to_case(parts), case, kept=True),
    }  # fmt: skip


def correct_acts(parts: Mapping[str, str]) -> Mapping[str, PageAct]:
    """Returns the acts of the page for corrections."""
    case: Mapping[str, Json] = {"case": parts["case"]}
    labels = frozenset({"tags", "remove"})
    return {
        "reclassify": PageAct("case reclassify", frozenset({"type", "source"}), fixed=case),
        "tag": PageAct("case tag", labels, fixed=case, lists=labels),
        "link": PageAct("case link", _RELATED, fixed=case, words=_RELATED),
    }


def new_case(asked: PageRequest) -> Shown:
    """Returns the elections to which a new case may belong, and the closed sets."""
    return {"list": asked.ask("election list"), **SETS}


def new_case_acts(_: Mapping[str, str]) -> Mapping[str, PageAct]:
    """Returns the act of opening a case, which leads to it."""
    return {
        "open": PageAct(
            "case open", frozenset({"election", "type", "origin", "source", "title"}) | _RELATED,
            lambda _fields, key: f"/cases/{quote(key)}", words=_RELATED, kept=True,
        )
    }  # fmt: skip
