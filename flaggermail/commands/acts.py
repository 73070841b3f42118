# SPDX-License-Identifier: EUPL-1.2
"""The acts an officer can do, as data: command line, reply by mail and scenario build the same value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

CASE_TYPES = ("A_content", "B_channel", "C_advert", "D_general_warning", "other")
ORIGINS = ("referral", "media", "earlier_cases")
SOURCES = ("media", "fact_checker", "government_body", "fellow_authority")
DECISIONS = ("notify", "decline", "refer", "none")
ASPECTS = ("organisation", "conduct", "integrity")
COUNTS = ("notification", "follow_up", "platform_ack", "substantive_reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Base of every act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddElection(Act):
    """Make an election exist."""

    code: str
    name_nl: str
    name_en: str
    polling_days: tuple[date, ...]
    period_from: date
    period_until: date
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseElection(Act):
    """No new case may belong to it from now on."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartExercise(Act):
    """Begin a rehearsal."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopExercise(Act):
    """End the rehearsal that runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Act):
    """Open a case without a referral, or from a message at hand."""

    election: str
    type: str
    origin: str
    title: str = ""
    source: str | None = None
    from_message: str | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assess(Act):
    """Both steps of the assessment, as a person filled them in; what is left out stays as it was."""

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
    """The recorded decision; of a decline `ground` is a DeclineReason, without which `reason` is one of its own."""

    case: str
    decision: str
    reason: str = ""
    advice: str = ""
    ground: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Act):
    """Write a notification to a platform; it leaves only when it is approved."""

    case: str
    channel: str
    template: str | None = None
    title: str = ""
    text: str = ""
    contact: str = ""
    follow_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Act):
    """Let a draft go out, to the octet."""

    draft: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(Act):
    """Do not let a draft go out."""

    draft: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCase(Act):
    """An officer takes a case, or hands it to another."""

    case: str
    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCase(Act):
    """Name an earlier case on the same narrative."""

    case: str
    related: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCase(Act):
    """Say what a case is about, with narratives of the closed list; take such words back."""

    case: str
    tags: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReferrer(Act):
    """Ask the referrer for what is missing: the items named, a question in own words, or what the checklist lacks."""

    case: str
    items: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclassifyCase(Act):
    """Correct type or source of a case."""

    case: str
    type: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase(Act):
    """The matter is done; a later answer opens it again."""

    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteContact(Act):
    """Record what was said by phone or shown by a portal."""

    case: str
    means: str
    text: str
    effective_at: datetime | None = None
    counts_as: tuple[str, ...] = ()
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmMessage(Act):
    """A person vouches for the sender of a message (and for a disputed arrival)."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseMessage(Act):
    """A person does not believe the sender of a message."""

    message: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclassifyMessage(Act):
    """Correct what a message is, to which case it belongs, or which notification it answers."""

    message: str
    kinds: tuple[str, ...] = ()
    case: str | None = None
    notification: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMessage(Act):
    """Put a message where it belongs: a case, a new case (type and election), the noise with a reason, or back."""

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
    """A person takes a mail for a citizen's report: kept as little as one that was declined at once, and told once."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Act):
    """The officer is on it: his reminders are silent until the acknowledgement expires."""

    reminder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Act):
    """What a reminder is about goes to another officer, who is told at once and can answer in turn."""

    reminder: str
    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRota(Act):
    """Somebody else is on call from one instant up to another."""

    officer: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapShift(Act):
    """Somebody else takes a shift: the one that begins at `shift`, or without one what is left of the running one.

    `officer` is an id, a name or the end of one. With `other`, the begin of another shift, the two change hands.
    """

    shift: datetime | None = None
    officer: str | None = None
    other: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveMail(Act):
    """A person says of an uncertain mail whether it was sent (and when), or that it must be sent again."""

    mail: str
    sent_at: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearAddress(Act):
    """Mail to that address arrives again: channels with it may be used."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyToReferrer(Act):
    """Write to the referrer of a case in own words; it goes out at once."""

    case: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Act):
    """The desk stops observing: what is wanted from now on is sent, with or without the mails that waited before."""

    with_waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMail(Act):
    """Take back a mail that was never tried."""

    mail: str
