# SPDX-License-Identifier: EUPL-1.2
"""Text in the flowed format (RFC 3676): lines that a program broke are joined again, as a reader sees them."""

from __future__ import annotations

_SIGNATURE = "-- "  # RFC 3676, section 4.3: never flowed


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """`text` with its flowed lines joined within one depth of quotation; the blank at the end goes with DelSp=yes."""
    lines: list[str] = []
    pieces: list[str] = []
    open_depth = -1  # of the quotation whose paragraph goes on
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        if not content.startswith(" >"):  # a stuffed ">" is no quotation, and shall not look like one
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
