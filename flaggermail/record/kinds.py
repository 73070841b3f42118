# SPDX-License-Identifier: EUPL-1.2
"""The kinds of incoming mail and of mail that the desk writes."""

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
