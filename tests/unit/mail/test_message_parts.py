# SPDX-License-Identifier: EUPL-1.2
"""Parts that need more than decoding: safe names, attached mails, signatures, uuencode, broken structure."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from flaggermail.mail.charset import LONGEST, safe_name
from flaggermail.mail.mime import files_in, signed_content
from tests.corpus import each
from tests.shipped_parser import PARSER

MAILS = Path(__file__).parents[2] / "mails"
TWO_PARTS = (
    b"From: a@b.example\r\nContent-Type: %s\r\n\r\nbefore\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    b"--b\r\nContent-Type: image/png; name=x.png\r\n\r\nPNG\r\n--b--\r\nafter"
)


@each(
    ("raw", "safe"),
    [
        ("stembiljet.pdf", "stembiljet.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.txt", "x.txt"),
        ("\\\\server\\share\\x.txt", "x.txt"),
        ("a/../b", "b"),
        ("stuk 1/2.pdf", "stuk 1_2.pdf"),
        ("factuur\u202efdp.exe", "factuurfdp.exe"),
        ("a\x00b\r\nc\x7f.txt", "a b c .txt"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("console.txt", "console.txt"),
        (" .. ", None),
        ("\u200b", None),
        ("a\ud800b", "a b"),
        ("cafe\u0301.pdf", "caf\u00e9.pdf"),
    ],
)
def test_names_are_made_safe(raw: str, safe: str | None) -> None:
    """A safe name has no path, no invisible character and no name of a device."""
    assert safe_name(raw) == safe


def test_a_long_name_keeps_its_extension() -> None:
    """A long name is shortened before its extension."""
    name = safe_name("\u20ac" * 3000 + ".pdf")
    assert name is not None
    assert len(name.encode()) <= LONGEST
    assert name.endswith("\u20ac.pdf")


def test_an_attached_mail_is_cut_out_so_that_it_reads_alone() -> None:
    """An attached mail is extracted so that it can be parsed alone, encoded or not."""
    for name in ("forward-attached", "rfc822-in-base64"):
        octets = (MAILS / f"{name}.eml").read_bytes()
        ((start, end),) = PARSER.parse(octets).enclosed
        inner = PARSER.parse(octets[start:end])
        assert [one.address for one in inner.from_] == ["jan@burger.example"]
        assert (inner.message_id, inner.text.strip()) == ("oud@burger.example", "Ik kreeg dit bericht.")


@each(
    "kind",
    [
        b"multipart/mixed; boundary=b",
        b'multipart/mixed; boundary="b',
        b'multipart/mixed; boundary="b; x=y',
        b"multipart/mixed; boundary='b'",
        b"multipart/mixed; boundary=B",
        b"multipart/mixed; boundary=b (comment)",
        b"multipart/mixed; boundary=other",
        b"multipart/mixed",
        b"multipart; boundary=b",
        b"multipart/mixed boundary=b",
        b'multipart/mixed; charset="utf-8" boundary="b"',
        b"text/plain\r\nContent-Type: multipart/mixed; boundary=b",
        b"multipart/mixed;\r\nboundary=b",
    ],
)
def test_parts_are_found_whatever_the_content_type_says(kind: bytes) -> None:
    """Parts are found even if the boundary is missing, misspelt, badly quoted or badly folded."""
    message = PARSER.parse(TWO_PARTS % kind)
    assert message.text == "hello"
    assert [(one.filename, one.size) for one in message.attachments] == [("x.png", 3)]


def test_an_emptied_multipart_hides_no_text() -> None:
    """A multipart emptied by a gateway does not hide the text next to it."""
    mail = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n"
    )
    assert PARSER.parse(mail).text == "hello"


def test_a_multipart_in_base64_is_read() -> None:
    """A multipart in base64 is read, although RFC 2045 forbids it: filters may miss its content."""
    head, _, body = (TWO_PARTS % b"multipart/mixed; boundary=b").partition(b"\r\n\r\n")
    message = PARSER.parse(head + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(body))
    assert (message.text, len(message.attachments)) == ("hello", 1)


@each(
    ("encoding", "body", "text"),
    [
        (b"quoted-printable", b"a= \t\r\nb=\nc=3D=3d=ZZ", "abc===ZZ"),
        (b"Quoted-Printable; x", b"=41", "A"),
        (b"quotedprintable", b"=41", "A"),
        (b'"base64" (comment)', b"YWJj", "abc"),
        (b"base64", b"YWI=\r\n\r\n____\r\nA list's footer", "ab"),
        (b"base64", b"This text is none of base64, whatever the header says.", None),
        (b"base64", b"Gisteren kregen kiezers berichten zonder afzender hierover", None),
        (b"klingon", b"abc", "abc"),
    ],
)
def test_bodies_are_decoded_as_they_are_meant(encoding: bytes, body: bytes, text: str | None) -> None:
    """Bodies are decoded even if the transfer encoding is misspelt, followed by rubbish, or not used."""
    mail = b"From: a@b.example\r\nContent-Transfer-Encoding: %s\r\n\r\n%s" % (encoding, body)
    assert PARSER.parse(mail).text == (body.decode() if text is None else text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("een \ntwee\n\ndrie \n", "een twee\n\ndrie "),
        ("> een \n> twee\n>> drie \nvier\n", "> een twee\n>> drie \nvier\n"),
        ("een \n-- \nJan\n", "een \n-- \nJan\n"),
        (" From hier\n  ingesprongen\n", "From hier\n ingesprongen\n"),
        (" > geen citaat\n", " > geen citaat\n"),
    ],
)
def test_flowed_paragraphs_are_whole(written: str, read: str) -> None:
    """Flowed lines are joined within one depth of quotation, but not into the signature (RFC 3676)."""
    head = "From: a@b.example\r\nContent-Type: text/plain; format=flowed\r\n\r\n"
    assert PARSER.parse((head + written).encode()).text == read


def test_flowed_text_without_the_blanks_at_its_line_ends() -> None:
    """With DelSp=yes flowed lines are joined without the blank, for scripts that use none."""
    head = "From: a@b.example\r\nContent-Type: text/plain; charset=utf-8; Format=Flowed; DelSp=yes\r\n\r\n"
    assert PARSER.parse(f"{head}\u3053 \n\u3093\n".encode()).text == "\u3053\u3093\n"


def test_html_without_a_charset_says_it_itself() -> None:
    """The charset of HTML is taken from its meta element if the mail gives none."""
    mail = b"Content-Type: text/html%s\r\n\r\n<html><meta charset=iso-8859-15>\xa4"
    assert PARSER.parse(mail % b"").text == "\u20ac"
    assert PARSER.parse(mail % b"; charset=iso-8859-1").text == "\u00a4"


def test_files_in_uuencode_are_found_in_a_text_and_sentences_are_not() -> None:
    """Uuencoded files are found by a first line of the stated length; ordinary sentences are not."""
    assert list(files_in(b"x\nbegin 644 a b.txt\n#86)C\n`\nend\nbegin 600 c\r\n#86)C\r\n\x60\r\nend\r\n")) == [
        ("a b.txt", 3),
        ("c", 3),
    ]
    assert list(files_in(b"begin 644 files\nof which none is here\nend\n")) == []
    assert list(files_in(b"begin 644 a\n" * 100_000)) == []


def test_the_content_of_an_opaque_signature_is_read_and_damage_is_none() -> None:
    """The content of an opaque signature is read; a damaged one gives content or None, never an exception."""
    mail = (MAILS / "smime-opaque.eml").read_bytes()
    octets = base64.b64decode(re.split(rb"\n\n", mail, maxsplit=1)[1])
    assert "caf\u00e9".encode() in (signed_content(octets) or b"")
    for at in range(len(octets)):
        signed_content(octets[:at])
        signed_content(octets[:at] + bytes([octets[at] ^ 0x81]) + octets[at + 1 :])
    assert signed_content(b"") is None
    assert signed_content(b"\x30\x84\xff\xff\xff\xff") is None
    assert signed_content(b"\x30\x80" * 1_000_000) is None
