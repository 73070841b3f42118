# SPDX-License-Identifier: EUPL-1.2
"""A case, what is noted about it by hand, and what may not be destroyed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from flaggermail.record.case_values import (
    Aspect,
    CaseType,
    ContactMeans,
    Decision,
    DeclineReason,
    LanguageCode,
    Origin,
    Priority,
    Source,
)
from flaggermail.record.definition import Column, Record, References, record
from flaggermail.record.kinds import Kind
from flaggermail.record.rows.elections import Election
from flaggermail.record.states import CaseState


@record
class Case(Record):
    """One matter that the desk assesses."""

    TABLE: ClassVar[str] = "case_file"
    KEY: ClassVar[str] = "number"
    PERSONAL: ClassVar[frozenset[str]] = frozenset(
        {"referrer_address", "referrer_name", "title", "contradicts", "override_reason", "decision_reason"}
    )
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("title", "number"),
        ("opened_at", "number"),
        ("state", "opened_at", "number"),
        # Of cases without a decision those with the same steps, as they were opened and by number, see
        # `reminders.open_clocks`.
        ("state", "decision", "exercise", "steps", "opened_at", "number"),
        ("decision", "state", "exercise", "steps", "number"),
        ("election", "closed_at", "number"),  # the newest in hand
    )
    number: str
    election: Annotated[str, References(Election)]
    type: CaseType
    origin: Origin
    source: Source | None = None
    state: CaseState = CaseState.OPEN
    title: str = ""
    token: Annotated[str, Column.UNIQUE]
    language: LanguageCode = LanguageCode.NL
    referrer_address: str | None = None
    referrer_name: str | None = None
    root_message: str | None = None
    related: tuple[str, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    incorrect: bool | None = None
    contradicts: str | None = None
    criteria: tuple[int, ...] = ()
    own_attempts: int | None = None
    all_means_used: bool | None = None
    override_reason: str | None = None
    satire: bool | None = None
    assessed_by: str | None = None
    assessed_at: datetime | None = None
    decision: Decision | None = None
    decision_ground: DeclineReason | None = None  # of a decline
    decision_reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    opened_at: datetime
    opened_by: str
    assigned_to: str | None = None
    closed_at: datetime | None = None  # None in every other state than closed
    platform_references: tuple[str, ...] = ()
    steps: str = "[]"  # the escalation policy in force when it was opened, while it is undecided (JSON)
    exercise: Annotated[bool, Column.CHECKED] = False
    priority: Priority = Priority.NORMAL
    narratives: tuple[str, ...] = ()  # from the closed list in the configuration; not counted in any figure
    tail: str | None = None  # of its number in mail to the referrer, see mail.tailed_numbers


@record
class ContactNote(Record):
    """A record of a phone call, portal entry or meeting; never changed, only followed by another note."""

    TABLE: ClassVar[str] = "contact_note"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})
    id: str
    case: Annotated[str, References(Case), Column.INDEXED]
    notification: str | None = None
    means: ContactMeans
    text: str
    counts_as: tuple[Kind, ...] = ()  # of `contacts.COUNTS`
    effective_at: datetime
    entered_at: datetime
    author: str


@record
class LegalHold(Record):
    """A case, or an election with all that belongs to it, of which nothing may be destroyed until the hold ends."""

    TABLE: ClassVar[str] = "legal_hold"
    PERSONAL: ClassVar[frozenset[str]] = frozenset({"reason", "lifted_reason"})
    id: str
    case: Annotated[str | None, References(Case), Column.INDEXED] = None
    election: Annotated[str | None, References(Election), Column.INDEXED] = None
    reason: Annotated[str, Column.LONG]
    placed_at: datetime
    placed_by: str
    until: date | None = None  # its last day, in the desk's zone; None: until a person lifts it
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_reason: Annotated[str | None, Column.LONG] = None
