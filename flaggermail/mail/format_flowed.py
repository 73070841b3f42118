# SPDX-License-Identifier: EUPL-1.2
"""Reads format=flowed text (RFC 3676): joins soft-broken lines into paragraphs."""

from __future__ import annotations

_SIGNATURE = "-- "  # RFC 3676, section 4.3: never flowed


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Joins flowed lines of the same quote depth. `delete_space` (DelSp=yes) drops the trailing space of each."""
    lines: list[str] = []
    pieces: list[str] = []
    open_depth = -1  # quote depth of the unfinished paragraph
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        if not content.startswith(" >"):  # a stuffed ">" is text; unstuffed, it would look like a quote mark
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
