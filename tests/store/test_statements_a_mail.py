# SPDX-License-Identifier: EUPL-1.2
"""What a mail costs, counted: statements, savepoints, parses and syncs. Counts do not depend on the machine."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import TypeVar

import pytest

from flaggermail.adapters.db import transaction
from flaggermail.adapters.db.mapping import to_record
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.parsing.worker import LARGEST, ParserProcess, RecentAnswers
from flaggermail.intake.ingest import ingest_batches
from flaggermail.mail.message import Message
from flaggermail.ports import RawMessage
from flaggermail.record.rows import Case, HeldBack, OutboxMail, Record, StoredMessage
from tests.store.desk_fixtures import REFERRER, START, Desk, mail
from tests.store.test_reading_once import statements

MOST = 39  # statements of a referral that opens a case, is compared and confirmed, and is told to an officer; once 105
BATCH, MOST_OF_HISTORY = 100, 9  # mails in one transaction, and statements for each; once 24
MOST_CALLS = 22_500  # of functions, for the same referral
R = TypeVar("R", bound=Record)
SYNCS = 3  # of a file: itself, its folder, and that folder's entry the first time; the database's own are not counted


def referral(number: int) -> bytes:
    """Builds the referral of that number; each is about another matter."""
    return mail(REFERRER, f"Wrong polling day, street {number}", f"A post in street {number} names a wrong day. " * 9)


@contextmanager
def syncs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Collects the descriptors that this process syncs meanwhile."""
    synced: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(descriptor)
        fsync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", noted)
        yield synced


def test_a_live_referral_asks_for_little(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A referral opens a case, confirms it and tells the officer, in one transaction of few statements."""
    for number in range(5):
        desk.receive(referral(number))
        desk.go_on(61)
    before = [len(desk.all(kind)) for kind in (Case, StoredMessage, OutboxMail)]
    octets = referral(5)
    store = desk.env.store
    assert isinstance(store, SqlStore)
    with statements(store) as sent, syncs(monkeypatch) as synced:
        desk.take_in(octets)
    after = [len(desk.all(kind)) for kind in (Case, StoredMessage, OutboxMail)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 3, 2], "case, mails, letters"
    verbs = Counter(statement.split()[0] for statement in sent)
    assert verbs["BEGIN"] == 1
    assert len(sent) <= MOST, sent
    assert len([statement for statement in sent if "INTO event " in statement]) == 1
    assert len(synced) <= 3 * SYNCS, "of the mail and of two letters"


def test_a_live_referral_takes_few_calls(desk: Desk) -> None:
    """All functions that the thread of a live mail calls, built-in ones included: the words of all languages too."""
    for number in range(5):
        desk.receive(referral(number))
        desk.go_on(61)
    octets, calls = referral(5), 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        desk.take_in(octets)
    finally:
        sys.setprofile(before)
    assert calls <= MOST_CALLS, calls


def test_the_limits_cost_no_more_in_a_flood(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fortieth mail of an hour makes as many rows as the twelfth: of what was sent before, little is read."""
    made: list[type[Record]] = []

    def noted(kind: type[R], columns: Iterable[object]) -> R:
        made.append(kind)
        return to_record(kind, columns)

    monkeypatch.setattr(transaction, "to_record", noted)
    numbers = []
    for number in range(40):
        made.clear()
        desk.take_in(mail(f"griffie{number}@lindewaard.example", f"Matter {number}", f"Post {number} is wrong. " * 9))
        numbers.append(len(made))
    assert len(desk.all(HeldBack)) == 35, "notices beyond the five of a sender in a minute"
    assert numbers[11] == numbers[39], numbers


def test_a_candidate_is_not_parsed_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second mail of one sender is compared with the first: each is parsed once, and its octets are still proved."""
    parsed: list[bytes] = []
    read = ParserProcess.parse_delivery

    def noted(child: ParserProcess, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        parsed.append(octets)
        return read(child, octets)

    def again_in_full(_: ParserProcess, octets: bytes) -> Message:
        raise AssertionError(octets)

    monkeypatch.setattr(ParserProcess, "parse_delivery", noted)
    monkeypatch.setattr(ParserProcess, "parse", again_in_full)
    first, again = referral(1), referral(1).replace(b"Message-ID: <", b"Message-ID: <again")
    desk.take_in(first)
    desk.take_in(again)
    assert parsed == [first, again]
    assert [row.suggestions != () for row in desk.messages() if row.from_address == REFERRER] == [False, True]


def test_an_answer_of_the_parser_is_kept_within_bounds() -> None:
    """The answer that was not used for longest makes room; a large one is not kept at all."""
    recent = RecentAnswers(room=10)
    for mail_octets, answer in ((b"a", b"1234"), (b"b", b"1234")):
        recent.keep(mail_octets, answer)
    assert recent.get(b"a") == b"1234"
    recent.keep(b"c", b"1234")
    assert [recent.get(octets) for octets in (b"a", b"b", b"c")] == [b"1234", None, b"1234"]
    recent.keep(b"a", b"12")
    recent.keep(b"d", b"1234")
    assert [recent.get(octets) for octets in (b"a", b"c", b"d")] == [b"12", b"1234", b"1234"]
    recent.keep(b"e", bytes(LARGEST + 1))
    assert recent.get(b"e") is None


def test_a_batch_of_history_is_looked_up_together(desk: Desk) -> None:
    """A hundred old mails ask once for their copies, for the mails they answer and for their tokens."""
    long_ago = START - timedelta(days=90)
    raws = [RawMessage(referral(number), long_ago, "INBOX", "1", str(number)) for number in range(BATCH)]
    store = desk.env.store
    assert isinstance(store, SqlStore)
    with statements(store) as sent:
        assert [len(outcomes) for outcomes in ingest_batches(desk.env, [raws])] == [BATCH]
    assert len(desk.messages()) == BATCH
    assert len(sent) / BATCH <= MOST_OF_HISTORY, Counter(sent).most_common(12)
    assert [statement for statement in sent if statement.startswith("BEGIN")] == ["BEGIN IMMEDIATE"]
    assert len([statement for statement in sent if "FROM delivery" in statement]) == 1
    assert len([statement for statement in sent if "FROM token" in statement]) <= 1
