# SPDX-License-Identifier: EUPL-1.2
"""Decides from the results of our own receiving server whether the author is authenticated (RFC 8601, RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flaggermail.mail.authentication.alignment import Organisational, author_address, author_domain
from flaggermail.mail.authentication.login_results import is_login_of
from flaggermail.mail.authentication.received_fields import (
    Fields,
    above_last_hop,
    above_own_line,
    own_received_line,
    without_comments,
)
from flaggermail.mail.message import Address, SenderVerdict, Verdict
from flaggermail.wording.filing import Vouched

__all__ = ["AuthenticationMethod", "Trust", "Verdict", "judge"]

_QUOTED = r'"(?:[^"\\]|\\.)*"'
RESULT = re.compile(r"^\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
PROPERTY = re.compile(rf"(?<![\w.-])([\w.-]+)\s*=\s*({_QUOTED}|[^\s\";]+)|{_QUOTED}", re.DOTALL)
STATEMENT = re.compile(rf"(?:[^;\"]|{_QUOTED})+", re.DOTALL)
SERVER = re.compile(r'\s*(?:"([^"\\]*)"|([^\s;="]+))(?:\s+1)?\s*(?:;|$)')  # RFC 8601, section 2.2: version 1 or none
FIRST_RESULT = re.compile(r"\s*[\w.-]+\s*(?:/\s*\d+\s*)?=")
SAYS_FAIL = re.compile(r"\bdmarc\s*=\s*fail\b", re.IGNORECASE)
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
LONGEST = 20_000  # characters of a field; a longer one is not parsed
WORST_FIRST = (SenderVerdict.FAILED, SenderVerdict.UNVERIFIED, SenderVerdict.VERIFIED)
NO_AUTHOR = Vouched.NO_AUTHOR()


class AuthenticationMethod(StrEnum):
    """The method that authenticates a sender."""

    NAMED = "named"  # our server, identified by its authserv-id
    TOPMOST = "topmost"  # our server, which writes no authserv-id
    EXCHANGE = "exchange"  # the same, and its mark for mail from inside, where a trial has proven that mark
    DKIM = "dkim"  # the signature, verified with the signer's key
    NAMED_AND_DKIM = "named+dkim"  # both, for mail of platforms; all other mail as with NAMED
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Trust:
    """The method, the authserv-id of our server, and the domain under which it appears in Received fields.

    `login_domains`: an author in one of them is verified by logging in at our server with their address.
    """

    asked: AuthenticationMethod
    authserv_id: str | None = None
    received_by: str | None = None
    login_domains: frozenset[str] = frozenset()


def judge(fields: Fields, authors: Sequence[Address], trust: Trust, organisational: Organisational) -> Verdict:
    """Returns the verdict on the author, from the fields above the Received field of our own server.

    Anyone can have written the fields below it (RFC 8601, section 5). The worst of several results counts. A pass
    counts only for the domain of the single author in From; some servers report the organisational domain instead
    (RFC 7489, section 3.2). A login with the author's own address verifies too, unless DMARC fails.
    """
    if trust.asked is AuthenticationMethod.DKIM:
        return Verdict(SenderVerdict.UNVERIFIED, Vouched.ONLY_PLATFORMS())
    if trust.asked is AuthenticationMethod.NOBODY or trust.received_by is None:
        return Verdict(SenderVerdict.UNVERIFIED, Vouched.NO_SERVER())
    server = trust.authserv_id or Vouched.SERVER_OF(domain=trust.received_by)
    domain = author_domain(fields, authors)
    asked = _Question(trust, server, domain, organisational)
    above = above_own_line(fields, trust.received_by)
    verdicts = [verdict for field in above for verdict in _dmarc_verdicts(field, asked)]
    nothing = Verdict(SenderVerdict.UNVERIFIED, Vouched.SAYS_NOTHING(server=server) if domain else NO_AUTHOR)
    worst = min(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.value), default=nothing)
    if worst.value is SenderVerdict.UNVERIFIED and domain in trust.login_domains and is_named(trust):
        login = author_address(fields, authors)
        if login is not None and is_login_of(login, (_statements(field, trust) for field in above)):
            return Verdict(SenderVerdict.VERIFIED, Vouched.LOGIN(server=server, domain=domain))
    return worst


def is_named(trust: Trust) -> bool:
    """True if our server is known by the authserv-id that it writes."""
    by_name = trust.asked in {AuthenticationMethod.NAMED, AuthenticationMethod.NAMED_AND_DKIM}
    return by_name and bool(trust.authserv_id)


def is_nameless(trust: Trust) -> bool:
    """True if our server writes no authserv-id."""
    return trust.asked in {AuthenticationMethod.TOPMOST, AuthenticationMethod.EXCHANGE}


def servers(fields: Fields, trust: Trust) -> tuple[str, ...]:
    """Returns the authserv-ids in lower case of the fields that our own server must have written, top to bottom.

    They lie above the Received field of our server; without one, since it may go by another name altogether, above the
    topmost hop, which is ours whatever its name. Only host names count; other text is no name of a server.
    """
    own = trust.received_by and own_received_line(fields, trust.received_by)
    above = above_own_line(fields, trust.received_by or "") if own else above_last_hop(fields)
    readable = (without_comments(field) for field in above if len(field) <= LONGEST)
    found = (SERVER.match(field) for field in readable if field is not None)
    names = ((match[1] or match[2] or "").lower() for match in found if match is not None)
    return tuple(name for name in names if HOST.fullmatch(name))


@dataclass(frozen=True, slots=True)
class _Question:
    """The trusted server, its name in the basis, and the author's domain, None unless there is exactly one author."""

    trust: Trust
    server: str
    domain: str | None
    organisational: Organisational


