# SPDX-License-Identifier: EUPL-1.2
"""`status` answers at once, from the database file itself, and says what the store would say."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from flaggermail import settings_extract, wiring
from flaggermail.adapters.db.revision import newest
from flaggermail.cli import main
from flaggermail.cli.session import Session
from flaggermail.cli.status import overview_by_store
from flaggermail.core.events import Event, EventKind, added
from flaggermail.core.overview import EXERCISE, Overview
from flaggermail.core.records import (
    Case,
    ClockRow,
    DeskState,
    Election,
    HeldBack,
    Notification,
    OutboxMail,
    Override,
    Page,
    Record,
    StoredMessage,
    Watched,
)
from flaggermail.core.states import CASE_STATES, CLOCKS, LEASE, SUPPRESSED, WAITING
from flaggermail.environment import Work
from flaggermail.ports import Cursor, Position
from flaggermail.settings import (
    MailboxSettings,
    OrganisationSettings,
    StoreSettings,
    WatchSettings,
)
from flaggermail.settings_kinds import Model
from flaggermail.shipped import shipped
from flaggermail.wiring_overview import overview_of
from tests.unit.cli.test_cli_help import SLOW

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
LATER = NOW + timedelta(hours=2)
MANUAL = Path(__file__).parents[3] / "docs" / "operation.md"
ALSO_SLOW = ("jinja2", "email", "ssl", "subprocess", "tempfile", "flaggermail.settings", "flaggermail.core.records")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration as shipped, with the passwords that opening it takes, and a database that holds no mail."""
    folder = tmp_path_factory.mktemp("fresh") / "desk"
    shutil.copytree(shipped("config"), folder)
    shutil.copytree(shipped("rules"), folder / "rules")
    (folder / "credentials").mkdir()
    for name in ("imap-password", "smtp-password"):
        password = folder / "credentials" / name
        password.write_text("secret", encoding="utf-8")
        password.chmod(0o600)
    wiring.open_environment(folder).close()
    return folder


@pytest.fixture
def directory(fresh: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(fresh, tmp_path / "desk"))


def a_case(number: int, state: str, *, exercise: bool) -> Case:
    """A case in that state."""
    return Case(
        number=f"VF-NOW-{number:04d}", election="NOW", type="other", origin="media", state=state, token=f"case{number}",
        opened_at=NOW, opened_by="officer1", exercise=exercise,
    )  # fmt: skip


def a_message(number: int, place: str) -> StoredMessage:
    """A message there; the later its number, the earlier it came."""
    return StoredMessage(
        id=f"m{number:08d}", message_id=None, content_key="c", digest="d", direction="in", place=place,
        received_at=NOW - number * HOUR, first_seen_at=NOW,
    )  # fmt: skip


def a_mail(number: int, state: str) -> OutboxMail:
    """A mail in that state."""
    return OutboxMail(
        id=f"o{number:08d}", kind="alarm", dedupe=f"alarm/{number}", case=None, notification=None, message_id="<a@b>",
        sender="a@b.example", recipient="c@d.example", subject="s", digest="d", once=False, state=state, queued_at=NOW,
        next_try_at=None,
    )  # fmt: skip


def cases() -> list[Record]:
    """As many in each state as in no other, and some of an exercise."""
    wanted = [(state, count, False) for count, state in enumerate(CASE_STATES, 1)] + [("open", 7, True)]
    states = [(state, exercise) for state, count, exercise in wanted for _ in range(count)]
    return [a_case(number, state, exercise=exercise) for number, (state, exercise) in enumerate(states)]


def clocks() -> list[Record]:
    """Of three notifications: the first has one, the second two, the third three of which one has stopped."""
    use = Notification(
        id="", case="VF-NOW-0001", platform="X", channel="x-urgent", channel_name="C", template="t", language="nl",
        subject="", drafted_by="officer1", drafted_at=NOW, token="", digest="d",
    )  # fmt: skip
    rows: list[Record] = []
    for number in range(3):
        key = f"VF-NOW-0001/{number}"
        rows.append(replace(use, id=key, token=key))
        for kind in CLOCKS[: number + 1]:
            state = "stopped" if (number, kind) == (2, CLOCKS[0]) else "running"
            rows.append(ClockRow(id=f"{key}/{kind}", notification=key, kind=kind, state=state, started_at=NOW))
    return rows


