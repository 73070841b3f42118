# SPDX-License-Identifier: EUPL-1.2
"""The structure of a mail (RFC 2046), read from the outside in: linear in its size, bounded in parts and in depth.

The parser of the standard library asks each line of every open level for its boundary and recurses; a deeply nested
mail costs it minutes or an exception. Here a multipart is cut at its own boundary first, so an inner part that lacks
its closing boundary, or repeats the outer one, ends where the outer part does.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flaggermail.core.fields import (
    Header,
    Parameterised,
    read_header,
    read_parameters,
    unbase64,
    unfolded,
    words_decoded,
)

MOST_PARTS = 400
DEEPEST = 25
LARGEST_DECODED = 8 * 1024 * 1024

TOO_MANY_PARTS = "too many parts"
TOO_DEEP = "nested too deeply"
NO_BOUNDARY = "boundary missing"
UNCLOSED = "closing boundary missing"
NOT_DECODED = "part too large to decode"
UNKNOWN_ENCODING = "unknown transfer encoding"

_PLAIN = Parameterised("text/plain", {})
_UU_BEGIN = re.compile(rb"begin [0-7]{3,4} [^\n]{0,300}\n")
_BLANK = b" \t\r\n"
_LF = 10
_IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"})  # RFC 2045, section 6.2, and misspelt
ENCLOSED = frozenset({"message/rfc822", "message/global", "message/news"})


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail; `body` is still in its transfer encoding. `children` of a multipart or an enclosed mail."""

    header: Header
    type: Parameterised
    disposition: Parameterised
    body: bytes
    children: tuple[Part, ...] = ()
    defects: tuple[str, ...] = ()

    @property
    def encoding(self) -> str:
        """Content-Transfer-Encoding in small letters (RFC 2045, section 6)."""
        value = self.header.first("content-transfer-encoding")
        return unfolded(value)[0].partition(";")[0].strip().strip('"').lower() if value else ""

    @property
    def filename(self) -> str | None:
        """The name that Content-Disposition or Content-Type gives, control signs taken out; it is no path to use."""
        for parameters, name in ((self.disposition.parameters, "filename"), (self.type.parameters, "name")):
            if value := parameters.get(name, "").strip():
                return value
        return None

    @property
    def size(self) -> int:
        """Octets after decoding; estimated from the encoded length where the part is too large to decode."""
        if len(self.body) <= LARGEST_DECODED or self.encoding in _IDENTITY:
            return len(self.octets()[0])
        return len(self.body) * 3 // 4 if self.encoding == "base64" else len(self.body)

    def octets(self) -> tuple[bytes, str | None]:
        """The body decoded, and a defect; empty when there is more to decode than LARGEST_DECODED."""
        encoding = self.encoding
        if encoding in _IDENTITY:
            return self.body, None
        if len(self.body) > LARGEST_DECODED:
            return b"", NOT_DECODED
        if encoding == "base64":
            return unbase64(self.body), None
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body), None
        if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
            return _unuuencoded(self.body), None
        return self.body, UNKNOWN_ENCODING

    def walk(self) -> Iterator[Part]:
        """The part itself and all below it, in the order of the mail, enclosed mails left closed."""
        yield self
        if self.type.value not in ENCLOSED:
            for child in self.children:
                yield from child.walk()


@dataclass
class _Budget:
    parts: int = MOST_PARTS


def read_part(octets: bytes) -> Part:
    """The structure of a mail; never raises."""
    return _Reader(octets, _Budget()).read(0, len(octets), 0, _PLAIN)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads parts of `octets` by their bounds, so that only leaves are ever copied."""

    octets: bytes
    budget: _Budget

    def read(self, start: int, end: int, depth: int, default: Parameterised) -> Part:
        self.budget.parts -= 1
        header = read_header(self.octets, start, end)
        begin = start + header.length
        kind = _parameterised(header, "content-type")
        if "/" not in kind.value:
            kind = Parameterised(default.value, kind.parameters)
        part = Part(header, kind, _parameterised(header, "content-disposition"), b"", (), header.defects)
        if kind.value.startswith("multipart/"):
            return self._multipart(part, begin, end, depth)
        part = replace(part, body=self.octets[begin:end])
        return self._enclosed(part, begin, end, depth) if kind.value in ENCLOSED else part

    def _multipart(self, part: Part, begin: int, end: int, depth: int) -> Part:
        boundary = part.type.parameters.get("boundary", "").rstrip()
        pieces = _cut(self.octets, begin, end, boundary.encode("utf-8", "replace")) if boundary else None
        if pieces is None:
            body = self.octets[begin:end]
            return replace(part, type=_PLAIN, body=body, defects=(*part.defects, NO_BOUNDARY))
        if depth >= DEEPEST:
            return replace(part, defects=(*part.defects, TOO_DEEP))
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
        """An enclosed mail is the one child. Encoded ones occur, though RFC 2046, section 5.2.1 forbids that."""
        if depth >= DEEPEST or self.budget.parts <= 0:
            return replace(part, defects=(*part.defects, TOO_DEEP if depth >= DEEPEST else TOO_MANY_PARTS))
        while begin < end and self.octets[begin] in b"\r\n":
            begin += 1
        if part.encoding in {"base64", "quoted-printable"}:
            octets = part.octets()[0].lstrip(b"\r\n")
            child = _Reader(octets, self.budget).read(0, len(octets), depth + 1, _PLAIN) if octets else None
        else:
            child = self.read(begin, end, depth + 1, _PLAIN) if begin < end else None
        return replace(part, children=(child,) if child else ())


def _parameterised(header: Header, name: str) -> Parameterised:
    value = header.first(name)
    return read_parameters(unfolded(value)[0]) if value else Parameterised("", {})


@dataclass(frozen=True, slots=True)
class _Pieces:
    bounds: tuple[tuple[int, int], ...]
    closed: bool


def _cut(octets: bytes, begin: int, end: int, boundary: bytes) -> _Pieces | None:
    """Where the parts stand between the delimiter lines (RFC 2046, section 5.1.1), and whether the closing one did."""
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


def _unuuencoded(octets: bytes) -> bytes:
    begin = _UU_BEGIN.search(octets)
    out: list[bytes] = []
    for line in octets[begin.end() :].splitlines() if begin else ():
        if line.strip() in {b"end", b"`"}:
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # a line with blanks cut off or added at its end: its first sign says how many octets it holds
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            out.append(_uu_line(line[: length + 1]))
    return b"".join(out)


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""


def field_text(value: bytes | None) -> str | None:
    """A field's octets as decoded text."""
    return None if value is None else words_decoded(unfolded(value)[0]).strip()
