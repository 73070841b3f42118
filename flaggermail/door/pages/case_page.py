# SPDX-License-Identifier: EUPL-1.2
"""The page of a case: the latest mails from outside unfolded, the others as links, and what happened in words.

Events are listed with the latest first: who opens a case asks what changed. Those of sending and of other technical
steps, which are most of them, are folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flaggermail.desk.views.completion import CompletedKind
from flaggermail.door.pages.acts import PageAct
from flaggermail.door.pages.case_forms import words
from flaggermail.door.pages.page import ON_A_PAGE, PageRequest, Shown
from flaggermail.errors import ArchiveFailure, Refusal
from flaggermail.mail.message import Json
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Direction, Kind

LATEST_EVENTS = 100
LONGEST_TEXT = 2_000  # characters of each text of a mail; its own page shows the rest
TO_OTHERS = frozenset({
    Kind.NOTIFICATION, Kind.DECLINE, Kind.INTAKE_CONFIRMATION, Kind.INFORMATION_REQUEST, Kind.DECISION_NOTICE,
    Kind.FOLLOW_UP,
})  # fmt: skip
"""The kinds of our mails to platforms, referrers and citizens; the others are notices to officers."""
TOLD_FIRST = frozenset({
    EventKind.MESSAGE_TAKEN_IN, EventKind.MESSAGE_UNJUDGED, EventKind.MESSAGE_PLACED,
    EventKind.MESSAGE_PLACED_BY_SCORE, EventKind.MESSAGE_CONFIRMED, EventKind.MESSAGE_REFUSED,
    EventKind.MESSAGE_RECLASSIFIED, EventKind.MESSAGE_DECLINED, EventKind.DECLINE_TAKEN_BACK,
    EventKind.MESSAGE_EXCLUDED, EventKind.OCTETS_DISCARDED,
    EventKind.CASE_OPENED, EventKind.CASE_ASSESSED, EventKind.CASE_DECIDED, EventKind.CASE_ASSIGNED,
    EventKind.CASE_LINKED, EventKind.CASE_TAGGED, EventKind.CASE_RECLASSIFIED, EventKind.CASE_CLOSED,
    EventKind.CASE_REOPENED, EventKind.CASE_ANSWERED, EventKind.CASE_REVERTED_TO_NOTIFIED,
    EventKind.INFORMATION_REQUESTED, EventKind.CONTACT_NOTED, EventKind.REFERRER_UNVERIFIED,
    EventKind.NOTIFICATION_DRAFTED, EventKind.NOTIFICATION_APPROVED, EventKind.NOTIFICATION_REJECTED,
    EventKind.NOTIFICATION_SENT, EventKind.NOTIFICATION_FAILED,
    EventKind.CLOCK_STOPPED, EventKind.CLOCK_RESUMED, EventKind.CLOCK_CANCELLED,
    EventKind.MAIL_REFUSED, EventKind.MAIL_UNCERTAIN, EventKind.MAIL_RESOLVED, EventKind.MAIL_CANCELLED,
    EventKind.MAIL_BOUNCED, EventKind.MAIL_UNRENDERABLE,
    EventKind.REMINDER_SENT, EventKind.REMINDER_ACKNOWLEDGED, EventKind.REMINDER_HANDED_OVER,
    EventKind.NOBODY_ON_CALL, EventKind.ALARM_RAISED, EventKind.HOLD_PLACED, EventKind.HOLD_LIFTED,
    EventKind.ANNEX_PROPOSED, EventKind.ANNEX_CONFIRMED, EventKind.ANNEX_APPROVED, EventKind.ANNEX_WITHDRAWN,
})  # fmt: skip
"""The events that tell an officer what became of a case. A clock that starts is told by the sending."""


def case_page(asked: PageRequest) -> Shown:
    """Asks for a case, its latest mails from outside, and its latest events. Raises Refusal, NotFound."""
    number = asked.parts["case"]
    sheet = asked.ask("case show", case=number, limit=ON_A_PAGE, cursor=asked.given("cursor"))
    happened = asked.ask("case events", case=number, limit=LATEST_EVENTS)
    letters = list(_letters(asked, reversed(sheet["latest_received"])))
    unfolded = {letter["id"] for letter in letters}
    others = [one for one in sheet["messages"] if one["id"] not in unfolded]
    return {
        "sheet": sheet,
        "letters": letters,
        "longest": LONGEST_TEXT,
        "others": [one for one in others if not _is_own_notice(one)],
        "notices": [one for one in others if _is_own_notice(one)],
        "told": [one for one in happened["events"] if one["kind"] in TOLD_FIRST],
        "happened": happened,
        "reminders": list(_last_reminders(sheet)),
        "officers": words(asked, CompletedKind.OFFICERS),
    }


CASE_ACTS = {
    "take": PageAct("case assign", frozenset({"officer"})),
    "close": PageAct("case close"),
    "acknowledge": PageAct("oncall ack", frozenset({"reminder"})),
    "hand-over": PageAct("oncall reassign", frozenset({"reminder", "officer"})),
    "evidence": PageAct("archive dossier file", downloads=True),
}


def events_page(asked: PageRequest) -> Shown:
    """Asks for all events of a case, a part at once. Raises Refusal, NotFound."""
    number = asked.parts["case"]
    return {"happened": asked.ask("case events", case=number, limit=LATEST_EVENTS, cursor=asked.given("cursor"))}


def events_since(asked: PageRequest, version: int | None) -> list[Shown]:
    """Returns what an officer is told first of the case of a page since a version, the latest first."""
    case = asked.parts.get("case") or asked.parts.get("draft", "").partition("/")[0]
    if not case or version is None:
        return []
    found = asked.ask("case events", case=case, limit=LATEST_EVENTS)
    return [one for one in found["events"] if one["event"] > version and one["kind"] in TOLD_FIRST]


def _letters(asked: PageRequest, messages: Iterable[str]) -> Iterable[Shown]:
    """Yields the mails that can be read; one that was destroyed or is lost stays a link, whose page says so."""
    for message in messages:
        try:
            yield asked.ask("message show", message=message, limit=1)
        except (Refusal, ArchiveFailure):
            continue


def _last_reminders(sheet: Shown) -> Iterator[Shown]:
    """Yields the last reminder of the case, and of each of its notifications, where a clock still runs."""
    for about in (sheet, *sheet["notifications"]):
        told = [one for one in about["reminders"] if not one["withheld"]]
        if told and about["running"]:
            yield told[-1]


def _is_own_notice(message: Mapping[str, Json]) -> bool:
    kinds = message["kinds"]
    return message["direction"] == Direction.OUT and TO_OTHERS.isdisjoint(kinds if isinstance(kinds, list) else ())
