# SPDX-License-Identifier: EUPL-1.2
"""Parses MIME structure (RFC 2046) from the outside in, in linear time and with limits on parts and depth.

The parser of the standard library compares each line with the boundary of every open level and recurses, so a deeply
nested mail takes minutes or raises. This parser splits a multipart at its own boundary first: an inner part that lacks
its closing boundary, or repeats the outer one, ends where the outer part ends.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flaggermail.mail.fields import Header, Parameterised, read_header, read_parameters, unbase64, unfolded

_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,300}?)[ \t]*\r?\n", re.MULTILINE)
_UUENCODE_END = re.compile(rb"^(?:`|end)[ \t]*\r?$", re.MULTILINE)
_MOST_LINES = 200_000  # of 45 octets: more than the largest part that is decoded
_MOST_FILES = 100


def uudecoded(octets: bytes) -> bytes:
    """Returns the first file in `octets`, empty if there is none."""
    begin = _BEGIN.search(octets)
    return _lines(octets[begin.end() :]) if begin else b""


def files_in(octets: bytes) -> Iterator[tuple[str, int]]:
    """Yields the name and size in octets of each complete file in a text, at most 100.

    A sentence may start with "begin 644 ", so the first line below it must have the length that it declares.
    """
    at = 0
    for _ in range(_MOST_FILES):
        begin = _BEGIN.search(octets, at)
        end = _UUENCODE_END.search(octets, begin.end()) if begin else None
        if begin is None or end is None:
            return
        lines = octets[begin.end() : end.start()]
        if _has_declared_length(lines.split(b"\n", 1)[0].rstrip(b"\r")):
            yield begin.group(1).decode("utf-8", "replace"), len(_lines(lines))
        at = end.end()


def _has_declared_length(line: bytes) -> bool:
    """True if the first character encodes the length of the rest of the line; trailing spaces may be missing."""
    length = (line[0] - 32) & 63 if line else 0
    return bool(line) and not line.strip(bytes(range(32, 97))) and len(line) - 1 <= (length + 2) // 3 * 4 + 1


def _lines(octets: bytes) -> bytes:
    out: list[bytes] = []
    for line in octets.splitlines()[:_MOST_LINES]:
        if line.strip() in {b"end", b"`"}:
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Trailing spaces were cut off or added; the first character encodes how many octets the line holds.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            out.append(_line(line[: length + 1]))
    return b"".join(out)


def _line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""


MOST_PARTS = 400
DEEPEST = 25
LARGEST_DECODED = 8 * 1024 * 1024
LARGEST_SAVED = 40 * 1024 * 1024  # of one attachment that a person asks for

TOO_MANY_PARTS = "too many parts"
TOO_DEEP = "nested too deeply"
NO_BOUNDARY = "boundary missing"
UNCLOSED = "closing boundary missing"
NOT_DECODED = "part too large to decode"
UNKNOWN_ENCODING = "unknown transfer encoding"
NOT_BASE64 = "text that is not base64"
BEFORE_HEADER = "byte order mark or blank lines before the header"
GUESSED_BOUNDARY = "boundary guessed"

_PLAIN = Parameterised("text/plain", {})
_BLANK = b" \t\r\n"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_ENOUGH_TO_TELL = 40  # the shortest body, in octets, that can be recognised as text instead of base64
_ENCODED = frozenset({"base64", "quoted-printable"})
# Looks like a delimiter line: a Content- field follows it. Searched for near the beginning only.
_DELIMITER = re.compile(rb"^--([^\s][^\r\n]{0,200}?)[ \t]*\r?\ncontent-[a-z-]{2,40}:", re.IGNORECASE | re.MULTILINE)
_GUESSED_WITHIN = 65536
_FIRST_FIELD = re.compile(
    rb"(?:[ \t]*\r?\n){1,20}"
    rb"(?=(?:from|to|date|subject|received|return-path|delivered-to|message-id|mime-version|x-[!-9;-~]{1,60}):)",
    re.IGNORECASE,
)
_LF = 10
_PADDED_BREAK = re.compile(rb"=[ \t]{1,200}(?=\r?\n)")  # RFC 2045, section 6.7 (3): spaces added by a gateway
_MISSPELT = {
    "quotedprintable": "quoted-printable",
    "quoted_printable": "quoted-printable",
    "quoted printable": "quoted-printable",
    "base-64": "base64",
    "base 64": "base64",
    "x-base64": "base64",
}
_IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"})  # RFC 2045, section 6.2; misspellings
ENCLOSED = frozenset({"message/rfc822", "message/global", "message/news"})
OUTLOOK = "application/vnd.ms-outlook"  # a mail in Outlook's own format, opened elsewhere
CLOSED = ENCLOSED | {OUTLOOK}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail; `body` is still transfer-encoded. `children` are set for a multipart or an enclosed mail.

    `span` is its first and past-the-end octet in the mail, header included; None if the part was decoded first.
    """

    header: Header
    type: Parameterised
    disposition: Parameterised
    body: bytes
    children: tuple[Part, ...] = ()
    defects: tuple[str, ...] = ()
    span: tuple[int, int] | None = None

    @property
    def encoding(self) -> str:
        """Content-Transfer-Encoding in lower case, misspellings corrected (RFC 2045, section 6)."""
        value = self.header.last("content-transfer-encoding")
        written = re.split(r"[;(]", unfolded(value[:200])[0], maxsplit=1)[0].strip(" \t\"'").lower() if value else ""
        return _MISSPELT.get(written, written)

    @property
    def filename(self) -> str | None:
        """The name in Content-Disposition or Content-Type, unchecked; mail.filenames makes it safe."""
        for parameters, name in ((self.disposition.parameters, "filename"), (self.type.parameters, "name")):
            if value := parameters.get(name, "").strip():
                return value
        return None

    @property
    def size(self) -> int:
        """Octets after decoding; an estimate from the encoded length if the part is too large to decode."""
        if len(self.body) <= LARGEST_DECODED or self.encoding in _IDENTITY:
            return len(self.octets()[0])
        return len(self.body) * 3 // 4 if self.encoding == "base64" else len(self.body)

    def octets(self, largest: int = LARGEST_DECODED) -> tuple[bytes, str | None]:
        """Returns the decoded body and a defect; the body is empty if it is larger than that, as it is written."""
        encoding = self.encoding
        if encoding in _IDENTITY:
            return self.body, None
        if len(self.body) > largest:
            return b"", NOT_DECODED
        if encoding == "base64":
            return (self.body, NOT_BASE64) if _is_text(self.body) else (unbase64(self.body), None)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(_PADDED_BREAK.sub(b"=", self.body)), None
        if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
            return uudecoded(self.body), None
        return self.body, UNKNOWN_ENCODING

    def walk(self) -> Iterator[Part]:
        """Yields the part and its descendants in order; does not descend into enclosed mails."""
        yield self
        if self.type.value not in CLOSED:
            for child in self.children:
                yield from child.walk()


