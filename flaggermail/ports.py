# SPDX-License-Identifier: EUPL-1.2
"""The ports: Protocols for everything outside the program. Each is small; `wiring` supplies the adapters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol, TypeVar

from flaggermail.mail.hops import Hop
from flaggermail.mail.message import Message, Verdict
from flaggermail.record.audit import Evidence, Listing
from flaggermail.record.events import Event
from flaggermail.record.finding import Condition
from flaggermail.record.refusals import Stage
from flaggermail.record.rows import Record

R = TypeVar("R", bound=Record)


class Role(StrEnum):
    """What a folder is for (RFC 6154); `OTHER` is any folder colleagues use, the trash included."""

    INBOX = "inbox"
    SENT = "sent"
    JUNK = "junk"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One mail as stored on the mailbox server. `internaldate` is aware (RFC 9051, section 2.3.3)."""

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
    """How far a folder has been read, and when it was last read to its end."""

    position: Position
    looked_at: datetime | None


class Clock(Protocol):
    """The only source of the current instant."""

    def now(self) -> datetime:
        """Returns the current instant, aware, in UTC."""
        ...


class Randomness(Protocol):
    """The only source of unguessable values."""

    def token(self) -> str:
        """Returns 128 random bits as 32 lower-case hexadecimal digits."""
        ...

    def salt(self) -> bytes:
        """Returns 16 random octets."""
        ...


