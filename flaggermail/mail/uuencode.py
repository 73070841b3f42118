# SPDX-License-Identifier: EUPL-1.2
"""Decodes uuencode, the predecessor of MIME: whole parts, and files inside a text (POSIX, uuencode)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,300}?)[ \t]*\r?\n", re.MULTILINE)
_END = re.compile(rb"^(?:`|end)[ \t]*\r?$", re.MULTILINE)
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
        end = _END.search(octets, begin.end()) if begin else None
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
