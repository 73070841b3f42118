# SPDX-License-Identifier: EUPL-1.2
"""What happened during each use of a case, as the terminal draws it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flaggermail.figures.ledger import of_rows
from flaggermail.figures.looks import MOST_LABELS
from flaggermail.figures.moments import TimelineLabel, shown
from flaggermail.figures.uses import uses_of
from flaggermail.mail.message_json import Json
from flaggermail.notifications import latency
from flaggermail.record.rows import Case
from flaggermail.services import UnitOfWork
from flaggermail.views.view import json_of
from flaggermail.wording.captions import Caption


def timelines(work: UnitOfWork, case: Case) -> Mapping[str, list[Json]]:
    """Returns what happened during each use of the case, in order, by the notification's number."""
    zone = work.env.settings.zone
    return {
        use.notification: [entry(label, use.sent_at, zone) for label in shown(use, work.now, MOST_LABELS)]
        for use in uses_of(of_rows(work.tx))
        if use.case == case.number
    }


def entry(label: TimelineLabel, sent_at: datetime, zone: ZoneInfo) -> dict[str, Json]:
    """Returns a moment, or several; "until" is the last of them, "minutes" those from the sending to the first."""
    return {
        "at": json_of(label.first, zone),
        "until": json_of(label.last, zone),
        "minutes": latency.minutes(sent_at, label.first),
        "signs": list(label.signs),
        "words": [one.words("en") if isinstance(one, Caption) else one.english for one in label.words()],
    }
