# SPDX-License-Identifier: EUPL-1.2
"""Decodes header fields. Tolerates malformed mail and runs in linear time.

Parses address lists in header fields and in forwarded text (RFC 5322, section 3.4), in one pass, not recursively.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from flaggermail.mail.charset import decoded, storable
from flaggermail.mail.message import Address, is_sane
from flaggermail.mail.vocabulary import is_invisible

# RFC 2047, section 2. Spaces and question marks inside the text part are forbidden but occur, and so do words without
# a charset. The text part stops where another word starts, so that a long run of "=?" is not scanned again and again.
_WORD = re.compile(r"=\?([^?\s*]{0,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?((?:[^?=]|\?(?!=)|=(?!\?(?!=))){0,20000})\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{0,60}\?[bBqQ]\?)")
# The same word in octets, with 8-bit octets that its charset explains, not ours.
_RAW_WORD = re.compile(rb"=\?[^?\s*]{1,40}(?:\*[^?\s]{0,20})?\?[qQ]\?(?:[^?=]|\?(?!=)|=(?!\?(?!=))){0,20000}\?=")
_HIGH = re.compile(rb"[\x80-\xff]")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_ENCODED_LINE = re.compile(rb"=\?[^?\s]{1,60}\?[bBqQ]\?[^?\n]{0,998}\?=")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_NO_TOKEN = re.compile(r"[^!-~]")
_SIGN = re.compile(r'\\.|[";]', re.DOTALL)
_NEXT_PARAMETER = re.compile(r"[ \t]{1,20}[A-Za-z][A-Za-z0-9*-]{0,30}=")
_NAMELESS = re.compile(r"\s*(?:file)?name(?:\*\d{0,3}\*?)?=", re.IGNORECASE)
_SEGMENT = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?\Z")
# Comments and spaces that RFC 5322, section 4.3 still allows, a leap second, and zones outside that section: "+02:00",
# "GMT+0200", and the abbreviations of Central European time.
_DATES = (
    (re.compile(r"\s{0,20}\([^()]{0,60}\)"), ""),
    (re.compile(r"(?<=\d)\s{0,20}:\s{0,20}(?=\d)"), ":"),
    (re.compile(r"(?<=:\d\d):60(?!\d)"), ":59"),
    (re.compile(r"(?<=\d )(?:GMT|UTC)?([+-]\d\d):?(\d\d)(?=\Z| \()"), r"\1\2"),
    (re.compile(r"(?<=\d )(?:CEST|MEST|MET DST)\Z"), "+0200"),
    (re.compile(r"(?<=\d )(?:CET|MET)\Z"), "+0100"),
)
# As most programs write it; none of the patterns above would change it.
_STANDARD_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-5][0-9] [+-][0-9]{4}"
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_MOST_FIELDS = 2000
_LONGEST = 1_000_000  # octets of a header that are read, far more than a legitimate mail has
_MOST_PARAMETERS = 200

EIGHT_BIT = "8-bit header"
BROKEN_HEADER = "malformed header line"
NO_HEADER_END = "no blank line after the header"
TOO_MANY_FIELDS = "too many header fields"
HEADER_CUT = "header too long"
ABSURD_DATE = "absurd date"
UNREADABLE_DATE = "unreadable date"
DATE_WITHOUT_ZONE = "date without zone"


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of one header block, from top to bottom: name in lower case, value as octets, still folded."""

    fields: tuple[tuple[str, bytes], ...]
    length: int  # octets up to the start of the body
    defects: tuple[str, ...] = ()

    def first(self, name: str) -> bytes | None:
        """Returns the topmost field of that name (lower case)."""
        return next((value for key, value in self.fields if key == name), None)

    def last(self, name: str) -> bytes | None:
        """Returns the bottommost field of that name (lower case)."""
        return next((value for key, value in reversed(self.fields) if key == name), None)


