# SPDX-License-Identifier: EUPL-1.2
"""Converts winmail.dat, Exchange's container (MS-OXTNEF), to MIME parts of its text and files, with tnefparse."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flaggermail.adapters.parsing.allowance import OutOfTime, at_most
from flaggermail.mail.charset import decoded
from flaggermail.mail.fields import Header, Parameterised, token
from flaggermail.mail.mime import Part

if TYPE_CHECKING:
    from tnefparse import TNEF
    from tnefparse.tnef import TNEFAttachment

UNREADABLE = "winmail.dat unreadable"
RECALL = "Outlook recall"
SIGNATURE = b"\x78\x9f\x3e\x22"  # MS-OXTNEF, section 2.1.3.1
MOST_ATTRIBUTES = 2000
LONGEST = 0.5  # seconds of processor time for one file

_CONTENT_TYPE = 0x370E  # MS-OXPROPS: PidTagAttachMimeTag
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
            return (), f"{UNREADABLE}: too many attributes"
        from tnefparse import TNEF  # noqa: PLC0415 - takes 25 ms, needed by one mail in a thousand

        with at_most(LONGEST):
            packed = TNEF(octets, do_checksum=False)
            recall = RECALL if _RECALL_CLASS in _message_class(packed).lower() else None
            return (*_texts(packed), *map(_file, packed.attachments)), recall
    except (Exception, OutOfTime) as fault:  # noqa: BLE001 - boundary to a library that parses strangers' files
        return (), f"{UNREADABLE}: {type(fault).__name__}"


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
            yield _leaf(kind, text.encode("utf-8", "replace"), {"charset": "utf-8"})


def _file(attached: TNEFAttachment) -> Part:
    kinds = (token(_text(one.data)) for one in attached.mapi_attrs if one.name == _CONTENT_TYPE)
    kind = next((kind for kind in kinds if "/" in kind), "application/octet-stream")
    name = _name(attached)
    return _leaf(kind, attached.data, {"name": name} if name else {}, "attachment")


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


def _leaf(kind: str, body: object, parameters: dict[str, str], disposition: str = "") -> Part:
    octets = bytes(body) if isinstance(body, (bytes, bytearray)) else b""
    return Part(Header((), 0), Parameterised(kind, parameters), Parameterised(disposition, {}), octets)
