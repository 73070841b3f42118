# SPDX-License-Identifier: EUPL-1.2
"""Forms of mail that programs send though no standard has them, and reports about a whole domain."""

from __future__ import annotations

from time import process_time

from flaggermail.adapters.parsing.parser import header_only
from flaggermail.mail.message import MechanicalKind, Message
from tests.corpus import each
from tests.pace import within
from tests.shipped_parser import PARSER

HEAD = (
    "From: {sender}\r\nTo: flagger@ministerie.example\r\nSubject: {subject}\r\n"
    "Date: Thu, 06 Jun 2024 09:12:00 +0200\r\n"
)
ZIPPED = 'MIME-Version: 1.0\r\nContent-Type: application/{kind}; name="a!b!1!2.xml.gz"\r\n\r\nH4sI\r\n'
DMARC = "Report Domain: ministerie.example Submitter: provider.example Report-ID: 1.2"


def parsed(body: str, sender: str = "anna@lindewaard.example", subject: str = "Vraag") -> Message:
    """Returns the mail; `body` begins with further header lines, or with the empty line."""
    return PARSER.parse((HEAD.format(sender=sender, subject=subject) + body).encode())


@each(
    ("source", "text"),
    [
        ("<div>Beste desk,</div><div>Er gaat iets rond.</div>", "Beste desk,\nEr gaat iets rond."),
        ("Beste,<br><br>Er gaat iets rond.<br>Groet, Anna", "Beste,\n\nEr gaat iets rond.\nGroet, Anna"),
        ("<!-- x --><p>Beste desk</p>", "Beste desk"),
        ('De regel <p class="x">hallo</p> staat er.', 'De regel <p class="x">hallo</p> staat er.'),
        ("Zij schrijven <b>nooit</b> <3", "Zij schrijven <b>nooit</b> <3"),
    ],
    ids=["blocks", "breaks", "a comment first", "a line quoted", "a heart"],
)
def test_the_source_of_a_page_in_a_text_part_is_shown_as_a_page(source: str, text: str) -> None:
    """A text that quotes a line of it stays as it is."""
    assert parsed(f"\r\n{source}").text == text


@each(
    ("kind", "subject", "expected"),
    [
        ("gzip", DMARC, MechanicalKind.FEEDBACK_REPORT),
        ("tlsrpt+gzip", "Verslag", MechanicalKind.FEEDBACK_REPORT),
        ("gzip", "Nepaccount", MechanicalKind.HUMAN),
    ],
    ids=["DMARC", "TLS", "a person's archive"],
)
def test_a_report_about_a_domain_is_machine_mail(kind: str, subject: str, expected: MechanicalKind) -> None:
    """DMARC: by subject and attachment (RFC 7489, section 7.2.1.1). TLS: by type (RFC 8460, section 5.3)."""
    assert parsed(ZIPPED.format(kind=kind), subject=subject).kind is expected


@each(
    ("sender", "answerable"),
    [("anna@lindewaard.example", True), ("no-reply@lindewaard.example", False), ("noreply.forms@x.example", False)],
    ids=["a person", "a robot", "a robot of a service"],
)
def test_a_robot_gets_no_automatic_answer(sender: str, *, answerable: bool) -> None:
    """Nobody reads there."""
    assert parsed("\r\nHallo", sender).answerable is answerable


def test_a_forward_whose_block_names_no_author_is_one() -> None:
    """Below a mark, time, recipient and subject are enough."""
    found = parsed(
        "\r\nZie hieronder.\r\n\r\n-----Oorspronkelijk bericht-----\r\nVerzonden: donderdag 6 juni 2024 09:12\r\n"
        "Aan: Griffie <griffie@lindewaard.example>\r\nOnderwerp: nepvideo\r\n\r\nEr gaat iets rond.",
        subject="FW: nepvideo",
    ).forwarded
    assert found is not None
    assert (found.sender, found.subject, found.body) == (None, "nepvideo", "Er gaat iets rond.")


def test_a_long_text_of_links_and_numbers_is_read_in_time_and_a_cut_one_keeps_its_people() -> None:
    """1.4 MB take less than four seconds of processor time; of a mail that takes longer the header is kept."""
    body = "".join(f"https://platform.example/p/{n}?id={n * 7919}  06-{n:08d} #{n} {n}.{n}\r\n" for n in range(20_000))
    begun = process_time()
    assert parsed(f"\r\n{body}").defects == ()
    assert within(process_time() - begun, 4)
    cut = header_only(HEAD.format(sender="a@b.example", subject="x").encode(), "too long")
    assert cut.to[0].address == "flagger@ministerie.example"
    assert cut.date is not None
