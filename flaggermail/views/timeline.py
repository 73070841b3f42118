# SPDX-License-Identifier: EUPL-1.2
"""What happened during a use, as the terminal draws it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flaggermail.figures.looks import MOST_LABELS
from flaggermail.figures.moments import TimelineLabel, shown
from flaggermail.figures.uses import PlatformUse
from flaggermail.mail.message_json import Json
from flaggermail.notifications import latency
from flaggermail.views.view import json_of
from flaggermail.wording.captions import Caption


def timeline(use: PlatformUse, as_of: datetime, zone: ZoneInfo) -> list[Json]:
    """Returns what happened during a use, in order."""
    return [entry(label, use.sent_at, zone) for label in shown(use, as_of, MOST_LABELS)]


def entry(label: TimelineLabel, sent_at: datetime, zone: ZoneInfo) -> dict[str, Json]:
    """Returns a moment, or several; "until" is the last of them, "minutes" those from the sending to the first."""
    return {
        "at": json_of(label.first, zone),
        "until": json_of(label.last, zone),
        "minutes": latency.minutes(sent_at, label.first),
        "signs": list(label.signs),
        "words": [one.words("en") if isinstance(one, Caption) else one.english for one in label.words()],
    }
