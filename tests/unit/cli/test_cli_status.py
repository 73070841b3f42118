# SPDX-License-Identifier: EUPL-1.2
"""`status` reads only the file that the daemon writes, and reports problems by its exit status."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from flaggermail.cli import main
from flaggermail.desk import status as status_command
from flaggermail.health.status_document import EXERCISE
from flaggermail.record.states import CASE_STATES, CLOCKS, UNSETTLED
from flaggermail.settings.sections import StoreSettings
from tests.unit.cli.test_cli_help import SLOW

NOW = datetime.now(UTC)
MANUAL = Path(__file__).parents[3] / "docs" / "operation.md"
ALSO_SLOW = (
    "jinja2", "email", "ssl", "subprocess", "tempfile", "sqlite3", "flaggermail.settings.model",
    "flaggermail.record.rows", "flaggermail.ports", "flaggermail.services",
)  # fmt: skip
EVERYTHING: dict[str, object] = {
    "written_at": NOW.isoformat(),
    "version": "1.2.3",
    "starting": False, "ok": False,
    "wrong": ["a mail is in doubt"],
    "findings": [{"code": "mail in doubt", "since": None, "detail": ""}],
    "pages_oldest_at": None,
    "observing_since": "2027-03-17T10:00:00+01:00",
    "cases": {"open": 1, "decided": 0, "notified": 3, "answered": 0, "closed": 5, "exercise": 7},
    "clocks": {"running": 5, "oldest_at": NOW.isoformat(), "receipt": 2, "human": 2, "substance": 1},
    "quarantine": 3,
    "quarantine_oldest_at": NOW.isoformat(),
    "set_aside": {"INBOX": [*map(str, range(3, 25))], "Sent": ["7"]},
    "unverified_officer_replies": 2,
    "outbox": {
        "waiting": 3, "oldest_at": NOW.isoformat(), "queued": 1, "attempting": 2, "uncertain": 3,
        "last_error": "450 busy",
    },
    "mailbox": {"last_read_at": NOW.isoformat(), "link": "up", "fault": "mail.example: no"},
    "last_look": {"INBOX": "2027-03-17T10:00:00+01:00", "Sent": None},
    "on_call": True,
    "free_mb": {"archive": 2000, "database": 1000},
    "watched": {"clock": "right", "tick of reminders": "in time"},
    "held_back": 2,
    "suppressed": 1,
    "pages": {"failed": 1, "held": 2},
    "jobs": {
        "outbox": {"missed": 0, "failed": 0, "overlapped": 20},
        "remind": {"missed": 1, "failed": 0, "overlapped": 2},
    },
}  # fmt: skip
IN_ORDER = EVERYTHING | {"ok": True, "wrong": [], "observing_since": None}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns a configuration that contains only the place of the archive."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "flaggermail.yaml").write_text("store: {archive: kept/archive}\n", encoding="utf-8")
    (folder / "kept").mkdir()
    return folder


def write(directory: Path, document: object) -> None:
    """Writes a document where the daemon would."""
    (directory / "kept" / "status.json").write_text(json.dumps(document), encoding="ascii")


def printed(directory: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Returns exit status, standard output and standard error of `status`."""
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(directory), "status", *words])
    return int(ended.value.code or 0), *capsys.readouterr()


