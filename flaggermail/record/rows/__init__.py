# SPDX-License-Identifier: EUPL-1.2
"""The rows of the current state: one frozen dataclass per table, shared by the store, the fold of events and decisions.

Every instant is an aware datetime in UTC. `record.definition` says how a record is defined, and `Record` what the names
in capital letters mean.
"""

from __future__ import annotations

from flaggermail.record.definition import Record as Record
from flaggermail.record.rows.alarms import Alarm as Alarm
from flaggermail.record.rows.cases import Case as Case
from flaggermail.record.rows.cases import ContactNote as ContactNote
from flaggermail.record.rows.cases import LegalHold as LegalHold
from flaggermail.record.rows.desk import ArchiveReading as ArchiveReading
from flaggermail.record.rows.desk import DeskState as DeskState
from flaggermail.record.rows.desk import InForce as InForce
from flaggermail.record.rows.desk import RegisteredFile as RegisteredFile
from flaggermail.record.rows.desk import RememberedDomain as RememberedDomain
from flaggermail.record.rows.desk import TrustProof as TrustProof
from flaggermail.record.rows.desk import Watched as Watched
from flaggermail.record.rows.duty import Device as Device
from flaggermail.record.rows.duty import Override as Override
from flaggermail.record.rows.duty import Page as Page
from flaggermail.record.rows.duty import PageCode as PageCode
from flaggermail.record.rows.duty import Reminder as Reminder
from flaggermail.record.rows.duty import Token as Token
from flaggermail.record.rows.elections import BadAddress as BadAddress
from flaggermail.record.rows.elections import Channel as Channel
from flaggermail.record.rows.elections import Decline as Decline
from flaggermail.record.rows.elections import Election as Election
from flaggermail.record.rows.elections import ElectionSecret as ElectionSecret
from flaggermail.record.rows.elections import Platform as Platform
from flaggermail.record.rows.elections import Rehearsal as Rehearsal
from flaggermail.record.rows.elections import ReportDraft as ReportDraft
from flaggermail.record.rows.elections import ReportFreeze as ReportFreeze
from flaggermail.record.rows.messages import Delivery as Delivery
from flaggermail.record.rows.messages import StoredMessage as StoredMessage
from flaggermail.record.rows.messages import ThreadKey as ThreadKey
from flaggermail.record.rows.messages import UnfetchedMail as UnfetchedMail
from flaggermail.record.rows.notifications import Annex as Annex
from flaggermail.record.rows.notifications import ClockRow as ClockRow
from flaggermail.record.rows.notifications import Notification as Notification
from flaggermail.record.rows.outgoing import AssignedId as AssignedId
from flaggermail.record.rows.outgoing import Attempt as Attempt
from flaggermail.record.rows.outgoing import HeldBack as HeldBack
from flaggermail.record.rows.outgoing import OutboxMail as OutboxMail
from flaggermail.record.rows.outgoing import Withheld as Withheld

RECORDS: tuple[type[Record], ...] = (
    Election, Platform, Channel, BadAddress, Case, StoredMessage, Delivery, Notification, ClockRow, ContactNote,
    OutboxMail, Attempt, Reminder, Token, ThreadKey, Alarm, Page, HeldBack, Watched, Decline, Override, DeskState,
    Withheld, InForce, ElectionSecret, Device, PageCode, RememberedDomain, Rehearsal, ArchiveReading, LegalHold,
    ReportDraft, ReportFreeze,
    Annex, AssignedId, TrustProof, UnfetchedMail, RegisteredFile,
)  # fmt: skip
BY_TABLE: dict[str, type[Record]] = {record.TABLE: record for record in RECORDS}
