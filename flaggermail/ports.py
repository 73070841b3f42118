# SPDX-License-Identifier: EUPL-1.2
"""The doors between the shell and the world. Each Protocol is small; `wiring` puts an adapter behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from flaggermail.mail.message import Message, Verdict
from flaggermail.record.events import Event
from flaggermail.record.rows import Record

R = TypeVar("R", bound=Record)


class Role(StrEnum):
    """What a folder is for (RFC 6154); `OTHER` holds what people put there, what they deleted included."""

    INBOX = "inbox"
    SENT = "sent"
    JUNK = "junk"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One mail as the mailbox server holds it. `internaldate` is aware (RFC 9051, section 2.3.3)."""

    octets: bytes
    internaldate: datetime
    folder: str
    uidvalidity: int
    uid: int
    role: Role = Role.INBOX


@dataclass(frozen=True, slots=True)
class Position:
    """How far a folder has been read: every UID up to and including `uid` is stored (RFC 9051, section 2.3.1.1)."""

    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder has been read, and when it was last seen to hold nothing more."""

    position: Position
    looked_at: datetime | None


class Clock(Protocol):
    """The only source of the present instant."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Randomness(Protocol):
    """The only source of unguessable values."""

    def token(self) -> str:
        """128 random bits as 32 lower-case hexadecimal digits."""
        ...

    def salt(self) -> bytes:
        """16 random octets."""
        ...


class Interrupt(Protocol):
    """Ends a wait from another thread; once set it stays set."""

    def set(self) -> None:
        """End every present and later wait."""
        ...

    def is_set(self) -> bool:
        """Whether an end was asked for."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait until the end is asked for, `seconds` at most; answers whether it was."""
        ...

    def fileno(self) -> int:
        """A descriptor that becomes readable when the end is asked for."""
        ...


class Ticker(Protocol):
    """Calls work again and again; a call that is still running is not started a second time."""

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Call `work` every `seconds`, from `start` on."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self, deadline: float) -> bool:
        """End; waits for calls in hand, `deadline` seconds at most; answers whether all of them have ended."""
        ...


class Supervisor(Protocol):
    """What started the daemon and watches over it. Nothing here waits or raises: it may not harm what it is told of."""

    @property
    def interval(self) -> float:
        """Seconds after which the next `alive` is wanted at the latest; infinite where nobody waits for one."""
        ...

    def ready(self) -> None:
        """The daemon does its work from now on."""
        ...

    def status(self, text: str) -> None:
        """How things stand, in one line for whoever asks: no subject, no address, no token."""
        ...

    def alive(self) -> None:
        """Every loop of the daemon has made progress of late."""
        ...

    def stopping(self) -> None:
        """The daemon ends in order."""
        ...


