# SPDX-License-Identifier: EUPL-1.2
"""Whether our own receiving server vouches for the author of a mail (RFC 8601, RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flaggermail.core.message import Message

_QUOTED = r'"(?:[^"\\]|\\.)*"'
# RFC 5321, section 4.4: "from", whatever greeting the client gave (it may be called "by"), then "by" and who took it
RECEIVED_BY = re.compile(r"^\s*(?:from\s+\S+\s+(?:\S+\s+)*?)?by\s+([A-Za-z0-9.-]+)", re.IGNORECASE)
RESULT = re.compile(r"^\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
PROPERTY = re.compile(rf"(?<![\w.-])([\w.-]+)\s*=\s*({_QUOTED}|[^\s\";]+)|{_QUOTED}", re.DOTALL)
STATEMENT = re.compile(rf"(?:[^;\"]|{_QUOTED})+", re.DOTALL)
WORST_FIRST = ("failed", "unverified", "verified")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` is verified, unverified or failed; `basis` says in words what it rests on."""

    value: str
    basis: str


def vouch(message: Message, authserv_id: str | None) -> Verdict:
    """The verdict on the author, from what stands above the Received line of our own server.

    Fields below that line came with the mail: anyone can have written them (RFC 8601, section 5). Of several results
    the worst holds.
    """
    if authserv_id is None:
        return Verdict("unverified", "no receiving server is configured to vouch for senders")
    if len(message.from_) != 1 or not message.from_[0].domain:
        return Verdict("unverified", "the mail does not have exactly one author")
    domain = message.from_[0].domain
    fields = _own_fields(message, authserv_id.lower())
    statements = (statement for field in fields for statement in STATEMENT.findall(field))
    results = [found for statement in statements if (found := RESULT.match(statement))]
    verdicts = [_judge(found[1].lower(), _header_from(found[2]), domain, authserv_id) for found in results]
    nothing = Verdict("unverified", f"{authserv_id} says nothing about DMARC")
    return min(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.value), default=nothing)


def _judge(result: str, about: str | None, domain: str, authserv_id: str) -> Verdict:
    if about != domain:
        return Verdict("unverified", f"DMARC result of {authserv_id} is not about {domain}")
    value = {"pass": "verified", "fail": "failed"}.get(result, "unverified")
    return Verdict(value, f"dmarc={result} by {authserv_id} for {domain}")


def _header_from(properties: str) -> str | None:
    """The domain that a result is about; what stands inside another property's quotation is not looked at."""
    found = next((p[2] for p in PROPERTY.finditer(properties) if (p[1] or "").lower() == "header.from"), None)
    return found.strip('"').rpartition("@")[2].lower().rstrip(".") if found else None


def own_received_line(message: Message, authserv_id: str) -> str | None:
    """The topmost Received field that our own receiving server wrote (RFC 5321, section 4.4), or nothing."""
    wanted = authserv_id.lower()
    return next((line for line in message.header_all("received") if _written_by(line) == wanted), None)


def _written_by(received: str) -> str | None:
    by = RECEIVED_BY.search(_without_comments(received))
    return by[1].lower().rstrip(".") if by else None


def _own_fields(message: Message, authserv_id: str) -> Iterator[str]:
    """What our server says above its own Received line; nothing when that line cannot be read for certain."""
    fields: list[str] = []
    mentioned = re.compile(rf"\bby\s+{re.escape(authserv_id)}(?![\w-])", re.IGNORECASE)
    for name, value in message.headers:
        if name == "received" and mentioned.search(value):
            if _written_by(value) == authserv_id:
                yield from fields
            return  # whatever stands further down may have come with the mail
        if name == "authentication-results":
            server, _, rest = _without_comments(value).partition(";")
            if server.split() and server.split()[0].lower() == authserv_id:
                fields.append(rest)


def _without_comments(value: str) -> str:
    """The value without its parenthesised comments, which anyone upstream can have filled (RFC 5322, section 3.2.2).

    A backslash takes the meaning from the next character (section 3.2.1). Of a value whose quotation is not closed
    nothing is left: where it ends would be the sender's word.
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
    return "" if quoted else "".join(kept)
