# SPDX-License-Identifier: EUPL-1.2
"""What a mail to an officer is about, and how long an answer to it acts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

LASTS = timedelta(hours=2)


class Topic(StrEnum):
    """What a mail to an officer is about; the purpose of its token."""

    NOTICE = "notice"
    NEW_CASE = "new case"
    FORM = "case form"
    APPROVAL = "approval"
    REMINDER = "reminder"
    REMINDERS = "reminders"  # several in one mail
    UNDECIDED = "undecided case"
    UNVERIFIED = "unverified mail"
    QUARANTINE = "quarantine"
    SHIFT = "shift"
    SUBMISSION = "submission"  # of a text in a portal, or by phone


USUAL_LIFE = timedelta(days=7)
LIFETIME: Mapping[Topic, timedelta] = {Topic.APPROVAL: LASTS}
"""How long after a mail an answer to it acts; `USUAL_LIFE` where a topic is not named."""