@dataclass
class _Budget:
    parts: int = MOST_PARTS


def read_part(octets: bytes, *, whole: bool = True) -> Part:
    """Parses the structure of a mail. Never raises. Parts have a span only if `octets` are the `whole` mail."""
    start = _header_start(octets)
    root = _PartReader(octets, _Budget(), whole=whole).read(start, len(octets), 0, _PLAIN)
    return replace(root, defects=(BEFORE_HEADER, *root.defects)) if start else root


def _header_start(octets: bytes) -> int:
    """Returns the start of the header: after a byte order mark and blank lines, which saved files may begin with."""
    start = len(codecs.BOM_UTF8) if octets.startswith(codecs.BOM_UTF8) else 0
    first = _FIRST_FIELD.match(octets, start)
    return first.end() if first else start


@dataclass(frozen=True, slots=True)
class _PartReader:
    """Reads parts of `octets` by their bounds, so that only leaf bodies are copied."""

    octets: bytes
    budget: _Budget
    whole: bool = False  # `octets` are the original mail

    def read(self, start: int, end: int, depth: int, default: Parameterised) -> Part:
        self.budget.parts -= 1
        header = read_header(self.octets, start, end)
        begin = start + header.length
        kind = _kind(header, default)
        span = (start, end) if self.whole else None
        part = Part(header, kind, _parameterised(header, "content-disposition"), b"", (), header.defects, span)
        if kind.value.startswith("multipart/"):
            return self._multipart(part, begin, end, depth)
        part = replace(part, body=self.octets[begin:end])
        return self._enclosed(part, begin, end, depth) if kind.value in ENCLOSED else part

    def _multipart(self, part: Part, begin: int, end: int, depth: int) -> Part:
        boundary = part.type.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        pieces = _cut(self.octets, begin, end, boundary) if boundary else None
        if pieces is None and part.encoding in _ENCODED:  # RFC 2045, section 6.4 forbids that
            octets = replace(part, body=self.octets[begin:end]).octets()[0]
            plain = replace(part, header=replace(part.header, fields=_unencoded(part.header)), span=None)
            return _PartReader(octets, self.budget)._multipart(plain, 0, len(octets), depth)  # noqa: SLF001 - its own class
        if pieces is None and (guess := _DELIMITER.search(self.octets, begin, min(end, begin + _GUESSED_WITHIN))):
            pieces = _cut(self.octets, begin, end, guess.group(1))
            part = replace(part, defects=(*part.defects, GUESSED_BOUNDARY))
        if pieces is None:
            body = self.octets[begin:end]
            return replace(part, type=_PLAIN, body=body, defects=(*part.defects, NO_BOUNDARY))
        if depth >= DEEPEST:
            return replace(part, defects=(*part.defects, TOO_DEEP))
        return self._children(part, pieces, depth)

    def _children(self, part: Part, pieces: _Pieces, depth: int) -> Part:
        digest = part.type.value == "multipart/digest"  # RFC 2046, section 5.1.5
        default = Parameterised("message/rfc822", {}) if digest else _PLAIN
        defects = part.defects if pieces.closed else (*part.defects, UNCLOSED)
        children: list[Part] = []
        for start, stop in pieces.bounds:
            if self.budget.parts <= 0:
                defects = (*defects, TOO_MANY_PARTS)
                break
            children.append(self.read(start, stop, depth + 1, default))
        return replace(part, children=tuple(children), defects=defects)

    def _enclosed(self, part: Part, begin: int, end: int, depth: int) -> Part:
        """Adds the enclosed mail as the only child, decoded if necessary, which RFC 2046, section 5.2.1 forbids."""
        if depth >= DEEPEST or self.budget.parts <= 0:
            return replace(part, defects=(*part.defects, TOO_DEEP if depth >= DEEPEST else TOO_MANY_PARTS))
        while begin < end and self.octets[begin] in b"\r\n":
            begin += 1
        if part.encoding in _ENCODED:
            octets = part.octets()[0].lstrip(b"\r\n")
            child = _PartReader(octets, self.budget).read(0, len(octets), depth + 1, _PLAIN) if octets else None
        else:
            child = self.read(begin, end, depth + 1, _PLAIN) if begin < end else None
        return replace(part, children=(child,) if child else ())


