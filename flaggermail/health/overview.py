# SPDX-License-Identifier: EUPL-1.2
"""How the desk stands: the facts, what is wrong about them, and the document `status.json` that is made from both.

Every account of the machine may read the file, so it holds counts, instants and words of ours. A folder's name and a
server's answer come from elsewhere: `impersonal` takes addresses, subjects and case numbers out of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flaggermail.record.states import CASE_STATES, CLOCKS, LEAVING, UNHEARD, WAITING

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json

MEGA = 1_000_000  # octets
DISK = "disk of "  # how findings about disks begin
EXERCISE = "exercise"  # what cases of a rehearsal count under, whatever their state
STATUS_FILE = "status.json"  # in the folder above the archive
STALE = timedelta(minutes=2)  # the daemon writes the file every ten seconds
LONGEST = 300  # characters of a server's answer
NOT_RUNNING = "the daemon does not run"

_QUOTED_LOCAL_PART = re.compile(r'"[^"@]{0,200}"@')  # RFC 5322, section 3.4.1; with blanks in it
_CASE_NUMBER = re.compile(r"(?<![a-z0-9])[a-z]{1,12}-[a-z0-9]{1,12}-[0-9]{3,12}(?:[/-][a-z0-9]{1,12})*", re.IGNORECASE)
_TOKEN = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)  # see mail.reply_tokens: whoever has one could act by mail
_CASES = (*CASE_STATES, EXERCISE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of the configuration beyond which something is wrong."""

    mailbox: timedelta  # since it was last read to its end
    outbox: timedelta  # that a mail of ours waits
    free: int  # megabytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How the desk stands at the instant `at`; a count that is missing from a mapping is zero."""

    at: datetime
    zone: ZoneInfo  # in which instants are shown
    version: str  # of flaggermail
    limits: Limits
    link: bool | None = None  # to the mailbox; None before the first look has ended
    observing_since: datetime | None = None
    cases: Mapping[str, int] = field(default_factory=dict)  # by state, or under EXERCISE
    clocks: Mapping[str, int] = field(default_factory=dict)  # those that run, by kind
    oldest_clock: datetime | None = None  # when the first of those that run was started
    quarantine: int = 0
    oldest: datetime | None = None  # when the first of those in quarantine arrived
    outbox: Mapping[str, int] = field(default_factory=dict)  # what waits, by state
    waiting_since: datetime | None = None  # when the oldest mail of ours that waits was queued
    last_error: str | None = None  # the submission server's last answer about mail that still waits, made impersonal
    looks: Mapping[str, datetime | None] = field(default_factory=dict)  # folder: when last read to its end; inbox first
    on_call: bool = False  # whether anybody is
    wrong: Mapping[str, str] = field(default_factory=dict)  # what the daemon found wrong with ourselves
    watched: Mapping[str, str] = field(default_factory=dict)  # and what it found in order
    held_back: int = 0  # notices and alarms of which nobody was told yet
    suppressed: int = 0  # alarms and answers that were wanted again for a reason that was told
    pages: Mapping[str, int] = field(default_factory=dict)  # of the last day, those that woke nobody, by state
    free: Mapping[str, int] = field(default_factory=dict)  # octets, where database and archive lie

    @property
    def waiting(self) -> int:
        """Mails of ours that leave without a person."""
        return sum(self.outbox.get(state, 0) for state in LEAVING)

    @property
    def read_at(self) -> datetime | None:
        """When the inbox was last read to its end."""
        return next(iter(self.looks.values()), None)

    def troubles(self) -> Iterator[str]:
        """What is wrong, each in a few words of ours."""
        if self.read_at is None or self.at - self.read_at > self.limits.mailbox:
            yield f"the mailbox was not read for {_minutes(self.limits.mailbox)} min"
        if self.waiting_since is not None and self.at - self.waiting_since > self.limits.outbox:
            yield f"a mail of ours waits for more than {_minutes(self.limits.outbox)} min"
        if self.outbox.get("uncertain"):
            yield "a mail is in doubt"
        for place, octets in sorted(self.free.items()):
            if octets < self.limits.free * MEGA:
                yield f"{DISK}{place}: less than {self.limits.free} MB free"
        for what, value in sorted(self.wrong.items()):
            if not what.startswith(DISK):  # that was measured just now
                yield f"{what}: {value}"

    def document(self) -> dict[str, Json]:
        """The content of `status.json`: instants in ISO 8601 with the offset of the desk's zone, None where unknown."""
        wrong = list(self.troubles())
        return {
            "written_at": self._shown(self.at),
            "version": self.version,
            "ok": not wrong,
            "wrong": wrong,
            "observing_since": self._shown(self.observing_since),
            "cases": _counts(self.cases, _CASES),
            "clocks": {
                "running": sum(self.clocks.values()),
                "oldest_at": self._shown(self.oldest_clock),
                **_counts(self.clocks, CLOCKS),
            },
            "quarantine": self.quarantine,
            "quarantine_oldest_at": self._shown(self.oldest),
            "outbox": {
                "waiting": self.waiting,
                "oldest_at": self._shown(self.waiting_since),
                **_counts(self.outbox, WAITING),
                "last_error": self.last_error,
            },
            "mailbox": {
                "last_read_at": self._shown(self.read_at),
                "link": None if self.link is None else "up" if self.link else "down",
            },
            "last_look": {impersonal(folder): self._shown(at) for folder, at in self.looks.items()},
            "on_call": self.on_call,
            "free_mb": {place: octets // MEGA for place, octets in sorted(self.free.items())},
            "watched": dict(sorted({**self.watched, **self.wrong}.items())),
            "held_back": self.held_back,
            "suppressed": self.suppressed,
            "pages": _counts(self.pages, UNHEARD),
        }

    def _shown(self, at: datetime | None) -> str | None:
        return at.astimezone(self.zone).isoformat() if at else None


def judged(document: Mapping[str, Json], now: datetime) -> dict[str, Json]:
    """The document as `status` tells it: with `daemon`, whether one runs, and that among what is wrong where not.

    An empty document is one that was never written. One that lies in the future was left behind by a daemon before the
    machine's clock was set back: it counts as stale too.
    """
    written, found = instant(document.get("written_at")), document.get("wrong")
    runs = written is not None and abs(now - written) <= STALE
    wrong = [*([] if runs else [NOT_RUNNING]), *(found if isinstance(found, list) else [])]
    return {**document, "ok": not wrong, "wrong": wrong, "daemon": runs}


def instant(value: Json) -> datetime | None:
    """An instant of the document; None where there is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def impersonal(text: str, named: Iterable[str] = ()) -> str:
    """`text` without addresses, links, tokens, numbers of cases and the texts in `named`; LONGEST characters at most.

    A server quotes what it refuses: recipient, subject, Message-ID, and a link with the recipient in it.
    """
    for secret in sorted(filter(None, named), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "<...>", text, flags=re.IGNORECASE)
    text = _QUOTED_LOCAL_PART.sub("@", text)
    text = _CASE_NUMBER.sub("<case>", " ".join(map(_impersonal_word, text.split())))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _impersonal_word(word: str) -> str:
    if "@" in word or "\uff20" in word or "%40" in word:  # U+FF20: the wide form of @
        return "<address>"
    return "<link>" if "://" in word else _TOKEN.sub("<token>", word)


def _counts(found: Mapping[str, int], names: Iterable[str]) -> dict[str, int]:
    return {name: found.get(name, 0) for name in names}


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds()) // 60
