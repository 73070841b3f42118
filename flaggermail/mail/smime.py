# SPDX-License-Identifier: EUPL-1.2
"""Extracts the content of opaque-signed mail (S/MIME, RFC 8551, section 3.5.2), which is signed but not encrypted.

Only the content is read. The signature is not verified and proves nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SEQUENCE, _SET, _INTEGER, _OBJECT, _OCTETS, _EXPLICIT = 0x30, 0x31, 0x02, 0x06, 0x04, 0xA0  # X.690, section 8.1.2
_CONSTRUCTED = 0x20
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2, RFC 5652, section 5.1
_END = b"\0\0"  # end-of-contents octets of the indefinite form: X.690, section 8.1.5
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
            if self.at >= self.end or self.octets[self.at : self.at + 2] == _END:
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
