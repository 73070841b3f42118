# SPDX-License-Identifier: EUPL-1.2
"""The first mail after a start is as quick as the others: what is made once is made before it comes.

The parser's process starts, the list of public suffixes is read, templates of a new case, statements and patterns are
compiled: all by taking in a mail of our own, of which nothing is kept. Its transaction is undone, its octets stay in
memory.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from flaggermail.errors import ArchiveFailure, StoreBusy, StoreFailure
from flaggermail.intake.ingest import ingest
from flaggermail.mail.message import Message, SenderVerdict, Verdict
from flaggermail.ports import (
    BlobStore,
    RawMessage,
    Role,
    Store,
    Transaction,
)
from flaggermail.ports.delegating import StoreOnAnother
from flaggermail.record.audit import ArchivedFile
from flaggermail.services import Services
from flaggermail.settings.word_tables import FREE_MAIL
from flaggermail.wording.filing import SenderEvidence
from flaggermail.wording.said import StoredText

FOLDER = "not a folder"  # of no mailbox
_TEXT = "Dit bericht noemt een verkeerde stemdag en roept kiezers op om een dag later te gaan stemmen.\r\n" * 4


class _Undone(Exception):
    """Ends the transaction of the mail."""


@dataclass(slots=True)
class _Undoing(StoreOnAnother):
    """Undoes each of its own transactions."""

    inner: Store

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Begins a transaction that writes all it would write, and keeps nothing."""
        with suppress(_Undone), self.inner.begin() as tx:
            with tx.savepoint():
                yield tx
            raise _Undone

    def close(self) -> None:
        """Leaves the store open: others use it."""


@dataclass(frozen=True, slots=True)
class _InMemory:
    """Implements `ports.BlobStore`: reads an archive, and keeps new octets as long as the mail is taken in."""

    inner: BlobStore
    kept: dict[str, bytes] = field(default_factory=dict)

    def put(self, octets: bytes) -> str:
        """Keeps the octets."""
        digest = hashlib.sha256(octets).hexdigest()
        self.kept[digest] = octets
        return digest

    def put_all(self, many: Sequence[bytes]) -> list[str]:
        """Keeps each."""
        return [self.put(octets) for octets in many]

    def get(self, digest: str) -> bytes:
        """Returns kept octets, or those of the archive."""
        return self.kept[digest] if digest in self.kept else self.inner.get(digest)

    def discard(self, digest: str) -> None:
        """Forgets kept octets."""
        self.kept.pop(digest, None)

    def sweep(self) -> int:
        """Removes nothing."""
        return 0

    def fault(self) -> StoredText:
        """Delegates."""
        return self.inner.fault()

    def files(self) -> Iterator[ArchivedFile]:
        """Delegates."""
        return self.inner.files()


class _VouchingForAll:
    """Implements `ports.SenderCheck`: vouches for the mail. The way of verified mail is the longest."""

    def verdict(self, octets: bytes, message: Message) -> Verdict:
        """Returns that it is verified."""
        del octets, message
        return Verdict(SenderVerdict.VERIFIED, SenderEvidence.ENCLOSED())


def warm(env: Services) -> None:
    """Takes in a referral and undoes it; writes nothing, sends nothing, asks no server but the database's.

    Where the database or the archive is out of order nothing is warmed: what needs them next tells of it.
    """
    listed = sorted(
        domain for name, domains in env.settings.rules.lists.items() if name != FREE_MAIL for domain in domains
    )
    desk = env.settings.desk.mailbox.address
    domain = listed[0] if listed else desk.rpartition("@")[2]
    lines = (
        f"From: Griffie <griffie@{domain}>", f"To: {desk}", "Subject: Verkeerde stemdag",
        f"Message-ID: <warm@{domain}>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", _TEXT,
    )  # fmt: skip
    raw = RawMessage("\r\n".join(lines).encode(), env.clock.now(), FOLDER, "1", "1", role=Role.INBOX)
    scene = replace(env, store=_Undoing(env.store), octets=_InMemory(env.octets), sender_check=_VouchingForAll())
    with suppress(StoreBusy, StoreFailure, ArchiveFailure):
        ingest(scene, raw)
    env.organisational(domain)  # reads the list of public suffixes, which a mail needs only once others were told of


def get_ready(env: Services) -> None:
    """Warms, and takes what is in memory by then out of the sight of the garbage collector, for a process that stays.

    A full collection of all that a daemon has loaded stops it for longer than a mail takes.
    """
    warm(env)
    gc.collect()
    gc.freeze()