def _kind(header: Header, default: Parameterised) -> Parameterised:
    """Returns the content type. Without a subtype (RFC 2045, section 5.2), the parameters decide."""
    kind = _parameterised(header, "content-type")
    main, _, sub = kind.value.partition("/")
    if main and sub:
        return kind
    several = main == "multipart" and "boundary" in kind.parameters
    return Parameterised("multipart/mixed" if several else default.value, kind.parameters)


def _unencoded(header: Header) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value) for name, value in header.fields if name != "content-transfer-encoding")


def _parameterised(header: Header, name: str) -> Parameterised:
    """Parses the last field of that name: when a lost blank line joined two headers, the last describes the body."""
    value = header.last(name)
    return read_parameters(unfolded(value)[0]) if value else Parameterised("", {})


@dataclass(frozen=True, slots=True)
class _Pieces:
    bounds: tuple[tuple[int, int], ...]
    closed: bool


def _cut(octets: bytes, begin: int, end: int, boundary: bytes) -> _Pieces | None:
    """Returns the bounds of the parts between delimiter lines (RFC 2046, section 5.1.1), and if they were closed."""
    token = b"--" + boundary
    bounds: list[tuple[int, int]] = []
    start: int | None = None
    at = octets.find(token, begin, end)
    while at >= 0 and len(bounds) <= MOST_PARTS:
        behind = at + len(token)
        if at == begin or octets[at - 1] == _LF:
            stop = octets.find(b"\n", behind, end)
            stop = end if stop < 0 else stop
            rest = octets[behind:stop].strip(_BLANK)
            if rest in {b"", b"--"}:
                if start is not None:
                    bounds.append((start, max(start, at - (2 if octets[at - 2 : at] == b"\r\n" else 1))))
                if rest:
                    return _Pieces(tuple(bounds), closed=True)
                start = behind = min(stop + 1, end)
        at = octets.find(token, behind, end)
    if start is None:
        return None
    return _Pieces((*bounds, (start, end)), closed=False)