def _dmarc_verdicts(field: str, asked: _Question) -> Iterator[Verdict]:
    """Yields the DMARC verdicts in one field above our Received field, if our server wrote it."""
    statements = _statements(field, asked.trust)
    if statements is not None:
        found = [match for statement in statements if (match := RESULT.match(statement))]
        yield from (_verdict_of(match[1].lower(), _header_from(match[2]), asked) for match in found)
    elif SAYS_FAIL.search(field):  # unreliable text may count against the sender, never for them
        yield Verdict(SenderVerdict.FAILED, Vouched.UNREADABLE_FAIL(server=asked.server))


def _statements(field: str, trust: Trust) -> list[str] | None:
    """Returns the results in a field without comments: none of another server's, None if it cannot be read reliably."""
    readable = without_comments(field) if len(field) <= LONGEST else None
    return None if readable is None else STATEMENT.findall(_results(readable, trust) or "")


def _results(readable: str, trust: Trust) -> str | None:
    """Returns the results in a field, or None if the trusted server did not write it.

    Exchange Online writes no authserv-id: its field starts with the first result.
    """
    if is_nameless(trust):
        return readable if FIRST_RESULT.match(readable) else None
    named = SERVER.match(readable)
    ours = named is not None and (named[1] or named[2] or "").lower() == (trust.authserv_id or "").lower()
    return readable[named.end() :] if named is not None and ours else None


def _verdict_of(result: str, about: frozenset[str], asked: _Question) -> Verdict:
    server, domain = asked.server, asked.domain
    if result == "fail":
        whom = sorted(about) or Vouched.THIS_MAIL()
        return Verdict(SenderVerdict.FAILED, Vouched.DMARC(result=result, server=server, domains=whom))
    if domain is None:
        return Verdict(SenderVerdict.UNVERIFIED, NO_AUTHOR)
    if about != {domain} and about != {asked.organisational(domain) or domain}:
        return Verdict(SenderVerdict.UNVERIFIED, Vouched.OTHER_DOMAIN(server=server, domain=domain))
    return Verdict(
        SenderVerdict.VERIFIED if result == "pass" else SenderVerdict.UNVERIFIED,
        Vouched.DMARC(result=result, server=server, domains=domain),
    )


def _header_from(properties: str) -> frozenset[str]:
    """Returns the domains in header.from. Text inside another property's quoted string is ignored."""
    found = [p[2] for p in PROPERTY.finditer(properties) if (p[1] or "").lower() == "header.from"]
    return frozenset(value.strip('"').rpartition("@")[2].lower().rstrip(".") for value in found)
