# SPDX-License-Identifier: EUPL-1.2
"""The world around a simulated desk: a clock that may be wrong, a mailbox that may be unreachable, a moody server.

The test wraps the ports; the product has no hook for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from threading import get_ident
from typing import ParamSpec, TypeVar, cast

from flaggermail.errors import LinkLost
from flaggermail.ports import (
    Accepted,
    BlobStore,
    Folder,
    MailPage,
    Refused,
    Role,
    Store,
    Submission,
    Submitter,
    Transaction,
    Unknown,
)
from flaggermail.ports.delegating import StoreOnAnother
from flaggermail.record.audit import ArchivedFile
from flaggermail.record.refusals import SmtpStage
from flaggermail.stories.doubles import ListMailbox
from flaggermail.wording.said import StoredText, as_written
from flaggermail.wording.servers import AttemptText
from tests.nights.faces import Face
from tests.nights.leaving import Hindrance
from tests.nights.reading import Read

PERMANENT = 500  # the lowest code of a refusal that may be the last word
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Killed(BaseException):
    """The desk ends here as in a power cut."""


class SecondThread(BaseException):
    """A port was used by a thread of its own: the same seed would not be the same night."""


def die() -> None:
    """Ends the desk."""
    raise Killed


class WallClock:
    """The desk's clock: true time plus an error."""

    def __init__(self, start: datetime) -> None:
        self.true, self.wrong = start, timedelta(0)

    def now(self) -> datetime:
        """Returns the time that the desk sees."""
        return self.true + self.wrong


@dataclass
class Watch:
    """Observes every use of a port, kills the desk at a chosen one and reports each commit."""

    on_commit: Callable[[list[str]], None]
    fatal: int = 0  # uses left until the kill; 0: none planned
    commits: int = 0
    archived: list[str] = field(default_factory=list)  # digests since the last commit
    counted: int = 0  # uses so far
    strikes: int = 0  # the use, by that count, that is chosen too; 0: none
    hit: Callable[[], None] = die  # called at the chosen use
    inside: int = 0  # transactions that are open
    views: list[Callable[[], None]] = field(default_factory=list)  # each forgets what a store has read
    leads: Callable[[], bool] = lambda: True  # whether the lease was renewed within its time
    lock: Callable[[], None] = lambda: None  # raises StoreBusy while another process holds the record
    thread: int = field(default_factory=get_ident)  # the one that plays

    def use(self) -> None:
        """Counts a use of a port and kills the desk at the chosen one."""
        if get_ident() != self.thread:
            raise SecondThread
        self.counted += 1
        if self.counted == self.strikes:
            self.hit()
        if self.fatal:
            self.fatal -= 1
            if not self.fatal:
                self.hit()

    @contextmanager
    def within(self) -> Iterator[None]:
        """Counts an open transaction."""
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    def committed(self) -> None:
        """Reports a durable transaction."""
        self.commits += 1
        for forget in self.views:
            forget()
        archived, self.archived = self.archived, []
        self.on_commit(archived)

    def ended(self) -> None:
        """Forgets what was not committed."""
        self.archived.clear()
        self.fatal = 0


@dataclass
class WatchedStore(StoreOnAnother):
    """Implements `ports.Store`. All writers share the watch, so all reads between two commits share one view."""

    inner: Store
    watch: Watch
    _view: Transaction | None = None
    _views: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.watch.views.append(self._forget)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Opens a transaction; the kill may come before it, before its commit (then undone) and after it."""
        self.watch.use()
        self.watch.lock()
        with self.inner.begin() as tx, self.watch.within():
            yield tx
            self.watch.use()
        self.watch.committed()
        self.watch.use()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Opens a view of the last commit."""
        if self._view is None:
            self._view = self._views.enter_context(self.inner.read())
        yield self._view

    def _forget(self) -> None:
        self._view = None
        self._views.close()

    def leads(self) -> bool:
        """Returns what simulated time says of the lease."""
        return self.watch.leads()

    def scrub(self) -> bool:
        """Closes the view, which would prevent it, and delegates."""
        self._forget()
        return self.inner.scrub()

    def close(self) -> None:
        """Closes the view and the store."""
        self._forget()
        self.inner.close()


