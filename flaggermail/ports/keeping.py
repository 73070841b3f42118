# SPDX-License-Identifier: EUPL-1.2
"""The ports that keep things: the archive, the secrets of one-time codes, and the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar, TypeVarTuple

from flaggermail.ports.nodes import Lease, Nodes
from flaggermail.ports.servers import Cursor
from flaggermail.record.audit import Evidence, Listing
from flaggermail.record.definition import FieldCondition
from flaggermail.record.events import Event, EventKind
from flaggermail.record.readings import ReadAccess, ReadItem
from flaggermail.record.rows import Record
from flaggermail.wording.said import UNSAID, StoredText

R = TypeVar("R", bound=Record)
Fields = TypeVarTuple("Fields")


class BlobStore(Listing, Protocol):
    """The archive of raw octets, addressed by their SHA-256.

    One in the database raises StoreFailure and StoreBusy too, where it fails with the record.
    """

    def put(self, octets: bytes) -> str:
        """Stores `octets` durably; returns their SHA-256 in hexadecimal. Raises ArchiveFailure."""
        ...

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Stores each durably, at a lower cost than with `put`. Raises ArchiveFailure; some may then be stored."""
        return [self.put(octets) for octets in many]

    def get(self, digest: str) -> bytes:
        """Returns the octets of `digest`, verified against it.

        Raises OctetsLost if this message's are missing or changed, ArchiveFailure if the archive cannot be read.
        """
        ...

    def discard(self, digest: str) -> None:
        """Destroys the octets of `digest` if they are stored. Raises ArchiveFailure."""
        ...

    def sweep(self) -> int:
        """Removes partial files left by crashed writers; returns their number. Raises ArchiveFailure."""
        ...

    def fault(self) -> StoredText:
        """Returns why nothing can be stored; unsaid if something can."""
        return UNSAID


class CodeVault(Protocol):
    """Keeps the secrets of one-time codes for the desk's own account; no secret leaves it but in `address`."""

    def unusable(self) -> StoredText:
        """Returns why this account cannot keep secrets here; empty if it can."""
        ...

    def make(self, device: str, secret: bytes) -> str:
        """Keeps the secret of a device durably; returns the commitment to it. Raises ArchiveFailure."""
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