class Mailbox(Protocol):
    r"""The shared mailbox. Reads with PEEK, never sets \\Seen, \\Flagged or \\Answered, never moves or expunges."""

    def folders(self) -> Sequence[str]:
        """The watched folders there are now, the inbox first. Connects when needed; raises LinkLost, LoginRefused."""
        ...

    def position(self, folder: str) -> Position:
        """UIDVALIDITY and the highest UID of `folder` now; raises LinkLost, FolderUnreadable."""
        ...

    def fetch_after(self, folder: str, position: Position) -> Iterator[Sequence[RawMessage]]:
        """Batches of the messages of `folder` above `position.uid`, in UID order, bounded in number and octets.

        When the folder's UIDVALIDITY is not `position.uidvalidity` the whole folder is given. Raises LinkLost,
        FolderUnreadable.
        """
        ...

    def fetch_first(self, folder: str, position: Position, senders: Sequence[str]) -> Iterator[Sequence[RawMessage]]:
        """As `fetch_after`, of the messages alone whose From holds one of `senders`, or that answer mail of ours.

        By the header as the sender wrote it: this decides what is looked at first, and nothing else.
        """
        ...

    def mark(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> bool:
        """Show colleagues, by a keyword, what was taken in; answers whether the server keeps one. Changes nothing else.

        A keyword that is not set harms nothing. Raises LinkLost.
        """
        ...

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Return when something may have changed in the inbox, on `stop`, or after `at_most` seconds: a hint, no truth.

        Raises LinkLost.
        """
        ...

    def close(self) -> None:
        """End the connection; safe to repeat."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """The submission server took responsibility for the message for this recipient (RFC 5321, section 4.2.5)."""

    recipient: str
    at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server said no before the end of DATA, or to it; `permanent` for 5yz, `code` 0 where no reply came.

    `line`: it did not come to this message at all (no connection, no TLS, no login, a server that closes), so no other
    message would have fared better.
    """

    recipient: str
    permanent: bool
    code: int
    text: str
    line: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The line was lost or fell silent after the end of DATA was sent: the server may have taken the message."""

    recipient: str
    text: str


Submission = Accepted | Refused | Unknown


class Submitter(Protocol):
    """Hands one frozen message to our own submission server (RFC 6409)."""

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """One result for each recipient, in their order; `sender` is the envelope sender, empty for the null path.

        `witness` is one more address that gets the message in the same transaction, only together with a recipient: its
        copy proves that the server took the message. That it is refused changes nothing, and it has no result.

        Never raises for what the network or the server does.
        """
        ...


@dataclass(frozen=True, slots=True)
class Paged:
    """Whether the service behind a pager took a page; else `why` in words of ours, which hold no address."""

    taken: bool
    why: str = ""


class Pager(Protocol):
    """Calls a person's pager."""

    def call(self, pager: str, title: str, text: str) -> Paged:
        """Hand `text` to the service behind the credential `pager`, once. Never raises, never tells the address."""
        ...


class HealthProbe(Protocol):
    """Measures of this machine and of the servers it talks to."""

    def free(self) -> Mapping[str, int]:
        """Octets free, by the name of the place."""
        ...

    def certificates(self) -> Mapping[str, datetime]:
        """When the certificate of each server ends, as the last session with it showed."""
        ...

    def skew(self) -> timedelta | None:
        """How far the mailbox server's clock certainly is from ours, ahead where positive; nothing when unknown."""
        ...

    def arrived(self, internaldate: datetime, seen: datetime) -> None:
        """A mail in the inbox was seen for the first time."""
        ...

    def returned(self, internaldate: datetime, accepted: datetime) -> None:
        """A copy of our own mail, which our server took at `accepted`, lies in the mailbox."""
        ...

    def presented(self, server: str, line: object) -> None:
        """A session with `server` began; `line` is its TLS, or anything else where there is none."""
        ...


class Heartbeat(Protocol):
    """Tells somebody outside that all is well."""

    def beat(self) -> str:
        """Tell it once; answers why that failed, in words without the address, or nothing. Never raises."""
        ...


class StatusBoard(Protocol):
    """Shows how the desk stands to whoever may look on this machine."""

    def show(self, document: Mapping[str, object]) -> str:
        """Replace what is shown; answers why that failed, or nothing. Never raises for what the machine does."""
        ...


class BlobStore(Protocol):
    """The archive of raw octets under their SHA-256."""

    def put(self, octets: bytes) -> str:
        """Make `octets` durable; return their SHA-256 in hexadecimal. Raises ArchiveFault."""
        ...

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """As `put` for each, all of them durable at the end, for less. Raises ArchiveFault; some may be kept then."""
        return [self.put(octets) for octets in many]

    def get(self, digest: str) -> bytes:
        """The octets filed under `digest`, checked against it. Raises ArchiveFault."""
        ...

    def discard(self, digest: str) -> None:
        """Destroy the octets filed under `digest`; nothing to do where there are none. Raises ArchiveFault."""
        ...

    def sweep(self) -> int:
        """Remove what writers that died left half written; return how many that were. Raises ArchiveFault."""
        ...


class Parser(Protocol):
    """Reads the octets of a mail."""

    def parse(self, octets: bytes) -> Message:
        """The mail as a value; never raises on content: what cannot be read is a defect."""
        ...

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """As `parse` for each, in their order, for less."""
        return [self.parse(octets) for octets in many]

    def close(self) -> None:
        """End what parses; safe to repeat."""
        ...


class SenderCheck(Protocol):
    """Says whether the author of a mail is who the mail says."""

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """The verdict on the author of `message`, which was read from `octets`; never raises on content."""
        ...


class Resolver(Protocol):
    """Asks the DNS."""

    def texts(self, name: str) -> Sequence[bytes] | None:
        """The TXT records at `name`, each joined (RFC 1035, section 3.3.14); nothing when no answer is to be had now.

        Where there is no such name or record, the answer is empty. Never raises.
        """
        ...


class SignatureCheck(Protocol):
    """Asks the signer's key whether a mail is as it was signed (RFC 6376)."""

    def check(self, octets: bytes, domain: str, date: datetime | None, now: datetime) -> Verdict:
        """The verdict on an author at `domain`, whose mail says that it is of `date`; never raises on content."""
        ...


class Matcher(Protocol):
    """A pattern of a rule, found in linear time."""

    def search(self, pattern: str, text: str) -> str | None:
        """The first text that matches `pattern` (RE2 syntax, capitals ignored), or nothing."""
        ...

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """Where that text stands: its first and past-the-last sign, or nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template filled in: plain text, lines end with LF."""

    subject: str
    body: str


class Templates(Protocol):
    """The mail templates of the configuration."""

    def render(self, name: str, language: str, values: Mapping[str, object]) -> Rendered:
        """Fill in `name` in `language`; raises ConfigurationError naming file, line and the undefined name."""
        ...

    def files(self) -> Mapping[str, bytes]:
        """The files of all templates, by their names."""
        ...


class Transaction(Protocol):
    """One unit of work: everything or nothing. The only way to change a row is to append the event that says so."""

    def get(self, kind: type[R], key: str) -> R | None:
        """The row of that kind under that key."""
        ...

    def find(self, kind: type[R], /, **equal: object) -> list[R]:
        """The rows whose fields equal the given values (a list: is one of them), in the order of their keys."""
        ...

    def newest(self, kind: type[R], most: int, /, **equal: object) -> list[R]:
        """The last `most` rows that `find` would give, the last one first; their keys must be as long as each other."""
        ...

    def exists(self, kind: type[R], /, **equal: object) -> bool:
        """Whether `find` would give a row; costs the same however many there are."""
        ...

    def count(self, kind: type[R], after: tuple[str, datetime], /, **equal: object) -> int:
        """How many rows `find` would give of which the named instant is later than the given one."""
        ...

    def reached(self, counter: str) -> int:
        """The last number of a counter, 0 where none was given out."""
        ...

    def number(self, counter: str) -> int:
        """The next number of a counter, from 1; gaps appear only when the transaction is rolled back."""
        ...

    def set_number(self, counter: str, value: int) -> None:
        """Let the next number of a counter be `value` + 1."""
        ...

    def events(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """The events behind number `after`, with their numbers; personal values revealed unless erased."""
        ...

    def append(self, *events: Event) -> None:
        """Write the events to the chain and their changes to the rows."""
        ...

    def erase(self, kind: type[Record], keys: Collection[str], names: Collection[str], since: datetime) -> None:
        """Destroy what these personal fields of these rows, which began to be at `since`, held before.

        What they hold now stays; a field that is to hold nothing any more is emptied by an event first. The events
        stand as they were, with the commitments in them, so the chain holds.
        """
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of the unit of work: what was done in it is undone on an exception, which goes on."""
        ...

    def advance(self, folder: str, cursor: Cursor) -> None:
        """Record how far `folder` has been read."""
        ...

    def cursor(self, folder: str) -> Cursor | None:
        """How far `folder` has been read; nothing when it never was."""
        ...

    def broken_link(self) -> int | None:
        """The first event whose digest does not follow from its octets and the event before; nothing when all do."""
        ...

    def broken_commitment(self) -> int | None:
        """The first event with a personal value that does not fit its commitment; nothing when all do."""
        ...


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run the daemon; every write of its holder is checked against `fencing`."""

    name: str
    holder: str
    fencing: int


class Store(Protocol):
    """Rows for the present, events for the past."""

    def acquire(self, name: str, holder: str, now: datetime, seconds: int) -> Lease:
        """Take the lease; from then on every write of this store checks it. Raises StoreBusy, which says who holds it.

        `holder` is host, process and start; a holder on the same host whose process is gone is replaced at once.
        """
        ...

    def renew(self, now: datetime, seconds: int) -> None:
        """Keep the lease for `seconds` more. Raises StoreBusy when it was lost."""
        ...

    def release(self) -> None:
        """Give the lease back; safe to repeat."""
        ...

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that writes: commits at the end of the block, rolls back on an exception."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """A transaction that only reads: one consistent view."""
        ...

    def close(self) -> None:
        """Close every connection; safe to repeat."""
        ...
