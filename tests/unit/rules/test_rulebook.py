# SPDX-License-Identifier: EUPL-1.2
"""`rules check` reports each fault of a rule set with file, line, column and what would be right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from flaggermail.shipped import shipped
from flaggermail.wording.said import countable
from tests.command_line import type_here
from tests.corpus import each

TESTS = Path(__file__).parents[2]
MISTAKES = sorted(path for path in (TESTS / "bad_rules").iterdir() if path.is_dir())
APART = {"expected.txt", "removed.txt"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns a valid configuration with few rules and the shipped word tables."""
    return good(tmp_path)


def good(folder: Path) -> Path:
    """Copies that configuration into `folder`; returns the folder."""
    shutil.copytree(TESTS / "config", folder, dirs_exist_ok=True)
    shutil.copytree(TESTS / "rules", folder / "rules")
    for table in shipped("rules").glob("[a-z]*.yaml"):
        shutil.copy(table, folder / "rules")
    return folder


def checked(directory: Path, *words: str) -> tuple[int, str, str]:
    """Returns exit status, standard output and standard error of `rules check`."""
    ran = type_here(["--config", str(directory), "rules", "check", *words])
    return ran.status, ran.out, ran.err


@each("mistake", MISTAKES, ids=lambda path: path.name)
@pytest.mark.slow
def test_mistake_is_named_with_place_and_remedy(mistake: Path, tmp_path: Path) -> None:
    """Every directory of tests/bad_rules gives exactly the expected remarks; faults exit 1, warnings alone 0."""
    directory = good(tmp_path / mistake.name)
    for path in mistake.rglob("*"):
        if path.is_file() and path.name not in APART:
            shutil.copyfile(path, directory / "rules" / path.relative_to(mistake))
    removed = mistake / "removed.txt"
    for name in removed.read_text("utf-8").split() if removed.exists() else ():
        (directory / name).unlink()
    status, out, err = checked(directory)
    remarks, _, counted = out.removesuffix("\n").rpartition("\n")
    expected = (mistake / "expected.txt").read_text("utf-8")
    assert "\n".join(sorted(filter(None, [*err.splitlines(), *remarks.splitlines()]))) == expected.rstrip("\n")
    faults = len(err.splitlines())
    warnings = len(expected.splitlines()) - faults
    assert f" {countable(faults):fault|faults}, {countable(warnings):warning|warnings}, version " in counted
    assert status == (1 if faults else 0)
    assert all(line.partition(": ")[2].startswith("warning: ") for line in remarks.splitlines())


@pytest.mark.parametrize("whole", [True, False], ids=["shipped", "tests/rules"])
def test_rules_in_order_give_one_line(directory: Path, *, whole: bool) -> None:
    """Correct rules give one line with their number and version."""
    if whole:
        shutil.rmtree(directory / "rules")
        shutil.copytree(shipped("rules"), directory / "rules")
    status, out, err = checked(directory)
    assert (status, err, out.count("\n")) == (0, "", 1)
    assert " rules, 0 faults, 0 warnings, version " in out


def test_a_program_reads_the_same(directory: Path) -> None:
    """`--json` lists the remarks, each with its place; the exit status is 1 if there are faults."""
    mistake = TESTS / "bad_rules" / "02-never-asked"
    shutil.copy(mistake / "90-noise.yaml", directory / "rules")
    status, out, err = checked(directory, "--json")
    expected = (mistake / "expected.txt").read_text("utf-8").splitlines()
    shown = [
        f"{one['file']}:{one['line']}:{one['column']}: {'' if one['fault'] else 'warning: '}{one['text']}"
        for one in json.loads(out)["remarks"]
    ]
    assert (status, sorted(shown), err) == (1, sorted(expected), "")


def test_rules_that_cannot_be_read_exit_2(directory: Path) -> None:
    """Unreadable rules exit with 2, like any faulty configuration; tests/bad_config has the cases."""
    (directory / "rules" / "90-noise.yaml").write_text("stage: noise\nrules: [\n", "utf-8")
    status, out, err = checked(directory)
    assert (status, out) == (2, "")
    assert err.startswith("rules/90-noise.yaml:")


def test_marks_of_a_terminal_in_a_name_are_shown(directory: Path) -> None:
    """Control characters in a rule's name are shown and do not reach the terminal."""
    file = directory / "rules" / "90-noise.yaml"
    text = file.read_text("utf-8").replace("name: invitation", 'name: "in\\u202evit\\e[2J"')
    file.write_text(text.replace("match: [invitation]", "match: [question]"), "utf-8")
    status, out, err = checked(directory)
    assert status == 1
    assert not set("\u202e\x1b") & set(out + err)
    assert r"'in\u202evit\x1b[2J'" in err
