# SPDX-License-Identifier: EUPL-1.2
"""A desk written by an earlier version is upgraded, read and verified by this one, with the same figures.

The folders are those of `tests/desks`. A change that renames something stored says so in `RENAMED`, one that adds a
column in `ADDED`; nothing else of what a desk contains may differ.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.cli import commands
from flaggermail.cli.session import Session
from flaggermail.errors import ArchiveFault
from flaggermail.figures import ledger, uses
from flaggermail.intake import poll
from flaggermail.ports import Cursor
from flaggermail.record.clocks import InstantBasis
from flaggermail.record.event_codec import COMMITMENT
from flaggermail.record.events import EventKind, changed, fold
from flaggermail.record.finding import where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import StoredMessage
from flaggermail.replay.doubles import ListMailbox, ScriptedSubmitter, SetClock
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.said import Said
from tests import asking
from tests.desks import kept, loaded
from tests.desks.played import environment, with_shipped
from tests.servers.postgres import Postgres

ON_SQLITE = pytest.param("sqlite", marks=pytest.mark.xdist_group("desk of before"))  # upgraded in one worker only
ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))
DESKS = sorted(path.parent for path in kept.HERE.glob(f"v*/{kept.EXPECTED}"))
NOW = datetime.fromisoformat("2027-06-12T12:00:00+02:00")

RENAMED: dict[str, str | None] = {
    "message.basis": "match_basis",
    "message.missed": "pending_digest",
    "notification.use": "counted",
    "outbox.once": "at_most_once",
    "watched.wrong": "failing",
    "delivery.uidvalidity": "numbering",
    "delivery.uid": "item",
    "learned_key": "thread_key",
    "better delivery seen": "delivery superseded",
    "case waits again": "case reverted to notified",
    "mail impossible": "mail unrenderable",
}
"""The present name of a name in `expected.json`; None if it was removed.

A table: `"outbox": "letter"`. A column, under the table's old name: `"message.basis": "match_basis"`. A value in a
column: `"message.place=own": "sent"`. A kind of event, or a counter: `"case waits again": "case reverted to notified"`.
"""

ADDED: dict[str, object] = {
    "channel.answers_from": None, "case_file.tail": None, "notification.tail": None,
    "message.costly": False, "outbox.shows": None, "outbox.trust": None, "held_back.shows": None,
    "held_back.trust": None,
    "message.enclosed_in": None, "message.placed_by": None, "message.from_junk": False, "message.confirmed_by": None,
    "message.corrected_by": None, "alarm.officer": None, "watched.until": None, "notification.sent_basis": "mail",
    "delivery.gone_at": None,
    "message.arrival": "server", "delivery.arrival": "server", "message.excluded_by": None,
    "delivery.source": "imap", "delivery.role": None,
    "delivery.verdict": None, "delivery.verdict_basis": "", "delivery.signature": "not checked",
    "delivery.signature_basis": "", "delivery.signer": None, "delivery.selector": None, "delivery.key_record": None,
    "delivery.key_digest": None, "delivery.dnssec": "not known", "delivery.resolver": None,
    "delivery.looked_up_at": None, "notification.approved_with": None, "outbox.instead_of": None,
    "message.person_basis": None, "message.says": "", "clock.comment": False,
    "channel.hosts": None,
}  # fmt: skip
"""The value of an added column in an upgraded row, under the table's present name: `"letter.priority": None`."""

IMPLIED: dict[str, tuple[str, str]] = {
    "message.enclosed_in": ("match_basis", r"forwarded in (\w+)"),
    "message.placed_by": ("match_basis", r"placed by (\w+)"),
    "message.confirmed_by": ("verdict_basis", r"confirmed by (\w+)"),
    "message.corrected_by": ("rule", r"corrected by (\w+)"),
    "outbox.shows": ("dedupe", r"notice/(\w+)/.*"),
    "held_back.shows": ("dedupe", r"notice/(\w+)"),
}
"""The column whose sentence, if it has this form, gives an added column another value than in `ADDED`."""

