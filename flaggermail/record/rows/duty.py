# SPDX-License-Identifier: EUPL-1.2
"""What reaches officers on call, and how they answer: reminders, pages, tokens, devices."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from flaggermail.record.case_values import Topic
from flaggermail.record.definition import Column, Record, References, record
from flaggermail.record.kinds import Kind
from flaggermail.record.rows.cases import Case
from flaggermail.record.states import ClockKind, Means, PageState


@record
class Reminder(Record):
    """One step sent to one officer; `id` is its subject, clock, step, repetition and officer."""

    TABLE: ClassVar[str] = "reminder"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("notification", "case"),)
    id: str
    kind: Kind  # a reminder or an escalation
    case: Annotated[str, References(Case), Column.INDEXED]
    notification: str | None = None
    clock: ClockKind
    step: int
    officer: str
    due_at: datetime
    told_at: datetime
    token: Annotated[str, Column.INDEXED]
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None  # as promised at the time, whatever the configuration says now
    repetition: int = 0  # of a repeating step
    withheld: bool = False  # fell due while the desk was observing: never sent
    how: tuple[Means, ...] = (Means.MAIL, Means.PAGER)


@record
class Token(Record):
    """An unguessable value in a mail we sent, and what a reply to that mail refers to."""

    TABLE: ClassVar[str] = "token"
    KEY: ClassVar[str] = "token"
    token: str
    purpose: Topic
    case: str | None = None
    notification: Annotated[str | None, Column.INDEXED] = None
    reminder: str | None = None
    message: str | None = None  # the received mail, or the mail of ours in doubt, that a reply settles
    officer: str | None = None  # the only officer who may use it
    issued_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None


@record
class Page(Record):
    """One call of one pager; `id` is its subject, the officer and the position in their list of pagers."""

    TABLE: ClassVar[str] = "page"
    id: str
    about: Annotated[str, Column.INDEXED]  # the first reminder of the mail, or a digest of the alarm's id
    officer: str
    position: int
    pager: str  # the name of its credential
    case: str | None = None
    notification: str | None = None
    text: str  # number, platform and minutes; no other detail of a case
    exercise: bool = False
    state: Annotated[PageState, Column.INDEXED, Column.CHECKED] = PageState.QUEUED
    queued_at: datetime
    tries: int = 0
    tried_at: datetime | None = None
    done_at: datetime | None = None
    answer: str = ""  # why it failed, as one of our own words


@record
class PageCode(Record):
    """That a page calls out the code of an approval request; the code itself is in no row."""

    TABLE: ClassVar[str] = "page_code"
    id: str  # of the page
    token: str  # of the request


@record
class Override(Record):
    """An override of the on-call schedule: one officer on call from one instant to another."""

    TABLE: ClassVar[str] = "rota_override"
    id: str
    officer: str
    begins_at: datetime
    ends_at: datetime
    entered_by: str
    entered_at: datetime


@record
class Device(Record):
    """An officer's device for one-time codes (RFC 6238). Its secret is in the vault; the row has a commitment to it."""

    TABLE: ClassVar[str] = "device"
    id: str
    officer: Annotated[str, Column.INDEXED]
    enrolled_by: str
    enrolled_at: datetime
    commitment: str  # SHA-256 of the id and the secret
    token: str  # of the mail that asks for the first code
    confirmed_at: datetime | None = None  # when its first good code came from the officer's own mail
    last_step: int | None = None  # the time step of the last spent code; no code of it or of an earlier one counts
    wrong_codes: int = 0  # since the last good one
    locked_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
