# SPDX-License-Identifier: EUPL-1.2
"""The tables of the record: one class per row type of `record.rows`, field for field (a test compares them).

SQLModel maps `datetime` to an aware UTC type on both engines. Table models do not validate: they receive frozen rows
only, and the constraints here enforce what must not depend on any program.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, Text, false
from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig

# Named constraints: a later migration can drop them by name on either engine. Checks have their own names.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
}


class Row(SQLModel):
    """Base of every table; validation errors do not quote values."""

    model_config = SQLModelConfig(hide_input_in_errors=True)


def _list() -> Column[list[str]]:
    return Column(JSON, nullable=False)


class ElectionRow(Row, table=True):
    """`rows.Election`."""

    __tablename__ = "election"
    code: str = Field(primary_key=True)
    name_nl: str
    name_en: str
    polling_days: list[str] = Field(sa_column=_list())
    period_from: date
    period_until: date
    closed_at: datetime | None
    exercise: bool


class PlatformRow(Row, table=True):
    """`rows.Platform`."""

    __tablename__ = "platform"
    code: str = Field(primary_key=True)
    name: str
    domains: list[str] = Field(sa_column=_list())


class ChannelRow(Row, table=True):
    """`rows.Channel`."""

    __tablename__ = "channel"
    code: str = Field(primary_key=True)
    platform: str = Field(foreign_key="platform.code")
    name: str
    kind: str
    to: list[str] = Field(sa_column=_list())
    cc: list[str] = Field(sa_column=_list())
    language: str
    can_confirm: bool
    phone: str | None
    policy_title: str
    policy_url: str
    policy_read_on: date | None
    valid_from: date
    valid_until: date | None
    answers_from: list[str] | None = Field(sa_column=Column(JSON(none_as_null=True)))


class BadAddressRow(Row, table=True):
    """`rows.BadAddress`."""

    __tablename__ = "bad_address"
    id: str = Field(primary_key=True)
    since: datetime
    mail: str
    cleared_at: datetime | None
    cleared_by: str | None
    cleared_reason: str | None


class CaseRow(Row, table=True):
    """`rows.Case`; CASE is a reserved word of SQL."""

    __tablename__ = "case_file"
    __table_args__ = (Index("ix_case_file_title", "title", "number"),)
    number: str = Field(primary_key=True)
    election: str = Field(foreign_key="election.code", index=True)
    type: str
    origin: str
    source: str | None
    state: str = Field(index=True)
    title: str
    token: str = Field(unique=True)
    language: str
    referrer_address: str | None
    referrer_name: str | None
    root_message: str | None
    related: list[str] = Field(sa_column=_list())
    aspects: list[str] = Field(sa_column=_list())
    incorrect: bool | None
    contradicts: str | None
    criteria: list[int] = Field(sa_column=_list())
    own_attempts: int | None
    all_means_used: bool | None
    override_reason: str | None
    satire: bool | None
    assessed_by: str | None
    assessed_at: datetime | None
    decision: str | None
    decision_ground: str | None
    decision_reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    opened_at: datetime
    opened_by: str
    assigned_to: str | None
    closed_at: datetime | None
    platform_references: list[str] = Field(sa_column=_list())
    reminders: str
    exercise: bool
    priority: str
    narratives: list[str] = Field(sa_column=_list())
    tail: str | None


class MessageRow(Row, table=True):
    """`rows.StoredMessage`."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("direction IN ('in', 'out')", name="message_direction"),
        CheckConstraint("place IN ('case', 'quarantine', 'noise', 'declined', 'own')", name="message_place"),
        Index("ix_message_from_address", "from_address", "id"),  # the latest messages of an author
    )
    id: str = Field(primary_key=True)
    message_id: str | None = Field(index=True)
    content_key: str = Field(index=True)
    digest: str = Field(index=True)
    direction: str
    from_address: str | None
    from_name: str | None
    subject: str | None = Field(sa_column=Column(Text))
    received_at: datetime
    first_seen_at: datetime
    mechanical: str
    kinds: list[str] = Field(sa_column=_list())
    place: str = Field(index=True)
    case: str | None = Field(foreign_key="case_file.number", index=True)
    notification: str | None = Field(index=True)
    match_basis: str
    reason: str
    suggestions: list[str] = Field(sa_column=_list())
    verdict: str
    verdict_basis: str
    rule: str | None
    automatic: bool
    substance: bool
    disputed: bool
    pending_digest: bool = Field(index=True)
    same_id_as: str | None
    platform_references: list[str] = Field(sa_column=_list())
    defects: list[str] = Field(sa_column=_list())
    ruleset: str | None
    priority: str
    labels: list[str] = Field(sa_column=_list())
    discarded_at: datetime | None
    exercise: bool
    costly: bool = Field(sa_column_kwargs={"server_default": false()})
    enclosed_in: str | None = Field(index=True)
    placed_by: str | None
    from_junk: bool = Field(sa_column_kwargs={"server_default": false()})
    confirmed_by: str | None
    corrected_by: str | None


