# SPDX-License-Identifier: EUPL-1.2
"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True)),
        sa.Column("cleared_by", sa.String()),
        sa.Column("cleared_reason", sa.String()),
    )
    op.create_table(
        "decline",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("election", sa.String(), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "election",
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("name_nl", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("polling_days", sa.JSON(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("exercise", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "election_secret",
        sa.Column("election", sa.String(), primary_key=True),
        sa.Column("secret", sa.String()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "platform",
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("domains", sa.JSON(), nullable=False),
    )


def _channel_to_report_freeze() -> None:
    """Creates the tables channel, rehearsal, report_draft and report_freeze."""
    op.create_table(
        "channel",
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("platform", sa.String(), sa.ForeignKey("platform.code"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.Column("cc", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("can_confirm", sa.Boolean(), nullable=False),
        sa.Column("phone", sa.String()),
        sa.Column("policy_title", sa.String(), nullable=False),
        sa.Column("policy_url", sa.String(), nullable=False),
        sa.Column("policy_read_on", sa.Date()),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.Column("answers_from", sa.JSON(), nullable=False),
        sa.Column("hosts", sa.JSON(), nullable=False),
    )
    op.create_table(
        "rehearsal",
        sa.Column("election", sa.String(), sa.ForeignKey("election.code"), primary_key=True),
        sa.Column("story", sa.String(), nullable=False),
        sa.Column("speed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after_event", sa.Integer(), nullable=False),
    )
    op.create_table(
        "report_draft",
        sa.Column("election", sa.String(), sa.ForeignKey("election.code"), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.String(), nullable=False),
    )
    op.create_table(
        "report_freeze",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("election", sa.String(), sa.ForeignKey("election.code"), nullable=False, index=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("inputs_digest", sa.String(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by", sa.String()),
        sa.Column("undone_reason", sa.Text()),
    )


def _case_file_to_contact_note() -> None:
    """Creates the tables case_file and contact_note."""
    op.create_table(
        "case_file",
        sa.Column("number", sa.String(), primary_key=True),
        sa.Column("election", sa.String(), sa.ForeignKey("election.code"), nullable=False, index=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("source", sa.String()),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False, unique=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("referrer_address", sa.String()),
        sa.Column("referrer_name", sa.String()),
        sa.Column("root_message", sa.String()),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("aspects", sa.JSON(), nullable=False),
        sa.Column("incorrect", sa.Boolean()),
        sa.Column("contradicts", sa.String()),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("own_attempts", sa.Integer()),
        sa.Column("all_means_used", sa.Boolean()),
        sa.Column("override_reason", sa.String()),
        sa.Column("satire", sa.Boolean()),
        sa.Column("assessed_by", sa.String()),
        sa.Column("assessed_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.String()),
        sa.Column("decision_ground", sa.String()),
        sa.Column("decision_reason", sa.String()),
        sa.Column("decided_by", sa.String()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("assigned_to", sa.String()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("platform_references", sa.JSON(), nullable=False),
        sa.Column("steps", sa.String(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("narratives", sa.JSON(), nullable=False),
        sa.Column("tail", sa.String()),
    )
    op.create_index("ix_case_file_title", "case_file", ["title", "number"], unique=False)
    op.create_table(
        "contact_note",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("case", sa.String(), sa.ForeignKey("case_file.number"), nullable=False, index=True),
        sa.Column("notification", sa.String()),
        sa.Column("means", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("counts_as", sa.JSON(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
    )


def _legal_hold_to_notification() -> None:
    """Creates the tables legal_hold and notification."""
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("case", sa.String(), sa.ForeignKey("case_file.number"), index=True),
        sa.Column("election", sa.String(), sa.ForeignKey("election.code"), index=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.Column("lifted_by", sa.String()),
        sa.Column("lifted_reason", sa.Text()),
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("case", sa.String(), sa.ForeignKey("case_file.number"), nullable=False, index=True),
        sa.Column("platform", sa.String(), sa.ForeignKey("platform.code"), nullable=False),
        sa.Column("channel", sa.String(), sa.ForeignKey("channel.code"), nullable=False),
        sa.Column("channel_name", sa.String(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.Column("cc", sa.JSON(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("policy_title", sa.String(), nullable=False),
        sa.Column("policy_url", sa.String(), nullable=False),
        sa.Column("policy_read_on", sa.Date()),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("drafted_by", sa.String(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.JSON(), nullable=False),
        sa.Column("approved_with", sa.JSON(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("rejected_by", sa.String()),
        sa.Column("rejected_reason", sa.String()),
        sa.Column("token", sa.String(), nullable=False, unique=True),
        sa.Column("message_id", sa.String(), index=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("sent_basis", sa.String(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.String(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("tail", sa.String()),
        sa.CheckConstraint(
            "state IN ('draft', 'approved', 'sent', 'failed', 'rejected', 'cancelled')", name="notification_state"
        ),
    )


def _annex_to_unfetched_mail() -> None:
    """Creates the tables annex, clock and unfetched_mail."""
    op.create_table(
        "annex",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("notification", sa.String(), sa.ForeignKey("notification.id"), nullable=False, index=True),
        sa.Column("case", sa.String(), sa.ForeignKey("case_file.number"), nullable=False, index=True),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("parser", sa.String(), nullable=False),
        sa.Column("seals", sa.JSON(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("shaped_by", sa.JSON(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String()),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.String()),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_by", sa.String()),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("form IN ('reply', 'thread')", name="annex_form"),
        sa.CheckConstraint("state IN ('proposed', 'confirmed', 'approved', 'withdrawn')", name="annex_state"),
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("notification", sa.String(), sa.ForeignKey("notification.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.Column("stopped_by", sa.String()),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("oral", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('receipt', 'human', 'substance')", name="clock_kind"),
    )
    op.create_table(
        "unfetched_mail",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("numbering", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), index=True),
    )


def _message() -> None:
    """Creates the table message."""
    op.create_table(
        "message",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("message_id", sa.String(), index=True),
        sa.Column("content_key", sa.String(), nullable=False, index=True),
        sa.Column("digest", sa.String(), nullable=False, index=True),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("from_address", sa.String()),
        sa.Column("from_name", sa.String()),
        sa.Column("subject", sa.Text()),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("mechanical", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("place", sa.String(), nullable=False, index=True),
        sa.Column("case", sa.String(), sa.ForeignKey("case_file.number"), index=True),
        sa.Column("notification", sa.String(), index=True),
        sa.Column("match_basis", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("suggestions", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("verdict_basis", sa.String(), nullable=False),
        sa.Column("rule", sa.String()),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("substance", sa.Boolean(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("pending_digest", sa.Boolean(), nullable=False, index=True),
        sa.Column("same_id_as", sa.String()),
        sa.Column("platform_references", sa.JSON(), nullable=False),
        sa.Column("defects", sa.JSON(), nullable=False),
        sa.Column("ruleset", sa.String()),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("discarded_at", sa.DateTime(timezone=True)),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("costly", sa.Boolean(), nullable=False),
        sa.Column("enclosed_in", sa.String(), index=True),
        sa.Column("placed_by", sa.String()),
        sa.Column("from_junk", sa.Boolean(), nullable=False),
        sa.Column("confirmed_by", sa.String()),
        sa.Column("corrected_by", sa.String()),
        sa.Column("excluded_by", sa.String()),
        sa.Column("arrival", sa.String(), nullable=False),
        sa.Column("person_basis", sa.String()),
        sa.Column("says", sa.String(), nullable=False),
        sa.CheckConstraint("direction IN ('in', 'out')", name="message_direction"),
        sa.CheckConstraint("place IN ('case', 'quarantine', 'noise', 'declined', 'own')", name="message_place"),
    )
    op.create_index("ix_message_from_address", "message", ["from_address", "id"], unique=False)


def _thread_key_to_assigned_id() -> None:
    """Creates the tables thread_key, delivery and assigned_id."""
    op.create_table(
        "thread_key",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("case", sa.String(), sa.ForeignKey("case_file.number"), nullable=False),
        sa.Column("notification", sa.String()),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("message", sa.String(), sa.ForeignKey("message.id"), nullable=False, index=True),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("numbering", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("internaldate", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True)),
        sa.Column("arrival", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("verdict_basis", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("signature_basis", sa.String(), nullable=False),
        sa.Column("signer", sa.Text()),
        sa.Column("selector", sa.Text()),
        sa.Column("key_record", sa.Text()),
        sa.Column("key_digest", sa.String()),
        sa.Column("dnssec", sa.String(), nullable=False),
        sa.Column("resolver", sa.String()),
        sa.Column("looked_up_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "assigned_id",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("ours", sa.String(), nullable=False, index=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('answer', 'copy')", name="assigned_id_source"),
    )


def _held_back_to_outbox() -> None:
    """Creates the tables held_back, withheld and outbox."""
    op.create_table(
        "held_back",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dedupe", sa.String(), nullable=False, unique=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("case", sa.String()),
        sa.Column("notification", sa.String()),
        sa.Column("next_step", sa.String(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("shows", sa.String()),
        sa.Column("trust", sa.String()),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), index=True),
    )
    op.create_table(
        "withheld",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("withheld_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dedupe", sa.String(), nullable=False, unique=True),
        sa.Column("case", sa.String(), sa.ForeignKey("case_file.number"), index=True),
        sa.Column("notification", sa.String(), index=True),
        sa.Column("message_id", sa.String(), nullable=False, index=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at_most_once", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("bounced", sa.Boolean(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("shows", sa.String(), index=True),
        sa.Column("trust", sa.String()),
        sa.Column("instead_of", sa.String(), index=True),
        sa.CheckConstraint(
            "state IN ('queued', 'attempting', 'accepted', 'refused', 'uncertain', 'cancelled')", name="outbox_state"
        ),
    )


def _attempt_to_page() -> None:
    """Creates the tables attempt, alarm, device and page."""
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("mail", sa.String(), sa.ForeignKey("outbox.id"), nullable=False, index=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("result", sa.String()),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False, index=True),
        sa.Column("case", sa.String(), index=True),
        sa.Column("notification", sa.String(), index=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officer", sa.String()),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("officer", sa.String(), nullable=False, index=True),
        sa.Column("enrolled_by", sa.String(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("commitment", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.Integer()),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.String()),
    )
    op.create_table(
        "page",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("about", sa.String(), nullable=False, index=True),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pager", sa.String(), nullable=False),
        sa.Column("case", sa.String()),
        sa.Column("notification", sa.String()),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, index=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True)),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('queued', 'attempting', 'sent', 'failed', 'held')", name="page_state"),
    )


def _page_code_to_archive_reading() -> None:
    """Creates the tables page_code, rota_override, token, reminder and archive_reading."""
    op.create_table(
        "page_code",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("token", sa.String(), nullable=False),
    )
    op.create_table(
        "rota_override",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "token",
        sa.Column("token", sa.String(), primary_key=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("case", sa.String()),
        sa.Column("notification", sa.String(), index=True),
        sa.Column("reminder", sa.String()),
        sa.Column("message", sa.String()),
        sa.Column("officer", sa.String()),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("used_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "reminder",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case", sa.String(), sa.ForeignKey("case_file.number"), nullable=False, index=True),
        sa.Column("notification", sa.String(), index=True),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.String(), nullable=False, index=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.String()),
        sa.Column("acknowledged_until", sa.DateTime(timezone=True)),
        sa.Column("repetition", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Boolean(), nullable=False),
        sa.Column("how", sa.JSON(), nullable=False),
    )
    op.create_table(
        "archive_reading",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case", sa.String()),
        sa.Column("asked", sa.Text(), nullable=False),
    )


def _desk_state_to_chain_head() -> None:
    """Creates the tables from desk_state to watched in the order of their names, and chain_head."""
    op.create_table(
        "desk_state",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("observing", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since_by", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("until_by", sa.String()),
        sa.CheckConstraint("id IN ('desk')", name="desk_state_is_one_row"),
    )
    op.create_table(
        "in_force",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False, index=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.CheckConstraint("what IN ('rules', 'templates')", name="in_force_what"),
    )
    op.create_table(
        "registered_file",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "remembered_domain",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("message", sa.String()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("removed_by", sa.String()),
        sa.CheckConstraint(
            "source IN ('media', 'fact_checker', 'government_body', 'fellow_authority')",
            name="remembered_domain_source",
        ),
    )
    op.create_table(
        "trust_proof",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("survived", sa.Boolean(), nullable=False),
        sa.Column("tried_by", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.CheckConstraint("id IN ('exchange internal')", name="trust_proof_id"),
    )
    op.create_table(
        "watched",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("failing", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "chain_head",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("last_counter", sa.String()),
        sa.Column("last_cursor", sa.String()),
        sa.CheckConstraint("id = 1", name="chain_head_is_one_row"),
    )


def _counter_to_row_event() -> None:
    """Creates the tables that the store keeps for itself, but for the head: counter to sealed_secret."""
    op.create_table(
        "counter",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("after", sa.String()),
        sa.Column("seal", sa.String(), nullable=False),
    )
    op.create_table(
        "cursor",
        sa.Column("folder", sa.String(), primary_key=True),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.Column("held", sa.Integer()),
        sa.Column("after", sa.String()),
        sa.Column("seal", sa.String(), nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False, index=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("case", sa.String(), index=True),
        sa.Column("notification", sa.String(), index=True),
        sa.Column("message", sa.String(), index=True),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
    )
    op.create_table(
        "kept_answer",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
    )
    op.create_index(op.f("ix_kept_answer_at"), "kept_answer", ["at"])
    op.create_table(
        "kept_form",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("page", sa.String(), primary_key=True),
        sa.Column("act", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("version", sa.Integer()),
        sa.Column("texts", sa.Text(), nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fencing", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked", sa.String()),
    )
    op.create_table(
        "node",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("unready", sa.Text(), nullable=False),
    )
    op.create_table(
        "octets",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        if_not_exists=True,  # a restore that was killed goes on with what it has stored
    )
    op.create_table(
        "personal",
        sa.Column("commitment", sa.String(), primary_key=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("event", sa.Integer(), sa.ForeignKey("event.seq"), nullable=False, index=True),
    )
    op.create_table(
        "reading",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("item", sa.String(), primary_key=True),
        sa.Column("hour", sa.DateTime(timezone=True), primary_key=True, index=True),
        sa.Column("person", sa.String(), primary_key=True),
    )
    op.create_table(
        "row_event",
        sa.Column("of_table", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("event", sa.Integer(), sa.ForeignKey("event.seq"), primary_key=True, index=True),
    )
    op.create_table(
        "sealed_secret",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
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
