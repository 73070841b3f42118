# SPDX-License-Identifier: EUPL-1.2
"""Composes outgoing mail: CRLF line ends, ASCII but for addresses (RFC 6532). Equal letters give equal octets.

A letter is text/plain, or flowed text (RFC 3676) with an HTML part that says the same (RFC 2046, section 5.1.4).
RFC 5322 (format), RFC 2045 and 2046 (MIME, quoted-printable), RFC 2047 (encoded words). Invalid input is never
repaired: a letter that a reader could see differently from what was approved raises ValueError with a one-line message.

Reads and writes format=flowed text (RFC 3676): paragraphs as soft-broken lines.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256

from flaggermail.mail.fields import is_address
from flaggermail.mail.message import Address
from flaggermail.mail.vocabulary import is_invisible

# ---- flowed text


_SIGNATURE = "-- "  # RFC 3676, section 4.3: never flowed
_WIDEST = 78  # section 4.2: characters of a line without its CRLF
_STUFFED = (" ", ">", "From ")  # section 4.4
_MARK = "|"
_WORDS = re.compile(r" *[^ ]+(?: +>[^ ]*)* *")  # no line begins with a ">" that is text: readers differ about it


def flowed(text: str) -> str:
    """Breaks long lines softly, for DelSp=yes; a word longer than a line stays whole.

    So does a line that begins with "|", the mark of others' text: where a program does not join the lines, the second
    would be read as ours.

    `unflowed` gives `text` back, apart from spaces at the end of a line and a missing space behind quote marks.
    """
    return "\n".join(piece for line in text.split("\n") for piece in _flowed_line(line))


def _flowed_line(line: str) -> Iterator[str]:
    """Yields the lines of one paragraph; all but the last end with the space that DelSp=yes deletes."""
    if line == _SIGNATURE or line.startswith(_MARK) or (len(line) < _WIDEST - 1 and not line.startswith(_STUFFED)):
        yield line if line == _SIGNATURE else line.rstrip(" ")
        return
    content = line.rstrip(" ").lstrip(">")
    depth = len(line.rstrip(" ")) - len(content)
    content = content.removeprefix(" ") if depth else content
    pieces = [""]
    for word in _WORDS.findall(content):
        if pieces[-1] and depth + len(pieces[-1]) + len(word) + 2 > _WIDEST:  # a stuffed space and the soft break
            pieces.append("")
        pieces[-1] += word
    for number, piece in enumerate(pieces, start=1):
        stuffed = " " if piece and (depth or piece.startswith(_STUFFED)) else ""
        yield f"{'>' * depth}{stuffed}{piece}{' ' if number < len(pieces) else ''}"


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Joins flowed lines of the same quote depth. `delete_space` (DelSp=yes) drops the trailing space of each."""
    lines: list[str] = []
    pieces: list[str] = []
    open_depth = -1  # quote depth of the unfinished paragraph
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        if depth or not content.startswith(" >"):  # a stuffed ">" is text; unstuffed, it would look like a quote mark
            content = content.removeprefix(" ")  # section 4.4: space-stuffed
        signature = content == _SIGNATURE
        if pieces and (depth != open_depth or signature):
            lines.append("".join(pieces))
            pieces = []
        if not pieces:
            pieces.append(">" * depth + (" " if depth and content else ""))
        flows = content.endswith(" ") and not signature
        pieces.append(content[:-1] if flows and delete_space else content)
        if flows:
            open_depth = depth
        else:
            lines.append("".join(pieces))
            pieces = []
    return "\n".join([*lines, "".join(pieces)] if pieces else lines)


LINE_LIMIT = 998  # octets without CRLF, RFC 5322, section 2.1.1
_LINE_AIM = 76  # RFC 5322, section 2.1.1 recommends 78; RFC 2047, section 2 allows 76 with encoded words
_CHUNK = 30  # octets in one encoded word: 52 characters encoded, which fits on a line after the field name
_WORD_LIMIT = 60  # a longer run without a space cannot be folded, so it is encoded

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_IDENTIFIER = re.compile(r"[!-;=?-~]{1,900}")  # printable, no space, no angle bracket; foreign ids may lack an @
_OWN_IDENTIFIER = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*")
_FIELD_NAME = re.compile(r"[!-9;-~]{1,60}")
_PHRASE = re.compile(rf"{_ATOM}(?: {_ATOM})*")
_PIECE = re.compile(r" *[^ ]+")
_BARE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")

