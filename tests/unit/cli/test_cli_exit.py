# SPDX-License-Identifier: EUPL-1.2
"""Exit status and standard error: 1 refused, 2 wrong use or configuration, one line each and never a traceback."""

from __future__ import annotations

import getpass
import re
import shutil
from pathlib import Path

import pytest

from flaggermail.cli import default_directory, main
from flaggermail.cli.acting import typed
from flaggermail.errors import Refusal
from flaggermail.shipped import shipped
from tests.doubles.migrated import register_in
from tests.unit.cli.conftest import Desk


@pytest.mark.parametrize("words", [("status",), ("case", "list"), ("check",), ("rules", "check")])
def test_without_a_configuration_one_line_says_what_would_be_right(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing folder of the configuration is one line, also where the present directory has a folder `config`."""
    shutil.copytree(Path(__file__).parents[2] / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLAGGERMAIL_CONFIG", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    said = "".join(capsys.readouterr()).splitlines()  # what `check` finds is its output
    assert (ended.value.code, len(said)) == (2, 1)
    assert said[0] == (
        f"{tmp_path}/nowhere: there is no such folder; name that of the configuration with --config DIR or in "
        "$FLAGGERMAIL_CONFIG, or write one: `flaggermail init DIR`"
    )


def test_no_folder_of_the_present_directory_is_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without option and variable the configuration is /etc/flaggermail, whatever lies in the present directory."""
    (tmp_path / "config").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLAGGERMAIL_CONFIG", raising=False)
    assert default_directory() == Path("/etc/flaggermail")
    monkeypatch.setenv("FLAGGERMAIL_CONFIG", "")
    assert default_directory() == Path("/etc/flaggermail")
    monkeypatch.setenv("FLAGGERMAIL_CONFIG", "/srv/desk")
    assert default_directory() == Path("/srv/desk")


def test_a_refused_act_is_status_1_and_one_line(desk: Desk) -> None:
    """A refused act prints nothing on standard output and one line on standard error, with the right command."""
    ran = desk.type("case", "close", "VF-EP2024-0099")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "case VF-EP2024-0099: there is no such case; `flaggermail case list` shows them\n"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["case", "decide", "VF-1", "perhaps", "--reason", "x"], "'perhaps'"),
        (["case", "decide", "VF-1", "notify"], "--reason"),
        (["case", "show"], "CASE"),
        (["case", "show", "VF-1", "--colour"], "--colour"),
        (["cases"], "cases"),
        (["case", "note", "VF-1", "--means", "phone"], "--text"),
        (["case", "assess", "VF-1"], "--edit"),
        (["case", "reply", "VF-1", "--to", "everybody", "--channel", "c", "--text", "-"], "'everybody'"),
        (["quarantine", "place", "m00000001"], "--noise"),
        (["quarantine", "place", "m00000001", "VF-1", "--new"], "--noise"),
        (["outbox", "resolve", "o00000001"], "--again"),
        (["notify", "VF-1", "--channel", "c", "--text", "no such file"], "no such file"),
        (["replay", "/"], "scenario.yaml"),
    ],
)
def test_wrong_use_is_status_2_and_one_line(desk: Desk, words: list[str], named: str) -> None:
    """Wrong use gives one line that names the mistake and the command that explains the right use."""
    ran = desk.type(*words)
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert named in ran.err
    assert "--help`" in ran.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["chekc"], "did you mean check?"),
        (["Case", "list"], "did you mean case"),
        (["case", "shwo", "1"], "did you mean show?"),
        (["reply"], "did you mean replay?"),
        (["outbox", "liste"], "did you mean list?"),
        (["stat"], "did you mean status?"),
        (["zzz"], "there is no command 'zzz'"),
        (["case", "\u202etsil"], "there is no command"),
        ([""], "there is no command ''"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_nearest(desk: Desk, words: list[str], meant: str) -> None:
    """One line names the commands that may be meant, and where the list of all is; a word like none names the list."""
    ran = desk.type(*words)
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert meant in ran.err
    assert ("did you mean" in ran.err) == ("did you mean" in meant)
    assert "--help`" in ran.err


@pytest.mark.parametrize("words", [["audit", "verify", "--since", "abc"], ["case", "show"], ["cases"]])
def test_the_reference_to_the_help_is_a_sentence_of_its_own(desk: Desk, words: list[str]) -> None:
    """Our own messages and those of the library end with one full stop before the reference."""
    assert re.search(r"[^.?!][.?!] See `flaggermail", desk.type(*words).err)


def test_a_faulty_configuration_is_status_2_without_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each fault in the configuration is printed on its own line with its place."""
    shutil.copytree(shipped("config"), tmp_path / "desk")
    path = tmp_path / "desk" / "oncall.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\ncolour: blue\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["--direct", "--config", str(tmp_path / "desk"), "case", "list"])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert [line for line in err.splitlines() if line.startswith("oncall.yaml:") and "colour" in line]
    assert "Traceback" not in err


def test_a_user_whom_the_rota_does_not_know_reads_nothing_and_does_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both need a person of oncall.yaml with this system login, whoever may read the database; root is nobody too."""
    shutil.copytree(shipped("config"), tmp_path / "desk")
    shutil.copytree(shipped("rules"), tmp_path / "desk" / "rules")
    register_in(tmp_path / "desk")
    arguments = ["--direct", "--config", str(tmp_path / "desk"), "election"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "list"])
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"election list: user {getpass.getuser()} is nobody of this desk; only ")
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "close", "EP2024"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"user {getpass.getuser()}: ")


