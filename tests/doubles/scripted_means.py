# SPDX-License-Identifier: EUPL-1.2
"""Servers for `check --online` that do everything right, each fault of which a test switches on by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from flaggermail.errors import LinkLost, Refusal, StoreFailure
from flaggermail.online.checked import CheckMeans, part_of
from flaggermail.ports import (
    Accepted,
    Clock,
    Folder,
    Paged,
    Reach,
    Refused,
    Role,
    Submission,
    Submitter,
    TokenReach,
    Unknown,
)
from flaggermail.ports.probing import DatabaseSeen, Found, ReplicaSeen, SubmissionSeen
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.stories.doubles import SetClock
from flaggermail.wording.said import UNSAID, as_written
from flaggermail.wording.servers import AttemptText, ReachText
from tests.doubles.dns import ScriptedResolver

BITS = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ENDS = datetime(2027, 11, 26, tzinfo=UTC)
SEEN = SubmissionSeen(UNSAID, UNSAID, ENDS, frozenset({"8bitmime", "dsn", "smtputf8", "size"}), 0)
FOLDERS = (Folder("INBOX", Role.INBOX), Folder("Sent", Role.SENT), Folder("Junk", Role.JUNK))
RECORDS: Mapping[str, Sequence[bytes] | None] = {
    "bzk.example": (b"v=spf1 -all",), "_dmarc.bzk.example": (b"v=DMARC1; p=reject",),
    "s1._domainkey.bzk.example": (b"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC",),
}  # fmt: skip
SIGNATURE = b"DKIM-Signature: v=1; a=rsa-sha256; d=bzk.example; s=s1; h=from; bh=x; b=x\r\n"
RESULTS = b"Authentication-Results: mx.bzk.example; dmarc=pass header.from=bzk.example\r\n"
RECEIVED = b"Received: from desk by mx.bzk.example with ESMTPSA; Thu, 26 Nov 2026 09:00:00 +0000\r\n"


@dataclass
class ScriptedMailbox:
    """Implements `ports.probing.MailboxProbe` on a list of mails; `fails` are errors by the method that raises them."""

    mails: list[Found] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)
    certificate_ends: datetime | None = ENDS
    offers: frozenset[str] = frozenset({"IDLE", "UIDPLUS"})
    there: tuple[Folder, ...] = FOLDERS
    letters: Mapping[str, str] | None = None  # None: the server names no rights
    unreadable: frozenset[str] = frozenset()
    keeps: bool = True
    removes: bool = True
    connected: int = 0

    def _may_fail(self, method: str) -> None:
        if method in self.fails:
            raise self.fails[method]

    def connect(self) -> datetime | None:
        """Returns the end of the certificate."""
        self._may_fail("connect")
        self.connected += 1
        return self.certificate_ends

    def log_in(self) -> Collection[str]:
        """Returns the capabilities."""
        self._may_fail("log_in")
        return self.offers

    def folders(self) -> Sequence[Folder]:
        """Returns the folders."""
        self._may_fail("folders")
        return self.there

    def rights(self, folder: str) -> str | None:
        """Returns the letters of a folder."""
        return None if self.letters is None else self.letters.get(folder, "lr")

    def can_read(self, folder: str) -> bool:
        """True unless the folder is in `unreadable`."""
        return folder not in self.unreadable

    def find(self, folders: Sequence[Folder], header: str, word: str) -> Sequence[Found]:
        """Returns the mails with the field, and the word in it or in the subject."""
        self._may_fail("find")
        names = {folder.name for folder in folders}
        return [
            mail
            for mail in self.mails
            if mail.folder in names and (header.encode() in mail.octets if not word else word.encode() in mail.octets)
        ]

    def keeps_keyword(self, mail: Found, keyword: str) -> bool:
        """Returns whether it is stored."""
        assert mail in self.mails
        assert keyword == "flaggermail"
        return self.keeps

    def remove(self, mail: Found) -> bool:
        """Removes the mail if the script lets it."""
        if self.removes:
            self.mails.remove(mail)
        return self.removes

    def close(self) -> None:
        """Closes nothing."""


@dataclass
class ScriptedSending:
    """Implements both submission ports: delivers into the mailbox, with what `becomes` makes of a mail's octets.

    `refuses` and `loses` are parts that are not delivered; `found_in` is the folder that the others arrive in.
    """

    mailbox: ScriptedMailbox
    clock: SetClock
    settings: Configuration
    seen: SubmissionSeen = SEEN
    refuses: frozenset[str] = frozenset()
    loses: frozenset[str] = frozenset()
    found_in: Folder = FOLDERS[0]
    ahead: timedelta = timedelta(0)
    trace: bytes = SIGNATURE + RESULTS + RECEIVED
    replaced: Mapping[bytes, bytes] = field(default_factory=dict)
    in_doubt: frozenset[str] = frozenset()  # the reply to the end of data is missing
    recipients: list[str] = field(default_factory=list)

    def secret_version(self) -> str:
        """Returns nothing."""
        return ""

    def look(self) -> SubmissionSeen:
        """Returns what the script says."""
        return self.seen

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Delivers one mail at once."""
        del witness
        assert sender == self.settings.desk.mailbox.address
        (recipient,) = recipients
        part = part_of(octets, BITS)
        assert part is not None
        self.recipients.append(recipient)
        if part in self.refuses:
            text = AttemptText.RECIPIENT_REFUSED(words="550 5.1.1 no")
            return [Refused(recipient, permanent=True, code=550, text=text)]
        if part not in self.loses:
            for old, new in self.replaced.items():
                octets = octets.replace(old, new)
            number, at = str(len(self.recipients)), self.clock.now() + self.ahead
            place = self.found_in
            self.mailbox.mails.append(Found(place.name, place.role, "1", number, at, self.trace + octets))
        if part in self.in_doubt:
            return [Unknown(recipient, AttemptText.NO_REPLY(what=AttemptText.ENDED()))]
        return [Accepted(recipient, self.clock.now(), AttemptText.SAYS(words="250 ok"))]


