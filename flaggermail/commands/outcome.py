# SPDX-License-Identifier: EUPL-1.2
"""The outcome of a command: sentences for a person, and what was done in values for a program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flaggermail.letters.template_values import Unstopped
from flaggermail.record.case_values import CaseType, ChannelKind, ContactMeans, Decision, Source
from flaggermail.record.states import ClockKind
from flaggermail.wording.said import StoredText


class ActKind(StrEnum):
    """The kind of an act; `config/templates/*/reply_answer` has the text for each."""

    ACKNOWLEDGED = "acknowledged"
    APPROVED = "approved"
    ASKED = "asked"
    ASSESSED = "assessed"
    ASSIGNED = "assigned"
    BY_PERSON = "by a person"
    BY_SYSTEM = "by a system"
    CONFIRMED = "confirmed"
    DECIDED = "decided"
    DEVICE_CONFIRMED = "device confirmed"
    DRAFTED = "drafted"
    HANDED_OVER = "handed over"
    NOISE = "noise"
    NOTED = "noted"
    OPENED = "opened"
    OTHER = "other"  # no reply mail asks for it
    PLACED = "placed"
    RECLASSIFIED = "reclassified"
    REFUSED = "refused"
    REJECTED = "rejected"
    REMEMBERED = "remembered"
    SENT = "sent"
    SENT_AGAIN = "sent again"
    SUBMITTED = "submitted"
    SWAPPED = "swapped"


class ClockTurn(StrEnum):
    """What happened to a clock."""

    STOPPED = "stopped"
    RESUMED = "running again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFact:
    """Clocks of one notification that stopped together, or run again; `at` and `minutes` are None for the latter."""

    kinds: tuple[ClockKind, ...]
    notification: str
    turn: ClockTurn
    started_at: datetime
    at: datetime | None = None
    minutes: int | None = None  # from start to stop, as in the figures


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFact:
    """One page that was queued: its id, and the name of the pager; `held` if the hour's limit was reached."""

    page: str
    pager: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActFacts:
    """The kind of an act and the facts about it; None where a fact does not apply."""

    what: ActKind = ActKind.OTHER
    case: str | None = None
    type: CaseType | None = None  # that a correction gave the case
    source: Source | None = None
    domain: str | None = None  # remembered as a known referrer's
    known: bool | None = None  # the domain was to be remembered, and a list of the rules has it
    name: str | None = None  # of the officer who has the matter or the shift now
    minutes: int | None = None  # for which reminders are suppressed
    at: datetime | None = None  # the instant that a contact note gives, or at which a mail in doubt was sent
    means: ContactMeans | None = None
    starts: bool | None = None  # a contact note that starts clocks
    stops: bool | None = None  # a contact note that counts as an answer or as something sent
    decision: Decision | None = None
    few_attempts: bool | None = None  # the referrer made fewer attempts of their own than "repeated" means
    unproven: str | None = None  # the mail of the referrer who is not told, because nobody vouches for its sender
    ended: str | None = None  # the case that was closed, because its mail was filed in another
    draft: str | None = None
    channel: str | None = None  # its name
    platform: str | None = None  # its name: of a mail that stopped no clock, because it was never asked
    kind: ChannelKind | None = None
    leaves: bool | None = None  # the draft has all approvals
    held_since: datetime | None = None  # since when the submission server takes no mail, so that it waits
    away: bool | None = None  # because the server cannot be reached, not because it refuses
    pages: tuple[PageFact, ...] | None = None
    clocks: tuple[ClockFact, ...] | None = None  # that stopped or run again: the door fills these two in
    unstopped: Unstopped | None = None


@dataclass(frozen=True, slots=True)
class ActResult:
    """The result of a command: its new state as a sentence, the key of the row, warnings, and the facts of the act."""

    text: StoredText
    key: str
    warnings: tuple[StoredText, ...] = ()
    did: ActFacts = ActFacts()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActAnswer:
    """What a command answers: the key of its row, the new state, what to think of, what was done, and the version."""

    key: str
    state: StoredText
    warnings: tuple[StoredText, ...]
    did: ActFacts
    version: int