class Work(Future[_T]):
    """Work that is done at once, or when its result is asked for, after what was given before it."""

    def __init__(self, work: Callable[[], _T], before: Sequence[Work[object]]) -> None:
        super().__init__()
        self._work, self._before = work, before

    def do(self) -> None:
        """Does it, once; a kill is raised at once, as it ends both threads."""
        if self.done():
            return
        for work in self._before:
            work.do()
            if isinstance(work.exception(), Killed):
                raise Killed
        try:
            self.set_result(self._work())
        except BaseException as fault:
            self.set_exception(fault)
            if not isinstance(fault, Exception):
                raise

    def result(self, timeout: float | None = None) -> _T:
        """Returns the result of the work, done by now."""
        self.do()
        return super().result(timeout)


class InTurn(Executor):
    """Does the work of threads beside a mail in this one, as two would count the uses of ports in any order.

    `waits` says of each piece of work whether it is done at once or when its result is asked for.
    """

    def __init__(self, waits: Callable[[], bool], *_: object) -> None:
        """Takes the number of threads and their name, too."""
        self._waits, self._given = waits, list[Work[object]]()

    def submit(self, work: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Returns the work."""
        given = Work(partial(work, *args, **kwargs), tuple(self._given))
        self._given.append(cast("Work[object]", given))
        if not self._waits():
            given.do()
        return given

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Does what nobody asked for, unless the desk was killed."""
        for given in self._given if kind is None or issubclass(kind, Exception) else ():
            given.do()


@dataclass
class WatchedOctets:
    """Implements `ports.BlobStore`."""

    inner: BlobStore
    watch: Watch

    def put(self, octets: bytes) -> str:
        """Stores the octets; the kill may come before and after."""
        return self.put_all([octets])[0]

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Stores several at once; the kill may come before and after."""
        self.watch.use()
        digests = self.inner.put_all(many) if len(many) > 1 else [self.inner.put(octets) for octets in many]
        self.watch.archived += digests
        self.watch.use()
        return digests

    def get(self, digest: str) -> bytes:
        """Delegates."""
        return self.inner.get(digest)

    def discard(self, digest: str) -> None:
        """Delegates."""
        self.inner.discard(digest)

    def sweep(self) -> int:
        """Delegates."""
        return self.inner.sweep()

    def fault(self) -> StoredText:
        """Delegates."""
        return self.inner.fault()

    def files(self) -> Iterator[ArchivedFile]:
        """Delegates."""
        return self.inner.files()


class Mailbox(ListMailbox):
    """A list of mails behind a connection that may be lost."""

    watch: Watch
    lost = False

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the folders, or raises LinkLost while the connection is lost."""
        if self.lost:
            raise LinkLost("the line is down")
        return super().folders(only)

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields the pages; the kill may come before the first."""
        self.watch.use()
        yield from super().fetch_after(folder, position)


@dataclass
class HandOver:
    """One mail handed to the submission server. The record is the server's and survives the desk."""

    number: int
    at: datetime  # by the desk's clock
    true: datetime
    octets: bytes
    digest: str
    recipient: str
    answer: str  # accepted | refused | doubt
    received: bool
    code: int = 0  # of a refusal; 0: no connection
    asked: bool = True  # the desk awaits the answer
    settled: bool = False  # the desk recorded the answer
    cut: bool = False  # the desk was killed before it could
    late: bool = False  # begun by a leader that another replaced before it ended

    @property
    def refused_for_good(self) -> bool:
        """Returns whether the desk may leave it at this refusal."""
        return self.answer == "refused" and self.settled and self.code >= PERMANENT

    @property
    def in_doubt(self) -> bool:
        """Returns whether the desk cannot know if the server took the mail."""
        return self.answer == "doubt" or not self.settled


@dataclass(frozen=True)
class Mood:
    """The server's answer for a while, to one domain or to all.

    away: no connection. greylist: 450. refuse: 550. silent: no answer after the final dot, whether or not the mail is
    taken.
    """

    kind: str
    domain: str
    begins: datetime  # true time, as the next
    until: datetime

    def fits(self, recipient: str, now: datetime) -> bool:
        """Returns whether this mood applies now."""
        return now < self.until and recipient.endswith(self.domain)

    def concerns(self, read: Read) -> bool:
        """Returns whether this mail is subject to it while it lasts."""
        return read.recipient.endswith(self.domain)


@dataclass(frozen=True)
class Ban:
    """What the server refuses for a while: some recipients, or whatever has a word in its subject or text."""

    recipient: str  # an address or the end of one; empty: anybody
    word: str  # empty: whatever is written
    code: int
    words: str  # of the answer
    stage: SmtpStage
    begins: datetime  # true time, as the next
    until: datetime

    def concerns(self, read: Read) -> bool:
        """Returns whether this mail is refused while it lasts."""
        if not read.recipient.endswith(self.recipient):
            return False
        return not self.word or self.word in " ".join(f"{read.subject} {read.body}".split()).lower()

    def fits(self, read: Read, now: datetime) -> bool:
        """Returns whether this mail is refused now."""
        return self.begins <= now < self.until and self.concerns(read)


@dataclass
class Server(Submitter):
    """Implements `ports.Submitter` and records each hand-over."""

    clock: WallClock
    watch: Watch
    chance: Random
    face: Face
    moods: list[Mood] = field(default_factory=list)
    bans: list[Ban] = field(default_factory=list)
    record: list[HandOver] = field(default_factory=list)

    def mood(self, kind: str, domain: str, length: timedelta) -> datetime:
        """Adopts a mood and returns its end."""
        until = self.clock.true + timedelta(seconds=round(length.total_seconds()))
        self.moods.append(Mood(kind, domain, self.clock.true, until))
        return until

    def mend(self) -> None:
        """Takes everything from now on."""
        now = self.clock.true
        self.moods = [replace(mood, until=min(mood.until, now)) for mood in self.moods]
        self.bans = [replace(ban, until=min(ban.until, now)) for ban in self.bans]

    def hindrances(self) -> Iterator[Hindrance]:
        """Yields the times in which it did not take some mail."""
        several: tuple[Mood | Ban, ...] = (*self.moods, *self.bans)
        yield from (Hindrance(each.begins, each.until, each.concerns) for each in several)

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient; the kill may come before and after the server takes the mail."""
        assert sender
        assert not witness, "the server of these nights files what it sends in Sent"
        (recipient,) = recipients
        self.watch.use()
        mood = next((m.kind for m in self.moods if m.fits(recipient, self.clock.true)), None)
        read = Read(octets, recipient)
        refusal = _REFUSALS.get(mood or "") or next((b for b in self.bans if b.fits(read, self.clock.true)), None)
        answer = "refused" if refusal is not None else "doubt" if mood == "silent" else "accepted"
        received = answer == "accepted" or (answer == "doubt" and self.chance.random() < 0.5)
        now, code = self.clock.now(), refusal.code if refusal is not None else 0
        handed = HandOver(
            len(self.record), now, self.clock.true, octets, read.digest, recipient, answer, received, code
        )
        self.record.append(handed)
        words = self.face.answer(handed)
        self.watch.use()
        if answer == "accepted":
            return [Accepted(recipient, now, AttemptText.SAYS(words=words), message_id=self.face.name_in(words))]
        if answer == "doubt":
            return [Unknown(recipient, as_written("no answer after the end of data"))]
        assert refusal is not None
        said = AttemptText.SAYS(words=refusal.words)
        return [Refused(recipient, code >= PERMANENT, code, said, stage=refusal.stage)]


def _always(code: int, stage: SmtpStage) -> Ban:
    return Ban("", "", code, "refused", stage, LONG_AGO, LONG_AGO)


_REFUSALS = {
    "away": _always(0, SmtpStage.CONNECTION), "greylist": _always(450, SmtpStage.RECIPIENT),
    "refuse": _always(550, SmtpStage.RECIPIENT),
}  # fmt: skip
