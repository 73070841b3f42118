# SPDX-License-Identifier: EUPL-1.2
"""The clocks that run while nobody answers, and how officers are reminded of them."""

from __future__ import annotations

from enum import StrEnum


class ClockKind(StrEnum):
    """What a clock waits for. Rows of clocks have the first three kinds, reminders have all of them."""

    RECEIPT = "receipt"
    HUMAN = "human"
    SUBSTANCE = "substance"
    DECISION = "decision"  # of a case, until it is decided
    QUARANTINE = "quarantine"  # of a quarantined mail, until a person files it


class InstantBasis(StrEnum):
    """What the instant of a sending or of an answer rests on."""

    MAIL = "mail"  # a server's: the acceptance of our mail, the arrival of theirs
    SENT_COPY = "sent copy"  # the arrival of a copy of our mail in our own mailbox
    QUOTED_WORDS = "quoted words"  # the arrival of a mail that was placed by nothing but our words in it
    BY_HAND = "by hand"  # what a person noted


class Sign(StrEnum):
    """What happens during a use, as pictures show it; in the order of one minute."""

    SENT = "sent"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    RECEIPT = "receipt"
    HUMAN = "human"
    SUBSTANCE = "substance"
    OPEN = "open"  # not what happened, but where an open wait was looked at


class Means(StrEnum):
    """How a reminder reaches its recipient."""

    MAIL = "mail"
    PAGER = "pager"  # that person's pagers, in the order and with the delays of the schedule


class OfficerRole(StrEnum):
    """What an officer may do."""

    OFFICER = "officer"
    ASSESSOR = "assessor"
    APPROVER = "approver"
    HEAD = "head"


class Period(StrEnum):
    """The period that selects the escalation policy."""

    POLLING_DAY = "polling_day"
    ELECTION = "election"
    QUIET = "quiet"
