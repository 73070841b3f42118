# SPDX-License-Identifier: EUPL-1.2
"""Opens parts that contain more of the mail in other formats: Outlook messages, winmail.dat, opaque signatures.

Archives are never opened. A part that cannot be opened is a defect, so that a person sees that the mail has more.
"""

from __future__ import annotations

import base64
import logging
import signal
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import BytesIO
from types import FrameType
from typing import TYPE_CHECKING

from flaggermail.mail.charset import decoded
from flaggermail.mail.fields import Header, Parameterised, read_header, token
from flaggermail.mail.mime import OUTLOOK, Part, read_part, signed_content

if TYPE_CHECKING:
    from olefile import OleFileIO
    from olefile.olefile import OleDirectoryEntry
    from tnefparse import TNEF
    from tnefparse.tnef import TNEFAttachment


_SHORTEST_TIMER = 0.001  # seconds; 0 would disable the timer


class OutOfTime(BaseException):
    """The limit is reached. Not an Exception, which libraries catch while they parse a stranger's input."""


def allow(seconds: float) -> None:
    """Raises OutOfTime, once, in the main thread after `seconds` of processor time; 0 removes the limit."""
    signal.signal(signal.SIGPROF, _raise_out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Limits the block to `seconds` of the remaining allowance and restores the rest afterwards.

    Has no effect where no allowance is set (outside the parsing process).
    """
    left, _ = signal.getitimer(signal.ITIMER_PROF)
    share = min(left, seconds)
    if left:
        signal.setitimer(signal.ITIMER_PROF, share)
    try:
        yield
    finally:
        if left:
            used = share - signal.getitimer(signal.ITIMER_PROF)[0]
            signal.setitimer(signal.ITIMER_PROF, max(left - used, _SHORTEST_TIMER))


def _raise_out_of_time(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise OutOfTime


MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # MS-CFB, section 2.2
UNREADABLE = "Outlook message unreadable"
PROPERTY_LOST = "Outlook message: property unreadable"
RTF_ONLY = "Outlook message: text only as RTF"
LARGEST = 32 * 1024 * 1024  # octets of a file
LONGEST = 0.5  # seconds of processor time for one file
MOST = 400  # recipients, and attachments

# Property IDs (MS-OXPROPS): the author's SMTP address, most trustworthy first, and name.
_FROM_ADDRESS = (0x5D02, 0x0065, 0x5D01, 0x0C1F)
_FROM_NAME = (0x0042, 0x0C1A)
_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_HEADERS, _MESSAGE_ID, _IN_REPLY_TO, _REFERENCES = 0x007D, 0x1035, 0x1042, 0x1039
_SENT, _DELIVERED = 0x0039, 0x0E06
_NAME, _ADDRESS, _SMTP_ADDRESS, _RECIPIENT_TYPE = 0x3001, 0x3003, 0x39FE, 0x0C15
_FILE_NAMES = (0x3707, 0x3704, 0x3001)  # long, short, of an embedded message
_CONTENT, _CONTENT_TYPE = 0x3701, 0x370E
# Kinds of properties (MS-OXCDATA, section 2.11.1), and where their values are (MS-OXMSG, sections 2.1 and 2.4).
_INTEGER, _TIME, _BINARY, _UNICODE, _IN_CODE_PAGE = 0x0003, 0x0040, 0x0102, 0x001F, 0x001E
_ENTRY = struct.Struct("<HHI8s")  # kind, ID, flags, value
_STREAM, _LISTED = "__substg1.0_{:04X}{:04X}", "__properties_version1.0"
_OF_RECIPIENT, _OF_ATTACHMENT = "__recip_version1.0_#", "__attach_version1.0_#"
_OWN_HEAD, _OTHER_HEAD = 32, 8  # octets before the entries
_CODE_PAGE, _BODY_CODE_PAGE = 0x3FFD, 0x3FDE
_CODE_PAGES = {20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 50220: "iso-2022-jp", 51949: "euc-kr",
               54936: "gb18030", 65001: "utf-8"}  # fmt: skip  # the others are named by their number
_ISO_8859 = 28590  # and the number of its part
_NO_CODE_PAGE = "iso8859-15"
_BEGAN = datetime(1601, 1, 1, tzinfo=UTC)  # of the count of 100 nanoseconds
_RECIPIENTS = {1: "to", 2: "cc"}  # MS-OXOMSG, section 2.2.3.1: 3 is a blind copy
_BODY_FIELDS = ("content-", "mime-version")  # fields that describe the encoding of a body that is not here


def read_outlook(octets: bytes) -> tuple[Part | None, str | None]:
    """Returns the mail in a .msg file, or a defect naming the exception caught; never raises."""
    try:
        if len(octets) > LARGEST:
            return None, f"{UNREADABLE}: too large"
        from olefile import OleFileIO  # noqa: PLC0415 - takes 30 ms, needed by one mail in a thousand

        with at_most(LONGEST), OleFileIO(BytesIO(octets)) as file:
            return _OutlookFile(file).part(), None
    except (Exception, OutOfTime) as fault:  # noqa: BLE001 - boundary to a library that parses strangers' files
        return None, f"{UNREADABLE}: {type(fault).__name__}"


@dataclass(slots=True)
class _Properties:
    """The properties of a message, a recipient or an attachment, each of which is a folder of the file."""

    file: OleFileIO
    path: tuple[str, ...] = ()
    _fixed: Mapping[tuple[int, int], bytes] | None = None  # what the folder's list of properties says, by ID and kind

    def value(self, pid: int, *kinds: int) -> object:
        """Returns the value of a property that is of one of these kinds; None if it is not there."""
        kind = next((kind for kind in kinds if (pid, kind) in self._listed()), None)
        if kind is None:
            return None
        fixed = self._listed()[pid, kind]
        if kind == _INTEGER:
            return int.from_bytes(fixed[:4], "little")
        if kind == _TIME:
            return _BEGAN + timedelta(seconds=int.from_bytes(fixed, "little") // 10_000_000)
        octets = self._octets(_STREAM.format(pid, kind))
        if kind == _BINARY:
            return octets
        return octets.decode("utf-16-le" if kind == _UNICODE else self._charset(pid))

    def _listed(self) -> Mapping[tuple[int, int], bytes]:
        if self._fixed is None:
            entries = self._octets(_LISTED)[_OTHER_HEAD if self.path else _OWN_HEAD :]
            whole = entries[: len(entries) // _ENTRY.size * _ENTRY.size]
            self._fixed = {(pid, kind): value for kind, pid, _, value in _ENTRY.iter_unpack(whole)}
        return self._fixed

    def _octets(self, name: str) -> bytes:
        with self.file.openstream([*self.path, name]) as stream:
            return bytes(stream.read())

    def _charset(self, pid: int) -> str:
        listed = self._listed()
        pages = [_BODY_CODE_PAGE, _CODE_PAGE] if pid == _BODY else [_CODE_PAGE]
        fixed = next((listed[page, _INTEGER] for page in pages if (page, _INTEGER) in listed), None)
        number = int.from_bytes(fixed[:4], "little") if fixed else 0
        if _ISO_8859 < number <= _ISO_8859 + 16:
            return f"iso8859-{number - _ISO_8859}"
        return _CODE_PAGES.get(number, f"cp{number}") if number else _NO_CODE_PAGE


@dataclass(slots=True)
class _OutlookFile:
    """Reads one .msg file."""

    file: OleFileIO
    defects: list[str] = field(default_factory=list)
    own: _Properties = field(init=False)

    def __post_init__(self) -> None:
        self.own = _Properties(self.file)

    def part(self) -> Part:
        """Returns header, text and attachments as a multipart."""
        header = self._header()
        children = (*self._texts(), *self._attachments())
        kind = Parameterised("multipart/mixed", {})
        return Part(header, kind, Parameterised("", {}), b"", children, tuple(dict.fromkeys(self.defects)))

    def _header(self) -> Header:
        """Returns the transport header if Outlook kept it; missing fields are taken from the properties."""
        kept = read_header(self._text(self.own, _HEADERS).encode("utf-8", "replace")).fields
        fields = [(name, value) for name, value in kept if not name.startswith(_BODY_FIELDS)]
        names = {name for name, _ in fields}
        fields += [(name, value) for name, value in self._own_fields() if value and name not in names]
        return Header(tuple(fields), 0)

    def _own_fields(self) -> Iterator[tuple[str, bytes]]:
        own = self.own
        address = next((found for pid in _FROM_ADDRESS if "@" in (found := self._text(own, pid))), "")
        yield "from", _mailbox(next((found for pid in _FROM_NAME if (found := self._text(own, pid))), ""), address)
        recipients: dict[str, list[bytes]] = {"to": [], "cc": []}
        for recipient in self._folders(_OF_RECIPIENT):
            kind = self._value(recipient, _RECIPIENT_TYPE, _INTEGER)
            name = _RECIPIENTS.get(kind & 3) if isinstance(kind, int) else None
            if name:
                pids = (_SMTP_ADDRESS, _ADDRESS)
                written = next((found for pid in pids if "@" in (found := self._text(recipient, pid))), "")
                recipients[name].append(_mailbox(self._text(recipient, _NAME), written))
        for name, boxes in recipients.items():
            yield name, b", ".join(box for box in boxes if box)
        yield "subject", _word(self._text(own, _SUBJECT))
        sent = self._value(own, _SENT, _TIME) or self._value(own, _DELIVERED, _TIME)
        yield "date", format_datetime(sent).encode("ascii") if isinstance(sent, datetime) else b""
        for name, pid in (("message-id", _MESSAGE_ID), ("in-reply-to", _IN_REPLY_TO), ("references", _REFERENCES)):
            yield name, self._text(own, pid).encode("utf-8", "replace")

    def _texts(self) -> Iterator[Part]:
        own = self.own
        if text := self._text(own, _BODY):
            yield _leaf("text/plain", text.encode("utf-8", "replace"), charset="utf-8")
        elif markup := self._octets(own, _HTML):
            yield _leaf("text/html", markup)
        elif written := self._text(own, _HTML):
            yield _leaf("text/html", written.encode("utf-8", "replace"), charset="utf-8")
        elif self._octets(own, _RTF):
            self.defects.append(RTF_ONLY)

    def _attachments(self) -> Iterator[Part]:
        for one in self._folders(_OF_ATTACHMENT):
            name = next((found for pid in _FILE_NAMES if (found := self._text(one, pid))), "")
            content = self._octets(one, _CONTENT)
            kind = token(self._text(one, _CONTENT_TYPE))
            if content is None:  # an embedded message, stored as a folder within the file
                kind = kind or OUTLOOK
            yield _leaf(kind if "/" in kind else "application/octet-stream", content or b"", name=name)

    def _folders(self, name: str) -> Iterator[_Properties]:
        folders: list[OleDirectoryEntry] = [one for one in self.file.root.kids if one.name.startswith(name)]
        yield from (_Properties(self.file, (one.name,)) for one in folders[:MOST])

    def _text(self, properties: _Properties, pid: int) -> str:
        found = self._value(properties, pid, _UNICODE, _IN_CODE_PAGE)
        return found.rstrip("\0") if isinstance(found, str) else ""

    def _octets(self, properties: _Properties, pid: int) -> bytes | None:
        found = self._value(properties, pid, _BINARY)
        return found if isinstance(found, bytes) else None

    def _value(self, properties: _Properties, pid: int, *kinds: int) -> object:
        try:
            return properties.value(pid, *kinds)
        except Exception:  # noqa: BLE001 - as read_outlook; one damaged property must not lose the others
            self.defects.append(PROPERTY_LOST)
            return None


def _leaf(kind: str, body: bytes, **parameters: str) -> Part:
    named = {key: value for key, value in parameters.items() if value}
    disposition = Parameterised("attachment" if "name" in parameters else "", {})
    return Part(Header((), 0), Parameterised(kind, named), disposition, body)


def _mailbox(name: str, address: str) -> bytes:
    """Formats a mailbox for a header field (RFC 5322, section 3.4); of an Exchange address only the name is used."""
    written = "".join(address.split()).strip("<>").encode("utf-8", "replace")
    return b" ".join(piece for piece in (_word(name), b"<" + written + b">" if written else b"") if piece)


def _word(text: str) -> bytes:
    """Returns an encoded word (RFC 2047, section 2), so that none of its content is read as syntax."""
    return b"=?utf-8?B?" + base64.b64encode(text.encode("utf-8", "replace")[:9000]) + b"?=" if text else b""


TNEF_UNREADABLE = "winmail.dat unreadable"
RECALL = "Outlook recall"
SIGNATURE = b"\x78\x9f\x3e\x22"  # MS-OXTNEF, section 2.1.3.1
MOST_ATTRIBUTES = 2000

_TNEF_CONTENT_TYPE = 0x370E  # MS-OXPROPS: PidTagAttachMimeTag
_MESSAGE_CLASS = 0x8008  # MS-OXTNEF, section 2.1.3.3: idMessageClass
_RECALL_CLASS = "ipm.outlook.recall"
_ATTRIBUTE_HEAD, _CHECKSUM = 9, 2  # octets before and after an attribute's value

logging.getLogger("tnefparse").addHandler(logging.NullHandler())  # its log lines contain strangers' text
logging.getLogger("tnefparse").propagate = False


def read_tnef(octets: bytes) -> tuple[tuple[Part, ...], str | None]:
    """Returns the text and files in a winmail.dat, and a defect: the exception caught, or that it recalls a mail.

    Never raises.
    """
    try:
        if _attributes(octets) > MOST_ATTRIBUTES:
            return (), f"{TNEF_UNREADABLE}: too many attributes"
        from tnefparse import TNEF  # noqa: PLC0415 - takes 25 ms, needed by one mail in a thousand

        with at_most(LONGEST):
            packed = TNEF(octets, do_checksum=False)
            recall = RECALL if _RECALL_CLASS in _message_class(packed).lower() else None
            return (*_texts(packed), *map(_file, packed.attachments)), recall
    except (Exception, OutOfTime) as fault:  # noqa: BLE001 - boundary to a library that parses strangers' files
        return (), f"{TNEF_UNREADABLE}: {type(fault).__name__}"


def _attributes(octets: bytes) -> int:
    """Counts the attributes: the library copies the remaining octets once for each."""
    at, count = 6, 0
    while at + _ATTRIBUTE_HEAD < len(octets) and count <= MOST_ATTRIBUTES:
        at += _ATTRIBUTE_HEAD + int.from_bytes(octets[at + 5 : at + 9], "little") + _CHECKSUM
        count += 1
    return count


def _texts(packed: TNEF) -> Iterator[Part]:
    for kind, found in (("text/plain", packed.body), ("text/html", packed.htmlbody)):
        if text := _text(found):
            yield _tnef_leaf(kind, text.encode("utf-8", "replace"), {"charset": "utf-8"})


def _file(attached: TNEFAttachment) -> Part:
    kinds = (token(_text(one.data)) for one in attached.mapi_attrs if one.name == _TNEF_CONTENT_TYPE)
    kind = next((kind for kind in kinds if "/" in kind), "application/octet-stream")
    name = _name(attached)
    return _tnef_leaf(kind, attached.data, {"name": name} if name else {}, "attachment")


def _name(attached: TNEFAttachment) -> str:
    try:
        return _text(attached.long_filename())
    except UnicodeDecodeError:  # use the short name, in the code page of the sender's machine
        return _text(attached._name)  # noqa: SLF001 - the library offers it only decoded as UTF-8


def _message_class(packed: TNEF) -> str:
    return next((_text(one.data) for one in packed.msgprops if one.name == _MESSAGE_CLASS), "")


def _text(found: object) -> str:
    if isinstance(found, (list, tuple)):
        found = next(iter(found), b"")
    text = decoded(bytes(found), None)[0] if isinstance(found, (bytes, bytearray)) else found
    return text.strip("\0") if isinstance(text, str) else ""


def _tnef_leaf(kind: str, body: object, parameters: dict[str, str], disposition: str = "") -> Part:
    octets = bytes(body) if isinstance(body, (bytes, bytearray)) else b""
    return Part(Header((), 0), Parameterised(kind, parameters), Parameterised(disposition, {}), octets)


SMIME_OPAQUE = "S/MIME: opaque"
SMIME_ENCRYPTED = "S/MIME: encrypted"
PGP_ENCRYPTED = "PGP: encrypted"
REACTION = "reaction"

_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNED = frozenset({"", "signed-data"})  # RFC 8551, section 3.2.2; some programs omit it
_ENCRYPTED = frozenset({"enveloped-data", "authenveloped-data"})


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The parts of a mail, in order; `spare` are those of a winmail.dat, used if no other part has text."""

    parts: tuple[Part, ...]
    spare: tuple[Part, ...]
    defects: tuple[str, ...]


def unpacked(parts: Iterable[Part]) -> Unpacked:
    """Returns `parts` with all that could be opened; enclosed mails stay closed, as children of their part."""
    found: list[Part] = []
    spare: list[Part] = []
    defects: list[str | None] = []
    for part in parts:
        kind = part.type.value
        opened, defect = part, None
        inside: tuple[Part, ...] = ()
        if _is_outlook(part):
            opened, defect = _outlook(part)
        elif kind in _TNEF or _named(part, "winmail.dat"):
            inside, defect = _tnef(part)
            spare += inside
        elif kind in _SMIME:
            inside, defect = _smime(part)
        elif kind == "multipart/encrypted":  # RFC 3156, section 4
            defect = PGP_ENCRYPTED
        elif part.disposition.value == "reaction" or "-reaction+" in kind:  # RFC 9078, section 2
            defect = REACTION
        found.append(opened)
        found += inside if kind in _SMIME else ()
        defects.append(defect)
    return Unpacked(tuple(found), tuple(spare), tuple(defect for defect in defects if defect))


def bare_outlook(octets: bytes) -> Part | None:
    """Returns the mail in a file that is nothing but an Outlook message; None if it is not one or cannot be read."""
    return read_outlook(octets)[0] if octets.startswith(MAGIC) else None


def _named(part: Part, name: str) -> bool:
    return (part.filename or "").lower() == name


def _is_outlook(part: Part) -> bool:
    return part.type.value == OUTLOOK or (part.filename or "").lower().endswith(".msg")


def _outlook(part: Part) -> tuple[Part, str | None]:
    octets, defect = part.octets()
    if not octets.startswith(MAGIC):
        return part, defect
    mail, defect = read_outlook(octets)
    if mail is None:
        return part, defect
    kind = Parameterised(OUTLOOK, part.type.parameters)
    return replace(part, type=kind, children=(mail,), defects=(*part.defects, *mail.defects)), None


def _tnef(part: Part) -> tuple[tuple[Part, ...], str | None]:
    octets, defect = part.octets()
    return read_tnef(octets) if octets.startswith(SIGNATURE) else ((), defect)


def _smime(part: Part) -> tuple[tuple[Part, ...], str | None]:
    kind = part.type.parameters.get("smime-type", "").lower()
    if kind in _ENCRYPTED:
        return (), SMIME_ENCRYPTED
    content = signed_content(part.octets()[0]) if kind in _SIGNED else None
    if content is None:
        return (), SMIME_OPAQUE if kind in _SIGNED else None
    return tuple(read_part(content, whole=False).walk()), None
