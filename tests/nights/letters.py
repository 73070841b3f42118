# SPDX-License-Identifier: EUPL-1.2
"""Mails to a simulated desk, as the receiving server delivers them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

DESK, SERVER = "verkiezingenflagger@bzk.example", "mx.bzk.example"


def letter(  # noqa: PLR0913 - what one mail can differ in from another; nearly all calls name two of them
    sender: str,
    subject: str,
    text: str,
    at: datetime,
    *,
    to: str = DESK,
    auth: str = "pass",
    answers: str | None = None,
    fields: Sequence[str] = (),
) -> bytes:
    """Returns a mail that arrives at `at`; `auth`: pass, fail, none; `answers`: a Message-ID without angle brackets."""
    domain = sender.rpartition("@")[2]
    name = hashlib.sha256(f"{sender} {subject} {text} {at} {auth}".encode()).hexdigest()[:20]
    lines = [
        f"Authentication-Results: {SERVER}; dmarc={auth} header.from={domain}",
        f"Received: from mail.{domain} by {SERVER} with ESMTPS; {format_datetime(at)}",
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Message-ID: <{name}@{domain}>",
        f"Date: {format_datetime(at)}",
        "MIME-Version: 1.0",
        *([f"In-Reply-To: <{answers}>", f"References: <{answers}>"] if answers else []),
        *fields,
    ]
    if not any(field.startswith("Content-Type:") for field in fields):
        lines += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return "\r\n".join((*lines, "", *text.split("\n"), "")).encode()


def returned(
    message_id: str, recipient: str, at: datetime, *, delayed: bool, claimed_by: str | None = None
) -> bytes:  # fmt: skip
    """Returns a delivery status notification (RFC 3464) about a mail of the desk, made by its own server.

    `claimed_by`: the verified address of a stranger who wrote it instead.
    """
    action, status = ("delayed", "4.4.1") if delayed else ("failed", "5.1.1")
    text = "\n".join(
        (
            "--cut", "Content-Type: text/plain", "", "About your mail.", "--cut",
            "Content-Type: message/delivery-status", "", f"Reporting-MTA: dns; {SERVER}", "",
            f"Final-Recipient: rfc822; {recipient}", f"Action: {action}", f"Status: {status}", "", "--cut",
            "Content-Type: text/rfc822-headers", "", f"Message-ID: <{message_id}>", f"From: {DESK}", "", "--cut--",
        )
    )  # fmt: skip
    fields = ('Content-Type: multipart/report; report-type=delivery-status; boundary="cut"', "Return-Path: <>")
    subject = "Delayed mail" if delayed else "Undelivered mail"
    if claimed_by is not None:
        return letter(claimed_by, subject, text, at, fields=fields)
    octets = letter(f"MAILER-DAEMON@{SERVER}", subject, text, at, auth="none", fields=fields)
    made = f"Received: by {SERVER} (Postfix)\r\n\tid 4XyZ1; {format_datetime(at)}"  # by our own server: no "from"
    return made.encode() + octets[octets.index(b"\r\nFrom: ") :]