class Bookmark(NamedTuple):
    """The place of a row in a list that is ordered by an instant, and where it is equal by `in_sequence` of the key."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Words that follow each other in a text, of letters and digits alone; the last may be the beginning of a word."""

    words: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer to a command that bore a key, kept so that a repeat of it does nothing and is answered the same.

    `asked` is a digest of the request, `answer` the document as JSON. It is no part of the event chain.
    """

    key: str
    person: str
    asked: str
    at: datetime
    answer: str


class Transaction(Evidence, Protocol):
    """One unit of work, all or nothing. A row can only be changed by appending the event that records the change."""

    def get(self, kind: type[R], key: str) -> R | None:
        """Returns the row with that key, or None."""
        ...

    def find(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns the rows that meet all conditions, ordered by key.

        Raises TypeError for a condition on another record's field, and RowUnreadable for a row with a value that this
        program never writes.
        """
        ...

    def newest(self, kind: type[R], most: int, *conditions: FieldCondition) -> list[R]:
        """Returns the last `most` rows that `find` would return, last first. Keys must all have the same length."""
        ...

    def in_order(
        self, kind: type[R], by: datetime, most: int, after: Bookmark | None = None, *conditions: FieldCondition
    ) -> list[R]:  # fmt: skip
        """Returns the first `most` rows that meet the conditions, in the order of a field, then of the key.

        `by`: the field, such as `Case.opened_at`, an instant that every row has. `after`: only the rows behind that
        one. The order of keys is that of their characters, on every server. Raises as `find` does.
        """
        ...

    def columns(
        self, kind: type[R], fields: tuple[*Fields], *conditions: FieldCondition
    ) -> list[tuple[*Fields]]:  # fmt: skip
        """Returns these fields, such as `(Case.number, Case.title)`, of the rows that `find` would return, unordered.

        A row has dozens of fields, so this is for what reads many rows and needs little of each. Raises as `find` does.
        """
        ...

    def leading(
        self, kind: type[R], fields: tuple[*Fields], most: int, after: str, *conditions: FieldCondition
    ) -> list[tuple[*Fields]]:  # fmt: skip
        """Returns the first `most` of what `columns` returns, in the order of the fields, the last of which is a text.

        `after`: only rows with a text behind this one in that field, in the order of characters on every server. With
        an index over all the fields no row is read, but that PostgreSQL sorts entries of it where its collation is not
        "C". Raises as `find` does.
        """
        ...

    def alike(
        self, kind: type[R], by: datetime, fields: tuple[*Fields], *conditions: FieldCondition
    ) -> list[tuple[int, tuple[datetime, *Fields]]]:  # fmt: skip
        """Returns which values these fields have together in the rows that `find` would return, each once, unordered.

        Before them stand how many rows have them, and the least instant of the field `by` in those. For many rows that
        are alike: with an index over all the fields none of them is read, and on SQLite, with those of closed sets
        before the last one, few entries of it. Raises as `find` does.
        """
        ...

    def exists(self, kind: type[R], *conditions: FieldCondition) -> bool:
        """True if `find` would return a row; the cost does not depend on how many match."""
        ...

    def look_for(self, kind: type[R], condition: FieldCondition) -> None:
        """Asks once which of the texts of an `in_` some row has; the other methods then know which none has.

        For the values of many mails, most of which are new: of what is there nothing is read. Changes nothing.
        """
        ...

    def count(self, kind: type[R], *conditions: FieldCondition) -> int:
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

    def events(
        self, after: int = 0, kind: EventKind | None = None, *,
        case: str | None = None, since: datetime | None = None, most: int | None = None,
    ) -> Iterator[tuple[int, Event]]:  # fmt: skip
        """Yields the events after number `after` with their numbers; personal values are revealed unless erased.

        `kind`: those of one kind alone; `case`: those that name the case, as each event does that changes a row of one;
        `since`: those of this instant and later ones; `most`: no more than that many.
        """
        ...

    def last_about(self, key: str, most: int, before: int = 0) -> list[tuple[int, Event]]:
        """Returns the last `most` events with that case, notification or message, the newest first, with their numbers.

        By an index. `before`: only those with a lower number; 0 is no limit.
        """
        ...

    def append(self, *events: Event) -> None:
        """Appends events to the chain and applies their changes to the rows."""
        ...

    def gather(self) -> None:
        """From here on new rows are written together: at the end, or before the database must be asked about them.

        For whoever gives up the whole transaction after any fault: one of a row is told late, and not by its `append`.
        """
        ...

    def erase(self, kind: type[Record], keys: Collection[str], names: Collection[str], since: datetime) -> None:
        """Erases earlier values of these personal fields, in rows created at or after `since`.

        The current values stay; to erase one of them, empty the field with an event first. The events keep their
        octets, including the commitments, so the chain stays valid.
        """
        ...

    def search(self, texts: Sequence[str], terms: Sequence[SearchTerm]) -> list[int]:
        """Returns the numbers of the texts in which every term occurs, from 0. Stores nothing."""
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

    def cursors(self) -> dict[str, Cursor]:
        """Returns how far each folder has been read that ever was, by its name."""
        ...

    def kept_answer(self, key: str) -> KeptAnswer | None:
        """Returns the answer that is kept under a key; None if there is none."""
        ...

    def keep_answer(self, answer: KeptAnswer) -> None:
        """Keeps the answer to a command under its key, which no other may have."""
        ...

    def forget_answers(self, before: datetime) -> int:
        """Forgets the answers that were kept before that instant; returns their number."""
        ...

    def ask_hand_over(self, name: str, holder: str) -> bool:
        """Asks the holder of the lease to release it at its next renewal; False if another node holds it by now."""
        ...


