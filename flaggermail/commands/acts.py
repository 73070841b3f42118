# SPDX-License-Identifier: EUPL-1.2
"""The commands as data: command line, reply by mail and scenario build the same value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from pydantic import ConfigDict

from flaggermail.commands.requests import STRICT
from flaggermail.record import contacts
from flaggermail.record.case_values import Aspect, CaseType, Decision, Origin, Source

# Values, not members: click would offer the names of members.
CASE_TYPES = tuple(one.value for one in CaseType)
ORIGINS = tuple(one.value for one in Origin)
SOURCES = tuple(one.value for one in Source)
DECISIONS = tuple(one.value for one in Decision)
ASPECTS = tuple(one.value for one in Aspect)
COUNTS = tuple(one.value for one in contacts.COUNTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Base class of every command."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class AddElection(Act):
    """Adds an election."""

    code: str
    name_nl: str
    name_en: str
    polling_days: tuple[date, ...]
    period_from: date
    period_until: date
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseElection(Act):
    """Closes an election to new cases."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartExercise(Act):
    """Starts an exercise."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopExercise(Act):
    """Stops the running exercise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Act):
    """Opens a case without a referral, or from a stored message."""

    election: str
    type: str
    origin: str
    title: str = ""
    source: str | None = None
    from_message: str | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assess(Act):
    """Records both steps of the assessment; omitted fields keep their value."""

    case: str
    incorrect: bool | None = None
    contradicts: str | None = None
    criteria: tuple[int, ...] | None = None
    aspects: tuple[str, ...] | None = None
    own_attempts: int | None = None
    all_means_used: bool | None = None
    override_reason: str | None = None
    satire: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(Act):
    """Records the decision; for a decline, `ground` is a DeclineReason, or None if `reason` is in free text."""

    case: str
    decision: str
    reason: str = ""
    advice: str = ""
    ground: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Act):
    """Drafts a notification to a platform; it is sent only after approval."""

    case: str
    channel: str
    template: str | None = None
    title: str = ""
    text: str = ""
    contact: str = ""
    follow_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Act):
    """Approves the exact octets of a draft."""

    draft: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolDevice(Act):
    """Makes a device for one-time codes for an officer, who confirms it with a first code by mail."""

    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDevice(Act):
    """Makes a device valid; only a reply with a good code does this."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDevice(Act):
    """Ends every device of an officer."""

    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Act):
    """Rejects a draft."""

    draft: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCase(Act):
    """Assigns a case to an officer."""

    case: str
    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCase(Act):
    """Links earlier cases on the same narrative."""

    case: str
    related: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCase(Act):
    """Adds narratives from the closed list to a case, or removes them."""

    case: str
    tags: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReferrer(Act):
    """Asks the referrer for what is missing: the named items, a free question, or what the checklist lacks."""

    case: str
    items: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclassifyCase(Act):
    """Corrects type or source of a case."""

    case: str
    type: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase(Act):
    """Closes a case; a later answer opens it again."""

    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteContact(Act):
    """Records what was said by phone or shown by a portal."""

    case: str
    means: str
    text: str
    effective_at: datetime | None = None
    counts_as: tuple[str, ...] = ()
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmMessage(Act):
    """Confirms the sender of a message (and a disputed arrival)."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseMessage(Act):
    """Rejects the sender of a message as not genuine."""

    message: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclassifyMessage(Act):
    """Corrects the kind of a message, its case, or the notification it answers."""

    message: str
    kinds: tuple[str, ...] = ()
    case: str | None = None
    notification: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMessage(Act):
    """Files a message: in a case, a new case (type and election), as noise with a reason, or back in quarantine."""

    message: str
    case: str | None = None
    new: bool = False
    noise: bool = False
    back: bool = False  # into the quarantine
    reason: str = ""
    type: str = "A_content"
    election: str | None = None
    source: str | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineMessage(Act):
    """Declines a mail as a citizen's report: stored as minimally as an automatic decline, and answered once."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Act):
    """Acknowledges a reminder: the officer's reminders are suppressed until it expires."""

    reminder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Act):
    """Hands over what a reminder is about to another officer, who is told at once and can reply in turn."""

    reminder: str
    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRota(Act):
    """Puts another officer on call from one instant to another."""

    officer: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapShift(Act):
    """Gives a shift to another officer: the one that begins at `shift`, or the rest of the current one.

    `officer` is an id, a name or the last part of one. With `other`, the begin of another shift, the two are exchanged.
    """

    shift: datetime | None = None
    officer: str | None = None
    other: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveMail(Act):
    """Settles an uncertain mail: whether it was sent (and when), or must be sent again."""

    mail: str
    sent_at: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearAddress(Act):
    """Clears a bad address: mail to it arrives again, so channels with it may be used."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToReferrer(Act):
    """Writes to the referrer of a case in free text; sent at once."""

    case: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Act):
    """Ends observing: mail requested from now on is sent, with or without the mail that was already queued."""

    with_waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMail(Act):
    """Cancels a mail that was never tried."""

    mail: str