CODED = {"message": ("match_basis", "reason", "verdict_basis", "suggestions"), "alarm": ("text",)}
"""By table, the columns that hold codes now: in English they say what they said before."""

RENAMED_SETTINGS: dict[str, str] = {}
"""Text in the files of the configuration, and its replacement: `"unwatched:": "excluded_folders:"`."""


@dataclass
class Before:
    """A copy of an earlier version's desk, upgraded by this one."""

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
    """Copies the folder as the earlier version left it, with the configuration in this version's names."""
    folder.mkdir()
    kept.unpack(desk, folder)
    with_shipped(folder)
    for file in folder.glob("*.yaml"):
        text = file.read_text("utf-8")
        for old, new in RENAMED_SETTINGS.items():
            text = text.replace(old, new)
        file.write_text(text, "utf-8")
    return folder


def opened(desk: Path, folder: Path) -> Before:
    """Upgrades and opens the desk as an operator does."""
    upgraded = CliRunner().invoke(commands, ["--config", str(folder), "db", "upgrade"])
    assert "database is at revision" in upgraded.output, upgraded.output
    clock = SetClock(NOW)
    env = environment(folder, clock, ScriptedSubmitter(clock), seed="later")
    return Before(folder, json.loads((desk / kept.EXPECTED).read_text("utf-8")), env)


@pytest.fixture(scope="module", params=[ON_SQLITE, ON_POSTGRESQL])
def engine(request: pytest.FixtureRequest) -> str:
    """Runs each test on both engines."""
    return str(request.param)


@pytest.fixture(scope="module", params=DESKS, ids=lambda desk: desk.name)
def before(engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Before]:
    """Returns a desk for tests that only read."""
    folder = copied(request.param, tmp_path_factory.mktemp("before") / "desk")
    if engine == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.database()
        loaded.load(folder / loaded.SQLITE_FILE, url)
        loaded.move(folder, url)
    found = opened(request.param, folder)
    yield found
    found.env.close()
    shutil.rmtree(folder)


# ---------------------------------------------------------------- what must be the same


def renamed(name: str) -> str | None:
    """Returns the present name."""
    return RENAMED.get(name, name.rpartition(".")[2])


def value_of(table: str, column: str, value: object) -> object:
    """Returns the present form of a value."""
    if table == "delivery" and column in {"uidvalidity", "uid"}:
        return str(value)
    if isinstance(value, list):
        return [value_of(table, column, one) for one in value]
    return RENAMED.get(f"{table}.{column}={value}", value)


def rows_now(tables: Mapping[str, object]) -> dict[str, list[dict[str, object]]]:
    """Returns the rows of `expected.json` in this version's names."""
    result = {}
    for table, held in tables.items():
        assert isinstance(held, dict)
        if (now := renamed(table)) is not None:
            later = {name.rpartition(".")[2]: value for name, value in ADDED.items() if name.startswith(f"{now}.")}
            rows = [later | _row_now(table, held["columns"], values) for values in held["rows"]]
            result[now] = in_order([row | _implied(now, row) for row in rows])
    return result


def _row_now(table: str, columns: list[str], values: list[object]) -> dict[str, object]:
    pairs = zip(columns, values, strict=True)
    named = ((renamed(f"{table}.{column}"), value_of(table, column, value)) for column, value in pairs)
    return {name: value for name, value in named if name is not None}


def _implied(table: str, row: Mapping[str, object]) -> dict[str, object]:
    """Returns the values that the row says in a sentence or in a key."""
    found: dict[str, object] = {}
    for name, (column, form) in IMPLIED.items():
        of_table, _, field = name.partition(".")
        if of_table == table and (said := re.fullmatch(form, str(row[column]), re.DOTALL)) and row[field] is None:
            found[field] = said[1]
    if table == "message":
        found["from_junk"] = row["from_junk"] or "; in the junk folder" in str(row["reason"])
    if table == "notification" and row["by_hand"]:
        found["sent_basis"] = "sent copy" if row["message_id"] and not row["digest"] else "by hand"
    if table == "alarm" and row["kind"] == "mail waits":
        found["officer"] = row["text"]
    return found


