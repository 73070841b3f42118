# SPDX-License-Identifier: EUPL-1.2
"""The disk works while a mail is parsed and its letters are written; nothing commits before all octets are durable."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.adapters.files import blob_store
from flaggermail.adapters.files.blob_store import FileBlobStore, PromptBlobStore
from flaggermail.errors import ArchiveFailure
from flaggermail.intake import apply
from flaggermail.intake.ingest import LARGE
from flaggermail.letters import writing
from flaggermail.letters.outgoing import Frozen, Outgoing
from flaggermail.ports.keeping import BlobStore
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
from flaggermail.services import ArchivedBeside, UnitOfWork
from tests.flow.desk_process import patiently
from tests.patience import PATIENCE
from tests.store.desk_fixtures import REFERRER, Desk, mail

REFERRAL = mail(REFERRER, "Wrong polling day", "A post names a wrong day. " * 9)


def test_every_octet_is_durable_before_the_commit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the disk is, the mail and both letters are synced before the transaction ends."""
    order: list[str] = []
    put, finish = FileBlobStore.put, SqlTransaction.finish

    def slow(archive: FileBlobStore, octets: bytes) -> str:
        time.sleep(0.05)
        digest = put(archive, octets)
        order.append(digest)
        return digest

    def noted(tx: SqlTransaction) -> str:
        order.append("commit")
        return finish(tx)

    monkeypatch.setattr(FileBlobStore, "put", slow)
    monkeypatch.setattr(SqlTransaction, "finish", noted)
    desk.take_in(REFERRAL)
    stored = {row.digest for row in desk.messages()}
    assert len(stored) == 3
    assert set(order[: order.index("commit")]) == stored


def test_a_letter_that_cannot_be_kept_commits_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk found beside fails the whole unit of work: no row, no case, no letter; later the mail comes again."""
    put, failing = FileBlobStore.put, [True]

    def full(archive: FileBlobStore, octets: bytes) -> str:
        if failing[0] and octets != REFERRAL:
            raise ArchiveFailure("disk full")
        return put(archive, octets)

    monkeypatch.setattr(FileBlobStore, "put", full)
    with pytest.raises(ArchiveFailure, match="disk full"):
        desk.take_in(REFERRAL)
    assert [desk.all(kind) for kind in (StoredMessage, Case, OutboxMail)] == [[], [], []]
    failing.clear()
    failing.append(False)
    desk.take_in(REFERRAL)
    assert len(desk.mails()) == 2


def test_the_fault_of_the_block_is_the_one_that_is_raised(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails beside does not hide why the block failed; it has ended all the same."""
    ended = threading.Event()

    def full(_: FileBlobStore, octets: bytes) -> str:
        time.sleep(0.02)
        ended.set()
        raise ArchiveFailure("beside", octets)

    def fail_too(octets: ArchivedBeside) -> None:
        with octets:
            octets.put(REFERRAL)
            raise KeyError

    monkeypatch.setattr(FileBlobStore, "put", full)
    with ThreadPoolExecutor(1) as disk:
        with pytest.raises(KeyError):
            fail_too(ArchivedBeside(desk.env, disk))
        beside = ArchivedBeside(desk.env, disk)
        with pytest.raises(ArchiveFailure, match="beside"), beside:
            assert beside.get(beside.put(REFERRAL)) == REFERRAL, "from memory, and not begun twice"
        assert len(beside.begun) == 1
    assert ended.is_set()


def test_the_disk_and_the_parser_work_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail is handed to the parser before its octets are durable."""
    parsed, seen, put = threading.Event(), list[bool](), FileBlobStore.put
    parser = type(desk.env.parser)
    read = parser.parse_delivery

    def awaiting(archive: FileBlobStore, octets: bytes) -> str:
        if octets == REFERRAL:
            seen.append(parsed.wait(PATIENCE))
        return put(archive, octets)

    def noted(self: object, octets: bytes) -> object:
        parsed.set()
        return read(self, octets)  # type: ignore[arg-type] # any parser

    monkeypatch.setattr(FileBlobStore, "put", awaiting)
    monkeypatch.setattr(parser, "parse_delivery", noted)
    desk.take_in(REFERRAL)
    assert seen == [True]


def test_a_mail_is_recorded_while_the_disk_works(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its letters are composed before its own octets are durable, so a slow disk is waited for once."""
    composed, seen, put, freeze = threading.Event(), list[bool](), FileBlobStore.put, writing.freeze

    def awaiting(archive: FileBlobStore, octets: bytes) -> str:
        if octets == REFERRAL:
            seen.append(composed.wait(PATIENCE))
        return put(archive, octets)

    def noted(work: UnitOfWork, outgoing: Outgoing) -> Frozen:
        frozen = freeze(work, outgoing)
        composed.set()
        return frozen

    monkeypatch.setattr(FileBlobStore, "put", awaiting)
    monkeypatch.setattr(writing, "freeze", noted)
    desk.take_in(REFERRAL)
    assert seen == [True]
    assert len(desk.messages()) == 3


