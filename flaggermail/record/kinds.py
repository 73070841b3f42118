# SPDX-License-Identifier: EUPL-1.2
"""The kinds of incoming mail and of mail that the desk writes, and where a message is filed."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kind of a message."""

    REFERRAL = "referral"
    PLATFORM_ACK = "platform_ack"
    SUBSTANTIVE_REPLY = "substantive_reply"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELIVERED = "delivered"
    FEEDBACK_REPORT = "feedback_report"
    CITIZEN_REPORT = "citizen_report"
    NOISE = "noise"
    UNKNOWN = "unknown"
    OFFICER_REPLY = "officer_reply"
    NOTIFICATION = "notification"
    DECLINE = "decline"
    INTAKE_CONFIRMATION = "intake_confirmation"
    INFORMATION_REQUEST = "information_request"
    DECISION_NOTICE = "decision_notice"
    FOLLOW_UP = "follow_up"
    APPROVAL_REQUEST = "approval_request"
    OFFICER_NOTICE = "officer_notice"
    REPLY_ANSWER = "reply_answer"
    DIGEST = "digest"
    CONTACT_NOTE = "contact_note"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    ALARM = "alarm"


class Direction(StrEnum):
    """Whether a message was received or sent."""

    IN = "in"
    OUT = "out"


class Place(StrEnum):
    """Where a message is filed."""

    CASE = "case"
    QUARANTINE = "quarantine"
    NOISE = "noise"
    DECLINED = "declined"
    OWN = "own"  # written by the desk


class Versioned(StrEnum):
    """What has versions that are in force for a period."""

    RULES = "rules"
    TEMPLATES = "templates"
