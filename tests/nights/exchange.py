# SPDX-License-Identifier: EUPL-1.2
"""The face of Exchange Online over the servers of a night: the same people, answers and faults, and its habits on top.

It replaces our Message-ID (told in the answer to DATA on some nights), stores mail with another body, writes no name
before its results, marks mail from inside and signs none of it, files the sent copy in the shared folder, in a
delegate's or nowhere, keeps no keywords, knows no plus-addresses, ends a session after 29 minutes, asks for a pause and
puts several mails into one second.

Its own chance decides, so that the night keeps the plan that the plain face has with the same integer.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

from flaggermail.daemon.reconnection import Reconnection
from flaggermail.errors import LinkLost, PauseAsked
from flaggermail.intake import trust_proofs
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.mail.reply_tokens import told_in_reply
from flaggermail.ports import Folder, Role
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Delivery, StoredMessage
from flaggermail.rules.configuration import Configuration
from flaggermail.settings.model import MailboxSettings
from tests.nights.diary import Diary, Incoming
from tests.nights.faces import Face
from tests.nights.kit import Kit
from tests.nights.night import Night
from tests.nights.people import People
from tests.nights.platforms import Platforms
from tests.nights.troubles import plan
from tests.nights.world import HandOver, Mailbox

SERVER = "protection.mailcloud.example"
DAEMON = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@bzk.example"
HOME = "bzk.example"
SESSION = timedelta(minutes=29)
PAUSE = 299.961  # seconds
FRONT = "AM6EUR05FT003.mail." + SERVER
_RESULTS = re.compile(rb"^Authentication-Results: mx\.bzk\.example; (dmarc=(\w+) header\.from=([\w.-]+))\r\n")
_RECEIVED = re.compile(rb"^Received: from (\S+) by mx\.bzk\.example with ESMTPS; ([^\r]*)\r\n", re.MULTILINE)
_MADE = re.compile(rb"^Received: by mx\.bzk\.example \(Postfix\)\r\n\tid 4XyZ1; [^\r]*\r\n", re.MULTILINE)
_OURS = re.compile(rb"<(vf\.[0-9a-f]{32}\.\d+@bzk\.example)>")
_ANSWERS = re.compile(rb"^In-Reply-To: <(vf\.[^>]+)>\r\nReferences: <[^>]+>\r\n", re.MULTILINE)
_ID = re.compile(rb"^Message-ID: <[^>]+>", re.MULTILINE)


class Copies(StrEnum):
    """Where a night's server files what it sends."""

    SHARED = "shared"
    DELEGATE = "delegate"  # in a mailbox that the desk does not see
    NOWHERE = "nowhere"


def with_exchange(settings: Configuration) -> Configuration:
    """Returns the settings of a desk whose mailbox is there."""
    mailbox = settings.desk.mailbox.model_copy(
        update={
            "trust": AuthenticationMethod.EXCHANGE, "authserv_id": None, "received_by": SERVER,
            "own_domains": frozenset({HOME}), "plus_addresses": False, "keyword": "flaggermail",
        }
    )  # fmt: skip
    return settings.model_copy(update={"desk": settings.desk.model_copy(update={"mailbox": mailbox})})


