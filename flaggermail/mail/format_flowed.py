# SPDX-License-Identifier: EUPL-1.2
"""Reads and writes format=flowed text (RFC 3676): paragraphs as soft-broken lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SIGNATURE = "-- "  # RFC 3676, section 4.3: never flowed
_WIDEST = 78  # section 4.2: characters of a line without its CRLF
_STUFFED = (" ", ">", "From ")  # section 4.4
_MARK = "|"
_WORDS = re.compile(r" *[^ ]+(?: +>[^ ]*)* *")  # no line begins with a ">" that is text: readers differ about it


def flowed(text: str) -> str:
    """Breaks long lines softly, for DelSp=yes; a word longer than a line stays whole.

    So does a line that begins with "|", the mark of others' text: where a program does not join the lines, the second
    would be read as ours.

    `unflowed` gives `text` back, apart from spaces at the end of a line and a missing space behind quote marks.
    """
    return "\n".join(piece for line in text.split("\n") for piece in _flowed_line(line))


def _flowed_line(line: str) -> Iterator[str]:
    """Yields the lines of one paragraph; all but the last end with the space that DelSp=yes deletes."""
    if line == _SIGNATURE or line.startswith(_MARK) or (len(line) < _WIDEST - 1 and not line.startswith(_STUFFED)):
        yield line if line == _SIGNATURE else line.rstrip(" ")
        return
    content = line.rstrip(" ").lstrip(">")
    depth = len(line.rstrip(" ")) - len(content)
    content = content.removeprefix(" ") if depth else content
    pieces = [""]
    for word in _WORDS.findall(content):
        if pieces[-1] and depth + len(pieces[-1]) + len(word) + 2 > _WIDEST:  # a stuffed space and the soft break
            pieces.append("")
        pieces[-1] += word
    for number, piece in enumerate(pieces, start=1):
        stuffed = " " if piece and (depth or piece.startswith(_STUFFED)) else ""
        yield f"{'>' * depth}{stuffed}{piece}{' ' if number < len(pieces) else ''}"


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Joins flowed lines of the same quote depth. `delete_space` (DelSp=yes) drops the trailing space of each."""
    lines: list[str] = []
    pieces: list[str] = []
    open_depth = -1  # quote depth of the unfinished paragraph
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        if depth or not content.startswith(" >"):  # a stuffed ">" is text; unstuffed, it would look like a quote mark
            content = content.removeprefix(" ")  # section 4.4: space-stuffed
        signature = content == _SIGNATURE
        if pieces and (depth != open_depth or signature):
            lines.append("".join(pieces))
            pieces = []
        if not pieces:
            pieces.append(">" * depth + (" " if depth and content else ""))
        flows = content.endswith(" ") and not signature
        pieces.append(content[:-1] if flows and delete_space else content)
        if flows:
            open_depth = depth
        else:
            lines.append("".join(pieces))
            pieces = []
    return "\n".join([*lines, "".join(pieces)] if pieces else lines)
