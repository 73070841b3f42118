# SPDX-License-Identifier: EUPL-1.2
"""Decides from the results of our own receiving server whether the author is authenticated (RFC 8601, RFC 7489).

Whether our own server says that the author logged in to submit the mail (RFC 8601, section 2.7.4).

DMARC identifier alignment: whether the signing domain belongs to the author's organisation (RFC 7489, 3.1).

The header fields that decide a verdict, with encoded words left undecoded.

Our own server repeats text of the sender (HELO name, envelope address) in its fields. RFC 2047, section 5 forbids
encoded words in these places; a decoded one could close a quoted string and add "pass".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flaggermail.mail.fields import DATE_WITHOUT_ZONE, read_date, read_header, unfolded
from flaggermail.mail.message import Address, SenderVerdict, Verdict
from flaggermail.wording.filing import SenderEvidence

# ---- the fields that decide


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


_SIGNS = re.compile(r'[^"()\\]+|["()\\]')  # a run of others goes where its first one goes


def without_comments(value: str) -> str | None:
    """Removes parenthesised comments, which anyone upstream can have written (RFC 5322, section 3.2.2).

    A backslash escapes the next character (section 3.2.1). Returns None if a quoted string or a comment is not closed,
    because the sender would decide where it ends.
    """
    kept, depth, quoted, escaped = [], 0, False, False
    for sign in _SIGNS.findall(value):
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


# ---- alignment


LONGEST_FROM = 10_000  # characters of a From field that is parsed
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = r'[^\s@<>()\[\],;:\\"]{1,64}|"[^@<>,;:\\"]{1,998}"'
_ADDRESS = rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL}){{1,20}})"
_BARE = re.compile(_ADDRESS)
_TWICE = re.compile(rf"{_ADDRESS}\s*<\s*\1@\2\s*>")  # some programs repeat the address as the display name
_NAMED = re.compile(rf'(?:"(?:[^"\\]|\\.)*"|[^"<>@,;:\\()])*<\s*{_ADDRESS}\s*>')

Organisational = Callable[[str], str | None]

_RECORD = re.compile(rb"\s*v\s*=\s*DMARC1\s*(?:;|$)", re.DOTALL)
_STRICT = re.compile(rb";\s*adkim\s*=\s*s\s*(?:;|$)", re.DOTALL)


def aligned(signer: str, author: str, organisational: Organisational) -> bool:
    """True if both domains belong to one organisation: relaxed alignment (RFC 7489, section 3.1.1).

    `organisational` returns the domain directly below a public suffix (section 3.2), or None if there is none; two
    domains below the same public suffix are unrelated.
    """
    if signer == author:
        return True
    home = organisational(author)
    return home is not None and home == organisational(signer)


def demands_strict_alignment(records: Sequence[bytes]) -> bool | None:
    """True if the DMARC record demands strict alignment (adkim=s, section 6.3); None if there is no record.

    Several records count as none (section 6.6.3).
    """
    found = [record for record in records if _RECORD.match(record)]
    return _STRICT.search(found[0]) is not None if len(found) == 1 else None


def author_domain(fields: Fields, authors: Sequence[Address]) -> str | None:
    """Returns the author's domain in lower case: one From field, one address, nothing that could be a second one.

    `authors` are the addresses that the parser found. If it reads another address, there is no author (RFC 7489,
    section 6.6.1: a From with several domains, or none, has no domain to evaluate). A domain may contain only letters,
    digits and hyphens, so a look-alike of a platform's domain is a different domain.
    """
    found = _author(fields, authors)
    return found[2].lower() if found else None


def author_address(fields: Fields, authors: Sequence[Address]) -> str | None:
    """Returns the author's address in lower case, or None if `author_domain` does or the parser reads another."""
    found = _author(fields, authors)
    if found is None or authors[0].address != f"{found[1]}@{found[2]}":
        return None
    return f"{found[1]}@{found[2]}".lower()


def _author(fields: Fields, authors: Sequence[Address]) -> re.Match[str] | None:
    """Returns local part and domain of the single author, or None."""
    lines = [text for name, text in fields if name == FROM]
    if len(lines) != 1 or len(authors) != 1 or len(lines[0]) > LONGEST_FROM:
        return None
    text = (without_comments(lines[0]) or "").strip()
    found = _BARE.fullmatch(text) or _NAMED.fullmatch(text) or _TWICE.fullmatch(text)
    if found is None or "=?" in found[1] or authors[0].address.rpartition("@")[2] != found[2]:
        return None
    return found


# ---- results of a login


_QUOTED = r'"(?:[^"\\]|\\.)*"'
_VALUE = rf"{_QUOTED}|[^\s\";]+"
_METHOD = re.compile(r"\s*auth\s*(?:/\s*\d+\s*)?=", re.IGNORECASE)
# Every property is read to its end: `smtp.auth="somebody"@elsewhere` is not a login of what it quotes.
_PASS = re.compile(
    rf"\s*auth\s*(?:/\s*1\s*)?=\s*pass((?:\s+[a-z][\w-]*(?:\.[\w-]+)?\s*=\s*(?:{_VALUE}))*)\s*",
    re.IGNORECASE | re.DOTALL,
)
_LOGIN = re.compile(rf"\ssmtp\.auth\s*=\s*({_VALUE})|{_QUOTED}", re.IGNORECASE | re.DOTALL)


