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
    _bad_address_to_platform()
    _channel_to_report_freeze()
    _case_file_to_contact_note()
    _legal_hold_to_notification()
    _annex_to_unfetched_mail()
    _message()
    _thread_key_to_assigned_id()
    _held_back_to_outbox()
    _attempt_to_page()
    _page_code_to_archive_reading()
    _desk_state_to_chain_head()
    _counter_to_row_event()
    _protect_events()


def _bad_address_to_platform() -> None:
    """Creates the tables bad_address, decline, election, election_secret and platform."""
    op.create_table(
        "bad_address",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("mail", AutoString(), nullable=False),
        sa.Column("cleared_at", UTCDateTime()),
        sa.Column("cleared_by", AutoString()),
        sa.Column("cleared_reason", AutoString()),
    )
    op.create_table(
        "decline",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("election", AutoString(), nullable=False),
        sa.Column("declined_at", UTCDateTime(), nullable=False),
        sa.Column("message", AutoString(), nullable=False),
        sa.Column("taken_back_at", UTCDateTime()),
    )
    op.create_table(
        "election",
        sa.Column("code", AutoString(), primary_key=True),
        sa.Column("name_nl", AutoString(), nullable=False),
        sa.Column("name_en", AutoString(), nullable=False),
        sa.Column("polling_days", sa.JSON(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("closed_at", UTCDateTime()),
        sa.Column("exercise", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "election_secret",
        sa.Column("election", AutoString(), primary_key=True),
        sa.Column("secret", AutoString()),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("destroyed_at", UTCDateTime()),
    )
    op.create_table(
        "platform",
        sa.Column("code", AutoString(), primary_key=True),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("domains", sa.JSON(), nullable=False),
    )


def _channel_to_report_freeze() -> None:
    """Creates the tables channel, rehearsal, report_draft and report_freeze."""
    op.create_table(
        "channel",
        sa.Column("code", AutoString(), primary_key=True),
        sa.Column("platform", AutoString(), sa.ForeignKey("platform.code"), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.Column("cc", sa.JSON(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("can_confirm", sa.Boolean(), nullable=False),
        sa.Column("phone", AutoString()),
        sa.Column("policy_title", AutoString(), nullable=False),
        sa.Column("policy_url", AutoString(), nullable=False),
        sa.Column("policy_read_on", sa.Date()),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.Column("answers_from", sa.JSON(), nullable=False),
        sa.Column("hosts", sa.JSON(), nullable=False),
    )
    op.create_table(
        "rehearsal",
        sa.Column("election", AutoString(), sa.ForeignKey("election.code"), primary_key=True),
        sa.Column("story", AutoString(), nullable=False),
        sa.Column("speed", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("after_event", sa.Integer(), nullable=False),
    )
    op.create_table(
        "report_draft",
        sa.Column("election", AutoString(), sa.ForeignKey("election.code"), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("drafted_at", UTCDateTime(), nullable=False),
        sa.Column("drafted_by", AutoString(), nullable=False),
    )
    op.create_table(
        "report_freeze",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("election", AutoString(), sa.ForeignKey("election.code"), nullable=False, index=True),
        sa.Column("frozen_at", UTCDateTime(), nullable=False),
        sa.Column("frozen_by", AutoString(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", AutoString(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("inputs_digest", AutoString(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("undone_at", UTCDateTime()),
        sa.Column("undone_by", AutoString()),
        sa.Column("undone_reason", sa.Text()),
    )


def _case_file_to_contact_note() -> None:
    """Creates the tables case_file and contact_note."""
    op.create_table(
        "case_file",
        sa.Column("number", AutoString(), primary_key=True),
        sa.Column("election", AutoString(), sa.ForeignKey("election.code"), nullable=False),
        sa.Column("type", AutoString(), nullable=False),
        sa.Column("origin", AutoString(), nullable=False),
        sa.Column("source", AutoString()),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("title", AutoString(), nullable=False),
        sa.Column("token", AutoString(), nullable=False, unique=True),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("referrer_address", AutoString()),
        sa.Column("referrer_name", AutoString()),
        sa.Column("root_message", AutoString()),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("aspects", sa.JSON(), nullable=False),
        sa.Column("incorrect", sa.Boolean()),
        sa.Column("contradicts", AutoString()),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("own_attempts", sa.Integer()),
        sa.Column("all_means_used", sa.Boolean()),
        sa.Column("override_reason", AutoString()),
        sa.Column("satire", sa.Boolean()),
        sa.Column("assessed_by", AutoString()),
        sa.Column("assessed_at", UTCDateTime()),
        sa.Column("decision", AutoString()),
        sa.Column("decision_ground", AutoString()),
        sa.Column("decision_reason", AutoString()),
        sa.Column("decided_by", AutoString()),
        sa.Column("decided_at", UTCDateTime()),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("opened_by", AutoString(), nullable=False),
        sa.Column("assigned_to", AutoString()),
        sa.Column("closed_at", UTCDateTime()),
        sa.Column("platform_references", sa.JSON(), nullable=False),
        sa.Column("steps", AutoString(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("priority", AutoString(), nullable=False),
        sa.Column("narratives", sa.JSON(), nullable=False),
        sa.Column("tail", AutoString()),
        sa.CheckConstraint("exercise IN (false, true)", name="case_file_exercise"),
    )
    op.create_index("ix_case_file_title", "case_file", ["title", "number"], unique=False)
    op.create_index("ix_case_file_opened_at", "case_file", ["opened_at", "number"], unique=False)
    op.create_index("ix_case_file_state_opened_at", "case_file", ["state", "opened_at", "number"], unique=False)
    undecided = ["state", "decision", "exercise", "steps", "opened_at", "number"]
    op.create_index("ix_case_file_state_decision", "case_file", undecided, unique=False)
    by_number = ["decision", "state", "exercise", "steps", "number"]
    op.create_index("ix_case_file_decision", "case_file", by_number, unique=False)
    op.create_index("ix_case_file_election", "case_file", ["election", "closed_at", "number"], unique=False)
    op.create_table(
        "contact_note",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("case", AutoString(), sa.ForeignKey("case_file.number"), nullable=False, index=True),
        sa.Column("notification", AutoString()),
        sa.Column("means", AutoString(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("counts_as", sa.JSON(), nullable=False),
        sa.Column("effective_at", UTCDateTime(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("author", AutoString(), nullable=False),
    )


def _legal_hold_to_notification() -> None:
    """Creates the tables legal_hold and notification."""
    op.create_table(
        "legal_hold",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("case", AutoString(), sa.ForeignKey("case_file.number"), index=True),
        sa.Column("election", AutoString(), sa.ForeignKey("election.code"), index=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", UTCDateTime(), nullable=False),
        sa.Column("placed_by", AutoString(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("lifted_at", UTCDateTime()),
        sa.Column("lifted_by", AutoString()),
        sa.Column("lifted_reason", sa.Text()),
    )
    op.create_table(
        "notification",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("case", AutoString(), sa.ForeignKey("case_file.number"), nullable=False, index=True),
        sa.Column("platform", AutoString(), sa.ForeignKey("platform.code"), nullable=False),
        sa.Column("channel", AutoString(), sa.ForeignKey("channel.code"), nullable=False),
        sa.Column("channel_name", AutoString(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("template", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.Column("cc", sa.JSON(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("policy_title", AutoString(), nullable=False),
        sa.Column("policy_url", AutoString(), nullable=False),
        sa.Column("policy_read_on", sa.Date()),
        sa.Column("state", AutoString(), nullable=False, index=True),
        sa.Column("drafted_by", AutoString(), nullable=False),
        sa.Column("drafted_at", UTCDateTime(), nullable=False),
        sa.Column("approved_by", sa.JSON(), nullable=False),
        sa.Column("approved_with", sa.JSON(), nullable=False),
        sa.Column("approved_at", UTCDateTime()),
        sa.Column("rejected_by", AutoString()),
        sa.Column("rejected_reason", AutoString()),
        sa.Column("token", AutoString(), nullable=False, unique=True),
        sa.Column("message_id", AutoString(), index=True),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("sent_at", UTCDateTime()),
        sa.Column("sent_basis", AutoString(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("steps", AutoString(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("tail", AutoString()),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'sent', 'failed', 'rejected', 'cancelled')", name="notification_state"
        ),
    )


def _annex_to_unfetched_mail() -> None:
    """Creates the tables annex, clock and unfetched_mail."""
    op.create_table(
        "annex",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("notification", AutoString(), sa.ForeignKey("notification.id"), nullable=False, index=True),
        sa.Column("case", AutoString(), sa.ForeignKey("case_file.number"), nullable=False, index=True),
        sa.Column("form", AutoString(), nullable=False),
        sa.Column("language", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False, index=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("parser", AutoString(), nullable=False),
        sa.Column("seals", sa.JSON(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("shaped_by", sa.JSON(), nullable=False),
        sa.Column("proposed_by", AutoString(), nullable=False),
        sa.Column("proposed_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_by", AutoString()),
        sa.Column("confirmed_at", UTCDateTime()),
        sa.Column("approved_by", AutoString()),
        sa.Column("approved_at", UTCDateTime()),
        sa.Column("withdrawn_by", AutoString()),
        sa.Column("withdrawn_at", UTCDateTime()),
        sa.CheckConstraint("form IN ('reply', 'thread')", name="annex_form"),
        sa.CheckConstraint("state IN ('proposed', 'confirmed', 'approved', 'withdrawn')", name="annex_state"),
    )
    op.create_table(
        "clock",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("notification", AutoString(), sa.ForeignKey("notification.id"), nullable=False, index=True),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("state", AutoString(), nullable=False, index=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("stopped_at", UTCDateTime()),
        sa.Column("stopped_by", AutoString()),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("oral", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('receipt', 'human', 'substance')", name="clock_kind"),
    )
    op.create_table(
        "unfetched_mail",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("folder", AutoString(), nullable=False),
        sa.Column("numbering", AutoString(), nullable=False),
        sa.Column("item", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), index=True),
    )


def _message() -> None:
    """Creates the table message."""
    op.create_table(
        "message",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("message_id", AutoString(), index=True),
        sa.Column("content_key", AutoString(), nullable=False, index=True),
        sa.Column("digest", AutoString(), nullable=False, index=True),
        sa.Column("direction", AutoString(), nullable=False),
        sa.Column("from_address", AutoString()),
        sa.Column("from_name", AutoString()),
        sa.Column("subject", sa.Text()),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("first_seen_at", UTCDateTime(), nullable=False, index=True),
        sa.Column("mechanical", AutoString(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("place", AutoString(), nullable=False),
        sa.Column("case", AutoString(), sa.ForeignKey("case_file.number")),
        sa.Column("notification", AutoString(), index=True),
        sa.Column("match_basis", AutoString(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("suggestions", sa.JSON(), nullable=False),
        sa.Column("verdict", AutoString(), nullable=False),
        sa.Column("verdict_basis", AutoString(), nullable=False),
        sa.Column("rule", AutoString()),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("substance", sa.Boolean(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("pending_digest", sa.Boolean(), nullable=False, index=True),
        sa.Column("same_id_as", AutoString()),
        sa.Column("platform_references", sa.JSON(), nullable=False),
        sa.Column("defects", sa.JSON(), nullable=False),
        sa.Column("ruleset", AutoString()),
        sa.Column("priority", AutoString(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("discarded_at", UTCDateTime()),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("costly", sa.Boolean(), nullable=False),
        sa.Column("enclosed_in", AutoString(), index=True),
        sa.Column("placed_by", AutoString()),
        sa.Column("from_junk", sa.Boolean(), nullable=False),
        sa.Column("confirmed_by", AutoString()),
        sa.Column("corrected_by", AutoString()),
        sa.Column("excluded_by", AutoString()),
        sa.Column("arrival", AutoString(), nullable=False),
        sa.Column("person_basis", AutoString()),
        sa.Column("says", AutoString(), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name="message_direction"),
        sa.CheckConstraint("place IN ('case', 'quarantine', 'noise', 'declined', 'own')", name="message_place"),
        sa.CheckConstraint("verdict IN ('verified', 'unverified', 'failed')", name="message_verdict"),
    )
    op.create_index("ix_message_from_address", "message", ["from_address", "id"], unique=False)
    op.create_index("ix_message_place_received_at", "message", ["place", "received_at", "id"], unique=False)
    of_whom = ["place", "verdict", "direction", "arrival", "case", "from_address", "received_at", "id"]
    op.create_index("ix_message_place_verdict", "message", of_whom, unique=False)
    op.create_index("ix_message_case", "message", ["case", "id"], unique=False)


def _thread_key_to_assigned_id() -> None:
    """Creates the tables thread_key, delivery and assigned_id."""
    op.create_table(
        "thread_key",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("case", AutoString(), sa.ForeignKey("case_file.number"), nullable=False),
        sa.Column("notification", AutoString()),
        sa.Column("message", AutoString(), nullable=False),
        sa.Column("learned_at", UTCDateTime(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "delivery",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("message", AutoString(), sa.ForeignKey("message.id"), nullable=False, index=True),
        sa.Column("folder", AutoString(), nullable=False),
        sa.Column("numbering", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("internaldate", UTCDateTime(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("first_seen_at", UTCDateTime(), nullable=False),
        sa.Column("gone_at", UTCDateTime()),
        sa.Column("arrival", AutoString(), nullable=False),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("verdict", AutoString(), nullable=False),
        sa.Column("verdict_basis", AutoString(), nullable=False),
        sa.Column("signature", AutoString(), nullable=False),
        sa.Column("signature_basis", AutoString(), nullable=False),
        sa.Column("signer", sa.Text()),
        sa.Column("selector", sa.Text()),
        sa.Column("key_record", sa.Text()),
        sa.Column("key_digest", AutoString()),
        sa.Column("dnssec", AutoString(), nullable=False),
        sa.Column("resolver", AutoString()),
        sa.Column("looked_up_at", UTCDateTime()),
    )
    op.create_table(
        "assigned_id",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("ours", AutoString(), nullable=False, index=True),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("learned_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("source IN ('answer', 'copy')", name="assigned_id_source"),
    )


def _held_back_to_outbox() -> None:
    """Creates the tables held_back, withheld and outbox."""
    op.create_table(
        "held_back",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("dedupe", AutoString(), nullable=False, unique=True),
        sa.Column("what", AutoString(), nullable=False),
        sa.Column("case", AutoString()),
        sa.Column("notification", AutoString()),
        sa.Column("next_step", AutoString(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("shows", AutoString()),
        sa.Column("trust", AutoString()),
        sa.Column("held_at", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), index=True),
    )
    op.create_table(
        "withheld",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("withheld_at", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("dedupe", AutoString(), nullable=False, unique=True),
        sa.Column("case", AutoString(), sa.ForeignKey("case_file.number"), index=True),
        sa.Column("notification", AutoString(), index=True),
        sa.Column("message_id", AutoString(), nullable=False, index=True),
        sa.Column("sender", AutoString(), nullable=False),
        sa.Column("recipient", AutoString(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("at_most_once", sa.Boolean(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("queued_at", UTCDateTime(), nullable=False, index=True),
        sa.Column("next_try_at", UTCDateTime()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", UTCDateTime()),
        sa.Column("answer", AutoString(), nullable=False),
        sa.Column("bounced", sa.Boolean(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("shows", AutoString(), index=True),
        sa.Column("trust", AutoString()),
        sa.Column("instead_of", AutoString(), index=True),
        sa.CheckConstraint(
            "state IN ('queued', 'attempting', 'accepted', 'refused', 'uncertain', 'cancelled')", name="outbox_state"
        ),
    )
    op.create_index("ix_outbox_state", "outbox", ["state", "tries", "queued_at", "id"], unique=False)
    op.create_index("ix_outbox_next_try_at", "outbox", ["next_try_at", "state"], unique=False)


def _attempt_to_page() -> None:
    """Creates the tables attempt, alarm, device and page."""
    op.create_table(
        "attempt",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("mail", AutoString(), sa.ForeignKey("outbox.id"), nullable=False, index=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime()),
        sa.Column("result", AutoString()),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("text", AutoString(), nullable=False),
    )
    op.create_table(
        "alarm",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("kind", AutoString(), nullable=False, index=True),
        sa.Column("case", AutoString(), index=True),
        sa.Column("notification", AutoString(), index=True),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("raised_at", UTCDateTime(), nullable=False),
        sa.Column("officer", AutoString()),
    )
    op.create_table(
        "device",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("officer", AutoString(), nullable=False, index=True),
        sa.Column("enrolled_by", AutoString(), nullable=False),
        sa.Column("enrolled_at", UTCDateTime(), nullable=False),
        sa.Column("commitment", AutoString(), nullable=False),
        sa.Column("token", AutoString(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime()),
        sa.Column("last_step", sa.Integer()),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("locked_at", UTCDateTime()),
        sa.Column("revoked_at", UTCDateTime()),
        sa.Column("revoked_by", AutoString()),
    )
    op.create_table(
        "page",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("about", AutoString(), nullable=False, index=True),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pager", AutoString(), nullable=False),
        sa.Column("case", AutoString()),
        sa.Column("notification", AutoString()),
        sa.Column("text", AutoString(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("state", AutoString(), nullable=False, index=True),
        sa.Column("queued_at", UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", UTCDateTime()),
        sa.Column("done_at", UTCDateTime()),
        sa.Column("answer", AutoString(), nullable=False),
        sa.CheckConstraint("state IN ('queued', 'attempting', 'sent', 'failed', 'held')", name="page_state"),
    )


def _page_code_to_archive_reading() -> None:
    """Creates the tables page_code, rota_override, token, reminder and archive_reading."""
    op.create_table(
        "page_code",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("token", AutoString(), nullable=False),
    )
    op.create_table(
        "rota_override",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("begins_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("entered_by", AutoString(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "token",
        sa.Column("token", AutoString(), primary_key=True),
        sa.Column("purpose", AutoString(), nullable=False),
        sa.Column("case", AutoString()),
        sa.Column("notification", AutoString(), index=True),
        sa.Column("reminder", AutoString()),
        sa.Column("message", AutoString()),
        sa.Column("officer", AutoString()),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime()),
        sa.Column("used_at", UTCDateTime()),
    )
    op.create_table(
        "reminder",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("case", AutoString(), sa.ForeignKey("case_file.number"), nullable=False, index=True),
        sa.Column("notification", AutoString()),
        sa.Column("clock", AutoString(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("officer", AutoString(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=False),
        sa.Column("token", AutoString(), nullable=False, index=True),
        sa.Column("acknowledged_at", UTCDateTime()),
        sa.Column("acknowledged_by", AutoString()),
        sa.Column("acknowledged_until", UTCDateTime()),
        sa.Column("repetition", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("how", sa.JSON(), nullable=False),
    )
    op.create_index("ix_reminder_notification", "reminder", ["notification", "case"], unique=False)
    op.create_table(
        "archive_reading",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("request", AutoString(), nullable=False),
        sa.Column("reader", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("case", AutoString()),
        sa.Column("asked", sa.Text(), nullable=False),
    )


def _desk_state_to_chain_head() -> None:
    """Creates the tables from desk_state to watched in the order of their names, and chain_head."""
    op.create_table(
        "desk_state",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("observing", sa.Boolean(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("since_by", AutoString(), nullable=False),
        sa.Column("until", UTCDateTime()),
        sa.Column("until_by", AutoString()),
        sa.CheckConstraint("id IN ('desk')", name="desk_state_is_one_row"),
    )
    op.create_table(
        "in_force",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("what", AutoString(), nullable=False),
        sa.Column("version", AutoString(), nullable=False, index=True),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime()),
        sa.CheckConstraint("what IN ('rules', 'templates')", name="in_force_what"),
    )
    op.create_table(
        "registered_file",
        sa.Column("name", AutoString(), primary_key=True),
        sa.Column("fingerprint", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "remembered_domain",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("source", AutoString(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("added_by", AutoString(), nullable=False),
        sa.Column("message", AutoString()),
        sa.Column("removed_at", UTCDateTime()),
        sa.Column("removed_by", AutoString()),
        sa.CheckConstraint(
            "source IN ('media', 'fact_checker', 'government_body', 'fellow_authority')",
            name="remembered_domain_source",
        ),
    )
    op.create_table(
        "trust_proof",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("tried_at", UTCDateTime(), nullable=False),
        sa.Column("survived", sa.Boolean(), nullable=False),
        sa.Column("tried_by", AutoString(), nullable=False),
        sa.Column("message_id", AutoString(), nullable=False),
        sa.CheckConstraint("id IN ('exchange internal')", name="trust_proof_id"),
    )
    op.create_table(
        "watched",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("failing", sa.Boolean(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("value", AutoString(), nullable=False),
        sa.Column("until", UTCDateTime()),
    )
    op.create_table(
        "chain_head",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("last_counter", AutoString()),
        sa.Column("last_cursor", AutoString()),
        sa.CheckConstraint("id = 1", name="chain_head_is_one_row"),
    )


def _counter_to_row_event() -> None:
    """Creates the tables that the store keeps for itself, but for the head: counter to sealed_secret."""
    op.create_table(
        "counter",
        sa.Column("name", AutoString(), primary_key=True),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("after", AutoString()),
        sa.Column("seal", AutoString(), nullable=False),
    )
    op.create_table(
        "cursor",
        sa.Column("folder", AutoString(), primary_key=True),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("looked_at", UTCDateTime()),
        sa.Column("held", sa.Integer()),
        sa.Column("after", AutoString()),
        sa.Column("seal", AutoString(), nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False, index=True),
        sa.Column("actor", AutoString(), nullable=False),
        sa.Column("case", AutoString(), index=True),
        sa.Column("notification", AutoString(), index=True),
        sa.Column("message", AutoString(), index=True),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("digest", AutoString(), nullable=False),
    )
    op.create_table(
        "kept_answer",
        sa.Column("key", AutoString(), primary_key=True),
        sa.Column("person", AutoString(), nullable=False),
        sa.Column("asked", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
    )
    op.create_index(op.f("ix_kept_answer_at"), "kept_answer", ["at"])
    op.create_table(
        "kept_form",
        sa.Column("person", AutoString(), primary_key=True),
        sa.Column("page", AutoString(), primary_key=True),
        sa.Column("act", AutoString(), primary_key=True),
        sa.Column("at", UTCDateTime(), nullable=False, index=True),
        sa.Column("version", sa.Integer()),
        sa.Column("texts", sa.Text(), nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("name", AutoString(), primary_key=True),
        sa.Column("holder", AutoString(), nullable=False),
        sa.Column("fencing", sa.Integer(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("asked", AutoString()),
    )
    op.create_table(
        "node",
        sa.Column("id", AutoString(), primary_key=True),
        sa.Column("host", AutoString(), nullable=False),
        sa.Column("program", AutoString(), nullable=False),
        sa.Column("revision", AutoString(), nullable=False),
        sa.Column("started", UTCDateTime(), nullable=False),
        sa.Column("seen", UTCDateTime(), nullable=False, index=True),
        sa.Column("unready", sa.Text(), nullable=False),
    )
    op.create_table(
        "octets",
        sa.Column("digest", AutoString(), primary_key=True),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        if_not_exists=True,  # a restore that was killed goes on with what it has stored
    )
    op.create_table(
        "personal",
        sa.Column("commitment", AutoString(), primary_key=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("event", sa.Integer(), sa.ForeignKey("event.seq"), nullable=False, index=True),
    )
    op.create_table(
        "reading",
        sa.Column("kind", AutoString(), primary_key=True),
        sa.Column("item", AutoString(), primary_key=True),
        sa.Column("hour", UTCDateTime(), primary_key=True, index=True),
        sa.Column("person", AutoString(), primary_key=True),
    )
    op.create_table(
        "row_event",
        sa.Column("of_table", AutoString(), primary_key=True),
        sa.Column("key", AutoString(), primary_key=True),
        sa.Column("event", sa.Integer(), sa.ForeignKey("event.seq"), primary_key=True, index=True),
    )
    op.create_table(
        "sealed_secret",
        sa.Column("name", AutoString(), primary_key=True),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def _protect_events() -> None:
    """Creates triggers that prevent any program from changing or deleting an event, and the chain's one head."""
    for statement in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_TRIGGERS:
        op.execute(statement)
    op.execute(sa.text("INSERT INTO chain_head (id, seq, digest) VALUES (1, 0, :genesis)").bindparams(genesis="0" * 64))


def downgrade() -> None:
    """Does nothing: there is no earlier schema."""
    raise RuntimeError("the first schema cannot be undone: restore a backup instead")
