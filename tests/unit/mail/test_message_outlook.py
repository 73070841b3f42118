# SPDX-License-Identifier: EUPL-1.2
"""Outlook's files (.msg) and winmail.dat are read if possible; otherwise they are a defect and the mail survives."""

from __future__ import annotations

import base64
import random
import struct
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flaggermail.adapters.parsing.unpacking import read_outlook, read_tnef
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.mail.message import Address, Message
from flaggermail.shipped import shipped
from tests.corpus import each
from tests.pace import within
from tests.shipped_parser import PARSER
from tests.tools.outlook_file import FULL, OutlookMail, attached, compound_file, outlook_message

HEAD = "From: J. Proefstuk <j.proefstuk@provincie.example>\nSubject: Doorgestuurd\n"
MAIL = attached(FULL, HEAD, "Bijgaand.", "melding.msg")


def inner(mail: bytes) -> Message:
    """Returns the one attached mail as it is filed: parsed from its own octets alone."""
    ((start, end),) = PARSER.parse(mail).enclosed
    return PARSER.parse(mail[start:end])


def packed(octets: bytes, kind: str, name: str) -> bytes:
    """Returns a mail with that file as its only content."""
    head = f'{HEAD}Content-Type: {kind}; name="{name}"\nContent-Transfer-Encoding: base64\n\n'
    return head.encode() + base64.encodebytes(octets)


def test_an_outlook_file_is_a_mail_of_its_own() -> None:
    """An attached Outlook file is read as a mail: author, recipients, subject, date, identifier, text and files."""
    mail = inner(MAIL)
    assert mail.from_ == (Address("wit@gemeente.example", "Caf\u00e9, de Wit"),)
    assert mail.to == (Address("bureau@provincie.example", "Bureau"),)
    assert mail.cc == (Address("archief@gemeente.example", "Archief"),)
    assert (mail.subject, mail.message_id) == ("Onjuiste datum \u2013 graag kijken", "w-1@gemeente.example")
    assert mail.date == datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
    assert mail.text == "Zie de schermafdruk.\n\nGroet,\nDe Wit\n"
    assert [(one.filename, one.size) for one in mail.attachments] == [("scherm.png", 6004), ("lijst.csv", 5)]
    assert mail.defects == ("unsafe attachment name",)


def test_it_is_known_by_its_octets_and_name_too() -> None:
    """An Outlook file is recognised without its type; another file with such a name is not one."""
    plain = MAIL.replace(b"application/vnd.ms-outlook", b"application/octet-stream")
    assert PARSER.parse(plain).forwarded == PARSER.parse(MAIL).forwarded
    other = PARSER.parse(packed(b"no such thing", "application/octet-stream", "melding.msg"))
    assert (other.forwarded, other.enclosed, other.defects) == (None, (), ())