def mails() -> list[Record]:
    """As many in each state as in no other, also in those that wait for nothing."""
    states = (*WAITING, "accepted", "refused", "cancelled")
    wanted = [state for count, state in enumerate(states, 1) for _ in range(count)]
    return [a_mail(number, state) for number, state in enumerate(wanted)]


def overrides() -> list[Record]:
    """Two hold now, of which the later counts; the last one is to come."""
    spans = (("officer2", -1, 1), ("head1", -2, 2), ("officer2", 3, 4))
    return [
        Override(
            id=f"r{number:08d}", officer=officer, begins_at=NOW + begins * HOUR, ends_at=NOW + ends * HOUR,
            entered_by="head1", entered_at=NOW,
        )
        for number, (officer, begins, ends) in enumerate(spans)
    ]  # fmt: skip


def some_of_everything() -> list[Record]:
    """Rows of every kind that is counted, and of those that must not be."""
    today = NOW.date()
    election = Election(
        code="NOW", name_nl="Nu", name_en="Now", polling_days=(today,), period_from=today, period_until=today
    )
    messages = [*(a_message(number, "quarantine") for number in range(2, 5)), a_message(99, "noise")]
    state = DeskState(observing=True, since=NOW - 3 * HOUR, since_by="daemon")
    return [election, *cases(), *clocks(), *messages, *mails(), *overrides(), state, *waking()]


def waking() -> list[Record]:
    """Pages of which three woke nobody of late, notices held back of which one was told, and two things watched."""
    ages = (("failed", 1), ("held", 2), ("held", 3), ("sent", 1), ("failed", 25))
    pages = [
        Page(
            id=f"p{number}", about="a", officer="officer1", position=number, pager="first", text="t", state=state,
            queued_at=NOW - age * HOUR,
        )
        for number, (state, age) in enumerate(ages)
    ]  # fmt: skip
    held = [
        HeldBack(
            id=f"h{number}", officer="officer1", kind="alarm", dedupe=f"{number}", what="refused", next_step="n",
            held_at=NOW, told_at=told,
        )
        for number, told in enumerate((None, None, NOW))
    ]  # fmt: skip
    watched = [
        Watched(id="tick of reminders", wrong=True, since=NOW, value="late"),
        Watched(id="clock", wrong=False, since=NOW, value="right"),
    ]
    return [*pages, *held, *watched]


def fill(directory: Path) -> None:
    """Have some of everything in the database, and one of two folders read."""
    with closing(wiring.open_environment(directory)) as env, env.store.begin() as tx:
        happened = EventKind.MESSAGE_TAKEN_IN
        tx.append(*(Event(happened, NOW, "daemon", (added(row),)) for row in some_of_everything()))
        tx.advance(env.settings.desk.mailbox.inbox, Cursor(Position(1, 9), NOW - HOUR))
        tx.number(SUPPRESSED)
        tx.advance("Elsewhere", Cursor(Position(1, 9), NOW))
    with closing(wiring.open_environment(directory)) as env:
        env.store.acquire(LEASE, "here:1:then", NOW, int((LATER - NOW).total_seconds()))


def by_store(directory: Path) -> Overview:
    """The overview that the environment gives."""
    with closing(wiring.open_environment(directory)) as env, env.store.read() as tx:
        return overview_by_store(Work(env, tx, NOW))


