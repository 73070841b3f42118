# SPDX-License-Identifier: EUPL-1.2
"""The header fields that decide a verdict, with encoded words left undecoded.

Our own server repeats text of the sender (HELO name, envelope address) in its fields. RFC 2047, section 5 forbids
encoded words in these places; a decoded one could close a quoted string and add "pass".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from flaggermail.mail.fields import DATE_WITHOUT_ZONE, read_date, read_header, unfolded

RECEIVED = "received"
RESULTS = "authentication-results"
FROM = "from"
NAMES = frozenset({RECEIVED, RESULTS, FROM})

Fields = Sequence[tuple[str, str]]

# RFC 5321, section 4.4: "from", the client's greeting (which may contain "by"), then "by" and the receiving host
_RECEIVED_BY = re.compile(r"^\s*(?:from\s+\S+\s+(?:\S+\s+)*?)?by\s+([A-Za-z0-9.-]+)", re.IGNORECASE)
_BY_LMTP = re.compile(r"\bwith\s+(?:UTF8)?LMTPS?A?\b", re.IGNORECASE)  # RFC 3848, RFC 6531


def read_trace(octets: bytes) -> tuple[tuple[str, str], ...]:
    """Returns the Received, Authentication-Results and From fields from top to bottom, unfolded and not decoded."""
    fields = read_header(octets).fields
    return tuple((name, unfolded(value)[0]) for name, value in fields if name in NAMES)


def own_received_line(fields: Fields, server: str) -> str | None:
    """Returns the topmost Received field written by `server` or a host in that domain (RFC 5321, 4.4), or None."""
    return next((line for name, line in fields if name == RECEIVED and written_by(line, server)), None)


def written_by(received: str, server: str) -> bool:
    """True if a Received field was written by `server` or a host in that domain."""
    by = _RECEIVED_BY.search(without_comments(received) or "")
    host = by[1].lower().rstrip(".") if by else ""
    return f".{host}".endswith(f".{server.lower()}")


def taken_at(received: str) -> datetime | None:
    """Returns the instant after the last semicolon of a Received field (RFC 5322, section 3.6.7).

    None if it is unreadable or has no zone.
    """
    if ";" not in received:
        return None
    taken, defect = read_date(received.rpartition(";")[2].strip())
    return None if defect == DATE_WITHOUT_ZONE else taken


def above_own_line(fields: Fields, server: str) -> tuple[str, ...]:
    """Returns the Authentication-Results fields above the topmost Received field of `server` (RFC 8601, section 5).

    A server adds its fields on top of those that came with the mail. Returns none if that Received field is ambiguous,
    because fields further down may have come with the mail.
    """
    above: list[str] = []
    mentioned = re.compile(rf"\bby\s+(?:[\w-]+\.)*{re.escape(server)}(?![\w-])", re.IGNORECASE)
    for name, value in fields:
        if name == RECEIVED and mentioned.search(value):
            return tuple(above) if written_by(value, server) else ()
        if name == RESULTS:
            above.append(value)
    return ()


def above_last_hop(fields: Fields) -> tuple[str, ...]:
    """Returns the Authentication-Results fields above the topmost Received field, deliveries by LMTP left out.

    Whatever its name, the last server to receive the mail is ours. Returns none for a mail without a Received field,
    such as one that was appended to the mailbox.
    """
    above: list[str] = []
    for name, value in fields:
        if name == RECEIVED and not _BY_LMTP.search(without_comments(value) or ""):
            return tuple(above)
        if name == RESULTS:
            above.append(value)
    return ()


def without_comments(value: str) -> str | None:
    """Removes parenthesised comments, which anyone upstream can have written (RFC 5322, section 3.2.2).

    A backslash escapes the next character (section 3.2.1). Returns None if a quoted string or a comment is not closed,
    because the sender would decide where it ends.
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
