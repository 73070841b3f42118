# SPDX-License-Identifier: EUPL-1.2
"""The content of opaque-signed mail (S/MIME, RFC 8551, section 3.5.2): what was signed stands inside, unencrypted.

Read only as far as the content; the signature is not checked here, and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SEQUENCE, _SET, _INTEGER, _OBJECT, _OCTETS, _EXPLICIT = 0x30, 0x31, 0x02, 0x06, 0x04, 0xA0  # X.690, section 8.1.2
_CONSTRUCTED = 0x20
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2, RFC 5652, section 5.1
_END = b"\0\0"  # of a value of indefinite length: X.690, section 8.1.5
_DEEPEST = 8
_MOST = 100_000  # pieces of one content; senders cut it in pieces of a kilobyte


def signed_content(octets: bytes) -> bytes | None:
    """The content of a CMS SignedData structure in BER (RFC 5652, section 5.2); nothing when it is none or broken."""
    try:
        outer = _BerReader(octets, 0, len(octets)).within(_SEQUENCE)
        if outer.primitive(_OBJECT) != _SIGNED_DATA:
            return None
        signed = outer.within(_EXPLICIT).within(_SEQUENCE)
        signed.skip(_INTEGER)
        signed.skip(_SET)
        content = signed.within(_SEQUENCE)
        content.skip(_OBJECT)
        return b"".join(content.within(_EXPLICIT).strings(0))
    except (IndexError, ValueError):
        return None


@dataclass(slots=True)
class _BerReader:
    """Reads values of `octets` from `at` to `end` in order; raises ValueError or IndexError where they are not so."""

    octets: bytes
    at: int
    end: int

    def within(self, tag: int) -> _BerReader:
        """The inside of the next value; this reader stands behind its head, not behind the value."""
        inner_end = self._head(tag)
        return _BerReader(self.octets, self.at, self.end if inner_end is None else inner_end)

    def primitive(self, tag: int) -> bytes:
        """The next value, which holds no other."""
        stop = self._definite(tag)
        value, self.at = self.octets[self.at : stop], stop
        return value

    def skip(self, tag: int) -> None:
        """Pass over the next value; one of indefinite length is not read here."""
        self.at = self._definite(tag)

    def strings(self, depth: int) -> Iterator[bytes]:
        """The pieces of an octet string, which may be cut in pieces, and those again (X.690, section 8.7)."""
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        for _ in range(_MOST):
            if self.at >= self.end or self.octets[self.at : self.at + 2] == _END:
                self.at += 2
                return
            if self.octets[self.at] == _OCTETS:
                yield self.primitive(_OCTETS)
            else:
                inner = self.within(_OCTETS | _CONSTRUCTED)
                yield from inner.strings(depth + 1)
                self.at = inner.at if inner.end == self.end else inner.end

    def _definite(self, tag: int) -> int:
        stop = self._head(tag)
        if stop is None:
            raise ValueError("of indefinite length")
        return stop

    def _head(self, tag: int) -> int | None:
        """Pass over tag and length (X.690, section 8.1.3); where the value ends, nothing when that is not said."""
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
