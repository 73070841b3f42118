# SPDX-License-Identifier: EUPL-1.2
"""`init` writes a configuration that `check` accepts, and `check` reports every fault."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from flaggermail.cli.check import command as check
from flaggermail.cli.init import BESIDE, UNIT, UNIT_FOLDER, UNIT_PROGRAM
from flaggermail.cli.init import command as init
from flaggermail.cli.session import Session
from flaggermail.health.findings import Confinement
from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from flaggermail.wiring import rule_checks
from tests.doubles.broken_desks import give_secrets


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns the directory that `init` wrote."""
    result = run_init(tmp_path / "desk")
    assert result.exit_code == 0, result.output
    give_secrets(tmp_path / "desk")
    return tmp_path / "desk"


@pytest.fixture(autouse=True)
def spring() -> Iterator[None]:
    """Sets the machine's clock to the spring of an election of the shipped configuration."""
    with time_machine.travel("2027-03-10T12:00:00+01:00", tick=False):
        yield


def run_init(directory: Path, *options: str) -> Result:
    """Runs `flaggermail init DIR`."""
    return CliRunner().invoke(init, [str(directory), *options])


def run_check(directory: Path, *options: str) -> Result:
    """Runs `flaggermail --config DIR check`."""
    return CliRunner().invoke(check, options, obj=Session(directory))


def files(directory: Path) -> set[str]:
    """Returns the files below a directory."""
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def test_init_writes_what_is_shipped(directory: Path) -> None:
    """`init` writes configuration, templates and rules octet for octet, and a private folder for secrets."""
    assert {"flaggermail.yaml", "platforms.yaml", "oncall.yaml", "elections.yaml"} <= files(directory)
    assert {"rules/lists/media.txt", "rules/README.md", "rules/mail-language.yaml"} <= files(directory)
    assert {path for path in files(shipped("config")) if path.endswith(".j2")} <= files(directory)
    for name in ("flaggermail.yaml", "templates/nl/reminder.j2"):
        assert (directory / name).read_bytes() == (shipped("config") / name).read_bytes()
    assert stat.S_IMODE((directory / "credentials").stat().st_mode) == 0o700


def test_init_leaves_database_and_secrets_of_a_checkout_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`init` does not copy a database or secrets that commands left in a checkout."""
    used = tmp_path / "checkout"
    for name in ("config", "rules"):
        shutil.copytree(shipped(name), used / name)
    (used / "config" / "flaggermail.db").write_bytes(b"SQLite format 3")
    (used / "config" / "credentials").mkdir()
    (used / "config" / "credentials" / "imap-password").write_text("secret", encoding="utf-8")
    monkeypatch.setattr("flaggermail.cli.init.shipped", used.joinpath)
    assert run_init(tmp_path / "desk").exit_code == 0
    written = files(tmp_path / "desk")
    assert {"flaggermail.db", "credentials/imap-password"}.isdisjoint(written)
    assert "rules/samples/LICENSE" in written


def test_init_never_overwrites(directory: Path) -> None:
    """If one of its files exists, `init` writes nothing and names that file."""
    for path in directory.rglob("*"):
        if path.is_file() and path.name != "oncall.yaml":
            path.unlink()
    (directory / "oncall.yaml").write_text("ours", encoding="utf-8")
    result = run_init(directory)
    assert result.exit_code == 2
    assert f"{directory}/oncall.yaml: is there already" in result.stderr
    assert files(directory) == {"oncall.yaml"}
    assert (directory / "oncall.yaml").read_text(encoding="utf-8") == "ours"


def test_init_leaves_other_files_alone(tmp_path: Path) -> None:
    """`init` writes into a folder with other files and leaves them unchanged."""
    (tmp_path / "notes.txt").write_text("ours", encoding="utf-8")
    assert run_init(tmp_path).exit_code == 0
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "ours"


def test_init_writes_the_unit_when_asked(tmp_path: Path) -> None:
    """`--unit` adds the unit to the folder, and the answer says what of it to change for this program and folder."""
    desk = tmp_path / "desk"
    result = run_init(desk, "--unit")
    assert result.exit_code == 0, result.output
    for name in (UNIT, *BESIDE):
        assert (desk / name).read_bytes() == (shipped("systemd") / name).read_bytes()
    told = " ".join(result.stdout.split())
    assert "in ExecStart= write " in told
    assert f"in ExecStart= and LoadCredential= write {desk} for /etc/flaggermail" in told
    assert run_init(tmp_path / "other").exit_code == 0
    assert not (tmp_path / "other" / UNIT).exists()


def test_the_unit_is_written_for_what_init_says() -> None:
    """Program, folder, account and state folder that `init --unit` names are those of the unit."""
    unit = (shipped("systemd") / UNIT).read_text(encoding="utf-8")
    assert f"ExecStart=/usr/bin/env --ignore-signal=HUP {UNIT_PROGRAM} --config {UNIT_FOLDER} run\n" in unit
    assert f"LoadCredential=imap-password:{UNIT_FOLDER}/credentials/imap-password\n" in unit
    assert "\nUser=flaggermail\n" in unit
    assert "\nWorkingDirectory=/var/lib/flaggermail\n" in unit


def test_init_leaves_a_unit_that_is_there(tmp_path: Path) -> None:
    """A unit that somebody has changed is not overwritten: nothing is written at all."""
    (tmp_path / UNIT).write_text("ours", encoding="utf-8")
    assert run_init(tmp_path, "--unit").exit_code == 2
    assert files(tmp_path) == {UNIT}


def test_init_says_in_one_line_what_it_cannot_write(tmp_path: Path) -> None:
    """`init` reports in one line that it cannot write."""
    (tmp_path / "file").touch()
    result = run_init(tmp_path / "file" / "desk")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_check_accepts_what_init_wrote(directory: Path) -> None:
    """`check` accepts what `init` wrote, once the passwords are there; notes say what is still the example's."""
    result = run_check(directory)
    assert (result.exit_code, result.stderr) == (0, "")
    rules = len(load(shipped("config"), shipped("rules")).rules.rules)
    counts = f"4 elections, 5 platforms, 7 channels, 3 officers, {rules} rules"
    example, to_choose, to_vouch, to_read, summary, not_looked_at = result.stdout.splitlines()
    assert to_read.startswith("note: platforms.yaml policy.read_on: years ago for X, ")
    assert "are those of the example" in example
    assert "approval.by_reply: not chosen" in to_choose
    assert "`mailbox.login_domains` does not name it" in to_vouch
    assert summary == f"configuration in order: {counts}"
    assert not_looked_at.startswith("not looked at, as only `flaggermail check --online` does: connection with the")


