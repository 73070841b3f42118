# SPDX-License-Identifier: EUPL-1.2
"""Whether our own receiving server vouches for the author of a mail (RFC 8601, RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flaggermail.mail.authentication.alignment import Organisational
from flaggermail.mail.authentication.from_domain import author_domain
from flaggermail.mail.authentication.received_fields import Fields, above_own_line, without_comments
from flaggermail.mail.message import Address, Verdict

__all__ = ["Asked", "Trust", "Verdict", "judge"]

_QUOTED = r'"(?:[^"\\]|\\.)*"'
RESULT = re.compile(r"^\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
PROPERTY = re.compile(rf"(?<![\w.-])([\w.-]+)\s*=\s*({_QUOTED}|[^\s\";]+)|{_QUOTED}", re.DOTALL)
STATEMENT = re.compile(rf"(?:[^;\"]|{_QUOTED})+", re.DOTALL)
SERVER = re.compile(r'\s*(?:"([^"\\]*)"|([^\s;="]+))(?:\s+1)?\s*(?:;|$)')  # RFC 8601, section 2.2: version 1 or none
FIRST_RESULT = re.compile(r"\s*[\w.-]+\s*(?:/\s*\d+\s*)?=")
SAYS_FAIL = re.compile(r"\bdmarc\s*=\s*fail\b", re.IGNORECASE)
LONGEST = 20_000  # characters of a field that is read
WORST_FIRST = ("failed", "unverified", "verified")
NO_AUTHOR = "the mail does not have exactly one author"


class Asked(StrEnum):
    """Who is asked whether a sender is who he says."""

    NAMED = "named"  # our server, by the authserv-id that it writes
    TOPMOST = "topmost"  # our server, which writes no authserv-id
    DKIM = "dkim"  # the signer's key
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is asked, the name he goes by, and the domain in which he stands in Received lines."""

    asked: Asked
    authserv_id: str | None = None
    received_by: str | None = None


def judge(fields: Fields, authors: Sequence[Address], trust: Trust, organisational: Organisational) -> Verdict:
    """The verdict on the author, from what stands above the Received line of our own server.

    Fields below that line came with the mail: anyone can have written them (RFC 8601, section 5). Of several results
    the worst holds; a pass counts only for the domain of the one author in From, of which some servers name the
    organisational domain (RFC 7489, section 3.2).
    """
    if trust.asked is Asked.DKIM:
        return Verdict("unverified", "signatures are checked only for domains of a platform")
    if trust.asked is Asked.NOBODY or trust.received_by is None:
        return Verdict("unverified", "no receiving server is configured to vouch for senders")
    server = trust.authserv_id or f"the server of {trust.received_by}"
    domain = author_domain(fields, authors)
    asked = _Question(trust, server, domain, organisational)
    verdicts = [verdict for field in above_own_line(fields, trust.received_by) for verdict in _said(field, asked)]
    nothing = Verdict("unverified", f"{server} says nothing about DMARC" if domain else NO_AUTHOR)
    return min(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.value), default=nothing)


@dataclass(frozen=True, slots=True)
class _Question:
    """Whom we ask, how he is called in the basis, and about which domain; nothing where there is no one author."""

    trust: Trust
    server: str
    domain: str | None
    organisational: Organisational


def _said(field: str, asked: _Question) -> Iterator[Verdict]:
    """What one field above our line says of DMARC, if our server wrote it."""
    readable = without_comments(field) if len(field) <= LONGEST else None
    results = _results(readable, asked.trust) if readable is not None else None
    if results is not None:
        found = [match for statement in STATEMENT.findall(results) if (match := RESULT.match(statement))]
        yield from (_judge(match[1].lower(), _header_from(match[2]), asked) for match in found)
    elif readable is None and SAYS_FAIL.search(field):  # a stranger's words in it may count against him, never for him
        yield Verdict("failed", f"a field of {asked.server} cannot be read for certain, and says dmarc=fail")


def _results(readable: str, trust: Trust) -> str | None:
    """The results of a field, or nothing when another than the server we trust wrote it.

    Exchange Online writes no authserv-id: its field begins with the first result.
    """
    if trust.asked is Asked.TOPMOST:
        return readable if FIRST_RESULT.match(readable) else None
    named = SERVER.match(readable)
    ours = named is not None and (named[1] or named[2] or "").lower() == (trust.authserv_id or "").lower()
    return readable[named.end() :] if named is not None and ours else None


def _judge(result: str, about: frozenset[str], asked: _Question) -> Verdict:
    server, domain = asked.server, asked.domain
    if result == "fail":
        return Verdict("failed", f"dmarc=fail by {server} for {' and '.join(sorted(about)) or 'this mail'}")
    if domain is None:
        return Verdict("unverified", NO_AUTHOR)
    if about != {domain} and about != {asked.organisational(domain) or domain}:
        return Verdict("unverified", f"DMARC result of {server} is not about {domain}")
    return Verdict("verified" if result == "pass" else "unverified", f"dmarc={result} by {server} for {domain}")


def _header_from(properties: str) -> frozenset[str]:
    """The domains that a result is about; what stands inside another property's quotation is not looked at."""
    found = [p[2] for p in PROPERTY.finditer(properties) if (p[1] or "").lower() == "header.from"]
    return frozenset(value.strip('"').rpartition("@")[2].lower().rstrip(".") for value in found)