def older(document: dict[str, object], seconds: int) -> dict[str, object]:
    """Returns the document with an instant that many seconds ago."""
    return document | {"written_at": (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()}


def test_mail_set_aside_stands_there_with_its_number(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each folder with the numbers of its mails, the first twenty of them."""
    write(directory, EVERYTHING)
    _, said, _ = printed(directory, capsys)
    (line,) = (line for line in said.splitlines() if line.startswith("set aside:"))
    assert line.split(maxsplit=2)[2] == f"INBOX {', '.join(map(str, range(3, 23)))}, ...; Sent 7"


@pytest.mark.parametrize(
    ("age", "document", "exit_status", "wrong"),
    [
        (0, IN_ORDER, 0, []),
        (80, IN_ORDER, 0, []),
        (100, IN_ORDER, 1, ["the daemon does not run"]),
        (130, IN_ORDER, 1, ["the daemon does not run"]),
        (0, EVERYTHING, 1, ["a mail is in doubt"]),
        (130, EVERYTHING, 1, ["the daemon does not run", "a mail is in doubt"]),
    ],
)
def test_the_exit_status_is_for_monitoring(
    directory: Path, capsys: pytest.CaptureFixture[str], age: int, document: dict[str, object], exit_status: int,
    wrong: list[str],
) -> None:  # fmt: skip
    """The exit status is 0 while the daemon writes and finds nothing wrong, otherwise 1 with the problems."""
    with time_machine.travel(NOW, tick=False):
        write(directory, older(document, age))
        status, said, err = printed(directory, capsys)
        assert (status, err) == (exit_status, "")
        assert [line.split(maxsplit=1)[1] for line in said.splitlines() if line.startswith("wrong:")] == wrong
        status, said, err = printed(directory, capsys, "--json")
    found = json.loads(said)
    assert (status, err) == (exit_status, "")
    assert (found["ok"], found["wrong"], found["daemon"]) == (not wrong, wrong, age <= 90)


def test_a_desk_whose_daemon_never_ran_says_which_file_is_missing(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the daemon never ran, `status` names the missing file: perhaps another configuration was meant."""
    status, said, err = printed(directory, capsys)
    assert (status, err) == (1, "")
    assert f"never: {directory}/kept/status.json is missing" in said
    assert said.splitlines()[-1].split(maxsplit=1) == ["wrong:", "the daemon does not run"]
    status, said, _ = printed(directory, capsys, "--json")
    file = str(directory / "kept" / "status.json")
    wrong = ["the daemon does not run"]
    assert (status, json.loads(said)) == (1, {"ok": False, "wrong": wrong, "daemon": False, "file": file})


def test_the_document_is_printed_as_it_was_written(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints the document unchanged, unknown keys too, and adds whether the daemon runs."""
    document = older(EVERYTHING, 0) | {"later": [1]}
    write(directory, document)
    assert json.loads(printed(directory, capsys, "--json")[1]) == document | {"daemon": True}


def test_every_line_is_explained(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/operation.md has a row for each line and its keys in the document, with all states."""
    write(directory, EVERYTHING)
    lines = [line.partition(":")[0] for line in printed(directory, capsys)[1].splitlines()]
    names = set(json.loads(printed(directory, capsys, "--json")[1]))
    section = MANUAL.read_text("utf-8").partition("\n## The command `flaggermail status`\n")[2].partition("\n## ")[0]
    rows = {cells[1].strip(): cells for cells in (line.split("|") for line in section.splitlines()) if len(cells) == 6}
    shown = dict.fromkeys("last look at FOLDER" if line.startswith("last look at") else line for line in lines)
    assert [row.strip("`") for row in rows][2:] == list(shown)
    assert set(re.findall(r"`(\w+)`", " ".join(cells[2] for cells in rows.values()))) == names
    for line, states in (("cases", (*CASE_STATES, EXERCISE)), ("clocks running", CLOCKS), ("outbox", UNSETTLED)):
        assert [state for state in states if f"`{state}`" not in rows[f"`{line}`"][3]] == []


def test_what_no_file_says_is_left_out(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing or malformed values in the document are left out."""
    write(directory, {"written_at": datetime.now(UTC).isoformat(), "cases": 3, "wrong": "no list"})
    status, said, err = printed(directory, capsys)
    assert (status, err) == (0, "")
    assert "cases:          none\n" in said


@pytest.mark.outside
def test_status_loads_nothing_slow(directory: Path) -> None:
    """`status` loads neither the database nor the full configuration, so it is fast."""
    write(directory, older(IN_ORDER, 0))
    program = (
        "import sys\nfrom flaggermail.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as ended:\n    assert not ended.code\n"
        f"slow = {(*SLOW, *ALSO_SLOW)!r}\n"
        "print('LOADED', *(name for name in slow if name in sys.modules and name != 'ruamel'))"
    )
    words = ("--config", str(directory), "status")
    ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "LOADED"


def test_an_archive_that_is_not_written_is_where_the_settings_say(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without an archive in the configuration the file is next to it; both copies of the default agree."""
    assert str(StoreSettings.model_fields["archive"].default) == status_command.ARCHIVE
    (directory / "flaggermail.yaml").write_text("organisation: {name: BZK}\n", encoding="utf-8")
    assert status_command.status_file(directory) == directory / "status.json"
    (directory / "status.json").write_text(json.dumps(older(IN_ORDER, 0)), encoding="ascii")
    assert printed(directory, capsys)[0] == 0


def test_an_archive_elsewhere_has_the_file_above_it(directory: Path, tmp_path: Path) -> None:
    """The file is in the parent folder of an absolute archive path, as under systemd."""
    (directory / "flaggermail.yaml").write_text(f"store: {{archive: {tmp_path}/var/archive}}\n", encoding="utf-8")
    assert status_command.status_file(directory) == tmp_path / "var" / "status.json"


def test_a_configured_folder_has_the_file(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`store.status` names the folder; a relative one is relative to the configuration."""
    (directory / "flaggermail.yaml").write_text("store: {archive: kept/archive, status: kept}\n", encoding="utf-8")
    write(directory, older(IN_ORDER, 0))
    assert status_command.status_file(directory) == directory / "kept" / "status.json"
    assert printed(directory, capsys)[0] == 0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (None, "flaggermail.yaml:1:1: the file is missing; `flaggermail init DIR` writes one"),
        ("store: 'a", "flaggermail.yaml:1:8: the quotation mark opened here is never closed"),
        ("store:\n  archive:\n", "flaggermail.yaml:2:3 store.archive: names no folder"),
        ("store:\n  archive: 7\n", "flaggermail.yaml:2:3 store.archive: names no folder"),
        ("store:\n  archive: ' '\n", "flaggermail.yaml:2:3 store.archive: names no folder"),
        ("store:\n  archive: a\n  archive: b\n", "flaggermail.yaml:3:3 store.archive: is written twice"),
        ("", "flaggermail.yaml:1:1: the file is empty"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_named(
    directory: Path, capsys: pytest.CaptureFixture[str], text: str | None, named: str
) -> None:
    """An unreadable configuration gives exit status 2 with file, line, column and what would be right."""
    path = directory / "flaggermail.yaml"
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="utf-8")
    status, out, err = printed(directory, capsys)
    assert (status, out) == (2, "")
    assert err.startswith(named)


def test_what_status_does_not_need_may_be_wrong(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`status` works even if other parts of the configuration are broken."""
    for name in ("platforms.yaml", "oncall.yaml"):
        (directory / name).write_text("platforms: [", encoding="utf-8")
    with (directory / "flaggermail.yaml").open("a", encoding="utf-8") as file:
        file.write("organisation: {time_zone: Europe/Utopia}\nunknown: 1\n")
    write(directory, older(IN_ORDER, 0))
    assert printed(directory, capsys)[0] == 0


@pytest.mark.parametrize("octets", [b"", b'{"ok": ', b"\xff\xfe", b"[]", b"7"])
def test_a_file_that_no_daemon_wrote_is_refused(
    directory: Path, capsys: pytest.CaptureFixture[str], octets: bytes
) -> None:
    """A file that no daemon wrote is refused in one line that names it, with exit status 1."""
    (directory / "kept" / "status.json").write_bytes(octets)
    assert printed(directory, capsys) == (1, "", f"{directory}/kept/status.json: is not what a daemon writes\n")


def test_a_file_that_cannot_be_read_is_refused(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read is refused with the system's message."""
    (directory / "kept" / "status.json").mkdir()
    assert printed(directory, capsys) == (1, "", f"{directory}/kept/status.json: cannot be read (Is a directory)\n")


def test_status_writes_nothing(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`status` changes no file and creates no database."""
    write(directory, EVERYTHING)
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    printed(directory, capsys)
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before


def test_what_the_file_holds_does_not_act_on_the_terminal(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters in the file, such as those in a server's reply, do not reach the terminal."""
    hostile = {"outbox": {"waiting": 1, "queued": 1, "last_error": "450 \x1b[2J\u202e\nforged"}}
    write(directory, older(IN_ORDER, 0) | hostile)
    for words in ((), ("--json",)):
        said = printed(directory, capsys, *words)[1]
        assert [sign for sign in said if not (sign.isprintable() or sign in "\n\t")] == []