def test_check_says_what_the_parser_lacks(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` notes each part of the parser's sandbox that this kernel does not offer; it is no fault."""
    monkeypatch.setattr(
        "flaggermail.wiring.rule_checks.parser_confinement", lambda _: Confinement(no_new_privileges=True)
    )
    result = run_check(directory)
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if "parser" in line] == [
        "note: the parser runs without Landlock: this kernel does not offer it",
        "note: the parser runs without seccomp: this kernel does not offer it",
    ]
    told = json.loads(run_check(directory, "--json").stdout)["parser"]
    assert told == {"no_new_privileges": True, "landlock": 0, "seccomp": False, "missing": ["Landlock", "seccomp"]}


def test_check_says_that_the_parser_does_not_start(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser whose process this account may not start is one note that names the program, and no kernel's fault."""
    monkeypatch.setattr(rule_checks, "parser_confinement", lambda _: Confinement())
    (line,) = [line for line in run_check(directory).stdout.splitlines() if "pars" in line]
    assert line.startswith("note: the process that parses mail does not start")
    assert line.endswith(f"let this account run {sys.executable}")


def test_check_names_every_fault_on_its_own_line(directory: Path) -> None:
    """`check` prints each fault on its own line of the one stream, with exit status 2."""
    (directory / "elections.yaml").unlink()
    with (directory / "oncall.yaml").open("a", encoding="utf-8") as file:
        file.write("holidays: []\n")
    result = run_check(directory)
    assert (result.exit_code, result.stderr) == (2, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("elections.yaml:1:1: the file is missing")
    assert " holidays: is no known key" in lines[1]
    assert len(lines) == 2


def test_check_reads_the_words_for_drafts_too(directory: Path) -> None:
    """`check` finds faults in the draft patterns, which would stop the first notification."""
    (directory / "rules" / "drafts.yaml").unlink()
    result = run_check(directory)
    assert result.exit_code == 2
    assert result.stdout.startswith("rules/drafts.yaml:1:1: the file is missing")


def test_check_names_the_faults_of_every_table_at_once(directory: Path) -> None:
    """`check` reports the faults of the configuration and all word tables in one run."""
    (directory / "elections.yaml").unlink()
    for name in ("mail-language.yaml", "mail-machines.yaml", "drafts.yaml"):
        (directory / "rules" / name).write_text("nl: [\n", encoding="utf-8")
    result = run_check(directory)
    assert [line.rpartition("/")[2].partition(":")[0] for line in result.stdout.splitlines()] == [
        "elections.yaml", "mail-language.yaml", "mail-machines.yaml", "drafts.yaml",
    ]  # fmt: skip
    assert all(line.split(":")[1].isdigit() and line.split(":")[2].isdigit() for line in result.stdout.splitlines())


def test_check_without_a_folder_of_rules_names_it_once(directory: Path) -> None:
    """A missing rules folder is reported once, not for each table in it."""
    (directory / "rules").rename(directory / "regels")
    result = run_check(directory)
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 1


def test_check_prints_faults_as_one_document(directory: Path) -> None:
    """With `--json`, the output is one document and nothing else, with or without faults."""
    assert json.loads(run_check(directory, "--json").stdout)["faults"] == []
    (directory / "elections.yaml").unlink()
    result = run_check(directory, "--json")
    assert (result.exit_code, result.stderr) == (2, "")
    (fault,) = json.loads(result.stdout)["faults"]
    assert fault.startswith("elections.yaml:1:1: the file is missing")


@time_machine.travel("2027-03-16T12:00:00+01:00", tick=False)
def test_check_lists_hours_without_anybody_on_call(directory: Path) -> None:
    """`check` lists the hours without an officer in the next four weeks, in the desk's zone with offsets."""
    oncall = directory / "oncall.yaml"
    text = oncall.read_text(encoding="utf-8").replace("\nfallback_officer: officer1", "\n# fallback_officer: officer1")
    oncall.write_text(text, encoding="utf-8")
    result = run_check(directory)
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if line.startswith("nobody")] == [
        "nobody is on call: 2027-03-18 07:00 +0100 to 2027-04-13 13:00 +0200",
    ]
    (gap,) = json.loads(run_check(directory, "--json").stdout)["gaps"]
    assert gap == {"begins": "2027-03-18T07:00:00+01:00", "ends": "2027-04-13T13:00:00+02:00"}


def test_check_prints_notes(directory: Path) -> None:
    """A note is printed and does not change the exit status."""
    path = directory / "flaggermail.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("  authserv_id:", "  # authserv_id:"), encoding="utf-8")
    result = run_check(directory)
    assert result.exit_code == 0
    assert "note: flaggermail.yaml mailbox.authserv_id: missing" in result.stdout
