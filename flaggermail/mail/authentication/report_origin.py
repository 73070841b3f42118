# SPDX-License-Identifier: EUPL-1.2
"""Whether our own mail server made a delivery report (RFC 3464).

Everybody who received mail of ours knows its Message-ID, and can write a report about it. A report that our own server
made never passed the outside.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flaggermail.mail.authentication.authres import RECEIVED, Fields, without_comments, written_by
from flaggermail.mail.message import Message, SenderVerdict

DAEMONS = frozenset({"mailer-daemon", "postmaster", "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e"})
"""Local parts, in lower case, under which servers write reports; the last is Exchange's own."""

# RFC 5321, section 4.4: a server that made the mail itself writes no "from". LMTP (RFC 2033) is spoken inside only.
_MADE = re.compile(r"\s*by\s", re.IGNORECASE)
_HANDED_ON = re.compile(r"\s*from\s+([A-Za-z0-9.-]+)\s+by\s+\S+\s+with\s+LMTPS?A?(?![\w-])", re.IGNORECASE)
_OF_A_USER = re.compile(r"\buserid\b", re.IGNORECASE)  # Postfix: a program of this machine submitted it
_MARK_OF_EXCHANGE = "x-ms-exchange-organization-authas"  # removed from mail of the outside by its header firewall


def is_daemon(message: Message) -> bool:
    """True if its single author has the local part of a mail server."""
    return len(message.from_) == 1 and message.from_[0].key.rpartition("@")[0] in DAEMONS


def is_nameless(message: Message) -> bool:
    """True if no author has an address, as in "From: Mail Delivery Subsystem" or "From: <>" of some servers."""
    return not any("@" in author.address for author in message.from_)


def made_here(fields: Fields, servers: Collection[str]) -> bool:
    """True if the trace of a mail begins at one of our own `servers` (host names, or domains above them).

    From the top, each Received field must hand the mail on from one of ours by LMTP, down to the one that was written
    where the mail was made. What came over SMTP has a "from" in the first field that our server wrote. The name behind
    "by" in a hop by LMTP is not asked: Dovecot writes the name of its machine.
    """
    for line in (value for name, value in fields if name == RECEIVED):
        readable = without_comments(line)
        if readable is None:
            return False
        if _MADE.match(readable):
            return any(written_by(line, server) for server in servers) and not _OF_A_USER.search(line)
        handed_on = _HANDED_ON.match(readable)
        if handed_on is None or not any(_within(handed_on[1], server) for server in servers):
            return False
    return False


def made_inside_exchange(message: Message) -> bool:
    """True if Exchange marked the mail as made inside the organisation; only for servers known to be Exchange."""
    return [value.strip().lower() for value in message.header_all(_MARK_OF_EXCHANGE)] == ["internal"]


def _within(host: str, server: str) -> bool:
    return f".{host.lower().rstrip('.')}".endswith(f".{server.lower()}")


LATELY = timedelta(hours=24)
FEWEST = 4  # unverified mails; fewer are reported one by one anyway
MOST = 200  # mails of platforms that are considered
RISE = 25  # percentage points


def came_unverified(verdict: SenderVerdict, confirmed_by: str | None) -> bool:
    """True if the sender was not authenticated on arrival, even if a person (an id) confirmed them later."""
    return verdict == SenderVerdict.UNVERIFIED or confirmed_by is not None


@dataclass(frozen=True, slots=True)
class Share:
    """Unverified mails out of a total."""

    unverified: int
    of: int

    @property
    def percent(self) -> int:
        """Rounded down; 0 if the total is 0."""
        return self.unverified * 100 // self.of if self.of else 0


@dataclass(frozen=True, slots=True)
class Rise:
    """The share now and before."""

    now: Share
    before: Share


def jump(mails: Iterable[tuple[datetime, bool]], now: datetime) -> Rise | None:
    """Returns the rise of the unverified share, or None.

    `mails` are those of platforms: arrival, and whether the mail was unverified on arrival. Compares the last 24 hours
    with the time before. A rise is at least 4 unverified mails, at least half of all, and 25 points more than before.
    """
    known = sorted(mails)[-MOST:]
    late, early = (Share(sum(u for _, u in part), len(part)) for part in _split(known, now - LATELY))
    half = late.unverified * 2 >= late.of
    if late.unverified < FEWEST or not half or late.percent < early.percent + RISE:
        return None
    return Rise(late, early)


def _split(mails: list[tuple[datetime, bool]], at: datetime) -> tuple[list[tuple[datetime, bool]], ...]:
    return [mail for mail in mails if mail[0] >= at], [mail for mail in mails if mail[0] < at]
