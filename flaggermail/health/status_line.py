# SPDX-License-Identifier: EUPL-1.2
"""The daemon's status in the one line that `systemctl status` shows: times and counts only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLine:
    """The facts in the line; `link` is None before the first poll has ended."""

    last_mail: datetime | None
    last_look: datetime | None
    link: bool | None
    waiting: int
    in_doubt: int
    observing: bool
    stuck: Sequence[str] = ()  # loops by name
    database_away: bool = False
    standby: bool = False  # another node leads, and looks at the mailbox

    def line(self, zone: ZoneInfo, now: datetime) -> str:
        """Returns the line; instants in `zone`, with the date if it differs from that of `now`."""
        parts = [
            *([f"STUCK: {', '.join(self.stuck)}"] if self.stuck else []),
            *(["database away, everything waits"] if self.database_away else []),
            *(["standby: another node leads"] if self.standby else []),
            *(["observing, nothing is sent"] if self.observing else []),
            *([] if self.standby else self._of_mailbox(zone, now)),
            f"{self.waiting} waiting",
            f"{self.in_doubt} in doubt",
        ]
        return ", ".join(parts)

    def _of_mailbox(self, zone: ZoneInfo, now: datetime) -> Sequence[str]:
        return (
            f"last mail seen {_shown(self.last_mail, zone, now)}",
            f"last look {_shown(self.last_look, zone, now)}",
            "first look under way" if self.link is None else "link up" if self.link else "link down",
        )


def _shown(at: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    if at is None:
        return "never"
    local = at.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == now.astimezone(zone).date() else f"{local:%Y-%m-%d %H:%M}"