def test_text_typed_by_an_officer_of_a_scenario_runs_the_same_commands(desk: Desk) -> None:
    """A typed command returns its output, with or without the program's name in front."""
    for words in (["case", "list"], ["flaggermail", "case", "list"], ("case", "list")):
        assert typed(desk.env, "officer1", words) == "no cases\n"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["case", "close", "VF-1"], "case VF-1: there is no such case"),
        (["case", "decide", "VF-1", "perhaps", "--reason", "x"], "'perhaps'"),
        (["case", "assess", "VF-1", "{form}"], "form.yaml:1:1 colour"),
        (["case", "frobnicate"], "frobnicate"),
    ],
)
def test_whatever_goes_wrong_in_a_typed_act_is_a_refusal(desk: Desk, words: list[str], named: str) -> None:
    """Every failure of a typed act is a refusal with the text that an officer would see."""
    form = desk.folder / "form.yaml"
    form.write_text("colour: blue\n", encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        typed(desk.env, "officer1", [word.replace("{form}", str(form)) for word in words])
    assert named in str(refused.value)


def test_an_act_is_that_of_the_officer_who_typed_it(desk: Desk) -> None:
    """An act is recorded for the officer who typed it; an unknown officer is refused."""
    typed(desk.env, "officer2", ["case", "open", "--election", "EP2024", "--type", "other", "--origin", "media"])
    shown = desk.type("case", "show", "VF-EP2024-0001", "--json").json
    assert isinstance(shown, dict)
    assert (shown["opened_by"], shown["assigned_to"]) == ("officer2", "officer2")
    with pytest.raises(Refusal, match="nobody is not an officer of this desk"):
        typed(desk.env, "nobody", ["case", "close", "VF-EP2024-0001"])


def test_a_refusal_is_a_document_for_programs(desk: Desk) -> None:
    """With `--json` a refusal is printed as code and details too, with its field, and what to do apart from it."""
    ran = desk.type("case", "show", "VF-EP2024-0009", "--json")
    assert (ran.status, ran.err.strip()) == (
        1, "case VF-EP2024-0009: there is no such case; `flaggermail case list` shows them"
    )  # fmt: skip
    assert ran.json == {
        "refused": {
            "code": "no such case",
            "details": {"case": "VF-EP2024-0009"},
            "text": "case VF-EP2024-0009: there is no such case",
        },
        "hint": {
            "code": "no such case",
            "details": {},
            "text": "`flaggermail case list` shows them",
        },
        "where": "case",
        "wanted": "",
    }
    assert desk.type("case", "show", "VF-EP2024-0009").out == ""
