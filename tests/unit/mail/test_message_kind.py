# SPDX-License-Identifier: EUPL-1.2
"""The mechanical kind: declared, structural, or human."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flaggermail.mail.automated.evidence import quoted_message_id, read_report
from flaggermail.mail.message import MechanicalKind
from tests.corpus import each
from tests.pace import within
from tests.shipped_parser import PARSER

MAILS = Path(__file__).parents[2] / "mails"
SLOWEST = 2.0  # seconds, with a margin for a busy machine


def kind(*fields: str, body: str = "x") -> MechanicalKind:
    """Returns the kind of a mail with these header lines."""
    return PARSER.parse("\r\n".join((*fields, "", body)).encode()).kind


@each(
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
        (["From: a@b.example", "Subject: Afwezig: vergadering"], "human"),
        (["From: a@b.example", "Subject: Afwezig: vergadering", "In-Reply-To: <1@c.example>"], "auto-reply"),
        (["From: a@b.example", "Subject: Absence de bulletins"], "human"),
        (["From: a@b.example", "Subject: Re: Out of office"], "human"),
        (["From: a@b.example", "Subject: Out of office", "Return-Path: <>"], "auto-reply"),
        (["From: a@b.example", "Subject: Out of office", "List-Id: <l.example>"], "human"),
        (["From: a@b.example", "Return-Path: <>"], "human"),
        (["From: a@b.example", "Return-Path: <>", "In-Reply-To: <1@c.example>"], "auto-reply"),
        (["From: a@b.example", "Return-Path: <>", "Auto-Submitted: auto-generated"], "auto-reply"),
        (["From: MAILER-DAEMON@b.example", "Subject: x"], "bounce"),
        (["From: Mailer-Daemon <jan@b.example>", "Subject: x"], "human"),
        (["From: mailer-daemon-fan@b.example", "Subject: x"], "human"),
        (["From: postmaster@b.example", "Subject: Vraag van de beheerder"], "human"),
        (["From: postmaster@b.example", "Subject: Onbestelbaar: melding"], "bounce"),
        (["From: a@b.example", "Subject: Onbestelbaar: melding"], "human"),
        (["From: a@b.example", "Subject: Onbestelbaar: melding", "Return-Path: <a@b.example>"], "human"),
        (["From: a@b.example", "Subject: Onbestelbaar: melding", "Return-Path: <MAILER-DAEMON@b.example>"], "bounce"),
        (["From: a@b.example", "Subject: x", "Return-Path: <null>"], "human"),
        (["From: a@b.example", "Subject: Onbestelbaar: melding", "Auto-Submitted: auto-replied"], "bounce"),
        (["From: a@b.example", "Subject: Onbestelbaar: melding", "Auto-Submitted: no"], "human"),
        (["From: Mail Delivery System <>", "Subject: Delivery failed"], "bounce"),
        (["From: System Administrator <x@b.example>", "Subject: Undeliverable: melding"], "bounce"),
        (["From: a@b.example", "Subject: Undeliverable: melding", "X-MS-Embedded-Report:"], "bounce"),
        (["From: no-reply@b.example", "Subject: Delivery failed: we missed you"], "human"),
        (["From: a@b.example", "To: wijk-bounces@l.example", "Subject: Delivery failed"], "bounce"),
        (["From: a@b.example", "To: wijk-bounces@l.example", "Subject: Vraag"], "human"),
        (["From: wijk-owner@l.example", "X-Mailman-Version: 2.1", "Subject: Delivery failed"], "bounce"),
        (["From: wijk-owner@l.example", "X-Mailman-Version: 2.1", "Subject: Vraag"], "human"),
        (["From: a@b.example", "Subject: Out of office", "X-Apple-Action: vacation"], "auto-reply"),
        (["From: a@b.example", "Delivered-To: Autoresponder"], "auto-reply"),
        (["From: a@b.example", "X-List-Administrivia: yes"], "auto-reply"),
        (["From: a@b.example", "Subject: FW: Automatic reply: x"], "human"),
        (["From: a@b.example", "Subject: Automatic reply"], "human"),
        (["From: a@b.example", "Subject: Automatic reply", "References: <1@c.example>"], "auto-reply"),
        (["From: a@b.example", "Subject: Auto: geluidswagen", "References: <1@c.example>"], "human"),
        (["From: noreply@b.example", "Subject: Automatisch bericht: nepaccount"], "human"),
        (["From: a@b.example", "Subject: Auto: x", "X-Auto-Response-Suppress: All"], "human"),
        (["From: a@b.example", "Subject: Out of Office: x", "X-Auto-Response-Suppress: All"], "auto-reply"),
        (["From: a@b.example", "Subject: Auto: geluidswagen"], "human"),
        (["From: a@b.example", "Subject: Automatisch bericht: nepaccount"], "human"),
        (["From: noreply@b.example", "Subject: Automatic reply: x"], "auto-reply"),
        (["From: a@b.example", "Subject: [Auto-Reply] x", "In-Reply-To: <1@c.example>"], "auto-reply"),
        (["From: a@b.example", "Subject: [l] [Auto-Reply] x", "In-Reply-To: <1@c.example>"], "auto-reply"),
        (["From: a@b.example", "Subject: [Automatyczna odpowied\u017a] x", "In-Reply-To: <1@c.example>"], "auto-reply"),
        (["From: a@b.example", "Subject: [factcheck] x", "In-Reply-To: <1@c.example>"], "human"),
        (["From: a@b.example", "Subject: AUTO: Jan is out of the office (returning 10-06)"], "auto-reply"),
        (["From: a@b.example", "Subject: Automatic reply", "Auto-Submitted: auto-forwarded"], "human"),
        (["From: MAILER-DAEMON@b.example", "Subject: Successful Mail Delivery Report"], "delivered"),
        (["From: a@b.example", "Return-Path: <>", "Subject: Bezorgd: melding"], "delivered"),
        (["From: a@b.example", "Subject: Bezorgd: melding"], "human"),
        (["From: postmaster@b.example", "Subject: Bezorgd over een nepbericht"], "human"),
        (["From: a@b.example", "X-Precedence: auto_reply"], "auto-reply"),
        (["From: a@b.example", "X-POST-MessageClass: 9; Autoresponder"], "auto-reply"),
        (["From: a@b.example", "X-FC-MachineGenerated: true"], "auto-reply"),
        (["From: a@b.example", "X-FC-MachineGenerated: false"], "human"),
        (["From: a@b.example", "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"], "human"),
        (["From: a@b.example", "X-Autogenerated: Reply"], "auto-reply"),
        (["From: a@b.example", "X-Autogenerated: Forward"], "human"),
        (["From: a@b.example", "Auto-Submitted: auto-forwarded"], "human"),
        (["From: a@b.example", "Auto-Submitted: auto-forwarded(rule)"], "human"),
        (["From: mailer-daemon@b.example", "Auto-Submitted: auto-forwarded"], "bounce"),
        (["From: a@b.example", "Subject: Automatic reply op onze mailbox"], "human"),
        (["From: a@b.example", "X-XARF: SECURE"], "feedback-report"),
        (["From: a@b.example", "Subject: Fwd: Onbestelbaar: melding"], "human"),
        (["From: a@b.example", "Subject: Undeliverable: x", "List-Id: <l.example>"], "human"),
        (["From: a@b.example", "X-Failed-Recipients: c@d.example"], "bounce"),
    ],
)
def test_kind_by_header(fields: list[str], expected: str) -> None:
    """Header fields decide the kind (RFC 3834 and similar); list mail and mail that denies it is human."""
    assert kind(*fields).value == expected


def test_the_text_alone_never_makes_a_bounce() -> None:
    """Text alone never makes a bounce: a person may quote an SMTP reply."""
    assert kind("From: a@b.example", body="550 5.1.1 <c@d.example>: User unknown") is MechanicalKind.HUMAN


def test_a_refusal_by_a_mail_filter_is_a_bounce_and_a_receipt_is_not() -> None:
    """Of two disposition notifications (RFC 8098) a refusal is a bounce (RFC 5429) and a receipt is an auto-reply."""

    def notification(disposition: str) -> MechanicalKind:
        return kind(
            "From: a@b.example",
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
            body=f"--b\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: {disposition}\r\n--b--",
        )

    def without_type(disposition: str) -> MechanicalKind:
        body = f"--b\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: {disposition}\r\n--b--"
        return kind("From: a@b.example", "Content-Type: multipart/report; boundary=b", body=body)

    assert notification("automatic-action/MDN-sent-automatically; deleted") is MechanicalKind.BOUNCE
    assert without_type("manual-action/MDN-sent-manually; displayed") is MechanicalKind.AUTO_REPLY
    assert notification("manual-action/MDN-sent-manually; displayed") is MechanicalKind.AUTO_REPLY
    receipt = PARSER.parse((MAILS / "auto-read-receipt.eml").read_bytes())
    assert receipt.original_message_id == "n1@ministerie.example"


@each(
    ("group", "bounce", "unreached"),
    [
        ("Final-Recipient: rfc822; A@b.example\nAction: failed", "failed", ("a@b.example",)),
        ("Final-Recipient: rfc822; a@b.example\nAction: Delayed (still trying)", "delayed", ("a@b.example",)),
        ("Final-Recipient: rfc822; a@b.example\nAction: relayed", None, ()),
        ("Final-Recipient: rfc822; a@b.example\nStatus: 5.1.1", "failed", ("a@b.example",)),
        (
            "Final-Recipient: rfc822; x@y.example\nOriginal-Recipient: rfc822;a@b.example\nAction: failed",
            "failed",
            ("a@b.example",),
        ),
        ("Final-Recipient: <a@b.example>\nAction: failed", "failed", ("a@b.example",)),
        ("Final-Recipient: rfc822; @mx.b.example\nAction: failed", "failed", ()),
        ("Reporting-MTA: dns; x", None, ()),
    ],
)
def test_reports_of_delivery_are_read(group: str, bounce: str | None, unreached: tuple[str, ...]) -> None:
    """Delivery reports are read (RFC 3464, section 2.3), even with missing or misspelt fields."""
    report = read_report(f"Reporting-MTA: dns; mx.example\n\n{group}\n".encode())
    assert (report.bounce, report.unreached) == (bounce, unreached)


def test_one_failure_outweighs_deliveries() -> None:
    """One failure in a report about several recipients decides its outcome."""
    groups = [("a@b.example", "delivered"), ("c@b.example", "failed")]
    text = "\n\n".join(f"Final-Recipient: rfc822;{address}\nAction: {action}" for address, action in groups)
    report = read_report(f"Reporting-MTA: dns; x\n\n{text}\n".encode())
    assert (report.bounce, report.unreached) == ("failed", ("c@b.example",))


def test_a_bounce_in_plain_text_names_recipient_and_mail() -> None:
    """A plain-text bounce of an old server gives the failed recipient and the identity of the returned mail."""
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


def test_the_mail_is_found_by_the_envelope_identifier_where_nothing_is_returned() -> None:
    """Without returned content the envelope identifier identifies the mail (RFC 3461, section 4.4).

    We use our Message-ID as envelope identifier; some servers report it still encoded.
    """
    report = (MAILS / "bounce-envelope-id.eml").read_bytes()
    for written in (b"n1+2B7@ministerie.example", b"<n1+7@ministerie.example>", b"n1+7@ministerie.example"):
        found = PARSER.parse(report.replace(b"n1+2B7@ministerie.example", written))
        assert found.original_message_id == "n1+7@ministerie.example"
        assert found.original_envelope_id == written.decode()
    assert PARSER.parse(report.replace(b"n1+2B7@ministerie.example", b"QQ314159")).original_message_id is None
    assert PARSER.parse((MAILS / "dsn-failed.eml").read_bytes()).original_envelope_id is None


def test_what_was_returned_outweighs_the_envelope_identifier() -> None:
    """The returned header decides before the envelope identifier: only the header is surely ours."""
    report = (MAILS / "dsn-failed.eml").read_bytes()
    found = PARSER.parse(
        report.replace(b"Reporting-MTA:", b"Original-Envelope-Id: other@x.example\r\nReporting-MTA:", 1)
    )
    assert (found.original_message_id, found.original_envelope_id) == ("n1@ministerie.example", "other@x.example")


def test_a_report_that_a_person_forwards_part_by_part_is_his_mail() -> None:
    """A report that a person forwards in separate parts is human mail."""
    fields = ["From: a@b.example", "Subject: FW: Undeliverable: x", "Content-Type: multipart/mixed; boundary=b"]
    parts = "--b\r\n\r\nWhat is this?\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    parts += "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; c@d.example\r\nAction: failed\r\n\r\n--b--"
    assert kind(*fields, body=parts) is MechanicalKind.HUMAN
    assert kind("From: MAILER-DAEMON@b.example", *fields[1:], body=parts) is MechanicalKind.BOUNCE
    assert kind(*fields, "Return-Path: <>", body=parts) is MechanicalKind.BOUNCE
    assert kind(fields[0], "Subject: Undeliverable: x", fields[2], body=parts) is MechanicalKind.BOUNCE
    nested = parts.replace("message/delivery-status", "multipart/report; report-type=delivery-status; boundary=c")
    assert kind(*fields, body=nested.replace("Reporting-MTA", "--c")) is MechanicalKind.HUMAN
    for part in ("message/feedback-report", "message/disposition-notification"):
        assert kind(*fields, body=parts.replace("message/delivery-status", part)) is MechanicalKind.HUMAN


@pytest.mark.parametrize("path", ["<>", "<bounce@platform.example>"])
def test_a_robot_that_confirms_is_no_bounce_whatever_it_quotes(path: str) -> None:
    """An automatic confirmation is an auto-reply, even if it speaks of missing accounts and quotes our own mail."""
    lines = [
        "We received your report. Reports about an account that does not exist are closed.",
        "",
        "----- Original message -----",
        "From: flagger@ministerie.example",
        "Message-ID: <n1@ministerie.example>",
        "Subject: Notice",
    ]
    fields = [f"Return-Path: {path}", "From: Desk <desk@platform.example>", "Subject: [#5519] Notice"]
    declared = [*fields, "Auto-Submitted: auto-generated", "Precedence: bulk"]
    assert kind(*declared, body="\r\n".join(lines)) is MechanicalKind.AUTO_REPLY


@each(
    ("event", "expected", "outcome"),
    [
        ('{"notificationType":"Complaint","complaint":{"complainedRecipients":[]}}', "feedback-report", None),
        ('{"eventType":"Delivery","delivery":{"recipients":["a@b.example"]}}', "delivered", None),
        (
            '{"eventType":"DeliveryDelay","deliveryDelay":{"delayedRecipients":[{"emailAddress":"a@b.example"}]}}',
            "bounce",
            "delayed",
        ),
        (
            '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"a@b.example',
            "bounce",
            "failed",
        ),
        ('{"notificationType":"Subscription"}', "human", None),
        ('{"notificationType":7,"mail":[]}', "human", None),
        ("[" * 100_000, "human", None),
        ("{" * 100_000, "human", None),
    ],
)
def test_events_of_a_sending_service_are_read(event: str, expected: str, outcome: str | None) -> None:
    """JSON events of a sending service are read, even if cut off, but only in mail of its subscription."""
    fields = "From: no-reply@b.example\r\n"
    found = PARSER.parse(f"x-amz-sns-message-id: 1\r\n{fields}\r\n{event}".encode())
    assert (found.kind.value, found.bounce_class) == (expected, outcome)
    assert PARSER.parse(f"{fields}\r\n{event}".encode()).kind is MechanicalKind.HUMAN


def test_a_bounce_never_fails_a_recipient_that_nobody_wrote_to() -> None:
    """Only recipients count as failed, not Message-IDs, the sender or a support address."""
    lines = [
        "From: mailer-daemon@b.example",
        "To: flagger@ministerie.example",
        "Subject: Undelivered Mail",
        "",
        "A message that you sent could not be delivered. This is a permanent error.",
        "",
        "desk@platform.example Invalid Address, ERROR_CODE :550",
        "",
        "For help write to support@b.example or, as a last resort, to",
        "boss@b.example at any time you like to",
        "",
        "Received: from x by y",
        "Message-ID:<1.2@ministerie.example>",
        "From: flagger@ministerie.example",
    ]
    found = PARSER.parse("\r\n".join(lines).encode())
    assert found.failed_recipients == ("desk@platform.example",)
    assert found.original_message_id == "1.2@ministerie.example"


def test_the_library_for_old_bounces_is_asked_for_bounces_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library for old bounces is called for bounces only: it would mistake people's list mail for bounces."""
    asked: list[bytes] = []

    def all_failures(mail: object) -> tuple[set[bytes], set[bytes]]:
        asked.append(bytes(str(mail), "utf-8"))
        raise ValueError("a form it does not know")

    monkeypatch.setattr("flaggermail.adapters.parsing.mechanical.all_failures", all_failures)
    assert (
        kind("From: a@b.example", "Subject: Re: failure notice", body="<c@d.example>:\r\ngone") is MechanicalKind.HUMAN
    )
    assert asked == []
    found = PARSER.parse(b"From: mailer-daemon@b.example\r\nSubject: x\r\n\r\nnothing to read")
    assert (found.kind, found.failed_recipients, found.bounce_class) == (MechanicalKind.BOUNCE, (), "failed")
    assert len(asked) == 1