def in_order(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Returns the rows in an order that does not depend on the names of their columns."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def in_english(table: str, row: Mapping[str, object]) -> dict[str, object]:
    """Returns a row with the sentences that its codes stand for."""
    said = {
        name: [Said(one).english for one in value] if isinstance(value := row[name], list) else Said(value).english
        for name in CODED.get(table, ())
    }
    return {**row, **said}


def assert_rows(desk: Before) -> None:
    """Asserts that the rows are the expected ones."""
    with desk.env.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        tables = kept.tables(tx.rows())
    expected = rows_now(desk.section("rows"))
    assert tables.keys() == expected.keys()
    for table, held in tables.items():
        rows = (dict(zip(held["columns"], values, strict=True)) for values in held["rows"])
        found = in_order([in_english(table, row) for row in rows])
        assert len(found) == len(expected[table]), table
        for now, then in zip(found, expected[table], strict=True):
            assert now == then, table


def assert_folded(desk: Before) -> None:
    """Asserts that the stored events fold to exactly the stored rows."""
    with desk.env.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        made, held = fold(event for _, event in tx.events()), tx.rows()
    assert made.keys() == held.keys()
    for key, values in held.items():
        assert made[key] == values, key


def assert_proved(desk: Before) -> None:
    """Asserts that `audit verify` succeeds and that the former last event has the same digest."""
    assert desk.type("audit", "verify").endswith(f"\n{len(kept.digests(desk.env))} events, chain intact\n")
    events = desk.expected["events"]
    assert isinstance(events, int)
    assert kept.digests(desk.env)[events - 1] == desk.expected["head"]


def assert_archived(desk: Before) -> None:
    """Asserts that the octets of every mail exist unless they were destroyed."""
    messages = asking.messages(desk.env)
    destroyed = {message.digest for message in messages if message.discarded_at is not None}
    digests = {message.digest for message in messages} | {mail.digest for mail in asking.mails(desk.env)}
    assert destroyed
    gone = set()
    for digest in digests - destroyed:
        try:
            desk.env.octets.get(digest)
        except ArchiveFault:
            gone.add(digest)
    assert not gone


CHECKS = (assert_rows, assert_folded, assert_proved, assert_archived)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_desk_of_before_is_whole(before: Before, check: Callable[[Before], None]) -> None:
    """Rows, events, chain and archive are intact after the upgrade."""
    check(before)


def test_every_event_is_known(before: Before) -> None:
    """Each kind has the same number of events; upgrading and opening add none."""
    with before.env.store.read() as tx:
        kinds = [event.kind.value for _, event in tx.events()]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        renamed(kind): count for kind, count in before.section("kinds").items()
    }
    assert len(kinds) == before.expected["events"]


def test_the_figures_are_the_same(before: Before) -> None:
    """The waiting time of each platform is the same, in minutes and in the reported hours."""
    with before.env.store.read() as tx:
        assert kept.figures(tx) == before.section("figures")


def test_rows_and_events_give_the_same_figures(before: Before) -> None:
    """The figures of the rows as they are equal those of the fold of all events, basis of each instant included."""
    with before.env.store.read() as tx:
        events = [event for _, event in tx.events()]
        end = max(event.at for event in events)
        found = uses.figures(ledger.of_rows(tx), end)
        assert uses.figures(ledger.of_events(events, end), end) == found
    assert {use.sent_basis for use in found.uses} >= {InstantBasis.MAIL, InstantBasis.BY_HAND}


def test_numbering_and_intake_go_on_where_they_ended(before: Before) -> None:
    """The next case, message and mail get the next number, and no mail is ingested twice."""
    found = kept.found(before.env)
    counters = before.section("counters")
    assert found["counters"] == {RENAMED.get(name, name): number for name, number in counters.items()}
    cursors = before.section("cursors")
    assert found["cursors"] == {name: position_of(at) for name, at in cursors.items()}