class Interrupt(Protocol):
    """Interrupts a wait from another thread; once set it stays set."""

    def set(self) -> None:
        """Ends every current and later wait."""
        ...

    def is_set(self) -> bool:
        """True if the interrupt is set."""
        ...

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds` for the interrupt; returns True if it is set."""
        ...

    def fileno(self) -> int:
        """Returns a descriptor that becomes readable when the interrupt is set."""
        ...


@dataclass(frozen=True, slots=True)
class WallTime:
    """A recurring time of day; without `hour` each hour, without `weekday` (Monday is 0) each day."""

    minute: int
    hour: int | None = None
    weekday: int | None = None


class JobFault(StrEnum):
    """What did not go as scheduled with a call of the ticker."""

    MISSED = "missed"  # its time passed, and it ran late: the machine slept, or was overloaded
    FAILED = "failed"
    OVERLAPPED = "overlapped"  # it was skipped, because the call before it still ran


@dataclass(frozen=True, slots=True)
class JobReport:
    """One fault of the job `name`: `late` of a missed call, `error` of a failed one."""

    fault: JobFault
    name: str
    late: timedelta = timedelta(0)
    error: BaseException | None = None


class Ticker(Protocol):
    """Calls functions at their times; a call that is still running is not started a second time, a late one runs once.

    A job has a name of its own. The calls are hints: the database holds what is due.
    """

    def listen(self, told: Callable[[JobReport], None]) -> None:
        """Calls `told` about each fault of a job, in the thread in which it was noticed."""
        ...

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Calls `work` every `seconds` once the ticker has started."""
        ...

    def at(self, times: Sequence[WallTime], zone: tzinfo, name: str, work: Callable[[], None]) -> None:
        """Calls `work` at these times of day in `zone`, once the ticker has started."""
        ...

    def once(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Calls `work` once, in `seconds`; replaces a call of that name that has not begun."""
        ...

    def start(self) -> None:
        """Starts the calls."""
        ...

    def stop(self, deadline: float) -> bool:
        """Stops the ticker and waits up to `deadline` seconds for running calls; returns True if all of them ended."""
        ...


class Supervisor(Protocol):
    """The service manager that supervises the daemon. No method blocks or raises, so that reports disturb nothing."""

    @property
    def interval(self) -> float:
        """The longest permitted time between two calls of `alive`, in seconds; infinite without a watchdog."""
        ...

    def ready(self) -> None:
        """Reports that the daemon has started up."""
        ...

    def status(self, text: str) -> None:
        """Reports the daemon's state in one line, without subjects, addresses or tokens."""
        ...

    def alive(self) -> None:
        """Reports that every loop of the daemon has made progress recently."""
        ...

    def stopping(self) -> None:
        """Reports that the daemon is shutting down."""
        ...


class Mailbox(Protocol):
    r"""The shared mailbox. Reads with PEEK, never sets \\Seen, \\Flagged or \\Answered, never moves or expunges."""

    def folders(self) -> Sequence[str]:
        """Returns the watched folders, the inbox first. Connects if needed; raises LinkLost, LoginRefused."""
        ...

    def position(self, folder: str) -> Position:
        """Returns UIDVALIDITY and the highest UID of `folder`; raises LinkLost, FolderUnreadable."""
        ...

    def fetch_after(self, folder: str, position: Position) -> Iterator[Sequence[RawMessage]]:
        """Yields batches of the messages of `folder` above `position.uid`, in UID order, limited in number and octets.

        Yields the whole folder if its UIDVALIDITY differs from `position.uidvalidity`. Raises LinkLost,
        FolderUnreadable.
        """
        ...

    def fetch_first(self, folder: str, position: Position, senders: Sequence[str]) -> Iterator[Sequence[RawMessage]]:
        """Does the same as `fetch_after`, limited to messages from one of `senders` and replies to our own mail.

        The search uses the header as the sender wrote it: this only decides what is read first.
        """
        ...

    def mark(self, folder: str, uidvalidity: int, uids: Sequence[int]) -> bool:
        """Sets a keyword on messages that were taken in, for colleagues; returns False if the server stores none.

        Nothing else changes, and a missing keyword does no harm. Raises LinkLost.
        """
        ...

    def wait(self, stop: Interrupt, at_most: float) -> None:
        """Waits until the inbox may have changed, until `stop` is set, or for `at_most` seconds; a hint only.

        Raises LinkLost.
        """
        ...

    def secret_version(self) -> str:
        """Returns a value that changes with the stored secret of the login. Never raises."""
        return ""

    def close(self) -> None:
        """Closes the connection; idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """The submission server took responsibility for the message for this recipient (RFC 5321, section 4.2.5)."""

    recipient: str
    at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused the message before or at the end of DATA; `permanent` for 5yz, `code` 0 without a reply."""

    recipient: str
    permanent: bool
    code: int
    text: str
    stage: Stage = Stage.RECIPIENT


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost or timed out after the end of DATA was sent: the server may have taken the message."""

    recipient: str
    text: str


Submission = Accepted | Refused | Unknown


class Submitter(Protocol):
    """Submits one frozen message to our own submission server (RFC 6409)."""

    def secret_version(self) -> str:
        """Returns a value that changes with the stored secret of the login; empty if there is none. Never raises."""
        return ""

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient, in order; `sender` is the envelope sender, empty for the null reverse-path.

        `witness` is one more address that gets the message in the same transaction if a recipient was accepted: its
        copy proves that the server took the message. Its refusal changes nothing, and it has no result.

        Never raises for what the network or the server does.
        """
        ...


@dataclass(frozen=True, slots=True)
class Paged:
    """Whether a pager's service accepted a page; if not, `why` says so in our own words, without the address."""

    taken: bool
    why: str = ""


class Pager(Protocol):
    """Sends pages to officers."""

    def call(self, pager: str, title: str, text: str) -> Paged:
        """Sends `text` once through the service of the credential `pager`. Never raises, never reveals the address."""
        ...


class CodeVault(Protocol):
    """Keeps the secrets of one-time codes for the desk's own account; no secret leaves it but in `address`."""

    def unusable(self) -> str:
        """Returns why this account cannot keep secrets here; empty if it can."""
        ...

    def make(self, device: str, secret: bytes) -> str:
        """Keeps the secret of a device durably; returns the commitment to it. Raises ArchiveFault."""
        ...

    def codes(self, device: str, commitment: str, steps: Iterable[int]) -> Mapping[int, str] | None:
        """Returns a device's code in each time step; None if its secret is not there, or is not the committed one."""
        ...

    def address(self, device: str, commitment: str, account: str, issuer: str) -> str | None:
        """Returns the otpauth address of a device, which holds its secret; None as for `codes`."""
        ...

    def seal(self, text: str) -> bytes | None:
        """Returns a digest of `text` that only this desk can make; None if its key cannot be read or kept."""
        ...

    def forget(self, device: str) -> bool:
        """Destroys the secret of a device; returns whether none is left."""
        ...


class HealthProbe(Protocol):
    """Measurements of this machine and of the servers it talks to."""

    def free(self) -> Mapping[str, int]:
        """Returns the free octets by the name of the place."""
        ...

    def certificates(self) -> Mapping[str, datetime]:
        """Returns when the certificate of each server expires, as seen in the last session with it."""
        ...

    def skew(self) -> timedelta | None:
        """Returns a lower bound of the mailbox server's clock skew, positive if it is ahead; None if unknown."""
        ...

    def arrived(self, internaldate: datetime, seen: datetime) -> None:
        """Records that a mail was seen in the inbox for the first time."""
        ...

    def returned(self, internaldate: datetime, accepted: datetime) -> None:
        """Records that the mailbox has a copy of our own mail, which the server accepted at `accepted`."""
        ...

    def presented(self, server: str, line: object) -> None:
        """Records the certificate of a session with `server`; `line` without TLS is ignored."""
        ...


class Heartbeat(Protocol):
    """Signals to an external monitor that the daemon is healthy."""

    def beat(self) -> str:
        """Sends one heartbeat; returns why that failed, without the address, or an empty string. Never raises."""
        ...


class StatusBoard(Protocol):
    """Publishes the desk's status on this machine."""

    def show(self, document: Mapping[str, object]) -> str:
        """Replaces the published status; returns why that failed, or an empty string. Never raises OSError."""
        ...


class BlobStore(Listing, Protocol):
    """The archive of raw octets, addressed by their SHA-256."""

    def put(self, octets: bytes) -> str:
        """Stores `octets` durably; returns their SHA-256 in hexadecimal. Raises ArchiveFault."""
        ...

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Stores each durably, at a lower cost than with `put`. Raises ArchiveFault; some may then be stored."""
        return [self.put(octets) for octets in many]

    def get(self, digest: str) -> bytes:
        """Returns the octets of `digest`, verified against it.

        Raises OctetsLost if this message's are missing or changed, ArchiveFault if the archive cannot be read.
        """
        ...

    def discard(self, digest: str) -> None:
        """Destroys the octets of `digest` if they are stored. Raises ArchiveFault."""
        ...

    def sweep(self) -> int:
        """Removes partial files left by crashed writers; returns their number. Raises ArchiveFault."""
        ...


class Parser(Protocol):
    """Parses mail."""

    def parse(self, octets: bytes) -> Message:
        """Returns the parsed mail; never raises on content: what cannot be read becomes a defect."""
        ...

    def parse_all(self, many: Sequence[bytes]) -> list[Message]:
        """Parses each mail, in order, at a lower cost than with `parse`."""
        return [self.parse(octets) for octets in many]

    def attachment(self, octets: bytes, number: int) -> bytes | None:
        """Returns the decoded octets of `Message.attachments[number]`; None if they cannot be decoded alone."""
        ...

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Returns the parsed mail and the mails attached to it (`Message.enclosed`), within one allowance of time.

        What did not fit is read by its header alone and says so (`Message.overran`).
        """
        message = self.parse(octets)
        return message, tuple(self.parse(octets[start:end]) for start, end in message.enclosed)

    def parse_deliveries(self, many: Sequence[bytes]) -> list[tuple[Message, tuple[Message, ...]]]:
        """Does the same for each mail, in order, at a lower cost."""
        return [self.parse_delivery(octets) for octets in many]

    def hops(self, octets: bytes) -> tuple[Hop, ...]:
        """Returns the servers that relayed the mail, first one first; empty if unreadable. Never raises."""
        ...

    def close(self) -> None:
        """Ends the parsing processes; idempotent."""
        ...


class SenderCheck(Protocol):
    """Verifies the author of a mail."""

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns the verdict on the author of `message`, parsed from `octets`; never raises on content."""
        ...


class Resolver(Protocol):
    """Queries the DNS."""

    def texts(self, name: str) -> Sequence[bytes] | None:
        """Returns the TXT records at `name`, each joined (RFC 1035, section 3.3.14); None if the DNS does not answer.

        The result is empty if the name or the record does not exist. Never raises.
        """
        ...


class SignatureCheck(Protocol):
    """Verifies DKIM signatures (RFC 6376)."""

    def check(self, octets: bytes, domain: str, date: datetime | None, now: datetime) -> Verdict:
        """Returns the verdict on an author at `domain`; `date` is the mail's Date. Never raises on content."""
        ...


class Matcher(Protocol):
    """Searches for a rule's pattern in linear time."""

    def search(self, pattern: str, text: str) -> str | None:
        """Returns the first text that matches `pattern` (RE2 syntax, ignoring case), or None."""
        ...

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """Returns start and end offset of the first match, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A filled-in template: plain text with LF line ends."""

    subject: str
    body: str


class Templates(Protocol):
    """The mail templates of the configuration."""

    def render(self, name: str, language: str, values: Mapping[str, object]) -> Rendered:
        """Fills in `name` in `language`; raises ConfigurationError naming file, line and the undefined name."""
        ...

    def files(self) -> Mapping[str, bytes]:
        """Returns the contents of all template files by name."""
        ...


class Transaction(Evidence, Protocol):
    """One unit of work, all or nothing. A row can only be changed by appending the event that records the change."""

    def get(self, kind: type[R], key: str) -> R | None:
        """Returns the row with that key, or None."""
        ...

    def find(self, kind: type[R], *conditions: Condition) -> list[R]:
        """Returns the rows that meet all conditions, ordered by key.

        Raises TypeError for a condition on another record's field, and RowUnreadable for a row with a value that this
        program never writes.
        """
        ...

    def newest(self, kind: type[R], most: int, *conditions: Condition) -> list[R]:
        """Returns the last `most` rows that `find` would return, last first. Keys must all have the same length."""
        ...

    def exists(self, kind: type[R], *conditions: Condition) -> bool:
        """True if `find` would return a row; the cost does not depend on how many match."""
        ...

    def count(self, kind: type[R], *conditions: Condition) -> int:
        """Counts the rows that `find` would return, without reading them."""
        ...

    def reached(self, counter: str) -> int:
        """Returns the last number issued by a counter; 0 if there is none."""
        ...

    def number(self, counter: str) -> int:
        """Issues the next number of a counter, starting at 1. A rolled-back transaction issues no number."""
        ...

    def set_number(self, counter: str, value: int) -> None:
        """Sets a counter, so that the next number issued is `value` + 1."""
        ...

    def events(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Yields the events after number `after` with their numbers; personal values are revealed unless erased."""
        ...

    def append(self, *events: Event) -> None:
        """Appends events to the chain and applies their changes to the rows."""
        ...

    def erase(self, kind: type[Record], keys: Collection[str], names: Collection[str], since: datetime) -> None:
        """Erases earlier values of these personal fields, in rows created at or after `since`.

        The current values stay; to erase one of them, empty the field with an event first. The events keep their
        octets, including the commitments, so the chain stays valid.
        """
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Undoes everything done within the block if it raises; the exception propagates."""
        ...

    def advance(self, folder: str, cursor: Cursor) -> None:
        """Records how far `folder` has been read."""
        ...

    def cursor(self, folder: str) -> Cursor | None:
        """Returns how far `folder` has been read; None if it never was."""
        ...


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease on the daemon; every write of its holder is checked against the fencing number."""

    name: str
    holder: str
    fencing: int


class Store(Protocol):
    """The database: rows for the current state, events for the history."""

    def acquire(self, name: str, holder: str, now: datetime, seconds: int) -> Lease:
        """Takes the lease; every later write of this store checks it. Raises StoreBusy naming the current holder.

        `holder` is host, process id and start time. A dead holder on the same host is replaced at once.
        """
        ...

    def renew(self, now: datetime, seconds: int) -> None:
        """Extends the lease to `now` plus `seconds`. Raises StoreBusy if it was lost."""
        ...

    def release(self) -> None:
        """Releases the lease; idempotent."""
        ...

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begins a writing transaction: commits at the end of the block, rolls back on an exception."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """Begins a read-only transaction with one consistent snapshot."""
        ...

    def scrub(self) -> bool:
        """Overwrites what erased values have left beside the database; False if a reader prevents it for now."""
        return True

    def close(self) -> None:
        """Closes every connection; idempotent."""
        ...