# Fields that compose writes itself or that must not be sent.
_RESERVED = frozenset({
    "date", "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "message-id", "in-reply-to", "references",
    "mime-version", "return-path", "received",
})  # fmt: skip
_RESERVED_PREFIXES = ("content-", "resent-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to compose. Message-IDs have no angle brackets; `body` has LF or CRLF line ends.

    `flowed`: each line of `body` is a paragraph, which a reader's program wraps. `html` is the same in HTML, or empty.
    `headers` are additional unstructured fields as (name, value), written in this order. `international`: a local part
    need not be ASCII (RFC 6532), which only a server that offers SMTPUTF8 takes.
    """

    message_id: str
    date: datetime
    from_: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    subject: str
    body: str
    flowed: bool = False
    html: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    international: bool = False


def compose(letter: Letter) -> bytes:
    """Returns the octets of `letter`, ending with CRLF. Raises ValueError, one line, if it cannot be sent unchanged."""
    text = _text_part(letter)
    whole = _alternatives(text, _part("text/html; charset=utf-8", letter.html)) if letter.html else text
    octets = "\r\n".join((*_fields(letter), "MIME-Version: 1.0", "")).encode() + whole
    check_octets(octets)
    return octets


def _text_part(letter: Letter) -> bytes:
    if not letter.flowed:
        return _part("text/plain; charset=utf-8", letter.body)
    body = flowed(letter.body.replace("\r\n", "\n"))
    return _part("text/plain; charset=utf-8; format=flowed; delsp=yes", body)


def _part(content_type: str, text: str) -> bytes:
    """Returns the fields of a part, an empty line, and its encoded text."""
    encoding, body = _body(text)
    return f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode("ascii") + body


def _alternatives(*parts: bytes) -> bytes:
    """Returns a multipart/alternative, the plainest part first. "=_" occurs in no encoded text."""
    boundary = f"=_{sha256(b''.join(parts)).hexdigest()[:32]}"
    mark = f"--{boundary}\r\n".encode("ascii")
    head = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii")
    return head + b"".join(mark + part for part in parts) + f"--{boundary}--\r\n".encode("ascii")


def check_octets(octets: bytes) -> None:
    """Raises ValueError unless SMTP will transfer `octets` unchanged and as one message.

    Some servers end the message at a bare CR or LF and others do not (SMTP smuggling). Lines hold at most 998 octets
    (RFC 5322, section 2.1.1), and the last line ends with CRLF (RFC 5321, section 4.1.1.4).
    """
    # Counted first: to count takes far less time than to search, and nearly all letters are as they should be.
    whole = octets.count(b"\r\n")
    bare = None if whole == octets.count(b"\r") == octets.count(b"\n") else _BARE_LINE_END.search(octets)
    if bare:
        which = "CR" if bare[0] == b"\r" else "LF"
        raise ValueError(f"octet {bare.start()} is a bare {which}")
    if not octets.endswith(b"\r\n"):
        raise ValueError("the last line does not end with CRLF")
    lines = octets.split(b"\r\n")
    for number, line in enumerate(lines if max(map(len, lines)) > LINE_LIMIT else (), start=1):
        if len(line) > LINE_LIMIT:
            raise ValueError(f"line {number} has {len(line)} octets, more than {LINE_LIMIT}")


def _fields(letter: Letter) -> Iterator[str]:
    """Yields the folded header fields that a reader sees."""
    if not letter.to:
        raise ValueError("To: no recipient")
    if not _OWN_IDENTIFIER.fullmatch(letter.message_id):
        raise ValueError(f"Message-ID: {letter.message_id!a} is not of the form left@right")
    yield f"Date: {_date(letter.date)}"
    yield _addresses(letter, "From", (letter.from_,))
    if letter.reply_to is not None:
        yield _addresses(letter, "Reply-To", (letter.reply_to,))
    yield _addresses(letter, "To", letter.to)
    if letter.cc:
        yield _addresses(letter, "Cc", letter.cc)
    yield _unstructured("Subject", letter.subject)
    yield _identifiers("Message-ID", (letter.message_id,))
    if letter.in_reply_to:
        yield _identifiers("In-Reply-To", letter.in_reply_to)
    if letter.references:
        yield _identifiers("References", letter.references)
    for name, value in letter.headers:
        _check_name(name)
        yield _unstructured(name, value)


def _check_name(name: str) -> None:
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"{name!a} is not the name of a header field")
    if name.lower() in _RESERVED or name.lower().startswith(_RESERVED_PREFIXES):
        raise ValueError(f"{name}: this field cannot be added to a letter")


def _date(date: datetime) -> str:
    offset = date.utcoffset()
    if offset is None:
        raise ValueError("Date: the instant has no zone")
    if offset % timedelta(minutes=1):
        raise ValueError(f"Date: the offset {offset} is not in whole minutes")
    return format_datetime(date)


def _visible(name: str, value: str) -> str:
    """Returns `value`. Raises ValueError naming field and character if it holds an invisible character."""
    for character in () if value.isascii() and value.isprintable() else value:
        if is_invisible(character):
            called = unicodedata.name(character, "no name")
            raise ValueError(f"{name}: holds the invisible character U+{ord(character):04X} ({called.lower()})")
    return value


def _unstructured(name: str, value: str) -> str:
    """Formats an unstructured field (RFC 5322, section 3.2.5), folded before spaces or as encoded words."""
    text = _visible(name, value).strip(" ")
    pieces = _PIECE.findall(text)
    plain = text.isascii() and "=?" not in text and all(len(piece) <= _WORD_LIMIT for piece in pieces)
    if not plain:
        pieces = [f" {word}" for word in _encoded_words(text)]
    elif pieces:
        pieces[0] = f" {pieces[0]}"
    return _folded(f"{name}:", pieces)


def _identifiers(name: str, values: Iterable[str]) -> str:
    pieces = []
    for value in values:
        if not _IDENTIFIER.fullmatch(value):
            raise ValueError(f"{name}: {value!a} cannot stand between angle brackets")
        pieces.append(f" <{value}>")
    return _folded(f"{name}:", pieces)


def _addresses(letter: Letter, name: str, addresses: tuple[Address, ...]) -> str:
    pieces: list[str] = []
    for number, address in enumerate(addresses, start=1):
        if not is_address(address.address, international=letter.international):
            raise ValueError(f"{name}: {address.address!a} is not a mail address")
        comma = "," if number < len(addresses) else ""
        words = _display_name(_visible(name, address.name or "").strip(" "))
        pieces += [f" {word}" for word in words]
        pieces.append(f" <{address.address}>{comma}" if words else f" {address.address}{comma}")
    return _folded(f"{name}:", pieces)


def is_message_id(text: str) -> bool:
    """True if `text` can be put in angle brackets in a field that names other mails (RFC 5322, section 3.6.4)."""
    return _IDENTIFIER.fullmatch(text) is not None


def _display_name(name: str) -> list[str]:
    """Returns the pieces of a phrase (RFC 5322, section 3.2.5): plain, quoted, or encoded words."""
    if not name:
        return []
    if not name.isascii() or "=?" in name or len(name) > _WORD_LIMIT:
        return _encoded_words(name)
    if _PHRASE.fullmatch(name):
        return [name]
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def _encoded_words(text: str) -> list[str]:
    """Splits `text` into encoded words of whole characters (RFC 2047, sections 2 and 5)."""
    chunks = [b""]
    for character in text:
        octets = character.encode()
        if len(chunks[-1]) + len(octets) > _CHUNK:
            chunks.append(b"")
        chunks[-1] += octets
    return [f"=?utf-8?B?{b64encode(chunk).decode('ascii')}?=" for chunk in chunks]


def _folded(begin: str, pieces: Iterable[str]) -> str:
    """Folds the pieces, each starting with a space, at 76 characters where possible (RFC 5322, section 2.2.3)."""
    lines = [begin]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > _LINE_AIM and lines[-1] != begin:
            lines.append("")
        lines[-1] += piece
    return "\r\n".join(lines)


def _body(text: str) -> tuple[str, bytes]:
    """Returns the transfer encoding and the encoded lines (RFC 2045, section 6); the last line ends with CRLF."""
    lines = text.replace("\r\n", "\n")
    if "\r" in lines:
        raise ValueError("body: holds a bare CR")
    try:
        octets = lines.removesuffix("\n").replace("\n", "\r\n").encode() + b"\r\n"
    except UnicodeEncodeError as fault:
        raise ValueError(f"body: character {fault.start} is half a surrogate pair") from None
    if _needs_no_encoding(octets):
        return "7bit", octets
    quoted = b2a_qp(octets, quotetabs=False, istext=True, header=False)
    return "quoted-printable", re.sub(rb"(?m)^From ", b"=46rom ", quoted)


def _needs_no_encoding(octets: bytes) -> bool:
    """True if lines are short ASCII without what servers alter: trailing white space, "From " at the start."""
    return all(
        len(line) <= _LINE_AIM and not line.endswith((b" ", b"\t")) and not line.startswith(b"From ")
        for line in octets.split(b"\r\n")
    ) and not re.search(rb"[^\t\r\n -~]", octets)
