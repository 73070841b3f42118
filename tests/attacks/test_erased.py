# SPDX-License-Identifier: EUPL-1.2
"""Who takes a copy of the desk's folder after the retention period finds nothing of a declined citizen in any octet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from flaggermail import logbook
from flaggermail.cases import erasure
from flaggermail.commands.elections import CloseElection
from flaggermail.commands.holds import ExcludeMessage
from flaggermail.commands.move import DeclineMessage
from flaggermail.commands.quarantine import PlaceMessage
from flaggermail.outbox import delivery
from flaggermail.record.audit import compared
from flaggermail.record.rows import StoredMessage
from tests.doubles.migrated import migrated
from tests.store.desk_fixtures import Desk, desk_settings, equipped, mail, opened

ADDRESS, NAME, SUBJECT = "kanarie.7f3@mailprovider.example", "Karel Kanarie", "Nep kanarie"
TEXT = "Ik zag een kanarie, haal dit bericht weg."
WINDOW = timedelta(days=70)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Returns an empty desk, its database and archive in `tmp_path`."""
    (tmp_path / "database").write_bytes(migrated())
    settings = desk_settings()
    equipment = equipped(settings, tmp_path)
    equipment.store.close()
    made = opened(equipment, settings, tmp_path)
    yield made
    made.env.store.close()
    equipment.close()


def report(text: str = TEXT) -> bytes:
    """Builds a citizen's report with a trace in each of its parts."""
    return mail(ADDRESS, SUBJECT, text).replace(f"From: {ADDRESS}".encode(), f"From: {NAME} <{ADDRESS}>".encode())


def traces(folder: Path) -> list[str]:
    """Returns the files that hold an octet string of the citizen's mail, and what they hold."""
    found = []
    for path in sorted(folder.rglob("*")):
        octets = path.read_bytes().lower() if path.is_file() else b""
        found += [f"{path.name}: {each}" for each in (ADDRESS, NAME, SUBJECT, TEXT) if each.lower().encode() in octets]
    return found


def declined(desk: Desk, folder: Path) -> StoredMessage:
    """Takes in a citizen's report that is declined and answered, and asserts that it left traces."""
    stored = desk.receive(report())
    assert stored.place == "declined", stored.reason
    delivery.drain(desk.env)
    assert {trace.partition(":")[0] for trace in traces(folder)} >= {stored.digest}
    assert any(trace.startswith("database") for trace in traces(folder))
    return stored


def test_after_the_window_no_file_holds_an_octet_of_a_citizen(desk: Desk, tmp_path: Path) -> None:
    """Neither database, write-ahead log nor archive has address, name, subject or text; the record is whole."""
    declined(desk, tmp_path)
    desk.clock.set(desk.clock.now() + WINDOW)
    assert erasure.tick(desk.env)
    assert traces(tmp_path) == []
    desk.assert_whole()
    with desk.env.store.read() as tx:
        assert tx.verify().findings == []


def test_a_report_that_a_person_declined_is_gone_too(desk: Desk, tmp_path: Path) -> None:
    """With the notice that showed it to an officer, and after other mail moved the pages of the database."""
    stored = desk.receive(report(f"{TEXT} Ik ben van de gemeente."))
    assert stored.place == "quarantine"
    desk.settle()
    desk.do(DeclineMessage(message=stored.id))
    for number in range(20):
        desk.receive(mail(f"other{number}@mailprovider.example", f"Nep {number}", f"Ik zag dit, haal weg. {number}"))
    desk.settle()
    desk.clock.set(desk.clock.now() + WINDOW)
    while erasure.tick(desk.env):
        pass
    assert traces(tmp_path) == []
    with desk.env.store.read() as tx:
        assert tx.verify().findings == []


def test_mail_that_a_person_took_out_is_gone_at_once(desk: Desk, tmp_path: Path) -> None:
    """No free page, write-ahead log or file of the archive has an octet of it; the audit is intact."""
    stored = desk.receive(report(f"{TEXT} Ik ben van de gemeente."))
    desk.settle()
    desk.do(PlaceMessage(message=stored.id, noise=True, reason=f"private mail of {NAME}"))
    for number in range(20):
        desk.receive(mail(f"other{number}@mailprovider.example", f"Nep {number}", f"Ik zag dit, haal weg. {number}"))
    assert len(traces(tmp_path)) > 4
    desk.do(ExcludeMessage(message=stored.id, reason="private mail"), by="head1")
    assert traces(tmp_path) == []
    desk.assert_whole()


def test_a_reader_of_the_journal_delays_it_and_the_log_says_so(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a reader needs an older state the log cannot be cut: that is said, and tried again until it is done."""
    said: list[str] = []
    monkeypatch.setattr(logbook, "not_scrubbed", lambda: said.append("in doubt"))
    declined(desk, tmp_path)
    with closing(sqlite3.connect(tmp_path / "database", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM event").fetchone()[0]
        desk.clock.set(desk.clock.now() + WINDOW)
        assert erasure.tick(desk.env)
        assert said == ["in doubt"]
        assert traces(tmp_path) != []
        assert desk.env.store.scrub() is False
        reader.execute("COMMIT")
        assert desk.env.store.scrub() is True
    assert traces(tmp_path) == []


def test_the_key_of_an_election_is_gone_when_it_closes(desk: Desk, tmp_path: Path) -> None:
    """No file holds the key by which a citizen's pseudonym could be computed again."""
    declined(desk, tmp_path)
    with desk.env.store.read() as tx:
        values = [change.values.get("secret") for _, event in tx.events() for change in event.changes]
    (key,) = {str(value) for value in values if value}
    assert any(key.encode() in path.read_bytes() for path in tmp_path.glob("database*"))
    desk.do(CloseElection(code="EP2024"), "officer2")
    assert not any(key.encode() in path.read_bytes() for path in tmp_path.glob("database*"))


def test_octets_that_were_destroyed_and_are_there_again_are_found(desk: Desk, tmp_path: Path) -> None:
    """A file that an event destroyed, copied back into the archive, is no file that a crash left."""
    stored = declined(desk, tmp_path)
    octets = desk.env.octets.get(stored.digest)
    desk.clock.set(desk.clock.now() + WINDOW)
    assert erasure.tick(desk.env)
    desk.env.octets.put(octets)
    with desk.env.store.read() as tx:
        found = [str(finding) for _, finding in compared(tx.verify().octets, desk.env.octets.files()) if finding]
    name = f"{stored.digest[:2]}/{stored.digest}"
    assert found == [f"archive {name}: is there, and an event says it was destroyed"]


def test_an_erased_value_without_its_event_is_found(desk: Desk, tmp_path: Path) -> None:
    """Who erases a value by hand, as if it were a citizen's, is found: no event says so."""
    stored = desk.receive(mail())
    with closing(sqlite3.connect(tmp_path / "database")) as connection, connection:
        one = "SELECT min(commitment) FROM personal WHERE event = (SELECT max(event) FROM row_event) OR event > 1"
        connection.execute(f"DELETE FROM personal WHERE commitment = ({one})")  # noqa: S608 - no value from outside
    with desk.env.store.read() as tx:
        findings = tx.verify().findings
    assert stored.id
    assert "no event says that it was erased" in str(findings[0])