class ReadingLog(Protocol):
    """Who read what, each person, item and hour once. No part of the record: no event makes a row, or names one."""

    def keep(self, kept: Collection[ReadAccess]) -> None:
        """Keeps these, in a transaction of its own; writes nothing where all are kept already.

        Raises StoreBusy if others write for longer than a reader should wait, and StoreFailure.
        """
        ...

    def of(self, items: Collection[ReadItem]) -> list[ReadAccess]:
        """Returns the readings of these items, in no order."""
        ...

    def forget(self, before: datetime) -> int:
        """Removes the readings of the hours before; returns their number."""
        ...


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form of a page that a person left half filled: the page by its path, the act, and each field as it was typed.

    `version` is that of what the person saw. It is no part of the event chain.
    """

    person: str
    page: str
    act: str
    at: datetime
    version: int | None
    texts: Mapping[str, tuple[str, ...]]


class KeptForms(Protocol):
    """The forms that persons left half filled, one for each person, page and act. No part of the record."""

    def keep(self, form: KeptForm, most: int) -> None:
        """Keeps a form in place of an earlier one, and the latest `most` of its person; the oldest go.

        Raises StoreBusy, StoreFailure.
        """
        ...

    def of(self, person: str, page: str) -> list[KeptForm]:
        """Returns what a person keeps of a page."""
        ...

    def discard(self, person: str, page: str, act: str) -> None:
        """Removes a form, if there is one."""
        ...

    def forget(self, before: datetime) -> int:
        """Removes the forms that were kept before that instant; returns their number."""
        ...


class SealedSecret(NamedTuple):
    """An encrypted secret, and which key sealed it."""

    key: str
    sealed: bytes


class SecretRows(Protocol):
    """Sealed secrets in the database, for every node of the desk. Raises StoreFailure and StoreBusy as the store."""

    def get(self, name: str) -> SealedSecret | None:
        """Returns the sealed secret of that name; None if there is none."""
        ...

    def put(self, name: str, secret: SealedSecret, *, replace: bool) -> None:
        """Keeps a sealed secret durably, in place of an earlier one if `replace`, else unless there is one."""
        ...

    def remove(self, name: str) -> None:
        """Removes the secret of that name, if there is one."""
        ...

    def locked(self, name: str, patience: float) -> AbstractContextManager[None]:
        """Keeps other nodes from the same block for the time of this one. Raises StoreBusy after `patience` seconds."""
        ...


class Store(Protocol):
    """The database: rows for the current state, events for the history."""

    def acquire(self, name: str, holder: str, seconds: float) -> Lease:
        """Takes the lease for `seconds` of the database's clock; every later write of this store checks it.

        `holder` is new at each start: no name of a machine and no number of a process says whether another one lives.
        Raises LeaseHeld naming the holder, ConfigurationError if the schema is not this program's, and StoreBusy.
        """
        ...

    def renew(self, seconds: float) -> bool:
        """Lets the lease last for `seconds` from now; returns whether the holder is asked to hand over.

        Raises LeaseHeld if it was taken, ConfigurationError if the schema is not this program's any more, StoreBusy.
        """
        ...

    def leads(self) -> bool:
        """False if a lease was taken and not renewed within its time, by the clock of this machine that none can set.

        Asks nobody: for the moment before what cannot be taken back. True of a store that never took a lease.
        """
        return True

    def release(self) -> None:
        """Releases the lease; idempotent."""
        ...

    @property
    def nodes(self) -> Nodes:
        """The daemons on this database."""
        ...

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begins a writing transaction: commits at the end of the block, rolls back on an exception."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """Begins a read-only transaction with one consistent snapshot."""
        ...

    @property
    def readings(self) -> ReadingLog:
        """Who read which case, draft or mail: kept beside the record."""
        ...

    @property
    def forms(self) -> KeptForms:
        """The forms that were left half filled: kept beside the record."""
        ...

    @property
    def octets(self) -> BlobStore:
        """The archive in the database itself, for a desk that keeps its octets there; PostgreSQL alone."""
        ...

    @property
    def secrets(self) -> SecretRows:
        """Sealed secrets, for a desk that keeps its octets in the database; PostgreSQL alone."""
        ...

    @property
    def has_replica(self) -> bool:
        """True if readers are answered by a replica, even while the record cannot be written."""
        return False

    def catch_up(self) -> None:
        """Lets readers see what another process has committed by now, where they read a replica."""
        return

    def scrub(self) -> bool:
        """Overwrites what erased values have left beside the database; False if a reader prevents it for now."""
        return True

    def close(self) -> None:
        """Closes every connection; idempotent."""
        ...
