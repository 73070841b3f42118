# SPDX-License-Identifier: EUPL-1.2
"""What was found about a sender when the mail came in is recorded with it, and nothing that happens later changes it.

A key is rotated, a server changes the octets that it stores, a resolver is dead: the facts stand beside the verdict of
the desk, in the event and in the row, and are shown.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import event

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.adapters.dns.dkim_check import LONGEST_RECORD
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.cli.showing import part, parts
from flaggermail.commands.messages import ConfirmMessage
from flaggermail.desk.answers import SAID as SAID_OF
from flaggermail.desk.answers import AnswerReader, document_of
from flaggermail.desk.views.message import ShowMessage
from flaggermail.errors import StoreFailure
from flaggermail.intake.ingest import ingest, ingest_batches
from flaggermail.mail.message import Dnssec, Json, SignatureState
from flaggermail.ports import RawMessage
from flaggermail.record.definition import where
from flaggermail.record.events import Event, EventKind, changed, values_of
from flaggermail.record.kinds import ArrivalBasis, OctetSource
from flaggermail.record.rows import Delivery, StoredMessage
from flaggermail.rules.configuration import load
from flaggermail.services import Services, UnitOfWork
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.wiring import mail_servers
from tests.acting import run
from tests.doubles import migrated
from tests.doubles.dns import SERVER as RESOLVER
from tests.doubles.dns import ScriptedResolver, key, key_record, signed
from tests.mdto_schemas import faults_of
from tests.story.conftest import CONFIG, NOW
from tests.story.test_spoofing import (
    DESK,
    KEY,
    OURS,
    PLATFORM,
    SERVER,
    TRACE,
    alarms,
    asking,
    clocks,
    mail,
    notified,
    receive,
)

RECORD = key_record()
SAID = f"Authentication-Results: {SERVER}; dmarc=pass header.from={PLATFORM}\r\n".encode() + TRACE
TRUE = mail([f"From: X Safety <{DESK}>"])
LOOKED_UP = {"signer": PLATFORM, "selector": "s1", "resolver": RESOLVER, "looked_up_at": NOW}
SEEN = {**LOOKED_UP, "key_record": RECORD.decode(), "key_digest": hashlib.sha256(RECORD).hexdigest()}
NOBODY = {"signer": None, "selector": None, "key_record": None, "key_digest": None, "dnssec": "not known",
    "resolver": None, "looked_up_at": None}  # fmt: skip
TOLD = ("signer", "selector", "key_record", "key_digest", "dnssec", "resolver", "looked_up_at")


@dataclass
class Desk:
    """A desk whose mailbox is in a cloud: the receiving server vouches for senders, and signatures are recorded."""

    env: Services
    clock: SetClock
    folder: Path
    resolver: ScriptedResolver

    def copies(self, stored: StoredMessage) -> list[Delivery]:
        """Returns the copies of a message, the first one first."""
        with self.env.store.read() as tx:
            found = tx.find(Delivery, where(Delivery.message).is_(stored.id))
        return sorted(found, key=lambda copy: copy.first_seen_at)

    def received(self, octets: bytes) -> tuple[StoredMessage, Delivery]:
        """Takes in a mail; returns its row and that of its only copy, which the event of the mail holds as well."""
        stored = receive(self.env, octets)
        (copy,) = self.copies(stored)
        with self.env.store.read() as tx:
            (values,) = [
                change.values
                for _, one in tx.events()
                if one.message == stored.id and one.kind is EventKind.MESSAGE_TAKEN_IN
                for change in one.changes
                if change.table == Delivery.TABLE
            ]
        assert values_of(copy) == values
        return stored, copy

    def shown(self, stored: StoredMessage) -> list[Mapping[str, Json]]:
        """Returns what `message show --json` says of each copy, as JSON gives it."""
        with self.env.store.read() as tx:
            found = ShowMessage(message=stored.id).show(UnitOfWork(self.env, tx, self.env.clock.now()))
        document = document_of(found, AnswerReader(self.env.settings.zone))
        return parts(json.loads(json.dumps(document)), "receipts")

    def findings(self) -> list[str]:
        """Returns what the proof of the record finds."""
        with self.env.store.read() as tx:
            assert isinstance(tx, SqlTransaction)
            return [str(finding) for finding in tx.verify().findings]

    def typed(self, *words: str) -> str:
        """Runs a command line that must succeed; returns its output."""
        done = CliRunner().invoke(commands, words, obj=Session(CONFIG, given=self.env, officer="officer1"))
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a desk with open notifications, which each test copies."""
    folder, clock = tmp_path_factory.mktemp("receipt"), SetClock(NOW)
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    made = migrated.replayed(settings, folder, clock, CountedRandomness("story"), ScriptedSubmitter(clock))
    notified(made)
    made.close()
    return folder


