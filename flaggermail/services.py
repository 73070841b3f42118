# SPDX-License-Identifier: EUPL-1.2
"""The services and the unit of work passed to every function outside the pure modules."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from flaggermail.errors import LeaseHeld, StoreAway, StoreBusy
from flaggermail.record.events import Event, EventKind

if TYPE_CHECKING:  # a view needs the fewest of them, and each room imports this module
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor, Future
    from datetime import date, datetime
    from typing import Self

    from flaggermail.mail.authentication.authres import Organisational
    from flaggermail.mail.vocabulary import Language
    from flaggermail.ports import (
        BlobStore,
        Clock,
        CodeVault,
        DocumentWriter,
        HealthProbe,
        Interrupt,
        Matcher,
        Pager,
        Parser,
        Randomness,
        SenderCheck,
        Store,
        Submitter,
        Templates,
        Transaction,
    )
    from flaggermail.record.audit import ArchivedFile
    from flaggermail.record.case_values import Topic
    from flaggermail.record.events import Change
    from flaggermail.rules.configuration import Configuration
    from flaggermail.rules.draft_policy import DraftPatterns
    from flaggermail.wording.said import StoredText

T = TypeVar("T")
R = TypeVar("R")
DAEMON = "daemon"
AGAIN_SECONDS = 1.0  # between two tries to record a result in hand


@dataclass(frozen=True, slots=True)
class Services:
    """The settings, and an adapter for each port."""

    settings: Configuration
    store: Store
    octets: BlobStore
    parser: Parser
    sender_check: SenderCheck
    templates: Templates
    matcher: Matcher
    submitter: Submitter
    clock: Clock
    randomness: Randomness
    draft_patterns: DraftPatterns
    language: Language
    would_work: Callable[[Topic, str], tuple[str, ...]]  # reply verbs that act on a mail, in a language of the desk
    pager: Pager
    health_probe: HealthProbe
    codes: CodeVault
    documents: DocumentWriter
    organisational: Organisational  # the registrable domain of a domain

    @property
    def own_addresses(self) -> frozenset[str]:
        """The address of the shared mailbox and its aliases, in lower case: their mail comes from the desk itself."""
        mailbox = self.settings.desk.mailbox
        return frozenset(address.lower() for address in (mailbox.address, *mailbox.aliases))

    def close(self) -> None:
        """Closes the parser and the store; idempotent."""
        self.parser.close()
        self.store.close()


@dataclass(frozen=True, slots=True)
class EventRef:
    """The case, notification and message of an event, as stored with it."""

    case: str | None = None
    notification: str | None = None
    message: str | None = None


NOTHING = EventRef()


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """One unit of work: its transaction, its single instant and its actor.

    `login`: the account of this machine that asks; empty if the actor is known by other means, as by a reply with a
    code. `direct`: the desk was opened beside its door; `vouched`: a reverse proxy named the actor. Its events say
    both.
    """

    env: Services
    tx: Transaction
    now: datetime
    actor: str = DAEMON
    login: str = ""
    direct: bool = False
    vouched: bool = False

    @property
    def today(self) -> date:
        """The date of `now` in the desk's time zone."""
        return self.now.astimezone(self.env.settings.zone).date()

    def record(self, kind: EventKind, *changes: Change, about: EventRef = NOTHING, reason: str = "") -> None:
        """Appends an event of this kind with the row changes it makes."""
        facts = {name: True for name, is_so in (("direct", self.direct), ("proxy", self.vouched)) if is_so}
        event = Event(kind, self.now, self.actor, changes, about.case, about.notification, about.message, reason, facts)
        self.tx.append(event)


@dataclass(frozen=True, slots=True)
class ArchivedBeside:
    """Implements `ports.BlobStore` with a thread: the disk works while the rest is worked out.

    New octets can be read at once, from memory. It is entered last within a transaction: all are durable before the
    commit, or nothing is committed.
    """

    env: Services
    disk: Executor
    kept: dict[str, bytes] = field(default_factory=dict)
    begun: list[Future[str]] = field(default_factory=list)

    def put(self, octets: bytes) -> str:
        """Begins to store the octets, after what was begun before."""
        digest = sha256(octets).hexdigest()
        if digest not in self.kept:
            self.begun.append(self.disk.submit(self.env.octets.put, octets))
            self.kept[digest] = octets
        return digest

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Begins to store each."""
        return [self.put(octets) for octets in many]

    def get(self, digest: str) -> bytes:
        """Returns new octets, or those of the archive."""
        return self.kept[digest] if digest in self.kept else self.env.octets.get(digest)

    def discard(self, digest: str) -> None:
        """Destroys octets that are stored."""
        self.settle()
        self.kept.pop(digest, None)
        self.env.octets.discard(digest)

    def sweep(self) -> int:
        """Removes nothing: a start does."""
        return 0

    def fault(self) -> StoredText:
        """Delegates."""
        return self.env.octets.fault()

    def files(self) -> Iterator[ArchivedFile]:
        """Delegates."""
        return self.env.octets.files()

    def settle(self) -> None:
        """Waits for what was begun; raises its first exception."""
        for one in self.begun:
            one.result()

    def __enter__(self) -> Self:
        """Returns this object."""
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        """Waits for what was begun; raises its first exception, unless the block raised one."""
        if failed is None:
            self.settle()


def until_recorded(record: Callable[[int], None], stop: Interrupt | None) -> None:
    """Records a result in hand: while the record is busy or away, tries again each second until `stop` is set.

    `record` gets the number of calls before: one of them may be on record, if only its answer was lost. Raises
    StoreBusy and StoreAway if stopped, and LeaseHeld at once: the daemon that took over settles what is under way.
    """
    for tried in count():
        try:
            record(tried)
        except LeaseHeld:
            raise
        except (StoreBusy, StoreAway):
            if stop is None or stop.wait(AGAIN_SECONDS):
                raise
        else:
            return


def one_ahead(beside: Executor, work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Yields each item with what `work` makes of it; while one is used here, `beside` works on the next."""
    before: tuple[T, Future[R]] | None = None
    for item in items:
        following = (item, beside.submit(work, item))
        if before is not None:
            yield before[0], before[1].result()
        before = following
    if before is not None:
        yield before[0], before[1].result()
