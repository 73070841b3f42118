# SPDX-License-Identifier: EUPL-1.2
"""A desk as a release keeps it is unpacked, upgraded, read and verified, with the same rows, events and figures.

The desk is made by `tests.tools.make_desk` at the one revision there is. From 1.0 on `tests/desks` holds desks that
earlier versions wrote, and the same is asked of each.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from flaggermail.adapters.db.inspection import newest
from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.errors import ArchiveFailure
from flaggermail.figures import ledger, uses
from flaggermail.intake import poll
from flaggermail.ports import Cursor
from flaggermail.record.definition import where
from flaggermail.record.event_codec import COMMITMENT
from flaggermail.record.events import Event, EventKind, changed, fold
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import Case, Delivery, OutboxMail, StoredMessage
from flaggermail.record.states import InstantBasis
from flaggermail.services import Services, UnitOfWork
from flaggermail.stories.doubles import ListMailbox, ScriptedSubmitter, SetClock
from tests.desks import kept, loaded
from tests.desks.played import environment, with_shipped
from tests.servers.postgres import Postgres

ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))
NOW = datetime.fromisoformat("2027-06-12T12:00:00+02:00")


@dataclass
class Kept:
    """An upgraded copy of a kept desk."""

    folder: Path
    expected: Mapping[str, object]
    env: Services

    def section(self, name: str) -> dict[str, object]:
        """Returns a part of `expected` that is a mapping."""
        found = self.expected[name]
        assert isinstance(found, dict)
        return found

    def type(self, *words: str) -> str:
        """Runs a command that must succeed; returns what it prints."""
        result = CliRunner().invoke(commands, words, obj=Session(self.folder, given=self.env, officer="officer1"))
        assert (result.exit_code, result.exception) == (0, None), (words, result.output)
        return result.stdout


def copied(desk: Path, folder: Path) -> Path:
    """Unpacks a kept desk in `folder`, with the shipped rules and templates."""
    folder.mkdir()
    kept.unpack(desk, folder)
    with_shipped(folder)
    return folder


def opened(desk: Path, folder: Path) -> Kept:
    """Upgrades and opens the desk as an operator does."""
    upgraded = CliRunner().invoke(commands, ["--config", str(folder), "db", "upgrade"])
    assert upgraded.output == f"database is at revision {newest()}\n"
    clock = SetClock(NOW)
    env = environment(folder, clock, ScriptedSubmitter(clock), seed="later")
    return Kept(folder, json.loads((desk / kept.EXPECTED).read_text("utf-8")), env)


@pytest.fixture(scope="module", params=["sqlite", ON_POSTGRESQL])
def engine(request: pytest.FixtureRequest) -> str:
    """Runs each test on both engines."""
    return str(request.param)


@pytest.fixture(scope="module")
def desk(
    engine: str, kept_desk: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kept]:
    """Returns a desk for tests that only read."""
    folder = copied(kept_desk, tmp_path_factory.mktemp("upgraded") / "desk")
    if engine == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.database()
        loaded.load(folder / loaded.SQLITE_FILE, url)
        loaded.move(folder, url)
    found = opened(kept_desk, folder)
    yield found
    found.env.close()
    shutil.rmtree(folder)


# ---------------------------------------------------------------- what must be the same


def assert_rows(desk: Kept) -> None:
    """Asserts that the rows are the expected ones."""
    with desk.env.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        tables = kept.tables(tx.rows())
    expected = desk.section("rows")
    assert tables.keys() == expected.keys()
    for table, held in tables.items():
        assert held == expected[table], table


def assert_folded(desk: Kept) -> None:
    """Asserts that the stored events fold to exactly the stored rows."""
    with desk.env.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        made, held = fold(event for _, event in tx.events()), tx.rows()
    assert made.keys() == held.keys()
    for key, values in held.items():
        assert made[key] == values, key


def assert_proved(desk: Kept) -> None:
    """Asserts that `audit verify` succeeds and that the former last event has the same digest."""
    assert desk.type("audit", "verify").endswith(f"\n{len(kept.digests(desk.env))} events, chain intact\n")
    events = desk.expected["events"]
    assert isinstance(events, int)
    assert kept.digests(desk.env)[events - 1] == desk.expected["head"]


def assert_archived(desk: Kept) -> None:
    """Asserts that the octets of every mail exist unless they were destroyed."""
    with desk.env.store.read() as tx:
        messages = tx.find(StoredMessage)
        destroyed = {message.digest for message in messages if message.discarded_at is not None}
        digests = {message.digest for message in messages} | {mail.digest for mail in tx.find(OutboxMail)}
    assert destroyed
    gone = set()
    for digest in digests - destroyed:
        try:
            desk.env.octets.get(digest)
        except ArchiveFailure:
            gone.add(digest)
    assert not gone


CHECKS = (assert_rows, assert_folded, assert_proved, assert_archived)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_upgraded_desk_is_whole(desk: Kept, check: Callable[[Kept], None]) -> None:
    """Rows, events, chain and archive are intact after the upgrade."""
    check(desk)


def test_upgrading_and_opening_add_no_event(desk: Kept) -> None:
    """Each kind has the same number of events."""
    with desk.env.store.read() as tx:
        kinds = Counter(event.kind.value for _, event in tx.events())
    assert kinds == desk.section("kinds")


def test_the_figures_are_the_same(desk: Kept) -> None:
    """The waiting time of each platform is the same, in minutes and in the reported hours."""
    with desk.env.store.read() as tx:
        assert kept.figures(tx) == desk.section("figures")


def test_rows_and_events_give_the_same_figures(desk: Kept) -> None:
    """The figures of the rows as they are equal those of the fold of all events, basis of each instant included."""
    with desk.env.store.read() as tx:
        events = [event for _, event in tx.events()]
        end = max(event.at for event in events)
        found = uses.figures(ledger.of_rows(tx), end)
        assert uses.figures(ledger.of_events(events, end), end) == found
    assert {use.sent_basis for use in found.uses} >= {InstantBasis.MAIL, InstantBasis.BY_HAND}


def concerns(event: Event, case: str) -> bool:
    """True if the event names the case, changes it, or gives a row to it."""
    return event.case == case or any(
        (change.table == Case.TABLE and change.key == case) or change.values.get("case") == case
        for change in event.changes
    )


def test_an_event_names_the_case_that_it_is_about(desk: Kept) -> None:
    """The database finds the events of a case by the case that they name: no event changes a row of another one."""
    with desk.env.store.read() as tx:
        every = list(tx.events())
        for case in tx.find(Case):
            wanted = [one for one in every if concerns(one[1], case.number)]
            assert list(tx.events(case=case.number)) == wanted
            assert list(tx.events(wanted[2][0], case=case.number, most=2)) == wanted[3:5]


def test_the_database_chooses_events(desk: Kept) -> None:
    """By instant, by kind, and no more of them than wanted, also of more than are read at once."""
    with desk.env.store.read() as tx:
        every = list(tx.events())
        middle = every[len(every) // 2][1].at
        assert list(tx.events(since=middle)) == [one for one in every if one[1].at >= middle]
        assert list(tx.events(10, most=1_207)) == every[10:1_217]
        assert list(tx.events(most=0)) == []
        for kind in {event.kind for _, event in every}:
            wanted = [one for one in every if one[1].kind is kind]
            assert list(tx.events(kind=kind, since=middle, most=3)) == [o for o in wanted if o[1].at >= middle][:3]


def test_numbering_and_intake_go_on_where_they_ended(desk: Kept) -> None:
    """The next case, message and mail get the next number, and no mail is ingested twice."""
    found = kept.found(desk.env)
    assert found["counters"] == desk.section("counters")
    assert found["cursors"] == desk.section("cursors")


def test_the_same_mailbox_is_read_on_after_the_upgrade(kept_desk: Path, tmp_path: Path) -> None:
    """No mail is read again; the next one is. Read from its beginning, each mail is known by the name it had."""
    found = opened(kept_desk, copied(kept_desk, tmp_path / "desk"))
    try:
        mailbox = ListMailbox(found.env.settings.desk.mailbox)
        for folder, role in (("INBOX", "inbox"), ("Sent", "sent"), ("Junk", "junk")):
            for number in range(_mails_read(found, folder)):
                mailbox.deliver(role, f"Subject: {folder} {number}\r\n\r\n".encode(), NOW)
        held = _mails_read(found, "INBOX")
        assert held > 20
        before = _deliveries(found.env)
        assert poll.look(found.env, mailbox) == 0
        mailbox.deliver("inbox", b"From: a@shop.example\r\nSubject: Nieuw\r\n\r\nWat nu?\r\n", NOW)
        assert poll.look(found.env, mailbox) == 1
        with found.env.store.begin() as tx:
            tx.advance("INBOX", Cursor(mailbox.end(0), NOW))
        assert poll.look(found.env, mailbox, everywhere=False) == held + 1
        assert _deliveries(found.env) == before + 1
        with found.env.store.read() as tx:
            assert tx.verify().findings == []
    finally:
        found.env.close()


def _mails_read(found: Kept, folder: str) -> int:
    cursor = found.section("cursors")[folder]
    return int(str(cursor).rpartition("/")[2]) if cursor else 0


def _deliveries(env: Services) -> int:
    with env.store.read() as tx:
        return len(tx.find(Delivery))


def test_personal_values_of_a_kept_desk_can_be_erased(kept_desk: Path, tmp_path: Path) -> None:
    """Values in events of before the upgrade can be erased; the chain stays intact, and the value is gone."""
    found = opened(kept_desk, copied(kept_desk, tmp_path / "desk"))
    try:
        with found.env.store.begin() as tx:
            row = next(
                row
                for row in tx.find(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))
                if row.from_address and row.subject
            )
            work = UnitOfWork(found.env, tx, NOW)
            work.record(EventKind.MESSAGE_DECLINED, changed(row, replace(row, subject=None)))
            tx.erase(StoredMessage, [row.id], {"subject"}, row.first_seen_at)
        with found.env.store.read() as tx:
            assert tx.verify().findings == []
            changes = [change for _, event in tx.events() for change in event.changes if change.key == row.id]
            said = [change.values["subject"] for change in changes if "subject" in change.values]
        assert len(said) >= 2
        assert all(value is None or str(value).startswith(COMMITMENT) for value in said)
    finally:
        found.env.close()


# ---------------------------------------------------------------- what is shown


READ = (
    "case list", "declined list", "channel list", "election list", "message list --place case", "message list",
    "oncall held", "oncall next", "oncall now", "oncall pages", "outbox list --all", "quarantine list",
)  # fmt: skip


@pytest.mark.parametrize("words", READ)
def test_every_list_can_be_shown(desk: Kept, words: str) -> None:
    """Every list works in text and in JSON."""
    assert desk.type(*words.split())
    assert json.loads(desk.type(*words.split(), "--json")) is not None


def test_events_are_told_in_words(desk: Kept) -> None:
    """No event is printed with a value in JSON."""
    printed = desk.type("events")
    assert len(printed.splitlines()) > len(desk.section("kinds"))
    assert re.findall(r".*(?:\{\"|\[[\[{\"\]]).*", printed) == []


def test_status_says_what_is_wrong_there(desk: Kept) -> None:
    """The uncertain mail and the mailbox that is no longer read give exit status 1."""
    session = Session(desk.folder, given=desk.env, officer="officer1")
    result = CliRunner().invoke(commands, ["status", "--json"], obj=session)
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout)


def test_every_case_is_listed_and_shown_with_its_hours(desk: Kept) -> None:
    """The hours on record are the hours shown to a person."""
    numbers = [case["number"] for case in json.loads(desk.type("case", "list", "--json"))["cases"]]
    held = desk.section("rows")["case_file"]
    assert isinstance(held, dict)
    assert set(numbers) == {row[held["columns"].index("number")] for row in held["rows"]}
    for use, figures in desk.section("figures").items():
        shown = desk.type("case", "show", use.rpartition("/")[0])
        assert isinstance(figures, dict)
        for name, hours in figures.items():
            assert not name.endswith("_hours") or hours is None or str(hours) in shown, (use, name)


def test_every_mail_can_be_shown(desk: Kept) -> None:
    """Quarantined and outgoing mails are shown from the octets in the archive."""
    for row in json.loads(desk.type("quarantine", "list", "--json"))["messages"]:
        assert desk.type("quarantine", "show", row["id"])
    for row in json.loads(desk.type("outbox", "list", "--json"))["mails"]:
        assert desk.type("outbox", "show", row["id"])


# ---------------------------------------------------------------- what is detected


def _behind_its_back(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "flaggermail.db")) as connection, connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        assert connection.execute(statement).rowcount == 1


def _one_octet(folder: Path) -> None:
    file = max((folder / "archive").glob("??/*"), key=lambda path: path.name)
    octets = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(bytes([octets[0] ^ 1]) + octets[1:])


SPOILED: list[tuple[str, Callable[[Path], None], Callable[[Kept], None]]] = [
    (
        "an octet of an event",
        lambda folder: _behind_its_back(
            folder, "UPDATE event SET octets = CAST(replace(octets, 'officer1', 'officer2') AS BLOB) WHERE seq ="
            " (SELECT max(seq) FROM event WHERE actor = 'officer1')"
        ),
        assert_proved,
    ),
    (
        "a personal value",
        lambda folder: _behind_its_back(
            folder, "UPDATE personal SET value = '\"another\"' WHERE event = (SELECT max(event) FROM personal)"
            " AND commitment = (SELECT max(commitment) FROM personal WHERE event = (SELECT max(event) FROM personal))"
        ),
        assert_proved,
    ),
    (
        "a row, by the fold",
        lambda folder: _behind_its_back(
            folder, "UPDATE clock SET stopped_at = started_at WHERE id = (SELECT max(id) FROM clock)"
        ),
        assert_folded,
    ),
    (
        "a row, by what is expected",
        lambda folder: _behind_its_back(folder, "UPDATE election SET name_en = 'Y' WHERE code = 'PS2027'"),
        assert_rows,
    ),
    ("an octet in the archive", _one_octet, assert_archived),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "notices"), [two for _, *two in SPOILED], ids=[what for what, *_ in SPOILED])
def test_what_was_changed_since_is_noticed(
    kept_desk: Path, spoil: Callable[[Path], None], notices: Callable[[Kept], None], tmp_path: Path
) -> None:
    """A change to one octet, one value or one row is detected."""
    folder = copied(kept_desk, tmp_path / "desk")
    spoil(folder)
    found = opened(kept_desk, folder)
    try:
        with pytest.raises(AssertionError):
            notices(found)
    finally:
        found.env.close()
