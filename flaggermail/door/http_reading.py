# SPDX-License-Identifier: EUPL-1.2
"""What the door reads of a request before its application does: the rules of RFC 9112 that cheroot leaves open.

A request that two programs could read in two ways is refused, and its connection closed.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Protocol, Self

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, 5.5: no control character
_LENGTH = re.compile(rb"[0-9]{1,15}")
_ONCE = frozenset({
    b"Authorization", b"Connection", b"Content-Length", b"Content-Type", b"Expect", b"Host", b"Idempotency-Key",
    b"If-Match", b"Transfer-Encoding",
})  # fmt: skip
_LISTS = frozenset({b"Accept", b"Accept-Encoding", b"Accept-Language", b"If-None-Match", b"Prefer"})
MOST_HEADERS = 64


class HttpFault(str):
    """What is wrong with a request, and the status that says so."""

    __slots__ = ("status",)
    status: str

    def __new__(cls, status: str, text: str) -> Self:
        """Returns the text, which has the status."""
        found = super().__new__(cls, text)
        found.status = status
        return found


class Lines(Protocol):
    """What headers are read from."""

    def readline(self) -> bytes:
        """Returns the next line with its end; empty at the end."""
        ...


class HeaderLines:
    """Reads the headers of a request (RFC 9112, section 5), in the place of cheroot's reader.

    `once` are further headers that may be given once.
    """

    def __init__(self, *once: str) -> None:
        self._once = _ONCE | {name.title().encode("ascii") for name in once}

    def __call__(self, lines: Lines, headers: MutableMapping[bytes, bytes]) -> MutableMapping[bytes, bytes]:
        """Adds the headers to `headers`, named as in `Content-Type`. Raises ValueError with what is wrong."""
        for _ in range(MOST_HEADERS + 1):
            line = lines.readline()
            if line == b"\r\n":
                self._judge(headers)
                return headers
            name, value = _header(line)
            if b"_" in name:  # a WSGI application could not tell it from the name with hyphens
                continue
            if name in headers:
                if name in self._once:
                    raise ValueError(f"header {name.decode()} is given twice")
                value = b", ".join((headers[name], value)) if name in _LISTS else value
            headers[name] = value
        raise ValueError(HttpFault("431 Request Header Fields Too Large", f"more than {MOST_HEADERS} headers"))

    @staticmethod
    def _judge(headers: MutableMapping[bytes, bytes]) -> None:
        """Raises ValueError where the headers leave open where the request ends, or expect what nobody does."""
        if b"Transfer-Encoding" in headers:  # RFC 9112, 6.3: a server may ask for the length
            raise ValueError(HttpFault("411 Length Required", "a body is sent with Content-Length, not in chunks"))
        if not _LENGTH.fullmatch(headers.get(b"Content-Length", b"0")):
            raise ValueError("Content-Length is no number of octets")
        if headers.get(b"Expect", b"100-continue").lower() != b"100-continue":
            raise ValueError(HttpFault("417 Expectation Failed", "only 100-continue can be expected"))
        if b"Upgrade" in headers and b"Http2-Settings" in headers:
            raise ValueError("this server speaks HTTP/1.1 alone")


def _header(line: bytes) -> tuple[bytes, bytes]:
    """Returns name and value of a header's line. Raises ValueError."""
    if not line.endswith(b"\r\n"):
        raise ValueError("the headers end within a line")
    name, colon, value = line[:-2].partition(b":")
    if not colon or not _TOKEN.fullmatch(name):  # a space before the colon, or a folded line, too
        raise ValueError("a header is not written as `Name: value`")
    value = value.strip(b" \t")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"header {name.decode()} holds a control character")
    return name.title(), value