@pytest.fixture
def desk(before: Path, tmp_path: Path, clock: SetClock) -> Iterator[Desk]:
    """Returns a copy of that desk. The machine's clock, which dkimpy reads, shows the same instant."""
    shutil.copytree(before, tmp_path, dirs_exist_ok=True)
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    made = migrated.replayed(settings, tmp_path, clock, CountedRandomness("copy"), ScriptedSubmitter(clock))
    resolver = ScriptedResolver({KEY: [RECORD]})
    with time_machine.travel(NOW, tick=False), closing(made):
        yield Desk(mail_servers.with_signatures(asking(made, "named", SERVER), resolver), clock, tmp_path, resolver)


def told(copy: Delivery) -> dict[str, object]:
    """Returns what was recorded of the look-up."""
    return {name: getattr(copy, name) for name in TOLD}


@pytest.mark.parametrize("dnssec", [Dnssec.YES, Dnssec.NO])
def test_a_signature_that_fits_is_recorded_with_its_key(desk: Desk, dnssec: Dnssec) -> None:
    """Verdict and basis, signer and selector, the key record, who gave it when, and whether DNSSEC proves it."""
    desk.resolver.dnssec = dnssec
    stored, copy = desk.received(SAID + signed(TRUE, PLATFORM))
    assert (stored.verdict, copy.verdict, copy.verdict_basis) == ("verified", "verified", stored.verdict_basis)
    assert (copy.signature, copy.source) == (SignatureState.VERIFIED, OctetSource.IMAP)
    assert told(copy) == {**SEEN, "dnssec": dnssec}
    assert copy.signature_basis.english == f"DKIM signature of {PLATFORM} fits, checked here, for {PLATFORM}"
    assert desk.resolver.asked == [KEY]
    assert desk.findings() == []


def test_a_key_that_is_rotated_later_changes_nothing(desk: Desk) -> None:
    """Under another number in its folder the copy stays as it was; a copy that turns up elsewhere has its own facts."""
    octets = SAID + signed(TRUE, PLATFORM)
    stored, first = desk.received(octets)
    other = key_record(key(1).public_key())
    desk.resolver.records = {KEY: [other]}
    later = desk.clock.now() + timedelta(hours=2)
    desk.clock.set(later)
    ingest(desk.env, RawMessage(octets, NOW, "INBOX", "2", "7"))
    (renumbered,) = desk.copies(stored)
    assert renumbered == replace(first, numbering="2", item="7")
    ingest(desk.env, RawMessage(octets, NOW, "Archief", "1", "1"))
    kept, moved = desk.copies(stored)
    assert kept == renumbered
    assert (moved.signature, moved.key_record, moved.looked_up_at) == (SignatureState.FAILED, other.decode(), later)
    with desk.env.store.read() as tx:
        assert tx.get(StoredMessage, stored.id) == stored
    assert [part(one, "signature")["state"] for one in desk.shown(stored)] == ["verified", "failed on the stored copy"]
    assert desk.findings() == []


@pytest.mark.parametrize("dnssec", [Dnssec.YES, Dnssec.NO])
def test_octets_that_the_server_changed_are_no_forgery(desk: Desk, dnssec: Dnssec) -> None:
    """A banner of our server in the text: the signature fails on the stored copy, and the answer still counts."""
    desk.resolver.dnssec = dnssec
    octets = SAID + signed(TRUE, PLATFORM)
    changed = octets.replace(b"Thank you.", b"[EXTERNAL] Thank you.")
    assert changed != octets
    stored, copy = desk.received(changed)
    assert (stored.verdict, copy.signature) == ("verified", SignatureState.FAILED)
    assert told(copy) == {**SEEN, "dnssec": dnssec}
    assert clocks(desk.env)["X"] == {"stopped"}
    assert alarms(desk.env, "forged") == []


