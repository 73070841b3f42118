# SPDX-License-Identifier: EUPL-1.2
"""The picture of a notification: its clocks as bars to scale, and the mails and reminders as marks on the same axis.

Only places are reckoned here, in whole units of a picture 320 wide; `timeline.html` draws it. Places follow the time
that passed, so a night on which the clocks change is as long as it was; its times then bear their offsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.mail.message import Json
from flaggermail.record.kinds import Direction
from flaggermail.record.states import ClockState, Sign

LEFT, RIGHT, BREAK = 8, 312, 232  # of the axis; where it is broken if what runs is far longer than all before
LONG = 4  # times what is known: then an open wait is not drawn to scale
LEAST = 2  # width of a bar
_REMINDERS = frozenset({Sign.REMINDER, Sign.ESCALATION})
Document = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class ClockBar:
    """A clock from `x` on; `state` as in the record."""

    kind: str
    state: str
    x: int
    width: int
    minutes: int


@dataclass(frozen=True, slots=True)
class UsePicture:
    """What is drawn; `broken`: the axis beyond `BREAK` is not to scale; `first` and `last` as texts of times."""

    bars: tuple[ClockBar, ...]
    received: tuple[int, ...]
    sent: tuple[int, ...]
    reminders: tuple[int, ...]
    first: datetime
    last: datetime
    offsets: bool
    broken: bool


def picture(use: Document, messages: Sequence[Document], now: str) -> UsePicture | None:
    """Returns the picture of a notification as `case show` has it; None for one whose clocks never ran."""
    at, clocks = datetime.fromisoformat(now), _several(use, "clocks")
    if not clocks:
        return None
    own = [one for one in messages if one["notification"] == use["id"]]
    moments = [one for one in _several(use, "timeline") if not _REMINDERS.isdisjoint(_signs(one))]
    begins = [_instant(one["started_at"]) for one in clocks]
    ends = [_instant(one["stopped_at"]) for one in clocks if one["stopped_at"]]
    marks = [_instant(one["received_at"]) for one in own] + [_instant(one["at"]) for one in moments]
    first, known = min(begins + marks), max(begins + ends + marks)
    runs = any(one["state"] == ClockState.RUNNING for one in clocks)
    last = max(at, known) if runs else known
    scale = _Scale(first, known, last)
    return UsePicture(
        bars=tuple(_bar(one, scale, at) for one in clocks),
        received=tuple(scale.x(_instant(one["received_at"])) for one in own if one["direction"] == Direction.IN),
        sent=tuple(scale.x(_instant(one["received_at"])) for one in own if one["direction"] == Direction.OUT),
        reminders=tuple(scale.x(_instant(one["at"])) for one in moments),
        first=first, last=last, offsets=first.utcoffset() != last.utcoffset(), broken=scale.broken,
    )  # fmt: skip


class _Scale:
    """Instants on the axis; what lies behind the last known one shares what is beyond the break, if that is long."""

    def __init__(self, first: datetime, known: datetime, last: datetime) -> None:
        self._first, self._last = first, last
        self.broken = timedelta() < known - first and last - first > LONG * (known - first)
        self._known, self._right = (known, BREAK) if self.broken else (last, RIGHT)

    def x(self, at: datetime) -> int:
        """Returns the place of an instant."""
        if at > self._known:
            return RIGHT
        whole = (self._known - self._first) or timedelta(minutes=1)
        return LEFT + (at - self._first) * (self._right - LEFT) // whole


def _bar(clock: Document, scale: _Scale, now: datetime) -> ClockBar:
    begin = _instant(clock["started_at"])
    end = _instant(clock["stopped_at"]) if clock["stopped_at"] else max(now, begin)
    x = scale.x(begin)
    minutes = (end - begin) // timedelta(minutes=1)
    return ClockBar(str(clock["kind"]), str(clock["state"]), x, max(scale.x(end) - x, LEAST), minutes)


def _several(document: Document, name: str) -> list[dict[str, Json]]:
    found = document[name]
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list | tuple) else []


def _signs(moment: Document) -> Sequence[Json]:
    signs = moment["signs"]
    return signs if isinstance(signs, list | tuple) else ()


def _instant(value: Json) -> datetime:
    return datetime.fromisoformat(str(value))
