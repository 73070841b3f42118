# SPDX-License-Identifier: EUPL-1.2
"""Whether our own receiving server vouches for the author of a mail (RFC 8601, RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flaggermail.core.message import Message

RECEIVED_BY = re.compile(r"\bby\s+([A-Za-z0-9.-]+)", re.IGNORECASE)
RESULT = re.compile(r"^\s*dmarc\s*=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
HEADER_FROM = re.compile(r"\bheader\.from\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` is verified, unverified or failed; `basis` says in words what it rests on."""

    value: str
    basis: str


def vouch(message: Message, authserv_id: str | None) -> Verdict:
    """The verdict on the author, from what stands above the Received line of our own server.

    Fields below that line came with the mail: anyone can have written them (RFC 8601, section 5).
    """
    if authserv_id is None:
        return Verdict("unverified", "no receiving server is configured to vouch for senders")
    if len(message.from_) != 1 or not message.from_[0].domain:
        return Verdict("unverified", "the mail does not have exactly one author")
    domain = message.from_[0].domain
    for field in _own_fields(message, authserv_id.lower()):
        for result in _statements(field):
            found = RESULT.match(result)
            if found is None:
                continue
            aligned = HEADER_FROM.search(found[2])
            if aligned is None or aligned[1].rpartition("@")[2].lower().rstrip(".") != domain:
                return Verdict("unverified", f"DMARC result of {authserv_id} is not about {domain}")
            value = {"pass": "verified", "fail": "failed"}.get(found[1].lower(), "unverified")
            return Verdict(value, f"dmarc={found[1].lower()} by {authserv_id} for {domain}")
    return Verdict("unverified", f"{authserv_id} says nothing about DMARC")


def own_received_line(message: Message, authserv_id: str) -> str | None:
    """The topmost Received field that our own receiving server wrote (RFC 5321, section 4.4), or nothing."""
    wanted = authserv_id.lower()
    return next((line for line in message.header_all("received") if _written_by(line) == wanted), None)


def _written_by(received: str) -> str | None:
    by = RECEIVED_BY.search(_without_comments(received))
    return by[1].lower() if by else None


def _own_fields(message: Message, authserv_id: str) -> Iterator[str]:
    fields: list[str] = []
    for name, value in message.headers:
        if name == "received":
            if _written_by(value) == authserv_id:
                yield from fields
                return
        elif name == "authentication-results":
            text = _without_comments(value)
            server, _, rest = text.partition(";")
            if server.split() and server.split()[0].lower() == authserv_id:
                fields.append(rest)


def _statements(text: str) -> list[str]:
    """The parts between semicolons, quoted strings taken as one."""
    return re.findall(r'(?:[^;"]|"[^"]*")+', text)


def _without_comments(value: str) -> str:
    """The value without its parenthesised comments, which anyone upstream can have filled (RFC 5322, section 3.2.2)."""
    kept, depth, quoted = [], 0, False
    for sign in value:
        if sign == '"' and depth == 0:
            quoted = not quoted
        if quoted:
            kept.append(sign)
        elif sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif depth == 0:
            kept.append(sign)
    return "".join(kept)
