# SPDX-License-Identifier: EUPL-1.2
"""Hypothesis strategies for mails: as programs write them, as programs break them, and hostile ones.

`mails()` gives octets; `plain_mails()` gives well-formed mails with the expected result of parsing.
"""

from __future__ import annotations

import base64
import quopri
from dataclasses import dataclass

from hypothesis import strategies as st

LINE_ENDS = (b"\r\n", b"\n", b"\r")
CHARSETS = (
    "utf-8",
    "us-ascii",
    "iso-8859-1",
    "windows-1252",
    "utf-16",
    "iso-2022-jp",
    "koi8-r",
    "x-none",
    "",
    "UTF8 x",
)
TYPES = (
    "text/plain", "text/html", "text/calendar", "multipart/mixed", "multipart/alternative", "multipart/digest",
    "multipart/report", "multipart/signed", "multipart/encrypted", "message/rfc822", "message/delivery-status",
    "message/disposition-notification", "application/ms-tnef", "application/vnd.ms-outlook", "application/pkcs7-mime",
    "application/octet-stream", "text", "/", "",
)  # fmt: skip
ENCODINGS = ("", "7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "klingon")
FIELDS = (
    "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type",
    "Content-Transfer-Encoding", "Content-Disposition", "Received", "Auto-Submitted", "Return-Path", "X-Other",
    "X-Failed-Recipients", "Precedence", "List-Id", "Authentication-Results", "MIME-Version",
)  # fmt: skip
PIECES = (
    "=?utf-8?Q?caf=C3=A9?=", "=?utf-8?B?w6k", "=?", "?=", "=?x?Q??=", "<a@b.example>", '"Bos, Jan" <jan@b.example>',
    "(comment", ")", "<", ">", ",", ";", ":", '"', "\\", "a@b.example", "Thu, 6 Jun 2024 10:34:00 +0200", "-0000",
    "boundary=b", 'boundary="b', "charset=", "name*0*=utf-8''%E9", "name*1=x", "filename=../x", "--b", "--b--", "> ",
    "Re:", "Fwd:", "Van:", "From:", "-----", "begin 644 x", "<p>", "<!--", "<blockquote>", "&#0;", "\u202e", "\u00e9",
)  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """A well-formed mail, and the expected result of parsing it."""

    octets: bytes
    subject: str
    text: str
    address: str


def words() -> st.SearchStrategy[str]:
    """Generates text of one line that is valid in any field or body."""
    letters = st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="\u00a0\ufeff")
    return st.lists(st.text(letters, min_size=1, max_size=12), min_size=1, max_size=6).map(" ".join).map(_plain)


def _plain(text: str) -> str:
    return " ".join(text.split()) or "x"


@st.composite
def plain_mails(draw: st.DrawFn) -> Expected:
    """Generates a mail of one text part in any standard encoding."""
    subject, text = draw(words()), draw(words())
    name = draw(st.sampled_from(["jan", "a.b", "x+y"]))
    end = draw(st.sampled_from(LINE_ENDS[:2]))
    word = b"=?utf-8?B?" + base64.b64encode(subject.encode()) + b"?="
    encoding = draw(st.sampled_from(["8bit", "base64", "quoted-printable"]))
    body = text.encode()
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    lines = [
        b"From: Jan <" + name.encode() + b"@b.example>", b"Subject: " + word, b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: " + encoding.encode(), b"",
        *body.split(b"\n"),
    ]  # fmt: skip
    return Expected(end.join(lines), subject, text, f"{name}@b.example")


@st.composite
def values(draw: st.DrawFn) -> bytes:
    """Generates the content of a field or line: meaningful pieces and random octets."""
    piece = st.sampled_from(PIECES).map(lambda text: text.encode("utf-8", "surrogatepass"))
    return b"".join(draw(st.lists(piece | st.binary(max_size=8) | st.sampled_from([b" ", b"\t"]), max_size=8)))


@st.composite
def headers(draw: st.DrawFn) -> list[bytes]:
    """Generates the lines of a header, some of them malformed."""
    lines = [
        draw(st.sampled_from(FIELDS)).encode() + draw(st.sampled_from([b": ", b":", b" : ", b""])) + draw(values())
        for _ in range(draw(st.integers(0, 6)))
    ]
    kind = f'{draw(st.sampled_from(TYPES))}; charset={draw(st.sampled_from(CHARSETS))}; boundary="b"'
    lines.append(f"Content-Type: {kind}".encode())
    lines.append(f"Content-Transfer-Encoding: {draw(st.sampled_from(ENCODINGS))}".encode())
    return draw(st.permutations(lines))


@st.composite
def mails(draw: st.DrawFn, depth: int = 3) -> bytes:
    """Generates a mail that is well-formed only by chance."""
    end = draw(st.sampled_from(LINE_ENDS))
    lines = [*draw(headers()), *([b""] if draw(st.booleans()) else [])]
    for _ in range(draw(st.integers(0, 3))):
        lines.append(draw(st.sampled_from([b"--b", b"--b--", b"--b ", b"--bb"])))
        inner = mails(depth=depth - 1) if depth else st.nothing()
        lines.append(draw(inner | values() | st.binary(max_size=200)))
    return end.join(lines)
