# SPDX-License-Identifier: EUPL-1.2
"""The states of rows, in display order; kept out of `rows`, which is slow to import."""

from __future__ import annotations

from datetime import timedelta
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


class CaseState(StrEnum):
    """The states of a case."""

    OPEN = "open"
    DECIDED = "decided"
    NOTIFIED = "notified"
    ANSWERED = "answered"
    CLOSED = "closed"


class NotificationState(StrEnum):
    """The states of a notification."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class ClockState(StrEnum):
    """The states of a clock."""

    RUNNING = "running"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class MailState(StrEnum):
    """The states of an outbox mail; `rows.outgoing.NEXT` has the transitions."""

    QUEUED = "queued"
    ATTEMPTING = "attempting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class AttemptResult(StrEnum):
    """How a delivery attempt ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEFERRED = "deferred"
    UNREACHABLE = "unreachable"  # no connection to the submission server
    DENIED = "denied"  # the submission server refuses the desk before the envelope: TLS, login, our sender
    UNCLEAR = "unclear"  # refused for good, and only another mail shows whether it is about this one or about the desk
    UNKNOWN = "unknown"  # the connection broke after the octets were sent


class ServerState(StrEnum):
    """The state of the submission server as the desk sees it."""

    TAKES = "takes"  # each mail is tried when it is due
    AWAY = "away"  # no connection
    DENIES = "denies"  # TLS, login or our own sender are refused
    DOUBTED = "doubted"  # unlike mails were refused, and none accepted since


class PageState(StrEnum):
    """The states of a page."""

    QUEUED = "queued"
    ATTEMPTING = "attempting"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"


CASE_STATES = tuple(state.value for state in CaseState)
CLOCKS = (ClockKind.RECEIPT, ClockKind.HUMAN, ClockKind.SUBSTANCE)  # of a notification
WAITING = (MailState.QUEUED, MailState.ATTEMPTING, MailState.UNCERTAIN)  # outbox mail that is not yet settled
WITHHELD = "withheld"  # outbox mail that is queued, and that the configuration does not allow to leave
UNSETTLED = (*WAITING, WITHHELD)  # how it is counted
LEAVING = (MailState.QUEUED, MailState.ATTEMPTING)  # those that need no decision by a person
UNDELIVERED_PAGES = (PageState.FAILED, PageState.HELD)  # pages that reached nobody
UNDELIVERED_FOR = timedelta(days=1)
SUPPRESSED = "suppressed"  # the counter of mails suppressed as duplicates
PLATFORM_MAILS = "platform mails"  # the counters of mails from platforms: these words and the sender's verdict
LEASE, LEASE_SECONDS = "mailbox", 6.0  # held by the one daemon that leads; how long it lasts without a renewal


class AnnexState(StrEnum):
    """The states of an annex."""

    PROPOSED = "proposed"  # marked by the program
    CONFIRMED = "confirmed"  # read back from a person
    APPROVED = "approved"  # by a second person
    WITHDRAWN = "withdrawn"  # a later one stands in its place, or a person took it back


UNDECIDED = (AnnexState.PROPOSED, AnnexState.CONFIRMED)  # annexes that can still be edited


class Severity(StrEnum):
    """What a fault in the set-up does, from the worst to the least."""

    REFUSES = "refuses"  # the daemon does not start; exit status 2
    FAULT = "fault"  # it starts, and something will not work; exit status 1
    NOTE = "note"  # it may be meant; exit status 0
