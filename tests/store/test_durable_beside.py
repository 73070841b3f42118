# SPDX-License-Identifier: EUPL-1.2
"""The disk works while a mail is parsed and its letters are written; nothing commits before all octets are durable."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.errors import ArchiveFailure
from flaggermail.intake.ingest import DiskThread
from flaggermail.record.rows import Case, OutboxMail, StoredMessage
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


def test_the_fault_of_the_block_is_the_one_that_is_raised() -> None:
    """What fails beside does not hide why the block failed; it has ended all the same."""
    ended = threading.Event()

    def fail(_: bytes) -> None:
        time.sleep(0.02)
        ended.set()
        raise ArchiveFailure("beside")

    def fail_too(disk: ThreadPoolExecutor) -> None:
        with DiskThread(disk) as beside:
            beside.do(fail, b"")
            raise KeyError

    with ThreadPoolExecutor(1) as disk:
        with pytest.raises(KeyError):
            fail_too(disk)
        assert ended.is_set()
        with pytest.raises(ArchiveFailure, match="beside"), DiskThread(disk) as beside:
            beside.do(fail, b"")


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