@dataclass
class ScriptedPager:
    """Implements `ports.Pager`."""

    taken: bool = True
    called: list[str] = field(default_factory=list)

    def call(self, pager: str, title: str, text: str) -> Paged:
        """Keeps the name of the pager."""
        assert title
        assert text
        self.called.append(pager)
        return Paged(self.taken, UNSAID if self.taken else as_written("403"))


@dataclass
class ScriptedMarks:
    """Implements `online.checked.TrustProofs`."""

    survived: list[bool] = field(default_factory=list)

    def record(self, *, survived: bool, message_id: str) -> None:
        """Keeps the outcome."""
        assert message_id == f"check.{BITS}.forged@bzk.example"
        self.survived.append(survived)


def _no_desk(_settings: Configuration, _submit: Submitter, _clock: Clock) -> AbstractContextManager[Services]:
    """Makes no scratch desk: tests of the proof make a real one."""
    raise Refusal("no desk here")


@dataclass
class Around:
    """Everything around a check; a test changes one thing and calls `means`."""

    settings: Configuration
    clock: SetClock = field(default_factory=lambda: SetClock(NOW))
    mailbox: ScriptedMailbox = field(default_factory=ScriptedMailbox)
    records: dict[str, Sequence[bytes] | None] = field(default_factory=lambda: dict(RECORDS))
    pager: ScriptedPager = field(default_factory=ScriptedPager)
    marks: ScriptedMarks | None = None
    reach: TokenReach | None = field(
        default_factory=lambda: TokenReach(Reach.REFUSED, ReachText.REFUSED(other="x@bzk.example", own="y"))
    )
    database: DatabaseSeen | Exception | None = field(default_factory=lambda: DatabaseSeen("SQLite 3", "0019", "wal"))
    replica: ReplicaSeen | StoreFailure | None = None
    free: Mapping[str, int] = field(default_factory=lambda: {"archive": 10**12})
    offset: timedelta = timedelta(hours=1)
    pages: bool = True
    scratch: Callable[[Configuration, Submitter, Clock], AbstractContextManager[Services]] = _no_desk
    sending: ScriptedSending = field(init=False)

    def __post_init__(self) -> None:
        """Puts the submission server beside the mailbox."""
        self.sending = ScriptedSending(self.mailbox, self.clock, self.settings)

    def means(self) -> CheckMeans:
        """Returns the means of a check; waiting advances the clock."""
        return CheckMeans(
            settings=self.settings, mailbox=self.mailbox, submission=self.sending, submitter=self.sending,
            resolver=ScriptedResolver(self.records), pager=self.pager, other_mailbox=lambda: self.reach,
            database=self._database, replica=self._replica, free=lambda: self.free,
            seal=lambda text: text[::-1].encode(),
            scratch=self.scratch, clock=self.clock, token=lambda: BITS,
            wait=lambda seconds: self.clock.set(self.clock.now() + timedelta(seconds=seconds)),
            local_offset=lambda: self.offset, marks=self.marks, pages=self.pages,
        )  # fmt: skip

    def _database(self) -> DatabaseSeen | None:
        if isinstance(self.database, Exception):
            raise self.database
        return self.database

    def _replica(self) -> ReplicaSeen | None:
        if isinstance(self.replica, StoreFailure):
            raise self.replica
        return self.replica


def link_lost() -> LinkLost:
    """Returns the error of a server that is away."""
    return LinkLost("imap.bzk.example: connection refused")