class DeliveryRow(Row, table=True):
    """`rows.Delivery`."""

    __tablename__ = "delivery"
    id: str = Field(primary_key=True)
    message: str = Field(foreign_key="message.id", index=True)
    folder: str
    uidvalidity: int = Field(sa_type=BigInteger)  # unsigned 32 bits: RFC 9051, section 9
    uid: int = Field(sa_type=BigInteger)
    internaldate: datetime
    digest: str
    first_seen_at: datetime


class NotificationRow(Row, table=True):
    """`rows.Notification`."""

    __tablename__ = "notification"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'approved', 'sent', 'failed', 'rejected', 'cancelled')", name="notification_state"
        ),
    )
    id: str = Field(primary_key=True)
    case: str = Field(foreign_key="case_file.number", index=True)
    platform: str = Field(foreign_key="platform.code")
    channel: str = Field(foreign_key="channel.code")
    channel_name: str
    counted: bool
    template: str
    language: str
    to: list[str] = Field(sa_column=_list())
    cc: list[str] = Field(sa_column=_list())
    subject: str = Field(sa_column=Column(Text, nullable=False))
    policy_title: str
    policy_url: str
    policy_read_on: date | None
    state: str = Field(index=True)
    drafted_by: str
    drafted_at: datetime
    approved_by: list[str] = Field(sa_column=_list())
    approved_at: datetime | None
    rejected_by: str | None
    rejected_reason: str | None
    token: str = Field(unique=True)
    message_id: str | None = Field(index=True)
    digest: str
    sent_at: datetime | None
    by_hand: bool
    steps: str
    exercise: bool
    tail: str | None


class ClockTable(Row, table=True):
    """`rows.ClockRow`."""

    __tablename__ = "clock"
    __table_args__ = (CheckConstraint("kind IN ('receipt', 'human', 'substance')", name="clock_kind"),)
    id: str = Field(primary_key=True)
    notification: str = Field(foreign_key="notification.id", index=True)
    kind: str
    state: str = Field(index=True)
    started_at: datetime
    stopped_at: datetime | None
    stopped_by: str | None
    automatic: bool
    oral: bool
    by_hand: bool


class ContactNoteRow(Row, table=True):
    """`rows.ContactNote`."""

    __tablename__ = "contact_note"
    id: str = Field(primary_key=True)
    case: str = Field(foreign_key="case_file.number", index=True)
    notification: str | None
    means: str
    text: str
    counts_as: list[str] = Field(sa_column=_list())
    effective_at: datetime
    entered_at: datetime
    author: str


