# SPDX-License-Identifier: EUPL-1.2
"""The mechanical kind: declared, structural, or human."""

from __future__ import annotations

import pytest

from flaggermail.adapters.hops import hops
from flaggermail.adapters.language_file import read_language
from flaggermail.adapters.parse import StandardParser
from flaggermail.core.dsn import quoted_message_id, read_report
from flaggermail.core.message import MechanicalKind
from flaggermail.shipped import shipped

PARSER = StandardParser(read_language(shipped("rules")))


def kind(*fields: str, body: str = "x") -> MechanicalKind:
    """The kind of a mail with these header lines."""
    return PARSER.parse("\r\n".join((*fields, "", body)).encode()).kind


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["From: a@b.example", "Auto-Submitted: auto-replied (vacation)"], "auto-reply"),
        (["From: a@b.example", "Auto-Submitted: auto-generated; x=y"], "auto-reply"),
        (["From: a@b.example", "Auto-Submitted: no"], "human"),
        (["From: mailer-daemon@b.example", "Subject: failure notice", "Auto-Submitted: no"], "human"),
        (["From: a@b.example", "Precedence: auto_reply"], "auto-reply"),
        (["From: a@b.example", "Precedence: bulk"], "human"),
        (["From: a@b.example", "X-Autoreply: yes"], "auto-reply"),
        (["From: a@b.example", "X-Autoreply: no"], "human"),
        (["From: a@b.example", "Subject: Afwezig: vergadering"], "auto-reply"),
        (["From: a@b.example", "Subject: Absence de bulletins"], "human"),
        (["From: a@b.example", "Subject: Re: Out of office"], "human"),
        (["From: a@b.example", "Subject: Out of office", "Return-Path: <>"], "auto-reply"),
        (["From: a@b.example", "Subject: Out of office", "List-Id: <l.example>"], "human"),
        (["From: a@b.example", "Return-Path: <>"], "bounce"),
        (["From: a@b.example", "Return-Path: <>", "Auto-Submitted: auto-generated"], "auto-reply"),
        (["From: MAILER-DAEMON@b.example", "Subject: x"], "bounce"),
        (["From: Mailer-Daemon <jan@b.example>", "Subject: x"], "human"),
        (["From: mailer-daemon-fan@b.example", "Subject: x"], "human"),
        (["From: postmaster@b.example", "Subject: Vraag van de beheerder"], "human"),
        (["From: postmaster@b.example", "Subject: Onbestelbaar: melding"], "bounce"),
        (["From: a@b.example", "Subject: Onbestelbaar: melding"], "bounce"),
        (["From: a@b.example", "Subject: Fwd: Onbestelbaar: melding"], "human"),
        (["From: a@b.example", "Subject: Undeliverable: x", "List-Id: <l.example>"], "human"),
        (["From: a@b.example", "X-Failed-Recipients: c@d.example"], "bounce"),
    ],
)
def test_kind_by_header(fields: list[str], expected: str) -> None:
    """RFC 3834 and its kin, the empty return path, daemons and subjects; lists and denials are human."""
    assert kind(*fields).value == expected


def test_the_text_alone_never_makes_a_bounce() -> None:
    """A person quotes an SMTP reply."""
    assert kind("From: a@b.example", body="550 5.1.1 <c@d.example>: User unknown") is MechanicalKind.HUMAN


def test_a_refusal_by_a_mail_filter_is_a_bounce_and_a_receipt_is_not() -> None:
    """Both are disposition notifications (RFC 8098); RFC 5429 tells the refusal by its words."""

    def notification(disposition: str) -> MechanicalKind:
        return kind(
            "From: a@b.example",
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
            body=f"--b\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: {disposition}\r\n--b--",
        )

    assert notification("automatic-action/MDN-sent-automatically; deleted") is MechanicalKind.BOUNCE
    assert notification("manual-action/MDN-sent-manually; displayed") is MechanicalKind.AUTO_REPLY


@pytest.mark.parametrize(
    ("group", "outcome", "unreached"),
    [
        ("Final-Recipient: rfc822; A@b.example\nAction: failed", "failed", ("a@b.example",)),
        ("Final-Recipient: rfc822; a@b.example\nAction: Delayed (still trying)", "delayed", ("a@b.example",)),
        ("Final-Recipient: rfc822; a@b.example\nAction: relayed", "delivered", ()),
        ("Final-Recipient: rfc822; a@b.example\nStatus: 5.1.1", "failed", ("a@b.example",)),
        (
            "Final-Recipient: rfc822; x@y.example\nOriginal-Recipient: rfc822;a@b.example\nAction: failed",
            "failed",
            ("a@b.example",),
        ),
        ("Final-Recipient: <a@b.example>\nAction: failed", "failed", ("a@b.example",)),
        ("Reporting-MTA: dns; x", None, ()),
    ],
)
def test_reports_of_delivery_are_read(group: str, outcome: str | None, unreached: tuple[str, ...]) -> None:
    """RFC 3464, section 2.3, with what is left out or misspelt."""
    report = read_report(f"Reporting-MTA: dns; mx.example\n\n{group}\n".encode())
    assert (report.outcome, report.unreached) == (outcome, unreached)


def test_one_failure_outweighs_deliveries() -> None:
    """A report about several recipients is about those who got nothing."""
    groups = [("a@b.example", "delivered"), ("c@b.example", "failed")]
    text = "\n\n".join(f"Final-Recipient: rfc822;{address}\nAction: {action}" for address, action in groups)
    report = read_report(f"Reporting-MTA: dns; x\n\n{text}\n".encode())
    assert (report.outcome, report.unreached) == ("failed", ("c@b.example",))


def test_a_bounce_in_plain_text_names_recipient_and_mail() -> None:
    """Old servers return everything in one text."""
    lines = [
        "From: mailer-daemon@b.example",
        "Subject: failure notice",
        "",
        "Hi. This is the qmail-send program at b.example.",
        "",
        "<gone@b.example>:",
        "no such user",
        "",
        "--- Below this line is a copy of the message.",
        "",
        "Message-ID: <n1@a.example>",
    ]
    found = PARSER.parse("\r\n".join(lines).encode())
    assert found.failed_recipients == ("gone@b.example",)
    assert (found.kind.value, found.bounce_class) == ("bounce", "failed")
    assert found.original_message_id == "n1@a.example"
    assert quoted_message_id("nothing") is None


def test_hops_are_told_from_the_first_server_to_ours() -> None:
    """Each with the instant of its own clock."""
    mail = (
        b"Received: from a.example by mx.b.example with ESMTPS id 1; Thu, 6 Jun 2024 13:06:01 +0200\r\n"
        b"Received: by a.example id 2; Thu, 6 Jun 2024 13:06:00 +0200\r\nFrom: a@a.example\r\n\r\nx"
    )
    assert [(hop.by, hop.at.isoformat() if hop.at else None) for hop in hops(mail)] == [
        ("a.example", "2024-06-06T11:06:00+00:00"),
        ("mx.b.example", "2024-06-06T11:06:01+00:00"),
    ]
    assert [hop for hop in hops(b"Received: nonsense\r\n\r\n") if hop.at] == []
    assert hops(b"") == ()