def test_the_header_with_which_it_travelled_wins() -> None:
    """The header of a received mail, kept by Outlook, wins, except for its fields about the body."""
    headers = (
        "From: Echt <echt@gemeente.example>\r\nMessage-ID: <echt@gemeente.example>\r\n"
        "Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    mail = inner(attached(replace(FULL, headers=headers), HEAD, "", "m.msg"))
    assert (mail.from_, mail.message_id) == ((Address("echt@gemeente.example", "Echt"),), "echt@gemeente.example")
    assert mail.subject == "Onjuiste datum \u2013 graag kijken"
    assert mail.text.startswith("Zie de schermafdruk.")


def test_of_an_address_that_only_exchange_knows_the_name_is_told() -> None:
    """An address known only to Exchange, as in mail within an organisation, is replaced by the name."""
    mail = inner(attached(replace(FULL, sender=("Jan Bos", "/O=ORG/CN=JBOS")), HEAD, "", "m.msg"))
    assert mail.from_ == (Address("Jan Bos", None),)
    known = replace(FULL, sender=("Jan Bos", "/O=ORG/CN=JBOS"), extra={0x5D01: "jan@burger.example"})
    assert inner(attached(known, HEAD, "", "m.msg")).from_ == (Address("jan@burger.example", "Jan Bos"),)


def test_nothing_in_a_property_is_taken_for_structure() -> None:
    """Line breaks and commas in a property add no field and no author."""
    hostile = replace(FULL, sender=("x\r\nBcc: y, <z@evil.example>", "a@b.example"), subject="a\r\nTo: c@d.example")
    mail = inner(attached(hostile, HEAD, "", "m.msg"))
    assert [one.address for one in mail.from_] == ["a@b.example"]
    assert [one.address for one in mail.to] == ["bureau@provincie.example"]
    assert "\n" not in (mail.subject or "")


def test_html_is_read_where_there_is_no_plain_text() -> None:
    """HTML is read if there is no plain text."""
    assert inner(attached(replace(FULL, text="", markup=b"<p>Zie <b>dit</b></p>"), HEAD, "", "m.msg")).text == "Zie dit"


def test_a_delivered_mail_never_takes_its_header_from_what_is_inside() -> None:
    """A delivered mail never takes its header from an inner file, which could forge our own server's verdict."""
    forged = replace(FULL, headers="Authentication-Results: mx.example; dmarc=pass\r\n\r\n")
    alone = packed(outlook_message(forged), "application/vnd.ms-outlook", "m.msg").removeprefix(HEAD.encode())
    assert PARSER.parse(alone).header("authentication-results") is not None
    for line in ("Received: from x by mx.example\n", "Return-Path: <a@b.example>\n", "Delivered-To: a@b.example\n"):
        assert PARSER.parse(line.encode() + alone).header("authentication-results") is None


@each("seed", range(60))
def test_a_damaged_outlook_file_costs_a_defect_at_most(seed: int) -> None:
    """A damaged Outlook file costs a defect at most; the mail around it is read."""
    chance = random.Random(seed)  # noqa: S311 - the same damage again is the purpose
    octets = bytearray(outlook_message(FULL))
    for _ in range(chance.choice([1, 5, 50])):
        octets[chance.randrange(8, len(octets))] = chance.randrange(256)
    damaged = bytes(octets[: chance.choice([len(octets), chance.randrange(9, len(octets))])])
    message = PARSER.parse(packed(damaged, "application/vnd.ms-outlook", "m.msg"))
    assert message.from_ == (Address("j.proefstuk@provincie.example", "J. Proefstuk"),)
    assert [one.filename for one in message.attachments] == ["m.msg"]
    assert not [one for one in message.defects if one.startswith("parser")]


def test_what_was_caught_is_named() -> None:
    """A defect contains the class of the exception."""
    assert read_outlook(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")[1] == "Outlook message unreadable: NotOleFileError"
    assert read_tnef(b"\x78\x9f\x3e\x22" + bytes(40))[1] is None
    attribute = b"\x02" + struct.pack("<HHI", 0x800F, 6, 20) + bytes(22)
    assert read_tnef(b"\x78\x9f\x3e\x22\0\0" + attribute)[1] == "winmail.dat unreadable: UnboundLocalError"


def test_a_winmail_of_very_many_attributes_is_not_read() -> None:
    """A winmail.dat with too many attributes is not read: its reader would take quadratic time."""
    code_page = b"\x01" + struct.pack("<HHIII", 0x9007, 6, 8, 1252, 0) + b"\0\0"
    attribute = b"\x01" + struct.pack("<HHI", 0x1111, 1, 0) + b"\0\0"
    many = struct.pack("<IH", 0x223E9F78, 1) + code_page + attribute * 300_000
    begun = time.process_time()
    message = PARSER.parse(packed(many, "application/ms-tnef", "winmail.dat"))
    assert within(time.process_time() - begun, 1)
    assert message.defects == ("winmail.dat unreadable: too many attributes",)


def test_a_winmail_beside_a_text_gives_its_files_alone() -> None:
    """The text comes from the plain part, not from a winmail.dat next to it."""
    attribute = b"\x01" + struct.pack("<HHI", 0x800C, 2, 6) + b"ander\0" + b"\0\0"
    content = base64.b64encode(struct.pack("<IH", 0x223E9F78, 1) + attribute + attribute).decode()
    mail = (
        f"{HEAD}Content-Type: multipart/mixed; boundary=g\n\n--g\n\nDe tekst.\n--g\n"
        f"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n{content}\n--g--\n"
    )
    assert PARSER.parse(mail.encode()).text == "De tekst."


MANY_STREAMS = compound_file({f"__substg1.0_{n:04X}001F": b"x" * 30 for n in range(12_000)})
MANY_VALUES = (
    struct.pack("<IH", 0x223E9F78, 1)
    + (b"\x01" + struct.pack("<HHI", 0x9003, 6, 16))
    + struct.pack("<IHHII", 1, 0x1002, 0x1234, 0x7FFFFFFF, 0)
    + bytes(22)
)
BOMBS = {
    "an Outlook file of 12,000 streams": packed(MANY_STREAMS, "application/vnd.ms-outlook", "m.msg"),
    "a winmail.dat of two thousand million values": packed(MANY_VALUES, "application/ms-tnef", "winmail.dat"),
}


@pytest.mark.outside
@pytest.mark.parametrize("what", BOMBS)
def test_a_file_that_would_take_all_time_is_given_up_and_the_mail_is_read(what: str) -> None:
    """Reading a file that takes too long is given up, and the mail and its process are not affected."""
    parser = ContainedParser(shipped("rules"), time_limit=4.0)
    parser.parse(MAIL)
    old = parser.pid
    message = parser.parse(BOMBS[what])
    assert message.subject == "Doorgestuurd"
    assert len(message.attachments) == 1
    assert message.defects[0].endswith("unreadable: OutOfTime")
    assert parser.pid == old
    assert parser.parse(MAIL).forwarded is not None
    parser.close()


def test_an_empty_outlook_file_is_a_mail_without_anything() -> None:
    """An empty Outlook file is a mail without author, subject and text."""
    mail = inner(attached(OutlookMail(sender=("", ""), subject=""), HEAD, "", "m.msg"))
    assert (mail.from_, mail.subject, mail.text, mail.defects) == ((), None, "", ("no author",))


def in_code_page(subject: bytes, text: bytes, pages: Sequence[tuple[int, int]]) -> bytes:
    """Writes a file without Unicode (MS-OXCDATA, section 2.11.1: PtypString8); `pages` by the ID of their property."""
    entries = [(0x0003, pid, struct.pack("<II", page, 0)) for pid, page in pages]
    texts = ((0x0037, subject), (0x1000, text))
    entries += [(0x001E, pid, struct.pack("<II", len(octets) + 1, 0)) for pid, octets in texts]
    listed = b"".join(struct.pack("<HHI8s", kind, pid, 6, value) for kind, pid, value in entries)
    streams = {"__substg1.0_0037001E": subject, "__substg1.0_1000001E": text}
    return compound_file({"__properties_version1.0": bytes(32) + listed, **streams})


@pytest.mark.parametrize(
    ("subject", "text", "pages"),
    [
        ("Café € één".encode("cp1252"), "€ één".encode(), [(0x3FFD, 1252), (0x3FDE, 65001)]),
        ("Café € één".encode("cp1252"), "€ één".encode("cp1252"), [(0x3FFD, 1252)]),
        ("Café één".encode("latin-1"), "€ één".encode("iso8859-15"), [(0x3FFD, 28591), (0x3FDE, 28605)]),
        ("Café één".encode("iso8859-15"), "€ één".encode("iso8859-15"), []),
    ],
)
def test_a_text_in_a_code_page_is_read(subject: bytes, text: bytes, pages: list[tuple[int, int]]) -> None:
    """Outlook 2002 and earlier wrote texts in the code page that the file names; without one it is Latin 9."""
    mail = PARSER.parse(packed(in_code_page(subject, text, pages), "application/vnd.ms-outlook", "m.msg")).forwarded
    assert mail is not None
    assert (mail.subject or "").replace(" €", "") == "Café één"
    assert mail.body == "€ één"


def test_a_text_in_an_unknown_code_page_costs_a_defect() -> None:
    """What cannot be read is named; the rest is read."""
    part, fault = read_outlook(in_code_page(b"x", b"Zie dit.", [(0x3FFD, 709), (0x3FDE, 1252)]))
    assert fault is None
    assert part is not None
    assert part.defects == ("Outlook message: property unreadable",)
    assert [child.body for child in part.children] == [b"Zie dit."]