def _is_text(body: bytes) -> bool:
    """True if more than one character in twenty of a base64 body is outside the alphabet (RFC 2045, section 6.8)."""
    return len(body) >= _ENOUGH_TO_TELL and len(body.translate(None, _BASE64)) * 20 > len(body)


_SEQUENCE, _SET, _INTEGER, _OBJECT, _OCTETS, _EXPLICIT = 0x30, 0x31, 0x02, 0x06, 0x04, 0xA0  # X.690, section 8.1.2
_CONSTRUCTED = 0x20
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2, RFC 5652, section 5.1
_END_OF_CONTENTS = b"\0\0"  # end-of-contents octets of the indefinite form: X.690, section 8.1.5
_DEEPEST = 8
_MOST = 100_000  # pieces of one content; senders split it into pieces of a kilobyte


def signed_content(octets: bytes) -> bytes | None:
    """Returns the content of a CMS SignedData in BER (RFC 5652, section 5.2), or None if it is malformed or another."""
    try:
        outer = _BerReader(octets, 0, len(octets)).enter(_SEQUENCE)
        if outer.primitive(_OBJECT) != _SIGNED_DATA:
            return None
        signed = outer.enter(_EXPLICIT).enter(_SEQUENCE)
        signed.skip(_INTEGER)
        signed.skip(_SET)
        content = signed.enter(_SEQUENCE)
        content.skip(_OBJECT)
        return b"".join(content.enter(_EXPLICIT).strings(0))
    except (IndexError, ValueError):
        return None


@dataclass(slots=True)
class _BerReader:
    """Reads BER values of `octets` from `at` to `end` in order. Raises ValueError or IndexError if malformed."""

    octets: bytes
    at: int
    end: int

    def enter(self, tag: int) -> _BerReader:
        """Returns a reader of the next value's contents; this reader moves past its tag and length only."""
        inner_end = self._head(tag)
        return _BerReader(self.octets, self.at, self.end if inner_end is None else inner_end)

    def primitive(self, tag: int) -> bytes:
        """Returns the next value, which is primitive."""
        stop = self._definite(tag)
        value, self.at = self.octets[self.at : stop], stop
        return value

    def skip(self, tag: int) -> None:
        """Skips the next value, which must have a definite length."""
        self.at = self._definite(tag)

    def strings(self, depth: int) -> Iterator[bytes]:
        """Yields the pieces of an octet string, which may be split into pieces recursively (X.690, section 8.7)."""
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        for _ in range(_MOST):
            if self.at >= self.end or self.octets[self.at : self.at + 2] == _END_OF_CONTENTS:
                self.at += 2
                return
            if self.octets[self.at] == _OCTETS:
                yield self.primitive(_OCTETS)
            else:
                inner = self.enter(_OCTETS | _CONSTRUCTED)
                yield from inner.strings(depth + 1)
                self.at = inner.at if inner.end == self.end else inner.end

    def _definite(self, tag: int) -> int:
        stop = self._head(tag)
        if stop is None:
            raise ValueError("of indefinite length")
        return stop

    def _head(self, tag: int) -> int | None:
        """Reads tag and length (X.690, section 8.1.3) and returns the end of the value, None if indefinite."""
        if self.octets[self.at] != tag:
            raise ValueError("another value was expected")
        first = self.octets[self.at + 1]
        self.at += 2
        if first == 0x80:  # noqa: PLR2004 - the indefinite form
            return None
        length = first
        if first > 0x80:  # noqa: PLR2004 - the long form
            count = first & 0x7F
            length = int.from_bytes(self.octets[self.at : self.at + count], "big")
            self.at += count
        if self.at + length > self.end:
            raise ValueError("ends too early")
        return self.at + length
