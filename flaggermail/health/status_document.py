# SPDX-License-Identifier: EUPL-1.2
"""The desk's status: the facts, the faults derived from them, and the document `status.json`.

Every account on the machine may read the file, so it contains counts, instants and our own words. Folder names and
server answers come from elsewhere: `impersonal` removes addresses, subjects and case numbers from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flaggermail.mail.message import SenderVerdict
from flaggermail.record.states import CASE_STATES, CLOCKS, LEAVING, UNDELIVERED_PAGES, UNSETTLED, WITHHELD

if TYPE_CHECKING:
    from flaggermail.mail.message import Json
    from flaggermail.wording.said import StoredText

MEGA = 1_000_000  # octets
DATABASE = "database"  # the finding about an outage of it
DISK = "disk of "  # prefix of findings about disks
EXERCISE = "exercise"  # count of all exercise cases, regardless of state
STATUS_FILE = "status.json"
RUNTIME_FOLDER = "/run/flaggermail-status"  # the daemon's own under systemd; the unit names it
ARCHIVE_OF = "archive"  # the field that says of which desk a document is
PROCESS = "process"  # the section that names the process which wrote the document
AGES = (60, 120, 240, 1440)  # minutes; the first three are the steps of the policy that is shipped
STALE = timedelta(seconds=90)  # the daemon writes the file every ten; one that hangs is told within two minutes
LONGEST = 800  # characters of a server's answer and what it means
NOT_RUNNING = "the daemon does not run"
STARTING = "the daemon is starting"
SILENT = "the daemon runs, and has not written how it is for more than 90 s"

_QUOTED_LOCAL_PART = re.compile(r'"[^"@]{0,200}"@')  # RFC 5322, section 3.4.1; may contain spaces
_CASE_NUMBER = re.compile(r"(?<![a-z0-9])[a-z]{1,12}-[a-z0-9]{1,12}-[0-9]{3,12}(?:[/-][a-z0-9]{1,12})*", re.IGNORECASE)
_TOKEN = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)  # see mail.reply_tokens: a token authorises acts by mail
_CASES = (*CASE_STATES, EXERCISE)


class StatusCode(StrEnum):
    """What can be wrong with the desk; the words for people are `wording.pages.StatusWord`."""

    STARTING = "starting"
    UNREACHABLE = "mailbox unreachable"
    NEVER_READ = "mailbox never read"
    UNREAD = "mailbox unread"
    DENIED = "submission denied"
    WAITS = "mail waits"
    IN_DOUBT = "mail in doubt"
    WITHHELD = "mail withheld"
    UNHEARD = "replies unheard"
    UNLOGGED = "lines unlogged"
    DISK = "disk full"
    DATABASE = "database away"
    PROBE = "probe failing"
    UNREADY = "standby not ready"


OF_MAILBOX = frozenset({StatusCode.STARTING, StatusCode.UNREACHABLE, StatusCode.NEVER_READ, StatusCode.UNREAD})
OF_SUBMISSION = frozenset({StatusCode.DENIED, StatusCode.WAITS})


@dataclass(frozen=True, slots=True)
class StatusFinding:
    """Something wrong: its code, a short phrase, since when if that is known, and what a probe measured or where."""

    code: StatusCode
    words: str
    since: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NodeStanding:
    """Which node the daemon is, whether it leads, and why it should not as long as another one could."""

    id: str
    leads: bool
    unready: Sequence[StoredText] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of the configuration beyond which the status is not ok."""

    mailbox: timedelta  # longest time without reading the inbox to its end
    outbox: timedelta  # longest time a mail of ours may wait
    free: int  # megabytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The desk's status at the instant `at`; a count missing from a mapping is zero."""

    at: datetime
    zone: ZoneInfo  # for displayed instants
    version: str  # of flaggermail
    limits: Limits
    starting: bool = False  # the first look at the mailbox has not ended, and the service manager waits for it
    link: bool | None = None  # to the mailbox; None before the first poll has ended
    link_fault: str | None = None  # why the mailbox cannot be read, and what to change if that is known
    observing_since: datetime | None = None
    cases: Mapping[str, int] = field(default_factory=dict)  # by state, or under EXERCISE
    clocks: Mapping[str, int] = field(default_factory=dict)  # running clocks by kind
    oldest_clock: datetime | None = None  # start of the oldest running clock
    clocks_older: Mapping[int, Mapping[str, int]] = field(default_factory=dict)  # by kind, for each of AGES
    reminders: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # about running clocks: by kind and step
    platform_mails: Mapping[str, int] = field(default_factory=dict)  # since the record began, by the sender's verdict
    unjudged: int = 0  # mails that could not be read or judged, since the record began
    quarantine: int = 0
    oldest: datetime | None = None  # arrival of the oldest quarantined mail
    set_aside: Mapping[str, Sequence[str]] = field(default_factory=dict)  # numbers of mails not given, by folder
    outbox: Mapping[str, int] = field(default_factory=dict)  # waiting mails by state
    waiting_since: datetime | None = None  # when the oldest mail was queued that the server has surely not taken
    held_since: datetime | None = None  # since when the submission server takes none of our mail
    denied: bool = False  # the submission server refuses the desk itself: login, TLS, relaying
    last_error: str | None = None  # the submission server's last answer about a waiting mail, made impersonal
    looks: Mapping[str, datetime | None] = field(default_factory=dict)  # folder: when last read to its end; inbox first
    on_call: bool = False  # whether an officer is on call
    wrong: Mapping[str, str] = field(default_factory=dict)  # findings of the self-check that are faults
    wrong_since: Mapping[str, datetime] = field(default_factory=dict)  # since when, of those of which that is known
    watched: Mapping[str, str] = field(default_factory=dict)  # findings of the self-check that are in order
    ends: Mapping[str, datetime] = field(default_factory=dict)  # of certificates and secrets
    held_back: int = 0  # notices and alarms not yet reported in a digest
    unheard: int = 0  # officers' replies of the last day that did nothing, because their sender is not verified
    suppressed: int = 0  # alarms and answers suppressed as repetitions
    pages: Mapping[str, int] = field(default_factory=dict)  # undelivered pages of the last day, by state
    undelivered_since: datetime | None = None  # when the first of them was queued
    free: Mapping[str, int] = field(default_factory=dict)  # octets free for database and archive
    unlogged: int = 0  # lines of the log dropped so far, while nobody reads it
    jobs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # faults since the start, by job and kind
    node: NodeStanding | None = None  # None of a desk that is looked at by another process

    @property
    def waiting(self) -> int:
        """Number of waiting mails that are sent without an officer's action."""
        return sum(self.outbox.get(state, 0) for state in LEAVING)

    @property
    def read_at(self) -> datetime | None:
        """When the inbox was last read to its end."""
        return next(iter(self.looks.values()), None)

    def troubles(self) -> Iterator[str]:
        """Yields a short phrase for each fault."""
        return (found.words for found in self.findings())

    def findings(self) -> Iterator[StatusFinding]:
        """Yields what is wrong."""
        if self.starting:
            yield StatusFinding(StatusCode.STARTING, STARTING)
        yield from self._unread()
        yield from self._of_outbox()
        if self.unheard:
            words = f"replies of officers in 24 hours that were not verified and did nothing: {self.unheard}"
            yield StatusFinding(StatusCode.UNHEARD, words)
        yield from self._of_machine()

    def _of_outbox(self) -> Iterator[StatusFinding]:
        if self.denied:
            answer = self.last_error or "no words"
            words = f"the submission server refuses the desk: {answer}"
            yield StatusFinding(StatusCode.DENIED, words, self.held_since, answer)
        if self.waiting_since is not None and self.at - self.waiting_since > self.limits.outbox:
            words = f"a mail of ours waits for more than {_minutes(self.limits.outbox)} min"
            yield StatusFinding(StatusCode.WAITS, words, self.waiting_since)
        if self.outbox.get("uncertain"):
            yield StatusFinding(StatusCode.IN_DOUBT, "a mail is in doubt")
        if withheld := self.outbox.get(WITHHELD):
            words = f"the configuration does not allow mails that wait ({withheld})"
            words += ": `flaggermail outbox list` names them"
            yield StatusFinding(StatusCode.WITHHELD, words)

    def _of_machine(self) -> Iterator[StatusFinding]:
        for why in self.node.unready if self.node is not None else ():
            yield StatusFinding(StatusCode.UNREADY, f"this node is not ready to lead: {why.english}", None, why.english)
        if self.unlogged:
            words = f"the log cannot be written, or nobody reads it; lines lost so far: {self.unlogged}"
            yield StatusFinding(StatusCode.UNLOGGED, words)
        for place, octets in sorted(self.free.items()):
            if octets < self.limits.free * MEGA:
                words = f"{DISK}{place}: less than {self.limits.free} MB free"
                yield StatusFinding(StatusCode.DISK, words, detail=place)
        for what, value in sorted(self.wrong.items()):
            if not what.startswith(DISK):  # disks were measured just now
                code = StatusCode.DATABASE if what == DATABASE else StatusCode.PROBE
                words = f"{what}: {value}"
                yield StatusFinding(code, words, self.wrong_since.get(what), words)

    def _unread(self) -> Iterator[StatusFinding]:
        if self.link is False:
            yield StatusFinding(StatusCode.UNREACHABLE, "the mailbox cannot be reached", self.read_at)
        if self.read_at is None:
            words = "the mailbox was not read to its end yet: the journal says why"
            yield StatusFinding(StatusCode.NEVER_READ, words)
        elif self.at - self.read_at > self.limits.mailbox:
            words = f"the mailbox was not read for {_minutes(self.limits.mailbox)} min"
            yield StatusFinding(StatusCode.UNREAD, words, self.read_at)

    def document(self) -> dict[str, Json]:
        """Returns the content of `status.json`: instants in ISO 8601 with the desk's UTC offset, None if unknown."""
        found = list(self.findings())
        return {
            "written_at": self._shown(self.at),
            "version": self.version,
            "starting": self.starting,
            "ok": not found,
            "wrong": [one.words for one in found],
            "findings": [
                {"code": one.code.value, "since": self._shown(one.since), "detail": one.detail} for one in found
            ],
            "observing_since": self._shown(self.observing_since),
            "cases": _counts(self.cases, _CASES),
            "clocks": {
                "running": sum(self.clocks.values()),
                "oldest_at": self._shown(self.oldest_clock),
                **_counts(self.clocks, CLOCKS),
            },
            "clocks_older": {str(age): _counts(self.clocks_older.get(age, {}), CLOCKS) for age in AGES},
            "reminders": {clock: dict(steps) for clock, steps in sorted(self.reminders.items())},
            "platform_mails": _counts(self.platform_mails, SenderVerdict),
            "unjudged": self.unjudged,
            "quarantine": self.quarantine,
            "quarantine_oldest_at": self._shown(self.oldest),
            "set_aside": {impersonal(name): list(items) for name, items in sorted(self.set_aside.items())},
            "unverified_officer_replies": self.unheard,
            "outbox": {
                "waiting": self.waiting,
                "oldest_at": self._shown(self.waiting_since),
                **_counts(self.outbox, UNSETTLED),
                "last_error": self.last_error,
            },
            "mailbox": {
                "last_read_at": self._shown(self.read_at),
                "link": None if self.link is None else "up" if self.link else "down",
                "fault": None if self.link_fault is None else impersonal(self.link_fault),
            },
            "last_look": {impersonal(folder): self._shown(at) for folder, at in self.looks.items()},
            "on_call": self.on_call,
            "free_mb": {place: octets // MEGA for place, octets in sorted(self.free.items())},
            "watched": dict(sorted({**self.watched, **self.wrong}.items())),
            "ends": {what: self._shown(at) for what, at in sorted(self.ends.items())},
            "held_back": self.held_back,
            "suppressed": self.suppressed,
            "pages": _counts(self.pages, UNDELIVERED_PAGES),
            "pages_oldest_at": self._shown(self.undelivered_since),
            "jobs": {name: dict(counts) for name, counts in self.jobs.items()},
            "node": None
            if self.node is None
            else {
                "id": self.node.id,
                "leads": self.node.leads,
                "ready": not self.node.unready,
                "unready": [why.english for why in self.node.unready],
            },
        }

    def _shown(self, at: datetime | None) -> str | None:
        return at.astimezone(self.zone).isoformat() if at else None


def started(document: Mapping[str, Json], at: datetime, version: str, wrong: Mapping[str, str]) -> dict[str, Json]:
    """Returns the last document as that of a daemon that starts at `at`, in the desk's zone, and knows no more yet."""
    begun: dict[str, Json] = {"written_at": at.isoformat(), "version": version, "starting": True, "node": None}
    found = [STARTING, *(f"{what}: {value}" for what, value in wrong.items())]
    codes: list[Json] = [{"code": StatusCode.STARTING.value, "since": at.isoformat(), "detail": ""}]
    codes += [
        {"code": StatusCode.PROBE.value, "since": None, "detail": f"{what}: {value}"} for what, value in wrong.items()
    ]
    return {**document, **begun, "ok": False, "wrong": found, "findings": [*codes]}


def judged(document: Mapping[str, Json], now: datetime, alive: bool | None = None) -> dict[str, Json]:  # noqa: FBT001 - None is the third answer
    """Returns the document as `status` shows it: adds `daemon`, and lists a stopped daemon among the faults.

    `alive`: whether the process that wrote it runs; None if that is not known, and then its age decides. An empty
    document means that the file was never written. A document from the future counts as stale too: a daemon wrote it
    before the machine's clock was set back.
    """
    written, found = instant(document.get("written_at")), document.get("wrong")
    fresh = written is not None and abs(now - written) <= STALE
    runs = written is not None and (fresh if alive is None else alive)
    late = runs and written is not None and now - written > STALE
    news = [] if runs and not late else [SILENT if late else NOT_RUNNING]
    wrong = [*news, *(found if isinstance(found, list) else [])]
    return {**document, "ok": not wrong, "wrong": wrong, "daemon": runs}


def instant(value: Json) -> datetime | None:
    """Parses an instant of the document; None if it is missing or malformed."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def impersonal(text: str, named: Iterable[str] = ()) -> str:
    """Removes addresses, links, tokens, case numbers and the texts in `named` from `text`; keeps LONGEST characters.

    A server quotes what it refuses: recipient, subject, Message-ID, or a link containing the recipient.
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