@dataclass
class ExchangeMailbox(Mailbox):
    """The mailbox of the night as Exchange serves it."""

    def __init__(self, settings: MailboxSettings, exchange: Exchange, now: Callable[[], datetime]) -> None:
        super().__init__(settings)
        self._exchange, self._now = exchange, now
        self._began: datetime | None = None
        self.throttles = False  # from the next connection on, once
        self.pause_until: datetime | None = None
        self.impatient: list[datetime] = []  # connections within a pause that was asked for

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the folders, or ends the session."""
        now = self._now()
        if self.pause_until is not None and now < self.pause_until:
            self.impatient.append(now)
        if self.throttles or (self.lost and self._exchange.chance.random() < 0.5):
            self.throttles = False
            self._began, self.pause_until = None, now + timedelta(seconds=PAUSE)
            self._exchange.counts("asked for a pause")
            raise PauseAsked("throttled", PAUSE)
        if self._began is not None and now - self._began > SESSION:
            self._began = None
            self._exchange.counts("session ended at 29 minutes")
            raise LinkLost("the server says goodbye")
        found = super().folders(only)
        self._began = self._began or now
        return found

    def mark(self, folder: str, numbering: str, items: Sequence[str]) -> bool:
        """Keeps no keywords: PERMANENTFLAGS has no wildcard."""
        del folder, numbering, items
        self._exchange.counts("keyword refused")
        return False


@dataclass
class Exchange(Face):
    """Exchange Online on one night."""

    seed: int
    told: bool = False  # whether the answer to DATA names the Message-ID
    copies: Copies = Copies.SHARED
    assigned: dict[str, str] = field(default_factory=dict)  # our Message-ID -> the last one that the server gave
    references: dict[str, bytes] = field(default_factory=dict)  # our Message-ID -> the References of that mail
    known: set[str] = field(default_factory=set)  # those of `assigned` that the desk can know
    own: list[bytes] = field(default_factory=list)  # the copies that were filed in Sent, as stored

    def __post_init__(self) -> None:
        self.chance = Random(f"exchange/{self.seed}")  # noqa: S311 - the same night again is the purpose
        self.told = self.chance.random() < 0.5
        self._filed = datetime.min.replace(tzinfo=UTC)
        self.copies = self.chance.choice((Copies.SHARED, Copies.SHARED, Copies.DELEGATE, Copies.NOWHERE))

    def begin(self, night: Night) -> None:
        """Gives the night this face: a proven mark, and a mailbox of its own."""
        self.night = night
        self.counts(f"copies: {self.copies}")
        self.counts("told in the answer" if self.told else "not told")
        trust_proofs.record_trust_proof(night.env, survived=False, message_id=f"trial@{HOME}", by="officer1")
        mailbox = ExchangeMailbox(night.env.settings.desk.mailbox, self, lambda: night.clock.true)
        mailbox.watch = night.watch
        self.mailbox = night.mailbox = mailbox
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            night.must(night.begin + timedelta(minutes=round(self.chance.uniform(20, 500))), self._throttle)
        self._again = Reconnection(mailbox, self.chance.random, self._seconds)

    def _throttle(self) -> None:
        self.mailbox.throttles = True
        self.night.look_soon()

    def _seconds(self) -> float:
        return self.night.clock.true.timestamp()

    def counts(self, what: str) -> None:
        """Counts a habit."""
        self.night.diary.counts[f"exchange: {what}"] += 1

    # ---- what the desk hands over

    def answer(self, handed: HandOver) -> str:
        """Returns the words of the answer to DATA."""
        ours = name_of(handed.octets)
        given = f"AM6PR{self.seed:06d}{handed.number:05d}@AM6PR04.eurprd04.mailcloud.example"
        if handed.received:
            self.assigned[ours] = given
            found = re.search(rb"^References: ((?:[^\r]|\r\n[ \t])*)\r\n", handed.octets, re.MULTILINE)
            self.references[ours] = b" ".join(found[1].split()) if found else b""
        return f"2.0.0 OK <{given}> [Hostname=AM6PR04.eurprd04.mailcloud.example]" if self.told else "2.0.0 OK"

    def name_in(self, words: str) -> str | None:
        """Returns the Message-ID that the submission adapter reads from the answer."""
        return told_in_reply(words)

    def settled(self, handed: HandOver) -> None:
        """The desk has recorded the answer, and with it the Message-ID if that was told."""
        if self.told and handed.answer == "accepted":  # an answer that was lost told nothing
            self.known.add(self.assigned[name_of(handed.octets)])

    def sent(self, handed: HandOver) -> None:
        """Files the copy of what it took, in the second in which it took it; those of notifications come later."""
        if self.copies is not Copies.SHARED or self.night.diary.use_of(handed.digest) is not None:
            return
        second = self.night.clock.true.replace(microsecond=0)
        self.mailbox.deliver("sent", self._own_copy(handed.octets), second)
        self.counts("copy of other mail in Sent")
        if second == self._filed:
            self.counts("two mails in one second")
        self._filed = second

    # ---- what arrives

    def arriving(self, octets: bytes, folder: str) -> bytes | None:
        """Returns a mail as this server stores it; None for a copy that lies where the desk does not look."""
        if folder == "sent":
            return self._own_copy(octets) if self.copies is Copies.SHARED else None
        return reencoded(traced(self._answering(octets)))

    def taken(self, mail: Incoming) -> None:
        """The desk has read a mail: of a copy in Sent it learns the Message-ID."""
        if mail.what.startswith("copy in Sent"):
            self.known.add(name_of(mail.octets))

    def lost(self, reason: LinkLost) -> float | None:
        """Returns after how many seconds the daemon looks again; None while the line is down, as on a plain night."""
        return None if self.mailbox.lost and not isinstance(reason, PauseAsked) else self._again.lost(reason)

    def found(self) -> None:
        """The mailbox was read."""
        self._again.made()

    def started(self) -> None:
        """A pause that is asked for is remembered by the process alone: one that starts asks once."""
        self.mailbox.pause_until = None

    def judge(self, diary: Diary) -> None:
        """Adds what the desk did wrong by this server alone."""
        for at in self.mailbox.impatient:
            diary.broken(10, f"the mailbox was asked at {at}, within a pause")
        with self.night.env.store.read() as tx:
            for octets in self.own:
                digest = Incoming(octets, self.night.begin, "").digest
                for delivery in tx.find(Delivery, where(Delivery.digest).is_(digest)):
                    mail = tx.get(StoredMessage, delivery.message)
                    self.counts("own copy known")
                    if mail is None or mail.digest == digest or mail.direction is not Direction.OUT:
                        diary.broken(11, f"the copy {name_of(octets)} of our own mail was taken for another mail")

    # ---- how

    def _own_copy(self, octets: bytes) -> bytes:
        """Returns mail of ours as Sent holds it: another Message-ID, another body, some of our fields."""
        ours = name_of(octets)
        given = self.assigned[ours].encode()
        head, _, body = octets.partition(b"\r\n\r\n")
        head = _ID.sub(b"Message-ID: <" + given + b">", head, count=1)
        if self.chance.random() < 0.3:  # then Exchange's own field is the only one that names it
            head = re.sub(rb"^X-Flaggermail-Ref: [^\r]*\r\n", b"", head, flags=re.MULTILINE)
            head += f"\r\nX-Microsoft-Original-Message-ID: <{ours}>".encode()
        altered = body.replace(b"\r\n\r\n", b"\r\n\r\nSent from inside.\r\n", 1)
        stored = head + b"\r\nX-MS-Has-Attach: \r\n\r\n" + altered
        self.own.append(stored)
        return stored

    def _answering(self, octets: bytes) -> bytes:
        """Names our mail as its recipient saw it: with the Message-ID of the server, and perhaps its References."""
        found = _ANSWERS.search(octets)
        if found is not None:
            octets = octets.replace(found.group(), self._references(found[1].decode()), 1)
        return _OURS.sub(lambda match: self._named(match[1].decode()), octets) if _is_report(octets) else octets

    def _references(self, ours: str) -> bytes:
        """Returns the fields of an answer; the bare Message-ID only where the desk can know it."""
        given = self.assigned[ours]
        bare = given in self.known and self.chance.random() < 0.6
        self.counts("answer names the assigned Message-ID alone" if bare else "answer has our References")
        if bare and self.chance.random() < 0.3:
            return f"X-MS-Exchange-Parent-Message-Id: <{given}>\r\n".encode()
        before = b"" if bare else self.references[ours] + b" "
        return f"In-Reply-To: <{given}>\r\n".encode() + b"References: " + before + f"<{given}>\r\n".encode()

    def _named(self, ours: str) -> bytes:
        """Returns how a report names our mail, in the header that it returns."""
        given = self.assigned.get(ours, ours)
        bare = given in self.known and self.chance.random() < 0.6
        self.counts("report names the assigned Message-ID alone" if bare else "report has our header")
        return f"<{given}>".encode() + (b"" if bare else f"\r\nX-Flaggermail-Ref: {ours}".encode())


def _is_report(octets: bytes) -> bool:
    return b"report-type=delivery-status" in octets


def name_of(octets: bytes) -> str:
    """Returns the Message-ID of a mail."""
    found = re.search(rb"^Message-ID: <([^>]+)>", octets, re.MULTILINE)
    assert found is not None
    return found[1].decode()


def traced(octets: bytes) -> bytes:
    """Returns a mail with the fields of this server in place of those of the plain one."""
    if _MADE.match(octets):
        octets = _MADE.sub(b"X-MS-Exchange-Organization-AuthAs: Internal\r\n", octets, count=1)
        return octets.replace(b"MAILER-DAEMON@mx.bzk.example", DAEMON.encode(), 1)
    found = _RESULTS.match(octets)
    if found is None:
        return octets
    results, passes, domain = found[1], found[2] == b"pass", found[3].decode()
    rest = octets[found.end() :]
    if domain == HOME and passes:
        mark = b"X-MS-Exchange-Organization-AuthAs: Internal\r\n"
        return (
            b"Received: from AM6PR04 by AM5PR04.eurprd04.mailcloud.example with HTTPS\r\n"
            + mark
            + (_RECEIVED.sub(b"", rest, count=1))
        )
    fields = b"Authentication-Results: spf=pass; dkim=pass;" + results + b"\r\n"
    rest = _RECEIVED.sub(rb"Received: from \1 by " + FRONT.encode() + rb" with ESMTPS; \2\r\n", rest, count=1)
    mark = b"X-MS-Exchange-Organization-AuthAs: Anonymous\r\n"
    return (
        b"Received: from AM6FT003 by AM5PR04.eurprd04.mailcloud.example with HTTPS\r\n"
        + fields
        + rest.replace(b"\r\n", b"\r\n" + mark, 1)
    )


def reencoded(octets: bytes) -> bytes:
    """Returns a mail with another transfer encoding, so that a signature over its stored body fails."""
    plain = b"Content-Transfer-Encoding: 8bit\r\n\r\n"
    if plain not in octets:
        return octets
    head, _, body = octets.partition(plain)
    at = head.index(b"From: ")
    if f"@{HOME}\r\n".encode() not in head[at : at + 200].partition(b"To: ")[0]:  # mail from inside is not signed
        proof = base64.b64encode(hashlib.sha256(octets).digest())
        signed = b"DKIM-Signature: v=1; a=rsa-sha256; d=mailer.example; s=s1; h=from; bh=" + proof + b"; b=" + proof
        head = head[:at] + signed + b"\r\n" + head[at:]
    coded = base64.encodebytes(body).replace(b"\n", b"\r\n")
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + coded


def play(seed: int, kit: Kit) -> Diary:
    """Plays the night of that seed under this face."""
    with _mailbox_there(kit):
        face = Exchange(seed)
        night = Night(seed, kit, face=face)
        face.begin(night)
        plan(night, People(night, Platforms(night)))
        return night.play()


@contextmanager
def _mailbox_there(kit: Kit) -> Iterator[None]:
    """Puts the mailboxes of this kit's desks there."""
    before = kit.default, kit.edited
    kit.default, kit.edited = (with_exchange(settings) for settings in before)
    try:
        yield
    finally:
        kit.default, kit.edited = before
