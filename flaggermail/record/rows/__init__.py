# SPDX-License-Identifier: EUPL-1.2
"""The rows of the current state: one frozen dataclass per table, shared by the store, the fold of events and decisions.

Every instant is an aware datetime in UTC. `record.definition` says how a record is defined, and `Record` what the names
in capital letters mean.
"""

from __future__ import annotations

from flaggermail.record.definition import Record
from flaggermail.record.rows.cases import Case, ContactNote, LegalHold
from flaggermail.record.rows.desk import (
    ArchiveReading,
    DeskState,
    InForce,
    RegisteredFile,
    RememberedDomain,
    TrustProof,
    Watched,
)
from flaggermail.record.rows.duty import Alarm, Device, Override, Page, PageCode, Reminder, Token
from flaggermail.record.rows.elections import (
    BadAddress,
    Channel,
    Decline,
    Election,
    ElectionSecret,
    Platform,
    Rehearsal,
    ReportDraft,
    ReportFreeze,
)
from flaggermail.record.rows.messages import Delivery, StoredMessage, ThreadKey, UnfetchedMail
from flaggermail.record.rows.notifications import Annex, ClockRow, Notification
from flaggermail.record.rows.outgoing import AssignedId, Attempt, HeldBack, OutboxMail, Withheld

__all__ = [
    "BY_TABLE",
    "RECORDS",
    "Alarm",
    "Annex",
    "ArchiveReading",
    "AssignedId",
    "Attempt",
    "BadAddress",
    "Case",
    "Channel",
    "ClockRow",
    "ContactNote",
    "Decline",
    "Delivery",
    "DeskState",
    "Device",
    "Election",
    "ElectionSecret",
    "HeldBack",
    "InForce",
    "LegalHold",
    "Notification",
    "OutboxMail",
    "Override",
    "Page",
    "PageCode",
    "Platform",
    "Record",
    "RegisteredFile",
    "Rehearsal",
    "RememberedDomain",
    "Reminder",
    "ReportDraft",
    "ReportFreeze",
    "StoredMessage",
    "ThreadKey",
    "Token",
    "TrustProof",
    "UnfetchedMail",
    "Watched",
    "Withheld",
]

RECORDS: tuple[type[Record], ...] = (
    Election, Platform, Channel, BadAddress, Case, StoredMessage, Delivery, Notification, ClockRow, ContactNote,
    OutboxMail, Attempt, Reminder, Token, ThreadKey, Alarm, Page, HeldBack, Watched, Decline, Override, DeskState,
    Withheld, InForce, ElectionSecret, Device, PageCode, RememberedDomain, Rehearsal, ArchiveReading, LegalHold,
    ReportDraft, ReportFreeze,
    Annex, AssignedId, TrustProof, UnfetchedMail, RegisteredFile,
)  # fmt: skip
BY_TABLE: dict[str, type[Record]] = {record.TABLE: record for record in RECORDS}