@pytest.mark.parametrize("desk", DESKS, ids=lambda desk: desk.name)
def test_the_same_mailbox_is_read_on_after_the_upgrade(desk: Path, tmp_path: Path) -> None:
    """No mail is read again; the next one is. Read from its beginning, each mail is known by the name it had."""
    found = opened(desk, copied(desk, tmp_path / "desk"))
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


def _mails_read(found: Before, folder: str) -> int:
    cursor = found.section("cursors")[folder]
    return int(cursor[1]) if isinstance(cursor, list) else 0


def _deliveries(env: Services) -> int:
    return len(asking.deliveries(env))


def position_of(at: object) -> str | None:
    """Returns the present form of a position: before, it was the two numbers of IMAP."""
    return "/".join(map(str, at)) if isinstance(at, list) else None


@pytest.mark.parametrize("desk", DESKS, ids=lambda desk: desk.name)
def test_personal_values_of_before_can_be_erased(desk: Path, tmp_path: Path) -> None:
    """Values in events of an earlier version can be erased; the chain stays intact, and the value is gone."""
    found = opened(desk, copied(desk, tmp_path / "desk"))
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
def test_every_list_can_be_shown(before: Before, words: str) -> None:
    """Every list works in text and in JSON."""
    assert before.type(*words.split())
    assert json.loads(before.type(*words.split(), "--json")) is not None


def test_events_are_told_in_words(before: Before) -> None:
    """Of the events that the earlier version wrote, none is printed with a value in JSON."""
    printed = before.type("events")
    assert len(printed.splitlines()) > len(before.section("kinds"))
    assert re.findall(r".*(?:\{\"|\[[\[{\"\]]).*", printed) == []


def test_status_says_what_is_wrong_there(before: Before) -> None:
    """The uncertain mail and the mailbox that is no longer read give exit status 1."""
    session = Session(before.folder, given=before.env, officer="officer1")
    result = CliRunner().invoke(commands, ["status", "--json"], obj=session)
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout)


def test_every_case_is_listed_and_shown_with_its_hours(before: Before) -> None:
    """The hours on record are the hours shown to a person."""
    numbers = [case["number"] for case in json.loads(before.type("case", "list", "--json"))["cases"]]
    held = before.section("rows")["case_file"]
    assert isinstance(held, dict)
    assert set(numbers) == {row[held["columns"].index("number")] for row in held["rows"]}
    for use, figures in before.section("figures").items():
        shown = before.type("case", "show", use.rpartition("/")[0])
        assert isinstance(figures, dict)
        for name, hours in figures.items():
            assert not name.endswith("_hours") or hours is None or str(hours) in shown, (use, name)


def test_every_mail_can_be_shown(before: Before) -> None:
    """Quarantined and outgoing mails are shown from the octets in the archive."""
    for row in json.loads(before.type("quarantine", "list", "--json"))["messages"]:
        assert before.type("quarantine", "show", row["id"])
    for row in json.loads(before.type("outbox", "list", "--json"))["mails"]:
        assert before.type("outbox", "show", row["id"])


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


SPOILED: list[tuple[str, Callable[[Path], None], Callable[[Before], None]]] = [
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


@pytest.mark.parametrize("desk", DESKS, ids=lambda desk: desk.name)
@pytest.mark.parametrize(("spoil", "notices"), [two for _, *two in SPOILED], ids=[what for what, *_ in SPOILED])
def test_what_was_changed_since_is_noticed(
    desk: Path, spoil: Callable[[Path], None], notices: Callable[[Before], None], tmp_path: Path
) -> None:
    """A change to one octet, one value or one row is detected."""
    folder = copied(desk, tmp_path / "desk")
    spoil(folder)
    found = opened(desk, folder)
    try:
        with pytest.raises(AssertionError):
            notices(found)
    finally:
        found.env.close()
