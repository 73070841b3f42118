# SPDX-License-Identifier: EUPL-1.2
"""The events of the record, with the rows that each changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flaggermail.commands.lookups import the_case
from flaggermail.commands.requests import Instant
from flaggermail.desk.views.view import SECRET, Document, View, json_of
from flaggermail.mail.message import Json
from flaggermail.record.event_codec import COMMITMENT
from flaggermail.record.events import Change, Event, EventKind, Scalar
from flaggermail.record.rows import BY_TABLE, Case, Token
from flaggermail.services import UnitOfWork
from flaggermail.wording.said import Said

_ERASED = re.compile(rf"{re.escape(COMMITMENT)}[0-9a-f]{{64}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEvents(View):
    """Events in the order in which they happened: about one case, from an instant on, or of one kind."""

    case: str | None = None
    since: Instant | None = None
    kind: EventKind | None = None

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"events": [...]}; each names its number in "event". Raises NotFound for an unknown case.

        A change holds the values as they are stored, "erased" names those that were erased. Tokens are left out, for
        each authorises acts by mail.
        """
        case = the_case(work, self.case).number if self.case is not None else None
        zone = work.env.settings.zone
        return {
            "events": [
                document_of(number, event, zone)
                for number, event in work.tx.events()
                if (self.since is None or event.at >= self.since)
                and (self.kind is None or event.kind is self.kind)
                and (case is None or _concerns(event, case))
            ]
        }


def _concerns(event: Event, case: str) -> bool:
    return event.case == case or any(
        (change.table == Case.TABLE and change.key == case) or change.values.get("case") == case
        for change in event.changes
    )


def document_of(number: int, event: Event, zone: ZoneInfo) -> Document:
    """Returns an event for JSON, without tokens."""
    return {
        "event": number,
        "at": json_of(event.at, zone),
        "actor": event.actor,
        "kind": event.kind.value,
        "case": event.case,
        "notification": event.notification,
        "message": event.message,
        "reason": Said(event.reason).english,
        "facts": {name: json_of(value, zone) for name, value in event.facts.items()},
        "changes": [_change(change, zone) for change in event.changes],
    }


def _change(change: Change, zone: ZoneInfo) -> Document:
    personal = BY_TABLE[change.table].PERSONAL
    erased = [name for name, value in change.values.items() if name in personal and _is_erased(value)]
    values: dict[str, Json] = {
        name: json_of(value, zone) for name, value in change.values.items() if name not in SECRET and name not in erased
    }
    key = None if change.table == Token.TABLE else change.key
    return {"table": change.table, "key": key, "values": values, "erased": erased}


def _is_erased(value: Scalar) -> bool:
    """True for a commitment whose value is gone."""
    return isinstance(value, str) and _ERASED.fullmatch(value) is not None