def is_login_of(address: str, fields: Iterable[Sequence[str] | None]) -> bool:
    """True if the results of our server name one login, and it is this address in lower case.

    `fields`: the results in each field above our Received line, without comments; None if one cannot be read reliably.
    Several results must agree. smtp.mailfrom proves nothing: it is the AUTH parameter of the MAIL command, and whoever
    logged in may choose it (RFC 4954, section 5).
    """
    logins: list[str | None] = []
    for results in fields:
        if results is None:
            return False
        logins += [_login(result) for result in results if _METHOD.match(result)]
    return bool(logins) and all(login == address for login in logins)


def _login(result: str) -> str | None:
    """Returns the login in lower case, or None unless the result is a pass that names exactly one."""
    passed = _PASS.fullmatch(result)
    found = [match[1] for match in _LOGIN.finditer(passed[1]) if match[1]] if passed else []
    # Some letters beyond ASCII become ASCII in lower case, such as the Kelvin sign.
    return found[0].strip('"').lower() if len(found) == 1 and found[0].isascii() else None


# ---- DMARC


RESULT = re.compile(r"^\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)\b(.*)$", re.IGNORECASE | re.DOTALL)
PROPERTY = re.compile(rf"(?<![\w.-])([\w.-]+)\s*=\s*({_QUOTED}|[^\s\";]+)|{_QUOTED}", re.DOTALL)
STATEMENT = re.compile(rf"(?:[^;\"]|{_QUOTED})+", re.DOTALL)
SERVER = re.compile(r'\s*(?:"([^"\\]*)"|([^\s;="]+))(?:\s+1)?\s*(?:;|$)')  # RFC 8601, section 2.2: version 1 or none
FIRST_RESULT = re.compile(r"\s*[\w.-]+\s*(?:/\s*\d+\s*)?=")
SAYS_FAIL = re.compile(r"\bdmarc\s*=\s*fail\b", re.IGNORECASE)
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
LONGEST = 20_000  # characters of a field; a longer one is not parsed
WORST_FIRST = (SenderVerdict.FAILED, SenderVerdict.UNVERIFIED, SenderVerdict.VERIFIED)
NO_AUTHOR = SenderEvidence.NO_AUTHOR()


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
        return Verdict(SenderVerdict.UNVERIFIED, SenderEvidence.ONLY_PLATFORMS())
    if trust.asked is AuthenticationMethod.NOBODY or trust.received_by is None:
        return Verdict(SenderVerdict.UNVERIFIED, SenderEvidence.NO_SERVER())
    server = trust.authserv_id or SenderEvidence.SERVER_OF(domain=trust.received_by)
    domain = author_domain(fields, authors)
    asked = _Question(trust, server, domain, organisational)
    above = above_own_line(fields, trust.received_by)
    verdicts = [verdict for field in above for verdict in _dmarc_verdicts(field, asked)]
    nothing = Verdict(SenderVerdict.UNVERIFIED, SenderEvidence.SAYS_NOTHING(server=server) if domain else NO_AUTHOR)
    worst = min(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.value), default=nothing)
    if worst.value is SenderVerdict.UNVERIFIED and domain in trust.login_domains and is_named(trust):
        login = author_address(fields, authors)
        if login is not None and is_login_of(login, (_statements(field, trust) for field in above)):
            return Verdict(SenderVerdict.VERIFIED, SenderEvidence.LOGIN(server=server, domain=domain))
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
        yield Verdict(SenderVerdict.FAILED, SenderEvidence.UNREADABLE_FAIL(server=asked.server))


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
        whom = sorted(about) or SenderEvidence.THIS_MAIL()
        return Verdict(SenderVerdict.FAILED, SenderEvidence.DMARC(result=result, server=server, domains=whom))
    if domain is None:
        return Verdict(SenderVerdict.UNVERIFIED, NO_AUTHOR)
    if about != {domain} and about != {asked.organisational(domain) or domain}:
        return Verdict(SenderVerdict.UNVERIFIED, SenderEvidence.OTHER_DOMAIN(server=server, domain=domain))
    return Verdict(
        SenderVerdict.VERIFIED if result == "pass" else SenderVerdict.UNVERIFIED,
        SenderEvidence.DMARC(result=result, server=server, domains=domain),
    )


def _header_from(properties: str) -> frozenset[str]:
    """Returns the domains in header.from. Text inside another property's quoted string is ignored."""
    found = [p[2] for p in PROPERTY.finditer(properties) if (p[1] or "").lower() == "header.from"]
    return frozenset(value.strip('"').rpartition("@")[2].lower().rstrip(".") for value in found)