def test_a_mail_without_a_signature_asks_nobody(desk: Desk) -> None:
    """No signature of the platform, or only a stranger's: absent, and no name server hears of it."""
    _, copy = desk.received(SAID + TRUE)
    assert (copy.verdict, copy.signature, told(copy)) == ("verified", SignatureState.ABSENT, NOBODY)
    assert copy.signature_basis.english == f"no DKIM signature of {PLATFORM}"
    again = SAID + signed(mail([f"From: X Safety <{DESK}>"], 1), "elsewhere.example")
    stored = receive(desk.env, again, 1)
    assert [one.signature for one in desk.copies(stored)] == [SignatureState.ABSENT]
    assert desk.resolver.asked == []


def test_a_dead_resolver_leaves_the_verdict_alone(desk: Desk) -> None:
    """No answer: not checked, with who was asked when; the receiving server's word counts as ever."""
    desk.resolver.records = {KEY: None}
    stored, copy = desk.received(SAID + signed(TRUE, PLATFORM))
    assert (stored.verdict, copy.signature) == ("verified", SignatureState.NOT_CHECKED)
    assert told(copy) == {**LOOKED_UP, "key_record": None, "key_digest": None, "dnssec": Dnssec.UNKNOWN}
    assert copy.signature_basis.english == f"DKIM signature of {PLATFORM}: no answer from the DNS about {KEY} now"


def test_a_key_that_is_gone_is_told_from_no_answer(desk: Desk) -> None:
    """The DNS answers that there is no such record: not checked, with an empty record and the word on DNSSEC."""
    desk.resolver.records, desk.resolver.dnssec = {}, Dnssec.YES
    _, copy = desk.received(SAID + signed(TRUE, PLATFORM))
    assert copy.signature is SignatureState.NOT_CHECKED
    assert told(copy) == {**LOOKED_UP, "key_record": "", "key_digest": None, "dnssec": Dnssec.YES}


def test_a_record_of_any_octets_can_be_kept(desk: Desk) -> None:
    """NUL, other octets than ASCII, and great length: the text is kept in part, the digest is of the whole."""
    record = b"v=DKIM1; n=\x00\xff" + b"a" * 70_000
    desk.resolver.records = {KEY: [record]}
    _, copy = desk.received(SAID + signed(TRUE, PLATFORM))
    assert copy.key_record is not None
    assert copy.key_record.startswith("v=DKIM1; n=\\x00\\xffaaa")
    assert len(copy.key_record) == LONGEST_RECORD
    assert copy.key_digest == hashlib.sha256(record).hexdigest()
    assert desk.findings() == []


def test_nobody_is_asked_about_strangers_and_old_mail(desk: Desk) -> None:
    """Mail of others than platforms, mail of a month ago, and mail in files: not checked, and no query."""
    with time_machine.travel(NOW - timedelta(days=30), tick=False):
        old = SAID + signed(TRUE, PLATFORM)
    stranger = SAID + signed(mail(["From: <any@elsewhere.example>"], 1), "elsewhere.example")
    for number, octets in enumerate((old, stranger)):
        (copy,) = desk.copies(receive(desk.env, octets, number))
        assert copy.signature is SignatureState.NOT_CHECKED
        assert (copy.looked_up_at, copy.dnssec, copy.key_record) == (None, Dnssec.UNKNOWN, None)
    filed = mail_servers.with_signatures(asking(desk.env, "named", SERVER), desk.resolver, as_it_comes=False)
    fresh = SAID + signed(mail([f"From: X Safety <{DESK}>"], 2), PLATFORM)
    raw = RawMessage(fresh, NOW, "file:/a", "", "1", arrival=ArrivalBasis.MBOX, source=OctetSource.FILE)
    assert [[one.new for one in outcomes] for outcomes in ingest_batches(filed, [[raw]])] == [[True]]
    with desk.env.store.read() as tx:
        (copy,) = tx.find(Delivery, where(Delivery.folder).is_("file:/a"))
    assert (copy.signature, copy.signature_basis, told(copy)) == (SignatureState.NOT_CHECKED, "", NOBODY)
    assert desk.resolver.asked == []