class OutboxRow(Row, table=True):
    """`rows.OutboxMail`."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'attempting', 'accepted', 'refused', 'uncertain', 'cancelled')", name="outbox_state"
        ),
    )
    id: str = Field(primary_key=True)
    kind: str
    dedupe: str = Field(unique=True)
    case: str | None = Field(foreign_key="case_file.number", index=True)
    notification: str | None = Field(index=True)
    message_id: str = Field(index=True)
    sender: str
    recipient: str
    subject: str = Field(sa_column=Column(Text, nullable=False))
    digest: str
    at_most_once: bool
    state: str = Field(index=True)
    queued_at: datetime = Field(index=True)
    next_try_at: datetime | None
    tries: int
    done_at: datetime | None
    answer: str
    bounced: bool
    exercise: bool
    shows: str | None = Field(index=True)
    trust: str | None


class AttemptRow(Row, table=True):
    """`rows.Attempt`."""

    __tablename__ = "attempt"
    id: str = Field(primary_key=True)
    mail: str = Field(foreign_key="outbox.id", index=True)
    started_at: datetime
    ended_at: datetime | None
    result: str | None
    code: int
    text: str


class ReminderRow(Row, table=True):
    """`rows.Reminder`."""

    __tablename__ = "reminder"
    id: str = Field(primary_key=True)
    kind: str
    case: str = Field(foreign_key="case_file.number", index=True)
    notification: str | None = Field(index=True)
    clock: str
    step: int
    officer: str
    due_at: datetime
    told_at: datetime
    token: str = Field(index=True)
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    repetition: int
    withheld: bool
    how: list[str] = Field(sa_column=_list())


class TokenRow(Row, table=True):
    """`rows.Token`."""

    __tablename__ = "token"
    token: str = Field(primary_key=True)
    purpose: str
    case: str | None
    notification: str | None
    reminder: str | None
    message: str | None
    officer: str | None
    issued_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class ThreadKeyRow(Row, table=True):
    """`rows.ThreadKey`."""

    __tablename__ = "thread_key"
    id: str = Field(primary_key=True)
    case: str = Field(foreign_key="case_file.number")
    notification: str | None
    message: str
    learned_at: datetime
    ambiguous: bool


class AlarmRow(Row, table=True):
    """`rows.Alarm`."""

    __tablename__ = "alarm"
    id: str = Field(primary_key=True)
    kind: str = Field(index=True)
    case: str | None = Field(index=True)
    notification: str | None = Field(index=True)
    text: str
    raised_at: datetime
    officer: str | None


class PageRow(Row, table=True):
    """`rows.Page`."""

    __tablename__ = "page"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'attempting', 'sent', 'failed', 'held')", name="page_state"),
    )
    id: str = Field(primary_key=True)
    about: str = Field(index=True)
    officer: str
    position: int
    pager: str
    case: str | None
    notification: str | None
    text: str
    exercise: bool
    state: str = Field(index=True)
    queued_at: datetime
    tries: int
    tried_at: datetime | None
    done_at: datetime | None
    answer: str


class HeldBackRow(Row, table=True):
    """`rows.HeldBack`."""

    __tablename__ = "held_back"
    id: str = Field(primary_key=True)
    officer: str
    kind: str
    dedupe: str = Field(unique=True)
    what: str
    case: str | None
    notification: str | None
    next_step: str
    exercise: bool
    shows: str | None
    trust: str | None
    held_at: datetime
    told_at: datetime | None = Field(index=True)


class WatchedRow(Row, table=True):
    """`rows.Watched`."""

    __tablename__ = "watched"
    id: str = Field(primary_key=True)
    failing: bool
    since: datetime
    value: str


class DeclineRow(Row, table=True):
    """`rows.Decline`."""

    __tablename__ = "decline"
    id: str = Field(primary_key=True)
    election: str
    declined_at: datetime
    message: str
    taken_back_at: datetime | None


class OverrideRow(Row, table=True):
    """`rows.Override`."""

    __tablename__ = "rota_override"
    id: str = Field(primary_key=True)
    officer: str
    begins_at: datetime
    ends_at: datetime
    entered_by: str
    entered_at: datetime


class DeskStateRow(Row, table=True):
    """`rows.DeskState`."""

    __tablename__ = "desk_state"
    __table_args__ = (CheckConstraint("id IN ('desk')", name="desk_state_is_one_row"),)
    id: str = Field(primary_key=True)
    observing: bool
    since: datetime
    since_by: str
    until: datetime | None
    until_by: str | None


class WithheldRow(Row, table=True):
    """`rows.Withheld`."""

    __tablename__ = "withheld"
    id: str = Field(primary_key=True)
    kind: str
    withheld_at: datetime


class InForceRow(Row, table=True):
    """`rows.InForce`."""

    __tablename__ = "in_force"
    __table_args__ = (CheckConstraint("what IN ('rules', 'templates')", name="in_force_what"),)
    id: str = Field(primary_key=True)
    what: str
    version: str = Field(index=True)
    digest: str
    since: datetime
    until: datetime | None


class ElectionSecretRow(Row, table=True):
    """`rows.ElectionSecret`."""

    __tablename__ = "election_secret"
    election: str = Field(primary_key=True)
    secret: str | None
    made_at: datetime
    destroyed_at: datetime | None


class DeviceRow(Row, table=True):
    """`rows.Device`."""

    __tablename__ = "device"
    id: str = Field(primary_key=True)
    officer: str = Field(index=True)
    enrolled_by: str
    enrolled_at: datetime
    commitment: str
    token: str
    confirmed_at: datetime | None
    last_step: int | None
    wrong: int
    locked_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


class PageCodeRow(Row, table=True):
    """`rows.PageCode`."""

    __tablename__ = "page_code"
    id: str = Field(primary_key=True)
    token: str
