# SPDX-License-Identifier: EUPL-1.2
"""Reads mail attached as an Outlook .msg file (MS-OXMSG) with python-oxmsg, and converts it to a MIME part.

The result is a mail.mime.Part, so that the code for an enclosed message/rfc822 reads it too.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from flaggermail.adapters.parsing.allowance import OutOfTime, at_most
from flaggermail.mail.fields import Header, Parameterised, read_header, token
from flaggermail.mail.mime import OUTLOOK, Part

if TYPE_CHECKING:
    from oxmsg import Message
    from oxmsg.attachment import Attachment
    from oxmsg.properties import Properties

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
_RECIPIENTS = {1: "to", 2: "cc"}  # MS-OXOMSG, section 2.2.3.1: 3 is a blind copy
_BODY_FIELDS = ("content-", "mime-version")  # fields that describe the encoding of a body that is not here


def read_outlook(octets: bytes) -> tuple[Part | None, str | None]:
    """Returns the mail in a .msg file, or a defect naming the exception caught; never raises."""
    try:
        if len(octets) > LARGEST:
            return None, f"{UNREADABLE}: too large"
        from oxmsg import Message  # noqa: PLC0415 - takes 30 ms, needed by one mail in a thousand

        with at_most(LONGEST):
            return _OutlookFile(Message.load(octets)).part(), None
    except (Exception, OutOfTime) as fault:  # noqa: BLE001 - boundary to a library that parses strangers' files
        return None, f"{UNREADABLE}: {type(fault).__name__}"


@dataclass(slots=True)
class _OutlookFile:
    """Reads one .msg file."""

    message: Message
    defects: list[str] = field(default_factory=list)

    def part(self) -> Part:
        """Returns header, text and attachments as a multipart."""
        header = self._header()
        children = (*self._texts(), *self._attachments())
        kind = Parameterised("multipart/mixed", {})
        return Part(header, kind, Parameterised("", {}), b"", children, tuple(dict.fromkeys(self.defects)))

    def _header(self) -> Header:
        """Returns the transport header if Outlook kept it; missing fields are taken from the properties."""
        kept = read_header(self._text(self.message.properties, _HEADERS).encode("utf-8", "replace")).fields
        fields = [(name, value) for name, value in kept if not name.startswith(_BODY_FIELDS)]
        names = {name for name, _ in fields}
        fields += [(name, value) for name, value in self._own_fields() if value and name not in names]
        return Header(tuple(fields), 0)

    def _own_fields(self) -> Iterator[tuple[str, bytes]]:
        own = self.message.properties
        address = next((found for pid in _FROM_ADDRESS if "@" in (found := self._text(own, pid))), "")
        yield "from", _mailbox(next((found for pid in _FROM_NAME if (found := self._text(own, pid))), ""), address)
        recipients: dict[str, list[bytes]] = {"to": [], "cc": []}
        for recipient in self.message.recipients[:MOST]:
            name = _RECIPIENTS.get((self._number(recipient.properties, _RECIPIENT_TYPE) or 0) & 3)
            if name:
                pids = (_SMTP_ADDRESS, _ADDRESS)
                written = next((found for pid in pids if "@" in (found := self._text(recipient.properties, pid))), "")
                recipients[name].append(_mailbox(self._text(recipient.properties, _NAME), written))
        for name, boxes in recipients.items():
            yield name, b", ".join(box for box in boxes if box)
        yield "subject", _word(self._text(own, _SUBJECT))
        sent = self._instant(own, _SENT) or self._instant(own, _DELIVERED)
        yield "date", format_datetime(sent).encode("ascii") if sent else b""
        for name, pid in (("message-id", _MESSAGE_ID), ("in-reply-to", _IN_REPLY_TO), ("references", _REFERENCES)):
            yield name, self._text(own, pid).encode("utf-8", "replace")

    def _texts(self) -> Iterator[Part]:
        own = self.message.properties
        if text := self._text(own, _BODY):
            yield _leaf("text/plain", text.encode("utf-8", "replace"), charset="utf-8")
        elif markup := self._octets(own, _HTML):
            yield _leaf("text/html", markup)
        elif written := self._text(own, _HTML):
            yield _leaf("text/html", written.encode("utf-8", "replace"), charset="utf-8")
        elif self._octets(own, _RTF):
            self.defects.append(RTF_ONLY)

    def _attachments(self) -> Iterator[Part]:
        attached: tuple[Attachment, ...] = self.message.attachments
        for one in attached[:MOST]:
            name = next((found for pid in _FILE_NAMES if (found := self._text(one.properties, pid))), "")
            content = self._octets(one.properties, _CONTENT)
            kind = token(self._text(one.properties, _CONTENT_TYPE))
            if content is None:  # an embedded message, stored as a folder within the file
                kind = kind or OUTLOOK
            yield _leaf(kind if "/" in kind else "application/octet-stream", content or b"", name=name)

    def _text(self, properties: Properties, pid: int) -> str:
        try:
            return (properties.str_prop_value(pid) or "").rstrip("\0")
        except Exception:  # noqa: BLE001 - as read_outlook; one damaged property must not lose the others
            self.defects.append(PROPERTY_LOST)
            return ""

    def _octets(self, properties: Properties, pid: int) -> bytes | None:
        try:
            return properties.binary_prop_value(pid)
        except Exception:  # noqa: BLE001 - as _text
            self.defects.append(PROPERTY_LOST)
            return None

    def _number(self, properties: Properties, pid: int) -> int | None:
        try:
            return properties.int_prop_value(pid)
        except Exception:  # noqa: BLE001 - as _text
            self.defects.append(PROPERTY_LOST)
            return None

    def _instant(self, properties: Properties, pid: int) -> datetime | None:
        try:
            return properties.date_prop_value(pid)
        except Exception:  # noqa: BLE001 - as _text
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