def read_header(octets: bytes, start: int = 0, end: int | None = None) -> Header:
    """Reads the fields from `start` to the first blank line or `end` (RFC 5322, section 2.2).

    A line that is not a field is skipped if a field follows it; otherwise the body starts there.
    """
    end = len(octets) if end is None else end
    fields: list[tuple[str, list[bytes]]] = []
    defects: list[str] = []
    at = start
    while at < end:
        stop = octets.find(b"\n", at, end)
        stop = end if stop < 0 else stop + 1
        line = octets[at : min(stop, start + _LONGEST)]
        if not line.strip(b"\r\n"):
            return _header(fields, stop - start, defects)
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1][1].append(line)
        elif fields and line.startswith(b"=?") and _ENCODED_LINE.match(line):  # the fold has lost its space
            fields[-1][1].append(b" " + line)
            defects.append(BROKEN_HEADER)
        elif name := _NAME.match(line):
            if len(fields) >= _MOST_FIELDS:
                return _header(fields, _body_start(octets, at, end) - start, [*defects, TOO_MANY_FIELDS])
            fields.append((name.group(1).decode("ascii").lower(), [line[name.end() :]]))
        elif not (at == start and line.startswith((b"From ", b">From "))):  # the separator line of an mbox file
            if not _NAME.match(octets, stop, end):
                return _header(fields, at - start, [*defects, NO_HEADER_END])
            defects.append(BROKEN_HEADER)
        if stop - start > _LONGEST:
            return _header(fields, _body_start(octets, stop - 1, end) - start, [*defects, HEADER_CUT])
        at = stop
    return _header(fields, end - start, defects)


def _body_start(octets: bytes, at: int, end: int) -> int:
    """Returns the start of the body for a header that is not read to its end."""
    blank = _BLANK_LINE.search(octets, at, end)
    return blank.end() if blank else end


def _header(fields: list[tuple[str, list[bytes]]], length: int, defects: list[str]) -> Header:
    joined = tuple((name, b"".join(lines)) for name, lines in fields)
    return Header(joined, length, tuple(dict.fromkeys(defects)))


def unfolded(value: bytes) -> tuple[str, str | None]:
    """Returns the unfolded text of a field before RFC 2047 decoding, with a defect if it holds 8-bit octets."""
    if value.isascii() and b"\x1b$" not in value:  # RFC 1468: 7-bit Japanese
        plain = value.decode("ascii").strip(" \t\r\n")
        return (_FOLD.sub("", plain) if "\n" in plain else plain), None
    if b"=?" in value and not value.isascii():
        value = _RAW_WORD.sub(_quoted_high, value)
    text, _ = decoded(value, None)
    return _FOLD.sub("", text).strip(" \t\r\n"), EIGHT_BIT


def _quoted_high(word: re.Match[bytes]) -> bytes:
    """Returns an encoded word with its 8-bit octets quoted, as its program should have done (RFC 2047, section 4.2)."""
    return _HIGH.sub(lambda found: b"=%02X" % found.group()[0], word.group())


def words_decoded(text: str) -> str:
    """Decodes the encoded words in `text` (RFC 2047, section 6.2); line breaks inside them become spaces.

    Invalid encoded words are kept as text. Adjacent words are joined before decoding, because some programs split a
    character across two words.
    """
    if "=?" not in text and text.isascii() and text.isprintable():  # nothing to decode, break or replace
        return text
    if "=?" in text:
        text = _joined_words(_BETWEEN_WORDS.sub(r"\1", text))
    return " ".join(storable(text).split("\n")).replace("\t", " ")


def _joined_words(text: str) -> str:
    out: list[str] = []
    pending: tuple[str, bytes] | None = None
    at = 0
    for match in _WORD.finditer(text):
        octets = _word_octets(match.group(2), match.group(3))
        charset = match.group(1).lower()
        if pending and (match.start() > at or pending[0] != charset):
            out.append(decoded(pending[1], pending[0])[0])
            pending = None
        out.append(text[at : match.start()])
        at = match.end()
        if octets is None:
            out.append(match.group())
        else:
            pending = (charset, pending[1] + octets if pending else octets)
    if pending:
        out.append(decoded(pending[1], pending[0])[0])
    return "".join((*out, text[at:]))


