# SPDX-License-Identifier: EUPL-1.2
"""Notifications to platforms, their clocks, and the redacted mail exchange of each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from flaggermail.record.case_values import LanguageCode
from flaggermail.record.definition import Column, Record, References, record
from flaggermail.record.kinds import AnnexForm
from flaggermail.record.rows.cases import Case
from flaggermail.record.rows.elections import Channel, Platform
from flaggermail.record.states import AnnexState, ClockKind, ClockState, InstantBasis, NotificationState


@record
class Notification(Record):
    """One use of the line to a platform: the counted unit, however many mails it took."""

    TABLE: ClassVar[str] = "notification"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"subject", "rejected_reason"})
    id: str
    case: Annotated[str, References(Case), Column.INDEXED]
    platform: Annotated[str, References(Platform)]
    channel: Annotated[str, References(Channel)]
    channel_name: str
    counted: bool = True  # False for a follow-up, which needs the same approval and is not counted
    template: str
    language: LanguageCode
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: Annotated[str, Column.LONG]
    policy_title: str = ""
    policy_url: str = ""
    policy_read_on: date | None = None
    state: Annotated[NotificationState, Column.INDEXED, Column.CHECKED] = NotificationState.DRAFT
    drafted_by: str
    drafted_at: datetime
    approved_by: tuple[str, ...] = ()
    approved_with: tuple[str, ...] = ()  # the login of each; empty for a reply with a code
    approved_at: datetime | None = None
    rejected_by: str | None = None
    rejected_reason: str | None = None
    token: Annotated[str, Column.UNIQUE]
    message_id: Annotated[str | None, Column.INDEXED] = None
    digest: str  # of the frozen octets that are sent
    sent_at: datetime | None = None
    sent_basis: InstantBasis = InstantBasis.MAIL  # what `sent_at` rests on
    by_hand: bool = False
    steps: str = "[]"  # the escalation policy in force when it was sent (JSON)
    exercise: bool = False
    tail: str | None = None  # of the case number in its mail; a follow-up has that of its notification


@record
class ClockRow(Record):
    """One of the three clocks of a notification; `id` is notification and kind."""

    TABLE: ClassVar[str] = "clock"
    CHECKS: ClassVar[tuple[tuple[str, str], ...]] = (("clock_kind", "kind IN ('receipt', 'human', 'substance')"),)
    id: str
    notification: Annotated[str, References(Notification), Column.INDEXED]
    kind: ClockKind
    state: Annotated[ClockState, Column.INDEXED] = ClockState.RUNNING
    started_at: datetime
    stopped_at: datetime | None = None
    stopped_by: str | None = None  # message or contact note
    automatic: bool = False
    oral: bool = False
    by_hand: bool = False
    comment: bool = False  # stopped by a comment in a ticket system


@record
class Annex(Record):
    """The mail exchange of a notification as it is redacted; `marks` are places, and no field holds a word of a mail.

    `seals` holds a keyed digest of each printed text, whose key is the mail itself: without the octets of the mail no
    seal can be compared with a guess.
    """

    TABLE: ClassVar[str] = "annex"
    id: str
    notification: Annotated[str, References(Notification), Column.INDEXED]
    case: Annotated[str, References(Case), Column.INDEXED]
    form: Annotated[AnnexForm, Column.CHECKED]
    language: LanguageCode  # of the labels
    state: Annotated[AnnexState, Column.INDEXED, Column.CHECKED] = AnnexState.PROPOSED
    revision: int = 1  # counts the changes of `marks`; an approval names it
    entries: tuple[str, ...]  # messages and contact notes, in the order in which they are printed
    digests: tuple[str, ...]  # SHA-256 of the raw octets of the messages among them, in that order
    parser: str  # the versions that read them
    seals: tuple[str, ...]
    marks: Annotated[str, Column.LONG]  # places, each with its ground and kind (JSON)
    shaped_by: tuple[str, ...]  # everybody who proposed or confirmed a mark in it: none of them may approve
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
