# SPDX-License-Identifier: EUPL-1.2
"""The header fields on which a verdict rests, with their encoded words as they stand.

A field that our own server writes repeats words of the sender (his greeting, his envelope address). RFC 2047, section 5
allows no encoded word in any of these places: decoded, one could end a quotation and say "pass".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from flaggermail.mail.fields import read_header, unfolded

RECEIVED = "received"
RESULTS = "authentication-results"
FROM = "from"
NAMES = frozenset({RECEIVED, RESULTS, FROM})

Fields = Sequence[tuple[str, str]]

# RFC 5321, section 4.4: "from", whatever greeting the client gave (it may be called "by"), then "by" and who took it
_RECEIVED_BY = re.compile(r"^\s*(?:from\s+\S+\s+(?:\S+\s+)*?)?by\s+([A-Za-z0-9.-]+)", re.IGNORECASE)


def read_trace(octets: bytes) -> tuple[tuple[str, str], ...]:
    """The Received, Authentication-Results and From fields of a mail, from top to bottom, unfolded and not decoded."""
    fields = read_header(octets).fields
    return tuple((name, unfolded(value)[0]) for name, value in fields if name in NAMES)


def own_received_line(fields: Fields, server: str) -> str | None:
    """The topmost Received field that `server`, or one below that domain, wrote (RFC 5321, section 4.4), or nothing."""
    return next((line for name, line in fields if name == RECEIVED and written_by(line, server)), None)


def written_by(received: str, server: str) -> bool:
    """Whether a Received field was written by `server`, or by one below that domain."""
    by = _RECEIVED_BY.search(without_comments(received) or "")
    host = by[1].lower().rstrip(".") if by else ""
    return f".{host}".endswith(f".{server.lower()}")


def above_own_line(fields: Fields, server: str) -> tuple[str, ...]:
    """The Authentication-Results fields above the topmost Received line of `server` (RFC 8601, section 5).

    What a server adds stands on top of what came with the mail. Nothing, when that line cannot be read for certain:
    whatever stands further down may have come with the mail.
    """
    above: list[str] = []
    mentioned = re.compile(rf"\bby\s+(?:[\w-]+\.)*{re.escape(server)}(?![\w-])", re.IGNORECASE)
    for name, value in fields:
        if name == RECEIVED and mentioned.search(value):
            return tuple(above) if written_by(value, server) else ()
        if name == RESULTS:
            above.append(value)
    return ()


def without_comments(value: str) -> str | None:
    """The value without its parenthesised comments, which anyone upstream can have filled (RFC 5322, section 3.2.2).

    A backslash takes the meaning from the next character (section 3.2.1). Nothing, when a quotation or a comment is
    not closed: where it ends would be the sender's word.
    """
    kept, depth, quoted, escaped = [], 0, False, False
    for sign in value:
        plain = escaped or (sign != '"' and (quoted or sign not in "()"))
        escaped = not escaped and sign == "\\" and (quoted or depth > 0)
        if not plain and sign == '"' and depth == 0:
            quoted = not quoted
        elif not plain and sign == "(":
            depth += 1
        elif not plain and sign == ")":
            depth -= depth > 0
            continue
        if depth == 0:
            kept.append(sign)
    return None if quoted or depth else "".join(kept)
