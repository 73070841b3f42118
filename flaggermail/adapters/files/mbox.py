# SPDX-License-Identifier: EUPL-1.2
"""Reads an mbox file (RFC 4155) as a stream: no more than one mail of it is in memory.

The standard library's `mailbox.mbox` lists the whole file first, splits at every line that begins with `From `, and
leaves the quoting of such lines in the mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import BinaryIO

_DAYS = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_ZONE = rb"(?: (UTC|GMT|[+-]\d{4}|[A-Z]{1,5}))?"
_FROM_LINE = re.compile(
    rb"From (?:[^\r\n]{0,320} )?" + _DAYS + rb" +(" + b"|".join(_MONTHS) + rb") +(\d{1,2}) (\d{1,2}):(\d\d)(?::(\d\d))?"
    + _ZONE + rb" (\d{4})" + _ZONE + rb" *\r?\n?\Z"
)  # fmt: skip
_LONGEST_FROM = 512  # octets of such a line
_QUOTED = re.compile(rb">{1,80}From ")
_FIELD = re.compile(rb"[!-9;-~]{1,997}[ \t]{0,3}:")  # RFC 5322, sections 2.2, 2.1.1 and, for the space, 4.5
_BEFORE_MAIL = re.compile(rb"(?:\xef\xbb\xbf)?(?:\r?\n)?(?:From [^\r\n]{0,512}\r?\n)?")
_PIECE = 1 << 20  # octets of a line read at once
_BLANK = (b"\n", b"\r\n")


@dataclass(frozen=True, slots=True)
class MboxMail:
    """One mail of an mbox: its octets, None if they are more than was asked for; the From line's instant, if any."""

    octets: bytes | None
    size: int
    at: datetime | None
    offset: int


def is_from_line(line: bytes) -> bool:
    """True if a line separates mails: `From `, a sender, and a date as asctime(3) writes it."""
    return len(line) <= _LONGEST_FROM and _FROM_LINE.match(line) is not None


def begins_header(line: bytes) -> bool:
    """True if a line begins as a header field does."""
    return _FIELD.match(line) is not None


def begins_mail(octets: bytes) -> bool:
    """True if octets begin with a header field; a byte order mark, an empty line and a From line may be before it."""
    before = _BEFORE_MAIL.match(octets)
    return begins_header(octets[before.end() if before else 0 :])


def from_instant(line: bytes) -> datetime | None:
    """Returns the instant of a From line: UTC unless it has an offset (RFC 4155); None of a zone known by letters.

    A leap second counts as the one before it.
    """
    found = _FROM_LINE.match(line) if len(line) <= _LONGEST_FROM else None
    if found is None:
        return None
    month, day, hour, minute, second, before, year, after = found.groups()
    zone = _zone(before or after)
    try:
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), min(int(second or 0), 59),
            tzinfo=zone,
        ) if zone else None  # fmt: skip
    except ValueError:
        return None


def _zone(written: bytes | None) -> timezone | None:
    if written in {None, b"UTC", b"GMT"} or written is None:
        return UTC
    if written[:1] not in b"+-":
        return None
    hours, minutes = int(written[1:3]), int(written[3:5])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - the last of each
        return None
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if written.startswith(b"-") else away)


def mails(file: BinaryIO, size: int, most: int) -> Iterator[MboxMail]:
    """Yields the mails in the first `size` octets of a file that begins with a From line; each up to `most` octets.

    A mail ends where a From line follows an empty line, or has a header field below it, as not every program writes the
    empty line. That line is no part of the mail, and one `>` is taken from each line of `>From `, so that the octets
    are those of the mail again; all others are as they are in the file, line ends included.
    """
    current: _Growing | None = None
    before = b"\n"
    for offset, line, following in _lines(file, size):
        begins = before.endswith(b"\n")
        if begins and is_from_line(line) and (before in _BLANK or begins_header(following)):
            if current is not None:
                yield current.mail()
            current = _Growing(from_instant(line), offset, most)
        elif current is not None:
            current.add(line[1:] if begins and line.startswith(b">") and _QUOTED.match(line) else line)
        before = line
    if current is not None:
        yield current.mail()


class _Growing:
    """The mail that is being read."""

    def __init__(self, at: datetime | None, offset: int, most: int) -> None:
        self._at, self._offset, self._most = at, offset, most
        self._octets: bytearray | None = bytearray()
        self._size = 0

    def add(self, line: bytes) -> None:
        """Adds a line, or keeps its size only if the mail has become too large."""
        self._size += len(line)
        if self._size > self._most:
            self._octets = None
        elif self._octets is not None:
            self._octets += line

    def mail(self) -> MboxMail:
        """Returns the mail without the empty line that ends it in the file."""
        octets = self._octets
        if octets is None:
            return MboxMail(None, self._size, self._at, self._offset)
        for ending in (b"\r\n\r\n", b"\n\n"):
            if octets.endswith(ending):
                del octets[-len(ending) // 2 :]
                break
        return MboxMail(bytes(octets), len(octets), self._at, self._offset)


def _lines(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yields each line with its offset and the line after it; a very long line comes in pieces."""
    offset, line = 0, file.readline(min(_PIECE, size))
    while line:
        left = size - offset - len(line)
        following = file.readline(min(_PIECE, left)) if left > 0 else b""
        yield offset, line, following
        offset, line = offset + len(line), following
