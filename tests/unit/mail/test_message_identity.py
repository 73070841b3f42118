# SPDX-License-Identifier: EUPL-1.2
"""Message-IDs, the key of a mail's content, subjects, and which mails form a conversation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaggermail.adapters.parsing.parser import StandardParser
from flaggermail.mail.case_numbers import case_numbers
from flaggermail.mail.message import Address, Message
from flaggermail.mail.reply_tokens import message_ids, told_in_reply
from flaggermail.mail.subject import SubjectParts, conversations, same_topic, split_subject
from tests.corpus import each
from tests.shipped_parser import LANGUAGE

MAIL = (
    b"Received: from a.example by mx.b.example; Thu, 6 Jun 2024 13:06:00 +0200\r\n"
    b"From: Desk <desk@platform.example>\r\nTo: a@b.example, c@b.example\r\nSubject: We look\r\n into it\r\n"
    b"Date: Thu, 6 Jun 2024 13:05:59 +0200\r\nMessage-ID: <r1@platform.example>\r\n\r\nThank you.\r\n"
)


@each(
    ("field", "expected"),
    [
        ("<a@b> junk <c@d>", ("a@b", "c@d")),
        ("<a@b><c@d>", ("a@b", "c@d")),
        ("<a@b> <a@b>", ("a@b",)),
        ("a@b", ("a@b",)),
        ("Your message of Monday <a@b>", ("a@b",)),
        ("<no-at-sign>", ("no-at-sign",)),
        ("<a@b", ()),
        ("<<a@b>>", ("a@b",)),
        ("", ()),
        ("Jane's mail of 6 June", ()),
    ],
)
def test_message_ids_are_read_from_what_programs_write(field: str, expected: tuple[str, ...]) -> None:
    """Brackets are removed; phrases and repeated identifiers are skipped."""
    assert message_ids(field) == expected


def key(octets: bytes) -> str:
    """Returns the content key that the parser computes."""
    return StandardParser(LANGUAGE).parse(octets).content_key


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (b"Received: from a.example by mx.b.example", b"Received: from z.example by mx2.b.example"),
        (b"Received:", b"Delivered-To: a@b.example\r\nReceived:"),
        (b"We look\r\n into it", b"We look into it"),
        (b"a@b.example, c@b.example", b"c@b.example, A <A@B.example>"),
        (b"Thank you.\r\n", b"Thank you.  \n\n"),
    ],
)
def test_a_second_delivery_has_the_same_content_key(part: bytes, other: bytes) -> None:
    """Trace fields, folding, the order of recipients and white space do not change the content key."""
    assert key(MAIL.replace(part, other)) == key(MAIL)


@each(
    ("part", "other"),
    [
        (b"We look", b"We looked"),
        (b"desk@", b"other@"),
        (b"13:05:59", b"13:05:58"),
        (b"c@b.example", b"d@b.example"),
        (b"Thank you", b"No thank you"),
        (b"Message-ID:", b"References: <x@y.example>\r\nMessage-ID:"),
        (b"To: a@b.example, c@b.example", b"To: a@b.example\r\nCc: c@b.example"),
    ],
)
def test_another_mail_has_another_content_key(part: bytes, other: bytes) -> None:
    """A change of any stable part changes the content key, even with the same Message-ID."""
    assert key(MAIL.replace(part, other)) != key(MAIL)


@each(
    ("subject", "expected"),
    [
        ("Re: Vraag", SubjectParts("Vraag", "reply")),
        ("RE : Re[2]: AW: Vraag", SubjectParts("Vraag", "reply")),
        ("[Fwd: Re: Vraag]", SubjectParts("Vraag", "forward")),
        ("[Vraag: een]", SubjectParts("[Vraag: een]")),
        ("Antw:Doorst: Vraag", SubjectParts("Vraag", "reply")),
        ("FW: RE: Vraag: wat nu", SubjectParts("Vraag: wat nu", "forward")),
        ("WG: Vraag", SubjectParts("Vraag", "forward")),
        ("Redir.: Vraag", SubjectParts("Vraag", "forward")),
        ("VS: Vraag", SubjectParts("Vraag", None)),
        ("Regel: Vraag", SubjectParts("Regel: Vraag", None)),
        ("Re\uff1aVraag", SubjectParts("Vraag", "reply")),
        ("", SubjectParts("", None)),
    ],
)
def test_prefixes_are_taken_off_the_subject(subject: str, expected: SubjectParts) -> None:
    """All prefixes are removed, in any language of the rules; the outermost one makes a reply or a forward."""
    assert split_subject(subject, LANGUAGE) == expected


def test_case_numbers_are_found_by_their_prefix() -> None:
    """Case numbers are found by their prefix, in capitals, once each; similar texts are not."""
    text = "Re: [vf-ep2024-0001] and VF-EP2024-0012, VF-EP2024-0001; XVF-EP2024-0003 VF-EP2024-1 VF-EP2024-0004-b"
    assert case_numbers(text, "VF") == ("VF-EP2024-0001", "VF-EP2024-0012")
    assert case_numbers("[A.B-GR26-001]", "A.B") == ("A.B-GR26-001",)
    assert case_numbers("[AxB-GR26-001]", "A.B") == ()


ROOT = Message(
    sha256="0",
    size=1,
    message_id="root@a.example",
    from_=(Address("flagger@a.example"),),
    to=(Address("desk@p.example"),),
    subject="Notice",
)


def mail(identifier: str, *references: str, subject: str = "Re: Notice", sender: str = "desk@p.example") -> Message:
    """Returns an answer to the flagger."""
    return replace(
        ROOT,
        message_id=identifier,
        references=references,
        subject=subject,
        from_=(Address(sender),),
        to=(Address("flagger@a.example"),),
    )


def test_references_join_also_by_a_mail_that_was_never_seen() -> None:
    """Two answers to a mail that was never seen belong to the same conversation."""
    mails = [mail("b", "unseen"), mail("c", "unseen"), mail("d", subject="Another")]
    assert conversations(mails) == [["b", "c"], ["d"]]


def test_the_subject_joins_only_where_it_is_safe() -> None:
    """A reply without References joins the mail its author received by subject, but not if two of them fit."""
    assert conversations([ROOT, mail("b")]) == [["root@a.example", "b"]]
    assert conversations([ROOT, mail("b", sender="x@y.example")]) == [["root@a.example"], ["b"]]
    second = replace(ROOT, message_id="root2@a.example")
    assert len(conversations([ROOT, second, mail("b")])) == 3
    assert conversations([ROOT, mail("b", subject="Notice")]) == [["root@a.example"], ["b"]]


@each(
    ("one", "other", "same"),
    [
        ("Verkeerde stemdag", "Verkeerde stemdag", True),
        ("VERKEERDE STEMDAG", "verkeerde stemdag", True),
        ("[EXTERN] Verkeerde stemdag rondgestuurd", "Verkeerde stemdag", True),
        ("Verkeerde stemdag rondgestuurd in wijk", "Verkeerde stemdag rondgest", True),
        ("Verkeerde dag rondgestuurd", "Verkeerde stemdag rondgestuurd", True),
        ("", "Verkeerde stemdag", True),
        ("Nepaccount van de griffier", "Verkeerde stemdag rondgestuurd", False),
        ("Vraag van de raad", "Antwoord op de brief", False),
        ("??", "Verkeerde stemdag", False),
    ],
)
def test_two_subjects_about_one_matter(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    """Added tags, cuts and corrections leave the same topic; common small words do not make one."""
    assert same_topic(one, other) is same
    assert same_topic(other, one) is same


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ("2.0.0 OK <A1@host.example> [Hostname=host.example]", "A1@host.example"),
        ("2.0.0 Ok <A1@host.example>", "A1@host.example"),
        ("OK <A1@host.example>", "A1@host.example"),
        ("2.0.0 OK <HK0PR03MB4961.apcprd03.mailcloud.example> [Hostname=x]", None),  # a queue's name, as some write
        ("2.0.0 OK 4711", None),
        ("Ok 0100018f2b7c-000000", None),
        ("2.6.0 <A1@host.example> [InternalId=1] Queued mail for delivery", None),  # the one we wrote, at Exchange
        ("2.0.0 queued as 4711 <A1@host.example>", None),
        ("2.0.0 OK <A1@host.example>by <B2@host.example>", None),
        ("2.0.0 OK <A 1@host.example>", None),
        ("5.0.0 OK <A1@host.example>", None),
        (f"2.0.0 OK <{'a' * 300}@host.example>", None),
        ("", None),
    ],
)
def test_the_message_id_in_a_servers_reply(reply: str, told: str | None) -> None:
    """Only a status of success and OK right before it make an identifier the one under which the mail left."""
    assert told_in_reply(reply) == told
