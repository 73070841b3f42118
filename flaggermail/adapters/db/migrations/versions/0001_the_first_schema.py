# SPDX-License-Identifier: EUPL-1.2
"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# REPLACE skips the trigger on DELETE if a connection has recursive_triggers off; the third trigger covers that case.
SQLITE_TRIGGERS = (
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the past is never changed'); END",
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'the past is never changed'); END",
    (
        "CREATE TRIGGER event_no_replace BEFORE INSERT ON event WHEN EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq) "
        "BEGIN SELECT RAISE(ABORT, 'the past is never changed'); END"
    ),
)
POSTGRESQL_TRIGGERS = (
    (
        "CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the past is never changed'; END $$"
    ),
    (
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_append_only()"
    ),
)


def upgrade() -> None:
    """Creates every table, each after the tables it refers to."""
    _platforms()
    _cases()
    _notifications()
    _clocks()
    _messages()
    _deliveries()
    _outbox()
    _reminders()
    _pages()
    _tokens()
    _desk_state()
    _versions()
    _events()
    _counters()
    _protect_events()


def _platforms() -> None:
    """Creates the tables of elections, platforms and channels."""
    op.create_table(
        "election",
        sa.Column("code", AutoString(), nullable=False),
        sa.Column("name_nl", AutoString(), nullable=False),
        sa.Column("name_en", AutoString(), nullable=False),
        sa.Column("polling_days", sa.JSON(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_election")),
    )
    op.create_table(
        "platform",
        sa.Column("code", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("domains", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_platform")),
    )
    op.create_table(
        "channel",
        sa.Column("code", AutoString(), nullable=False),
        sa.Column("platform", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.Column("cc", sa.JSON(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("can_confirm", sa.Boolean(), nullable=False),
        sa.Column("phone", AutoString(), nullable=True),
        sa.Column("policy_title", AutoString(), nullable=False),
        sa.Column("policy_url", AutoString(), nullable=False),
        sa.Column("policy_read_on", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["platform"], ["platform.code"], name=op.f("fk_channel_platform")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_channel")),
    )


def _cases() -> None:
    """Creates the table of cases."""
    op.create_table(
        "case_file",
        sa.Column("number", AutoString(), nullable=False),
        sa.Column("election", AutoString(), nullable=False),
        sa.Column("type", AutoString(), nullable=False),
        sa.Column("origin", AutoString(), nullable=False),
        sa.Column("source", AutoString(), nullable=True),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("title", AutoString(), nullable=False),
        sa.Column("token", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("referrer_address", AutoString(), nullable=True),
        sa.Column("referrer_name", AutoString(), nullable=True),
        sa.Column("root_message", AutoString(), nullable=True),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("aspects", sa.JSON(), nullable=False),
        sa.Column("incorrect", sa.Boolean(), nullable=True),
        sa.Column("contradicts", AutoString(), nullable=True),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("own_attempts", sa.Integer(), nullable=True),
        sa.Column("all_means_used", sa.Boolean(), nullable=True),
        sa.Column("override_reason", AutoString(), nullable=True),
        sa.Column("satire", sa.Boolean(), nullable=True),
        sa.Column("assessed_by", AutoString(), nullable=True),
        sa.Column("assessed_at", UTCDateTime(), nullable=True),
        sa.Column("decision", AutoString(), nullable=True),
        sa.Column("decision_ground", AutoString(), nullable=True),
        sa.Column("decision_reason", AutoString(), nullable=True),
        sa.Column("decided_by", AutoString(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("opened_by", AutoString(), nullable=False),
        sa.Column("assigned_to", AutoString(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("platform_references", sa.JSON(), nullable=False),
        sa.Column("reminders", AutoString(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("priority", AutoString(), nullable=False),
        sa.Column("narratives", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["election"], ["election.code"], name=op.f("fk_case_file_election")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_case_file")),
        sa.UniqueConstraint("token", name=op.f("uq_case_file_token")),
    )
    op.create_index("ix_case_file_election", "case_file", ["election"])
    op.create_index("ix_case_file_title", "case_file", ["title", "number"])
    op.create_index("ix_case_file_state", "case_file", ["state"])


def _notifications() -> None:
    """Creates the table of notifications."""
    op.create_table(
        "notification",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=False),
        sa.Column("platform", AutoString(), nullable=False),
        sa.Column("channel", AutoString(), nullable=False),
        sa.Column("channel_name", AutoString(), nullable=False),
        sa.Column("use", sa.Boolean(), nullable=False),
        sa.Column("template", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.Column("cc", sa.JSON(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("policy_title", AutoString(), nullable=False),
        sa.Column("policy_url", AutoString(), nullable=False),
        sa.Column("policy_read_on", sa.Date(), nullable=True),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("drafted_by", AutoString(), nullable=False),
        sa.Column("drafted_at", UTCDateTime(), nullable=False),
        sa.Column("approved_by", sa.JSON(), nullable=False),
        sa.Column("approved_at", UTCDateTime(), nullable=True),
        sa.Column("rejected_by", AutoString(), nullable=True),
        sa.Column("rejected_reason", AutoString(), nullable=True),
        sa.Column("token", AutoString(), nullable=False),
        sa.Column("message_id", AutoString(), nullable=True),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("steps", AutoString(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'sent', 'failed', 'rejected', 'cancelled')", name="notification_state"
        ),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_notification_case")),
        sa.ForeignKeyConstraint(["channel"], ["channel.code"], name=op.f("fk_notification_channel")),
        sa.ForeignKeyConstraint(["platform"], ["platform.code"], name=op.f("fk_notification_platform")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("token", name=op.f("uq_notification_token")),
    )
    op.create_index("ix_notification_case", "notification", ["case"])
    op.create_index("ix_notification_message_id", "notification", ["message_id"])
    op.create_index("ix_notification_state", "notification", ["state"])


def _clocks() -> None:
    """Creates the tables of clocks and contact notes."""
    op.create_table(
        "clock",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("notification", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("stopped_at", UTCDateTime(), nullable=True),
        sa.Column("stopped_by", AutoString(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("oral", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('receipt', 'human', 'substance')", name="clock_kind"),
        sa.ForeignKeyConstraint(["notification"], ["notification.id"], name=op.f("fk_clock_notification")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_index("ix_clock_notification", "clock", ["notification"])
    op.create_index("ix_clock_state", "clock", ["state"])
    op.create_table(
        "contact_note",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=False),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("means", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("counts_as", sa.JSON(), nullable=False),
        sa.Column("effective_at", UTCDateTime(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("author", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_contact_note_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_note")),
    )
    op.create_index("ix_contact_note_case", "contact_note", ["case"])


def _messages() -> None:
    """Creates the table of messages."""
    op.create_table(
        "message",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("message_id", AutoString(), nullable=True),
        sa.Column("content_key", AutoString(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("direction", AutoString(), nullable=False),
        sa.Column("from_address", AutoString(), nullable=True),
        sa.Column("from_name", AutoString(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("first_seen_at", UTCDateTime(), nullable=False),
        sa.Column("mechanical", AutoString(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("place", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("basis", AutoString(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("suggestions", sa.JSON(), nullable=False),
        sa.Column("verdict", AutoString(), nullable=False),
        sa.Column("verdict_basis", AutoString(), nullable=False),
        sa.Column("rule", AutoString(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("substance", sa.Boolean(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("missed", sa.Boolean(), nullable=False),
        sa.Column("same_id_as", AutoString(), nullable=True),
        sa.Column("platform_references", sa.JSON(), nullable=False),
        sa.Column("defects", sa.JSON(), nullable=False),
        sa.Column("ruleset", AutoString(), nullable=True),
        sa.Column("priority", AutoString(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("discarded_at", UTCDateTime(), nullable=True),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name="message_direction"),
        sa.CheckConstraint("place IN ('case', 'quarantine', 'noise', 'declined', 'own')", name="message_place"),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_message_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index("ix_message_case", "message", ["case"])
    op.create_index("ix_message_content_key", "message", ["content_key"])
    op.create_index("ix_message_digest", "message", ["digest"])
    op.create_index("ix_message_from_address", "message", ["from_address", "id"])
    op.create_index("ix_message_missed", "message", ["missed"])
    op.create_index("ix_message_message_id", "message", ["message_id"])
    op.create_index("ix_message_notification", "message", ["notification"])
    op.create_index("ix_message_place", "message", ["place"])


def _deliveries() -> None:
    """Creates the tables of deliveries and cursors."""
    op.create_table(
        "delivery",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("message", AutoString(), nullable=False),
        sa.Column("folder", AutoString(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("internaldate", UTCDateTime(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("first_seen_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name=op.f("fk_delivery_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_message", "delivery", ["message"])
    op.create_table(
        "cursor",
        sa.Column("folder", AutoString(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("folder", name=op.f("pk_cursor")),
    )


def _outbox() -> None:
    """Creates the tables of outgoing mail and delivery attempts."""
    op.create_table(
        "outbox",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("dedupe", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("message_id", AutoString(), nullable=False),
        sa.Column("sender", AutoString(), nullable=False),
        sa.Column("recipient", AutoString(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("queued_at", UTCDateTime(), nullable=False),
        sa.Column("next_try_at", UTCDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("answer", AutoString(), nullable=False),
        sa.Column("bounced", sa.Boolean(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'attempting', 'accepted', 'refused', 'uncertain', 'cancelled')", name="outbox_state"
        ),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_outbox_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_outbox_dedupe")),
    )
    op.create_index("ix_outbox_case", "outbox", ["case"])
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])
    op.create_index("ix_outbox_notification", "outbox", ["notification"])
    op.create_index("ix_outbox_queued_at", "outbox", ["queued_at"])
    op.create_index("ix_outbox_state", "outbox", ["state"])
    op.create_table(
        "attempt",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("mail", AutoString(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("result", AutoString(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["mail"], ["outbox.id"], name=op.f("fk_attempt_mail")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_mail", "attempt", ["mail"])


def _reminders() -> None:
    """Creates the tables of reminders, alarms and rota overrides."""
    op.create_table(
        "reminder",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=False),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("clock", AutoString(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=False),
        sa.Column("token", AutoString(), nullable=False),
        sa.Column("acknowledged_at", UTCDateTime(), nullable=True),
        sa.Column("acknowledged_by", AutoString(), nullable=True),
        sa.Column("acknowledged_until", UTCDateTime(), nullable=True),
        sa.Column("repetition", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("how", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_reminder_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
    )
    op.create_index("ix_reminder_case", "reminder", ["case"])
    op.create_index("ix_reminder_notification", "reminder", ["notification"])
    op.create_index("ix_reminder_token", "reminder", ["token"])
    op.create_table(
        "alarm",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("raised_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index("ix_alarm_case", "alarm", ["case"])
    op.create_index("ix_alarm_kind", "alarm", ["kind"])
    op.create_index("ix_alarm_notification", "alarm", ["notification"])
    op.create_table(
        "rota_override",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("begins_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("entered_by", AutoString(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rota_override")),
    )


def _pages() -> None:
    """Creates the tables of pages, held-back notices and self-check findings."""
    op.create_table(
        "page",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("about", AutoString(), nullable=False),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pager", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("queued_at", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", UTCDateTime(), nullable=True),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("answer", AutoString(), nullable=False),
        sa.CheckConstraint("state IN ('queued', 'attempting', 'sent', 'failed', 'held')", name="page_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
    )
    op.create_index("ix_page_about", "page", ["about"])
    op.create_index("ix_page_state", "page", ["state"])
    op.create_table(
        "held_back",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("dedupe", AutoString(), nullable=False),
        sa.Column("what", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("next_step", AutoString(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("held_at", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_back")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_held_back_dedupe")),
    )
    op.create_index("ix_held_back_told_at", "held_back", ["told_at"])
    op.create_table(
        "watched",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("wrong", sa.Boolean(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("value", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watched")),
    )


def _tokens() -> None:
    """Creates the tables of tokens, thread keys, declined senders and bad addresses."""
    op.create_table(
        "token",
        sa.Column("token", AutoString(), nullable=False),
        sa.Column("purpose", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("reminder", AutoString(), nullable=True),
        sa.Column("message", AutoString(), nullable=True),
        sa.Column("officer", AutoString(), nullable=True),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_token")),
    )
    op.create_table(
        "learned_key",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=False),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("message", AutoString(), nullable=False),
        sa.Column("learned_at", UTCDateTime(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["case_file.number"], name=op.f("fk_learned_key_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learned_key")),
    )
    op.create_table(
        "decline",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("election", AutoString(), nullable=False),
        sa.Column("declined_at", UTCDateTime(), nullable=False),
        sa.Column("message", AutoString(), nullable=False),
        sa.Column("taken_back_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decline")),
    )
    op.create_table(
        "bad_address",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("mail", AutoString(), nullable=False),
        sa.Column("cleared_at", UTCDateTime(), nullable=True),
        sa.Column("cleared_by", AutoString(), nullable=True),
        sa.Column("cleared_reason", AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bad_address")),
    )


def _desk_state() -> None:
    """Creates the tables of the desk's state and of mail withheld while observing."""
    op.create_table(
        "desk_state",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("observing", sa.Boolean(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("since_by", AutoString(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("until_by", AutoString(), nullable=True),
        sa.CheckConstraint("id IN ('desk')", name="desk_state_is_one_row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_state")),
    )
    op.create_table(
        "withheld",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("withheld_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withheld")),
    )


def _versions() -> None:
    """Creates the tables of versions in force and of election secrets."""
    op.create_table(
        "in_force",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("what", AutoString(), nullable=False),
        sa.Column("version", AutoString(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.CheckConstraint("what IN ('rules', 'templates')", name="in_force_what"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_in_force")),
    )
    op.create_index("ix_in_force_version", "in_force", ["version"])
    op.create_table(
        "election_secret",
        sa.Column("election", AutoString(), nullable=False),
        sa.Column("secret", AutoString(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("destroyed_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("election", name=op.f("pk_election_secret")),
    )


def _events() -> None:
    """Creates the event chain, its head and the table of personal values."""
    op.create_table(
        "event",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("actor", AutoString(), nullable=False),
        sa.Column("case", AutoString(), nullable=True),
        sa.Column("notification", AutoString(), nullable=True),
        sa.Column("message", AutoString(), nullable=True),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")),
    )
    op.create_index("ix_event_case", "event", ["case"])
    op.create_index("ix_event_kind", "event", ["kind"])
    op.create_index("ix_event_message", "event", ["message"])
    op.create_index("ix_event_notification", "event", ["notification"])
    op.create_table(
        "chain_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.CheckConstraint("id = 1", name="chain_head_is_one_row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_head")),
    )
    op.create_table(
        "personal",
        sa.Column("commitment", AutoString(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event"], ["event.seq"], name=op.f("fk_personal_event")),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_personal")),
    )
    op.create_index("ix_personal_event", "personal", ["event"])
    op.execute(sa.text("INSERT INTO chain_head (id, seq, digest) VALUES (1, 0, :genesis)").bindparams(genesis="0" * 64))


def _counters() -> None:
    """Creates the tables of counters and of the lease."""
    op.create_table(
        "counter",
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "lease",
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("holder", AutoString(), nullable=False),
        sa.Column("fencing", sa.Integer(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def _protect_events() -> None:
    """Creates triggers that prevent any program from changing or deleting an event."""
    for statement in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    """Does nothing: there is no earlier schema."""
    raise RuntimeError("the first schema cannot be undone: restore a backup instead")