def _word_octets(encoding: str, text: str) -> bytes | None:
    if not text.isascii() and encoding in "qQ":
        return None
    octets = text.encode("ascii", "ignore")
    if encoding in "qQ":
        return _HEX.sub(_octet, octets.replace(b"_", b" "))
    return unbase64(octets)


def unbase64(octets: bytes) -> bytes:
    """Decodes base64 (RFC 4648) with foreign characters and missing or early padding; drops what is left over."""
    try:
        return binascii.a2b_base64(octets)
    except binascii.Error:
        clean = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
        whole = len(clean) - (1 if len(clean) % 4 == 1 else 0)
        return binascii.a2b_base64(clean[:whole] + b"=" * (-whole % 4))


def _octet(match: re.Match[bytes]) -> bytes:
    return bytes([int(match.group(1), 16)])


def read_date(text: str) -> tuple[datetime | None, str | None]:
    """Returns the aware instant of a Date field (RFC 5322, section 3.3), with a defect if the zone is missing.

    A date without a zone, or with -0000, is read as UTC. An unreadable date, or a year outside 1900 to 2100, gives
    None with a defect.
    """
    plain = text[:200].strip()
    for pattern, replacement in () if _STANDARD_DATE.fullmatch(plain) else _DATES:
        plain = pattern.sub(replacement, plain)
    try:
        instant = datetime.fromisoformat(plain) if _ISO.match(plain) else parsedate_to_datetime(plain)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None, UNREADABLE_DATE
    if instant.tzinfo is None:
        instant, defect = instant.replace(tzinfo=UTC), DATE_WITHOUT_ZONE
    else:
        defect = None
    return (instant, defect) if is_sane(instant) else (None, ABSURD_DATE)


@dataclass(frozen=True, slots=True)
class Parameterised:
    """A field such as Content-Type: value in lower case, and decoded parameters (RFC 2045, RFC 2231)."""

    value: str
    parameters: dict[str, str]


def read_parameters(text: str) -> Parameterised:
    """Splits a structured field at its semicolons in one pass; semicolons in quoted strings do not count."""
    pieces = _pieces(text)
    if _NAMELESS.match(pieces[0]):  # "Content-Disposition: filename=a.pdf" has no value before its parameters
        pieces.insert(0, "")
    kind, _, behind = pieces[0].strip().partition(" ")
    if "=" in behind:  # "text/plain charset=utf-8" lacks its first semicolon
        pieces.insert(1, behind)
    raw: dict[str, str] = {}
    for piece in pieces[1 : 1 + _MOST_PARAMETERS]:
        name, equals, value = piece.partition("=")
        if equals and name.strip():
            raw.setdefault(name.strip().lower(), _unquoted(value.strip()))
    return Parameterised(token(kind.rstrip(",")), _continued(raw))


def token(text: str) -> str:
    """Returns `text` as a token in lower case (RFC 2045, section 5.1): visible ASCII, at most 100 characters."""
    return _NO_TOKEN.sub("", text[:100]).lower()


def _pieces(text: str) -> list[str]:
    """Splits at semicolons outside quotes, and where one is missing. An unclosed quote ends with the text."""
    pieces, start, at, quoted = [], 0, 0, False
    for match in _SIGN.finditer(text):
        sign, at = match.group(), match.start()
        if sign == '"':
            quoted = not quoted
            if not quoted and _NEXT_PARAMETER.match(text, at + 1):
                pieces.append(text[start : at + 1])
                start = at + 1
        elif sign == ";" and not quoted:
            pieces.append(text[start:at])
            start = at + 1
    return [*pieces, text[start:]]


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        value = value[1:].rpartition('"')[0] if value.rfind('"') > 0 else value[1:]
        return re.sub(r'\\(["\\])', r"\1", value)
    return value


def _continued(raw: dict[str, str]) -> dict[str, str]:
    """Joins continued parameters and decodes their octets (RFC 2231, sections 3 and 4)."""
    plain: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in raw.items():
        match = _SEGMENT.match(name) if "*" in name else None
        if match is None:
            plain[name] = words_decoded(value)
        else:
            segments = parts.setdefault(match.group(1), {})
            segments.setdefault(int(match.group(2) or 0), (value, match.group(3) is not None))
    joined = {name: _joined([found for _, found in sorted(segments.items())]) for name, segments in parts.items()}
    extended = {name: value for name, value in joined.items() if value or name not in plain}
    return {**plain, **extended}  # the extended form takes precedence over the plain one


