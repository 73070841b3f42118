# SPDX-License-Identifier: EUPL-1.2
"""uuencode, older than MIME: whole parts of it, and files that stand in the middle of a text (POSIX, uuencode)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,300}?)[ \t]*\r?\n", re.MULTILINE)
_END = re.compile(rb"^(?:`|end)[ \t]*\r?$", re.MULTILINE)
_MOST_LINES = 200_000  # of 45 octets: more than is decoded of any part
_MOST_FILES = 100


def uudecoded(octets: bytes) -> bytes:
    """The first file in `octets`; empty when there is none."""
    begin = _BEGIN.search(octets)
    return _lines(octets[begin.end() :]) if begin else b""


def files_in(octets: bytes) -> Iterator[tuple[str, int]]:
    """Name and size in octets of each file that stands whole in a text, at most 100.

    A sentence may begin with "begin 644 ": what follows it is a file when its first line is as long as it says.
    """
    at = 0
    for _ in range(_MOST_FILES):
        begin = _BEGIN.search(octets, at)
        end = _END.search(octets, begin.end()) if begin else None
        if begin is None or end is None:
            return
        lines = octets[begin.end() : end.start()]
        if _tells_its_length(lines.split(b"\n", 1)[0].rstrip(b"\r")):
            yield begin.group(1).decode("utf-8", "replace"), len(_lines(lines))
        at = end.end()


def _tells_its_length(line: bytes) -> bool:
    """Whether the first sign of a line says how many octets the rest holds; blanks at the end may be lost."""
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
            # a line with blanks cut off or added at its end: its first sign says how many octets it holds
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            out.append(_line(line[: length + 1]))
    return b"".join(out)


def _line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return b""