def test_what_only_the_library_knows_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's result is used where our own parser finds nothing or another address."""
    monkeypatch.setattr(
        "flaggermail.adapters.parsing.mechanical.all_failures", lambda _: ({b"late@d.example"}, {b"C@d.example."})
    )
    for text in ("Your mail could not be delivered to:\r\n\tscreenname", "Delivery failed:\r\n\r\nx@y.example"):
        found = PARSER.parse(f"From: mailer-daemon@b.example\r\nSubject: x\r\n\r\n{text}".encode())
        assert (found.failed_recipients, found.bounce_class) == (("c@d.example",), "failed")
    monkeypatch.setattr("flaggermail.adapters.parsing.mechanical.all_failures", lambda _: ({b"late@d.example"}, set()))
    found = PARSER.parse(b"From: mailer-daemon@b.example\r\nSubject: x\r\n\r\nnothing to read")
    assert (found.failed_recipients, found.bounce_class) == (("late@d.example",), "delayed")


@each(
    "text",
    [
        "<" * 300_000,
        "a@" * 150_000,
        "could not be delivered " * 15_000,
        " " * 400 + "\n",
        (" " * 390 + "x\n") * 3_000,
        "Final-Recipient: rfc822; " + "a@b.example " * 20_000,
        "ik ben " * 40_000,
        "i am 1." * 40_000,
        "--- " * 100_000,
        "ik ben afwezig. " * 20_000,
        "dit is een automatisch bericht. " * 10_000,
        "bedankt voor uw " * 20_000,
        "final-recipient:\n" * 5_000,
        "[a] " * 80_000,
    ],
)
def test_hostile_notices_cost_little(text: str) -> None:
    """The parsing time grows in proportion to the text, whatever it contains."""
    for head in (
        "From: mailer-daemon@b.example\r\n",
        "From: a@b.example\r\n",
        f"X-Failed-Recipients: {text[:60_000]}\r\n",
        f"Return-Path: <>\r\nIn-Reply-To: <1@a.example>\r\nX-Subject: {text[:60_000]}\r\n",
    ):
        begun = time.process_time()
        PARSER.parse(f"{head.replace(chr(10), ' ').strip()}\r\nSubject: x\r\n\r\n{text}".encode())
        assert within(time.process_time() - begun, SLOWEST)