def _joined(segments: list[tuple[str, bool]]) -> str:
    charset, octets = "", b""
    for position, (value, encoded) in enumerate(segments):
        if encoded and position == 0 and value.count("'") > 1:
            charset, _, value = value.split("'", 2)  # noqa: PLW2901 - the value itself comes after the language
            value = _unquoted(value)  # noqa: PLW2901 - some programs quote it
        part = value.encode("utf-8", "replace")
        octets += _PERCENT.sub(_octet, part) if encoded else part
    return words_decoded(decoded(octets, charset or None)[0])


# ---- addresses


MOST = 1000
LOCAL_PART_LIMIT, _ADDRESS_LIMIT = 64, 254  # octets: RFC 5321, section 4.5.3.1, less the angle brackets of a path
_ATOM = r'[^\x00- "(),.:;<>@\[\\\]\x7f]+'  # RFC 6531, section 3.3: what is not ASCII too
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


def is_address(text: str, *, international: bool = False) -> bool:
    """True if `text` is a plain local-part@domain: no quotes, comments, literals (RFC 5321, section 4.1.2).

    It is ASCII, unless `international`: then its local part may hold any visible character (RFC 6531, section 3.3).
    """
    if not (text.isascii() or (international and not any(map(is_invisible, text)) and text.isprintable())):
        return False
    local = text.rpartition("@")[0]
    short = len(local.encode()) <= LOCAL_PART_LIMIT and len(text.encode()) <= _ADDRESS_LIMIT
    return short and _ADDRESS.fullmatch(text) is not None


def mailbox_of(address: str) -> str:
    """Returns the address in lower case without its subaddress, from the first plus sign on (RFC 5233)."""
    local, at, domain = address.strip().lower().rpartition("@")
    own = local.partition("+")[0] or local
    return f"{own}{at}{domain}"


# One token: a quoted pair, a special character, an encoded word, or a run of anything else. A bare comma inside an
# encoded word, which RFC 2047, section 5 (3) forbids, does not separate addresses.
_TOKEN = re.compile(
    r"\\.|[\"()<>,;:]|=\?[^?\s\"<>]{1,60}\?[bBqQ]\?[^?\s\"<>]{0,300}\?=|[^\\\"()<>,;:=]+|[\\=]", re.DOTALL
)
# One mailbox as most programs write it, which needs no splitting and no decoding: a bare address, or a name without
# quotation marks and an address in angle brackets.
_SIMPLE = re.compile(
    r"(?:([A-Za-z0-9](?:[A-Za-z0-9.-]| (?! )){0,100}) <)?([A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253})(?(1)>)"
)
_LONGEST_ROUTE = 1000
_ROUTE = re.compile(rf"\s*@[^:]{{0,{_LONGEST_ROUTE}}}:")  # RFC 5322, section 4.4: "<@HOST,@HOST:ADDRESS>"
_SPACED_DOMAIN = re.compile(r"(?<=@)(\S{1,250}) \. (?=\S)")  # the same section: blanks around the dots of a domain
# "ADDRESS<mailto:ADDRESS>" and "Jane [mailto:ADDRESS]": how Outlook prints a link as text.
_LINK = re.compile(r"<mailto:[^<>\s]{0,300}>")
_MAILTO = re.compile(r"\[mailto:([^\[\]\s]{1,300})\]", re.IGNORECASE)
# 'Doe, Jane' <ADDRESS>: some programs print apostrophes instead of quotation marks.
_APOSTROPHES = re.compile(r"((?:\A|[,;])\s{0,4})'([^'<>@]{1,80})'\s{0,4}<")
_QUOTES = "'\"\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb \t\u00a0"