def test_octets_of_a_mail_can_be_read_before_they_are_durable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads the archive while a mail is recorded finds that mail there: its triage meets no fault of that name."""
    read: list[bytes] = []
    effects, released, put = apply.apply_effects, threading.Event(), FileBlobStore.put

    def held(archive: FileBlobStore, octets: bytes) -> str:
        released.wait(PATIENCE)
        return put(archive, octets)

    def reading(work: UnitOfWork, *given: object) -> object:
        read.append(work.env.octets.get(sha256(REFERRAL).hexdigest()))
        released.set()
        return effects(work, *given)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(FileBlobStore, "put", held)
    monkeypatch.setattr(apply, "apply_effects", reading)
    desk.take_in(REFERRAL)
    assert read == [REFERRAL]
    assert desk.env.octets.get(sha256(REFERRAL).hexdigest()) == REFERRAL


def test_a_disk_that_hangs_does_not_keep_the_record_locked(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others write while it hangs; nothing of the mail is committed, and it is taken in once the disk works again."""
    works, locked, put, freeze = threading.Event(), threading.Event(), FileBlobStore.put, writing.freeze

    def hung(archive: FileBlobStore, octets: bytes) -> str:
        assert works.wait(PATIENCE)
        return put(archive, octets)

    def noted(work: UnitOfWork, outgoing: Outgoing) -> Frozen:
        locked.set()
        return freeze(work, outgoing)

    monkeypatch.setattr(FileBlobStore, "put", hung)
    monkeypatch.setattr(writing, "freeze", noted)
    monkeypatch.setattr(blob_store, "SOON", 0.1)
    desk.env = replace(desk.env, octets=PromptBlobStore(tmp_path))
    with ThreadPoolExecutor(1) as intake:
        taken = intake.submit(desk.take_in, REFERRAL)
        try:
            assert locked.wait(PATIENCE)
            with desk.env.store.begin() as tx:  # as soon as nobody else does
                tx.number("free")
            with pytest.raises(
                ArchiveFailure, match=f"archive: the disk of {tmp_path} does not answer within 0 seconds"
            ):
                taken.result(PATIENCE)
            with pytest.raises(ArchiveFailure, match=f"archive: the disk of {tmp_path} still does not answer"):
                desk.env.octets.put(b"a letter of a tick: at once")
        finally:
            works.set()
    assert desk.messages() == []
    monkeypatch.setattr(blob_store, "SOON", PATIENCE)
    patiently(lambda: _kept(desk.env.octets), "what hung has ended")
    desk.take_in(REFERRAL)
    assert len(desk.messages()) == 3


def _kept(archive: BlobStore) -> bool:
    with suppress(ArchiveFailure):
        return bool(archive.put(b"a letter of a tick: later"))
    return False


def test_a_second_try_does_not_rely_on_what_the_first_has_destroyed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail that is filed with the fault of its triage is in the archive."""

    def fail(work: UnitOfWork, *_: object) -> None:
        work.env.octets.discard(sha256(REFERRAL).hexdigest())
        raise KeyError

    monkeypatch.setattr(apply, "apply_effects", fail)
    desk.take_in(REFERRAL)
    (filed,) = [row for row in desk.messages() if row.direction == Direction.IN]
    assert desk.env.octets.get(filed.digest) == REFERRAL


@pytest.mark.parametrize("attached", [False, True])
def test_a_large_mail_is_durable_before_the_record_is_locked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, attached: bool
) -> None:
    """So are the mails attached to one: a disk takes longer for them than the record, and others write meanwhile."""
    words = "A post names a wrong day. "
    if attached:
        inner = mail("voter@example.org", "A post", words).decode()
        body = f"--cut\nContent-Type: text/plain\n\nSee below.\n--cut\nContent-Type: message/rfc822\n\n{inner}\n--cut--"
        slow = mail(REFERRER, "Wrong polling day", body, extra=("Content-Type: multipart/mixed; boundary=cut",))
    else:
        slow = mail(REFERRER, "Wrong polling day", words * (LARGE // 26))
    order, locked = list[str](), threading.Event()
    put, put_all, begin = FileBlobStore.put, FileBlobStore.put_all, SqlStore.begin

    def one(archive: FileBlobStore, octets: bytes) -> str:
        if octets == slow and not attached:
            locked.wait(0.5)
            order.append("durable")
        return put(archive, octets)

    def several(archive: FileBlobStore, many: Sequence[bytes]) -> list[str]:
        order.extend("durable" for _ in many)
        return put_all(archive, many)

    def locking(store: SqlStore) -> AbstractContextManager[SqlTransaction]:
        order.append("locked")
        locked.set()
        return begin(store)

    monkeypatch.setattr(FileBlobStore, "put", one)
    monkeypatch.setattr(FileBlobStore, "put_all", several)
    monkeypatch.setattr(SqlStore, "begin", locking)
    desk.take_in(slow)
    assert order[:2] == ["durable", "locked"]
