# SPDX-License-Identifier: EUPL-1.2
"""The world around a simulated desk: a clock that may be wrong, a mailbox that may be away, a server with moods.

The ports are wrapped by the test; the product has no hook for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from flaggermail.errors import LinkLost
from flaggermail.ports import (
    Accepted,
    BlobStore,
    Lease,
    Position,
    RawMessage,
    Refused,
    Store,
    Submission,
    Transaction,
    Unknown,
)
from flaggermail.replay.doubles import ListMailbox


class Killed(BaseException):
    """The desk ends here as at a power cut: nothing of it runs on."""


class WallClock:
    """The desk's clock: true time, and by how much it is wrong."""

    def __init__(self, start: datetime) -> None:
        self.true, self.wrong = start, timedelta(0)

    def now(self) -> datetime:
        """What the desk takes for the present."""
        return self.true + self.wrong


@dataclass
class Watch:
    """Sees every use of a port: ends the desk at one of them, and knows what was made durable by a commit."""

    on_commit: Callable[[list[str]], None]
    fatal: int = 0  # uses left until the end; 0: none is to come
    commits: int = 0
    archived: list[str] = field(default_factory=list)  # digests since the last commit

    def use(self) -> None:
        """A port is used."""
        if self.fatal:
            self.fatal -= 1
            if not self.fatal:
                raise Killed

    def committed(self) -> None:
        """A transaction is durable."""
        self.commits += 1
        archived, self.archived = self.archived, []
        self.on_commit(archived)

    def ended(self) -> None:
        """What was not committed is gone."""
        self.archived.clear()
        self.fatal = 0


@dataclass
class WatchedStore:
    """Implements `ports.Store`; nobody else writes, so all that read between two commits share one view."""

    inner: Store
    watch: Watch
    _view: Transaction | None = None
    _views: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """The end may come before it, before its commit, which then does not happen, and after it."""
        self.watch.use()
        with self.inner.begin() as tx:
            yield tx
            self.watch.use()
        self._forget()
        self.watch.committed()
        self.watch.use()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """What the last commit left."""
        if self._view is None:
            self._view = self._views.enter_context(self.inner.read())
        yield self._view

    def _forget(self) -> None:
        self._view = None
        self._views.close()

    def acquire(self, name: str, holder: str, now: datetime, seconds: int) -> Lease:
        """As it is."""
        return self.inner.acquire(name, holder, now, seconds)

    def renew(self, now: datetime, seconds: int) -> None:
        """As it is."""
        self.inner.renew(now, seconds)

    def release(self) -> None:
        """As it is."""
        self.inner.release()

    def close(self) -> None:
        """Nothing is read on."""
        self._forget()
        self.inner.close()


@dataclass
class WatchedOctets:
    """Implements `ports.BlobStore`."""

    inner: BlobStore
    watch: Watch

    def put(self, octets: bytes) -> str:
        """The end may come before and after."""
        return self.put_all([octets])[0]

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Likewise."""
        self.watch.use()
        digests = self.inner.put_all(many) if len(many) > 1 else [self.inner.put(octets) for octets in many]
        self.watch.archived += digests
        self.watch.use()
        return digests

    def get(self, digest: str) -> bytes:
        """As it is."""
        return self.inner.get(digest)

    def discard(self, digest: str) -> None:
        """As it is."""
        self.inner.discard(digest)

    def sweep(self) -> int:
        """As it is."""
        return self.inner.sweep()


class Mailbox(ListMailbox):
    """A list of mails behind a line that may be lost."""

    watch: Watch
    lost = False

    def folders(self) -> Sequence[str]:
        """The folders, while there is a line."""
        if self.lost:
            raise LinkLost("the line is down")
        return super().folders()

    def fetch_after(self, folder: str, position: Position) -> Iterator[Sequence[RawMessage]]:
        """The end may come before the first batch."""
        self.watch.use()
        yield from super().fetch_after(folder, position)


@dataclass
class HandOver:
    """One mail that was given to the submission server: its record is the server's, and outlives the desk."""

    number: int
    at: datetime  # by the desk's clock
    octets: bytes
    digest: str
    recipient: str
    answer: str  # accepted | refused | doubt
    received: bool
    asked: bool = True  # the desk waits for the answer
    settled: bool = False  # the desk wrote the answer down

    @property
    def in_doubt(self) -> bool:
        """Whether the desk cannot know what became of it."""
        return self.answer == "doubt" or not self.settled


@dataclass(frozen=True)
class Mood:
    """What the server answers for a while, to one domain or everybody.

    away: no connection. greylist: 450. refuse: 550. silent: nothing after the final dot, and the mail is taken or not.
    """

    kind: str
    domain: str
    until: datetime  # true time

    def fits(self, recipient: str, now: datetime) -> bool:
        """Whether this is the mood now."""
        return now < self.until and recipient.endswith(self.domain)


@dataclass
class Server:
    """Implements `ports.Submitter`, and keeps what it was given."""

    clock: WallClock
    watch: Watch
    chance: Random
    moods: list[Mood] = field(default_factory=list)
    record: list[HandOver] = field(default_factory=list)

    def mood(self, kind: str, domain: str, length: timedelta) -> datetime:
        """Be in that mood from now on; answers until when."""
        until = self.clock.true + timedelta(seconds=round(length.total_seconds()))
        self.moods.append(Mood(kind, domain, until))
        return until

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """One result a recipient; the end of the desk may come before and after the server took the mail."""
        assert sender
        assert not witness, "the server of these nights files what it sends in Sent"
        (recipient,) = recipients
        self.watch.use()
        mood = next((m.kind for m in self.moods if m.fits(recipient, self.clock.true)), None)
        answer = {None: "accepted", "silent": "doubt"}.get(mood, "refused")
        received = answer == "accepted" or (answer == "doubt" and self.chance.random() < 0.5)
        now = self.clock.now()
        digest = hashlib.sha256(octets).hexdigest()
        self.record.append(HandOver(len(self.record), now, octets, digest, recipient, answer, received))
        self.watch.use()
        if answer == "accepted":
            return [Accepted(recipient, now, "250 2.0.0 Ok")]
        if answer == "doubt":
            return [Unknown(recipient, "no answer after the end of data")]
        code = {"away": 0, "greylist": 450}.get(mood or "", 550)
        return [Refused(recipient, code == 550, code, "refused", connection_failed=code == 0)]