@dataclass
class _Mailbox:
    """A mailbox that is still being read."""

    phrase: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    angle: str | None = None

    @property
    def routed(self) -> bool:
        """True while a source route is being read; its commas do not separate addresses yet."""
        read = self.angle or ""
        return len(read) <= _LONGEST_ROUTE and read.lstrip().startswith("@") and ":" not in read

    def finish(self, decode: Callable[[str], str]) -> list[Address]:
        """Returns the addresses read so far, none if nothing was written.

        Every word with an @ outside angle brackets counts as an address. If there are several, all are returned,
        because the text does not say which one is the author's.
        """
        phrase = _SPACED_DOMAIN.sub(r"\1.", " ".join("".join(self.phrase).split()))
        if self.angle is not None:
            return _address(_ROUTE.sub("", self.angle, count=1).strip(), phrase, decode)
        words = phrase.split(" ")
        bare = [word for word in words if "@" in word]
        if len(words) == 1 or not bare:
            return _address(phrase, "".join(self.comment), decode)
        name = " ".join(word for word in words if "@" not in word)
        return [address for word in bare for address in _address(word, name, decode)]


def _address(address: str, name: str, decode: Callable[[str], str]) -> list[Address]:
    address = decode(address).strip("'\"<>").removeprefix("mailto:")
    address = address.replace(" ", "") if "@" in address else address
    return [Address(address, decode(name).strip(_QUOTES) or None)] if address else []


def read_addresses(text: str, decode: Callable[[str], str] = str) -> tuple[Address, ...]:
    """Returns the mailboxes of an address list, group members included, at most 1,000. Never raises.

    See RFC 5322, section 3.4, and RFC 6854 for groups. `decode` is applied to each phrase after the list has been
    split: RFC 2047 forbids decoding first, because a decoded comma would split the list. Semicolons also separate
    addresses, since Outlook writes them.
    """
    if simple := _SIMPLE.fullmatch(text):
        return (Address(simple[2], simple[1].rstrip(" ") if simple[1] else None),)
    return read_list(text, decode)


def read_list(text: str, decode: Callable[[str], str]) -> tuple[Address, ...]:
    """Works like `read_addresses`, without its short way for a single mailbox."""
    addresses: list[Address] = []
    for box in _mailboxes(text):
        addresses += box.finish(decode)
        if len(addresses) >= MOST:
            break
    return tuple(addresses[:MOST])


def _mailboxes(text: str) -> Iterator[_Mailbox]:
    box, angle = _Mailbox(), False
    for sign, token in _tokens(text):
        if sign == "(":
            box.comment.append(token)
        elif sign == "<":
            if box.angle:  # a second pair of brackets starts a second address, so that the first cannot hide it
                yield box
                box = _Mailbox()
            angle, box.angle = True, ""
        elif sign == ">":
            angle = False
        elif (sign == "," and not box.routed) or (sign == ";" and not angle):
            yield box
            box, angle = _Mailbox(), False
        elif angle:
            box.angle = (box.angle or "") + token
        elif sign == ":" and box.phrase and box.angle is None:
            box = _Mailbox()  # the phrase before the colon is a group name
        else:
            box.phrase.append(token)
    yield box


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yields each token with its role: a special character, "(" for text in a comment, "" for text (RFC 5322, 3.2)."""
    depth, quoted = 0, False
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if depth:
            depth += (piece == "(") - (piece == ")")
            if depth:
                yield "(", piece
        elif piece == '"':
            quoted = not quoted
        elif quoted:
            yield "", piece.removeprefix("\\")
        elif piece == "(":
            depth = 1
        else:
            yield piece if len(piece) == 1 else "", piece


def read_written(text: str) -> tuple[Address, ...]:
    """Returns the mailboxes in an address list that a mail program printed into the text of a reply or forward."""
    plain = _MAILTO.sub(r"<\1>", _LINK.sub("", text))
    return read_addresses(_APOSTROPHES.sub(r'\1"\2" <', plain))


def in_domains(domain: str, domains: frozenset[str]) -> bool:
    """True if `domain` is one of `domains` or a subdomain of one."""
    name = domain.lower()
    while name not in domains:
        _, dot, name = name.partition(".")
        if not dot:
            return False
    return True