def printed(directory: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `status`."""
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(directory), "status", *words])
    return int(ended.value.code or 0), *capsys.readouterr()


def test_the_file_and_the_store_give_the_same_overview(directory: Path) -> None:
    """Names of tables and columns are written down twice; here they must agree on some of everything."""
    fill(directory)
    seen = overview_of(directory)
    assert seen is not None
    assert replace(seen, at=NOW, on_call=None, free={}) == replace(by_store(directory), on_call=None, free={})
    assert seen.cases == {"open": 1, "decided": 2, "notified": 3, "answered": 4, "closed": 5, "exercise": 7}
    assert seen.clocks == {"receipt": 2, "human": 2, "substance": 1}
    assert (seen.quarantine, seen.oldest) == (3, NOW - 4 * HOUR)
    assert seen.outbox == {"queued": 1, "attempting": 2, "uncertain": 3}
    assert seen.looks == {"INBOX": NOW - HOUR, "Sent": None}
    assert seen.observing_since == NOW - 3 * HOUR
    assert (seen.lease_until, seen.waiting_since, seen.held_back) == (LATER, NOW, 2)
    assert seen.suppressed == 1
    assert (seen.wrong, seen.watched) == ({"tick of reminders": "late"}, {"clock": "right"})
    assert seen.pages == {"failed": 1, "held": 2}
    assert set(seen.free) == {"archive", "database"}
    assert seen.on_call is not None
    assert seen.on_call.id == "head1"


@pytest.mark.parametrize("words", [(), ("--json",)])
@pytest.mark.parametrize("filled", [True, False])
def test_both_ways_print_the_same(
    directory: Path, filled: bool, words: tuple[str, ...], capsys: pytest.CaptureFixture[str],  # noqa: FBT001 - a case
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """To the letter, for a person and as JSON, empty or full."""
    monkeypatch.setattr("os.statvfs", lambda _path: SimpleNamespace(f_bavail=2_000, f_frsize=1_000_000))
    if filled:
        fill(directory)
    quick = printed(directory, capsys, *words)
    monkeypatch.setattr("flaggermail.wiring_overview.overview_of", lambda _directory: None)
    assert printed(directory, capsys, *words) == quick
    assert (quick[0], quick[2]) == (1, "")  # a mail in doubt, or no daemon


def test_the_exit_status_is_for_monitoring(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 while a daemon runs and the mailbox was read, 1 when either is no longer so; the last line says which."""
    with closing(wiring.open_environment(directory)) as env:
        now = env.clock.now()
        env.store.acquire(LEASE, "here:1:then", now, 60)
        with env.store.begin() as tx:
            tx.advance(env.settings.desk.mailbox.inbox, Cursor(Position(1, 9), now))
    assert printed(directory, capsys)[0] == 0
    assert json.loads(printed(directory, capsys, "--json")[1])["wrong"] == []
    with closing(wiring.open_environment(directory)) as env, env.store.begin() as tx:
        tx.append(
            Event(
                EventKind.WATCH_CHANGED,
                now,
                "daemon",
                (added(Watched(id="tick of reminders", wrong=True, since=NOW, value="late")),),
            )
        )
    status, said, _ = printed(directory, capsys)
    assert (status, said.splitlines()[-1].split(maxsplit=1)) == (1, ["wrong:", "tick of reminders: late"])


def test_every_line_is_explained(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/operation.md has a row for each line and for its name in the document, and in it each state that counts."""
    fill(directory)
    lines = [line.partition(":")[0] for line in printed(directory, capsys)[1].splitlines()]
    names = list(json.loads(printed(directory, capsys, "--json")[1]))
    section = MANUAL.read_text("utf-8").partition("\n## The command `flaggermail status`\n")[2].partition("\n## ")[0]
    rows = {cells[1].strip(): cells for cells in (line.split("|") for line in section.splitlines()) if len(cells) == 6}
    shown = dict.fromkeys("last look at FOLDER" if line.startswith("last look at") else line for line in lines)
    assert [row.strip("`") for row in rows][2:] == list(shown)
    assert [cells[2].strip(" `") for cells in rows.values()][2:] == names
    for line, states in (("cases", (*CASE_STATES, EXERCISE)), ("clocks running", CLOCKS), ("outbox", WAITING)):
        assert [state for state in states if f"`{state}`" not in rows[f"`{line}`"][3]] == []


def test_status_loads_nothing_slow(directory: Path) -> None:
    """Neither the database library nor the checks of the whole configuration, so the answer is there at once."""
    program = (
        "import sys\nfrom flaggermail.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as ended:\n    assert ended.code == 1  # no daemon runs\n"
        f"slow = {(*SLOW, *ALSO_SLOW)!r}\n"
        "print('LOADED', *(name for name in slow if name in sys.modules and name != 'ruamel'))"
    )
    words = ("--config", str(directory), "status")
    ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "LOADED"


@pytest.mark.parametrize(
    ("section", "model"),
    [
        ("organisation", OrganisationSettings),
        ("mailbox", MailboxSettings),
        ("store", StoreSettings),
        ("watch", WatchSettings),
    ],
)
def test_what_is_not_written_is_what_the_settings_say(section: str, model: type[Model]) -> None:
    """The defaults are written down twice, and agree."""
    defaults = settings_extract.DEFAULTS | settings_extract.NUMBERS
    known = {name: value for (where, name), value in defaults.items() if where == section}
    assert known
    assert known == {name: kept(model.model_fields[name].default) for name in known}


def kept(value: object) -> object:
    """A default as it is written: a path as text."""
    return str(value) if isinstance(value, Path) else value


def test_a_desk_that_keeps_to_the_defaults_has_the_overview_too(directory: Path) -> None:
    """Lines with a default may be left out."""
    path = directory / "flaggermail.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.strip().startswith(("inbox:", "sent:", "time_zone:", "database:"))]
    path.write_text("\n".join(kept), encoding="utf-8")
    assert len(lines) - len(kept) == 4
    seen = overview_of(directory)
    assert seen is not None
    assert (tuple(seen.looks), seen.zone.key) == (("INBOX", "Sent"), "Europe/Amsterdam")


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("flaggermail.yaml", "database: sqlite:///flaggermail.db", "database: [", "flaggermail.yaml:"),
        ("flaggermail.yaml", "time_zone: Europe/Amsterdam", "time_zone: Europe/Utopia", "Europe/Utopia"),
        ("flaggermail.yaml", "sqlite:///flaggermail.db", "sqlite:////nowhere/at/all.db", "/nowhere/at/all.db"),
        ("flaggermail.yaml", "inbox: INBOX", "inbox:", "mailbox.inbox"),
        ("oncall.yaml", "fallback_officer: officer1", "fallback_officer: nobody1", "nobody1"),
        ("oncall.yaml", "2027-03-15T07:00:00+01:00", "2027-03-15T07:00:00", "no offset"),
        ("oncall.yaml", "officers:", "officers: none\nothers:", "officers"),
    ],
)
def test_what_cannot_be_read_is_named(
    directory: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, named: str
) -> None:
    """Status 2, and the words of `check`: what `status` needs is refused as everywhere else."""
    path = directory / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    status, out, err = printed(directory, capsys)
    assert (status, out) == (2, "")
    assert named in err


def test_what_status_does_not_need_may_be_wrong(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a night on which somebody broke the list of platforms, how things stand can still be seen."""
    (directory / "platforms.yaml").write_text("platforms: [", encoding="utf-8")
    status, out, _ = printed(directory, capsys)
    assert (status, out.startswith("cases:")) == (1, True)  # and no daemon runs


def test_a_database_of_another_revision_is_refused(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is counted in tables that this program does not know."""
    with closing(sqlite3.connect(directory / "flaggermail.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    status, out, err = printed(directory, capsys)
    assert (status, out) == (2, "")
    assert f"is 9999, this program needs {newest()}" in err


def test_a_desk_on_a_database_server_is_asked_by_the_store(directory: Path) -> None:
    """Only a file of SQLite has the short way."""
    path = directory / "flaggermail.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sqlite:///flaggermail.db", "postgresql+psycopg://a@localhost/b"), encoding="utf-8")
    assert overview_of(directory) is None


def test_status_writes_nothing(directory: Path) -> None:
    """Whoever may only look changes no row by looking: not even what the configuration says anew."""
    path = directory / "platforms.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("name: X\n", "name: Another\n"), encoding="utf-8")
    database = directory / "flaggermail.db"
    before = database.read_bytes()
    assert overview_of(directory) is not None
    assert database.read_bytes() == before


def test_an_environment_that_is_given_is_asked(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A replay has its own database and clock, whatever lies in the folder."""
    with closing(wiring.open_environment(directory)) as env:
        fill(directory)
        session = Session(directory / "nowhere", given=env)
        with pytest.raises(SystemExit):
            main(["status"], session)
    assert "1 open, 2 decided" in capsys.readouterr().out
