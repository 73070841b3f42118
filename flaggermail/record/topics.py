# SPDX-License-Identifier: EUPL-1.2
"""The topics of mail with a token, and how long a reply to each is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

LASTS = timedelta(hours=2)


class Topic(StrEnum):
    """The topic of a mail of ours; the purpose of its token. The last three are of mail to others than officers."""

    NOTICE = "notice"
    NEW_CASE = "new case"
    NEW_CASE_ALIKE = "new case that is like another"
    FORM = "case form"
    APPROVAL = "approval"
    REMINDER = "reminder"
    REMINDER_WITH_MAIL = "reminder with mail"  # one mail waits that may be the answer
    REMINDERS = "reminders"  # several in one mail
    UNDECIDED = "undecided case"
    UNVERIFIED = "unverified mail"
    AUTOMATIC = "automatic mail"  # a platform's, that says more than that ours arrived
    COMMENT = "comment"  # in a platform's ticket system, by a named person
    UNCLEAR_REPORT = "unclear report"  # a delivery report that fits several mails of ours
    UNCERTAIN_MAIL = "uncertain mail"  # mail of ours to a platform, of which nobody knows whether it was sent
    UNDELIVERED_MAIL = "undelivered mail"  # mail of ours to a platform that was refused, returned or delayed
    PLAYED_CALL = "played call"  # a call of a rehearsal, to be made now and noted
    QUARANTINE = "quarantine"
    SHIFT = "shift"  # the hand-over
    STAND = "stand"  # how things stand, as an officer asked
    SUBMISSION = "submission"  # a text to submit in a portal or to read out by phone
    DEVICE = "device"  # an officer's device for one-time codes, which its first code confirms
    CASE = "case"
    NOTIFICATION = "notification"
    DECLINE = "decline"


USUAL_LIFE = timedelta(days=7)
LIFETIME: Mapping[Topic, timedelta] = {Topic.APPROVAL: LASTS, Topic.DEVICE: LASTS}
"""How long a reply to a mail is accepted; `USUAL_LIFE` for topics not listed."""