def test_what_an_officer_says_later_stands_beside_it(desk: Desk) -> None:
    """An officer confirms the sender: the message is verified by them, and the receipt says what was found then."""
    stored, copy = desk.received(TRACE + signed(TRUE, PLATFORM))
    assert (stored.verdict, copy.verdict, copy.signature) == ("unverified", "unverified", SignatureState.VERIFIED)
    run(desk.env, ConfirmMessage(message=stored.id), "officer1")
    assert desk.copies(stored) == [copy]
    shown = desk.typed("message", "show", stored.id)
    assert "\nsender:       verified (confirmed by officer1)\n" in shown
    assert f"\n  sender:    unverified ({copy.verdict_basis.english})\n" in shown


@pytest.mark.parametrize(
    ("trust", "verdict"),
    [("named", "verified"), ("named+dkim", "failed"), ("dkim", "failed"), ("nobody", "unverified")],
)
def test_the_facts_are_the_same_whoever_is_trusted(desk: Desk, trust: str, verdict: str) -> None:
    """`mailbox.trust` decides what a signature counts for; the facts are recorded under each."""
    desk.env = mail_servers.with_signatures(asking(desk.env, trust, SERVER), desk.resolver)
    stored, copy = desk.received(SAID + signed(TRUE, PLATFORM).replace(b"reviewed", b"removed"))
    assert (stored.verdict, copy.verdict, copy.signature) == (verdict, verdict, SignatureState.FAILED)
    assert told(copy) == {**SEEN, "dnssec": Dnssec.NO}


def test_after_a_crash_no_mail_is_recorded_without_its_facts(desk: Desk) -> None:
    """The commit fails after the look-up: the mail is taken in again, and the facts with it, or neither."""
    octets = SAID + signed(TRUE, PLATFORM)
    broken = FailingStore(f"sqlite:///{desk.folder / migrated.NAME}", CountedRandomness("broken").salt)
    with pytest.raises(StoreFailure):
        ingest(replace(desk.env, store=broken), RawMessage(octets, NOW, "INBOX", "1", "1"))
    broken.close()
    with desk.env.store.read() as tx:
        assert tx.find(Delivery) == []
    desk.clock.set(NOW + timedelta(minutes=1))
    _, copy = desk.received(octets)
    assert told(copy) == {**SEEN, "dnssec": Dnssec.NO, "looked_up_at": NOW + timedelta(minutes=1)}
    assert desk.findings() == []


@pytest.mark.parametrize("column", ["key_record", "dnssec", "signature", "verdict_basis", "looked_up_at"])
def test_a_changed_fact_is_found(desk: Desk, column: str) -> None:
    """`audit verify` finds a fact that somebody changed in the database."""
    desk.received(SAID + signed(TRUE, PLATFORM))
    with closing(sqlite3.connect(desk.folder / migrated.NAME)) as database, database:
        before = "2020-01-01 00:00:00.000000" if column == "looked_up_at" else "yes" if column == "dnssec" else "absent"
        database.execute(f"UPDATE delivery SET {column} = ?", (before,))  # noqa: S608 - a column of the table above
    assert [finding for finding in desk.findings() if "delivery" in finding]


def test_recording_costs_no_statement(desk: Desk) -> None:
    """A mail with all facts takes as many SQL statements as one of which nothing is recorded."""
    without = asking(desk.env, "named", SERVER)
    counted = [
        statements(env, SAID + signed(mail([f"From: X Safety <{DESK}>"], number), PLATFORM), number)
        for number, env in enumerate((desk.env, desk.env, desk.env, without))  # what rarely changes is read at first
    ]
    assert counted[2] == counted[3] > 10
    assert len(desk.resolver.asked) == 3


def worded(shown: Mapping[str, Json]) -> dict[str, Json]:
    """Returns a document without the codes of its sentences."""
    return {
        name: worded(value) if isinstance(value, Mapping) else value
        for name, value in shown.items()
        if not name.endswith(SAID_OF)
    }


def test_what_was_found_is_shown(desk: Desk) -> None:
    """`message show`, its JSON, and the dossier of the case with its list, its log and its metadata."""
    desk.resolver.dnssec = Dnssec.YES
    stored, copy = desk.received(SAID + signed(TRUE, PLATFORM))
    (shown,) = desk.shown(stored)
    assert worded(shown) == {
        "at": "2027-03-17T10:00:00+01:00", "folder": "INBOX", "source": "imap", "verdict": "verified",
        "verdict_basis": copy.verdict_basis.english,
        "signature": {
            "state": "verified", "basis": copy.signature_basis.english, "domain": PLATFORM, "selector": "s1",
            "key_record": RECORD.decode(), "key_digest": SEEN["key_digest"], "dnssec": "yes", "resolver": RESOLVER,
            "looked_up_at": "2027-03-17T10:00:00+01:00",
        },
    }  # fmt: skip
    text = desk.typed("message", "show", stored.id)
    at_receipt = text.partition("\nAt receipt\n")[2].partition("\n\n")[0].splitlines()
    assert at_receipt == [
        "  taken in:  2027-03-17 10:00+01:00, INBOX, octets: imap",
        f"  sender:    verified (dmarc=pass by {SERVER} for {PLATFORM})",
        f"  signature: verified (DKIM signature of {PLATFORM} fits, checked here, for {PLATFORM})",
        f"  key:       {KEY}",
        f"  record:    {RECORD.decode()}",
        f"  DNSSEC:    yes, by {RESOLVER}",
        "  looked up: 2027-03-17 10:00+01:00",
    ]
    with desk.env.store.begin() as tx:  # our notification, which that desk has without its octets
        (ours,) = tx.find(StoredMessage, where(StoredMessage.message_id).is_(OURS))
        held = changed(ours, replace(ours, digest=desk.env.octets.put(b"Subject: Posts\r\n\r\nPosts.\r\n")))
        tx.append(Event(EventKind.MESSAGE_SENT, NOW, "officer1", (held,)))
    desk.typed("archive", "export", "VF-PS2027-0001", "--out", str(desk.folder / "bag"))
    case = desk.folder / "bag" / "data" / "VF-PS2027-0001"
    page = (case / "index.txt").read_text("utf-8")
    for words in (
        "Vastgelegd bij ontvangst",
        "klopt: ",
        "DNSSEC: ja",
        f"naamserver {RESOLVER}",
        RECORD.decode().split()[-1],
    ):
        assert words in page
    (metadata,) = [path for path in case.rglob("*.mdto.xml") if b"Controle bij ontvangst" in path.read_bytes()]
    assert faults_of(metadata.read_bytes()) == []
    assert (
        f"<eventResultaat>afzender: geverifieerd; handtekening: klopt; {KEY}; SHA-256 {SEEN['key_digest']}; DNSSEC: ja;"
        f" naamserver {RESOLVER}; opgezocht 2027-03-17 10:00+01:00</eventResultaat>"
    ) in metadata.read_text("utf-8")
    log = "".join(path.read_text("utf-8") for path in case.parent.glob("events-*.jsonl"))
    assert RECORD.decode() in log


class FailingStore(SqlStore):
    """A store whose transactions fail at their commit."""

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """Fails once everything is written, so that all of it is undone."""
        with super().begin() as tx:
            yield tx
            raise StoreFailure("the disk is full")


def statements(env: Services, octets: bytes, number: int) -> int:
    """Returns the number of SQL statements with which a mail is taken in."""
    assert isinstance(env.store, SqlStore)
    seen: list[str] = []

    def note(*asked: object) -> None:
        seen.append(str(asked[2]))

    event.listen(env.store.engine, "before_cursor_execute", note)
    receive(env, octets, number)
    event.remove(env.store.engine, "before_cursor_execute", note)
    return len([one for one in seen if not one.startswith("PRAGMA")])
