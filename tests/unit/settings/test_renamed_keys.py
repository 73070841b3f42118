# SPDX-License-Identifier: EUPL-1.2
"""A renamed key still works under its old name, with one note that gives its place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner

from flaggermail.cli.check import command as check
from flaggermail.cli.session import Session
from flaggermail.errors import ConfigurationError
from flaggermail.rules.configuration import load
from flaggermail.settings.model import DeskSettings, OncallFile
from flaggermail.settings.renamed_keys import RENAMED, RENAMED_TEMPLATES
from flaggermail.settings.yaml_files.kinds import Model
from flaggermail.settings.yaml_files.source import Key
from flaggermail.shipped import shipped
from tests.corpus import each
from tests.doubles.broken_desks import give_secrets

MODELS: dict[str, type[Model]] = {"flaggermail.yaml": DeskSettings, "oncall.yaml": OncallFile}
PAIRS = [(file, old, new) for file, pairs in RENAMED.items() for old, new in pairs]
OTHER = {  # values other than the default, by new name
    "excluded_folders": "[Agenda, Taken]",
    "backlog_after_minutes": "90",
    "score_threshold": "85",
    "min_interval_minutes": "25",
    "retention_days": "35",
    "rate_limits": "{mails_per_hour: 20}",
    "burst": "4",
    "priority_per_sender": "7",
    "priority_per_hour": "70",
    "clock_skew_seconds": "45",
    "fallback_officer": "officer2",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns a configuration with the default for every renamed key."""
    shutil.copytree(Path(__file__).parents[2] / "config", tmp_path, dirs_exist_ok=True)
    shutil.copytree(shipped("rules"), tmp_path / "rules")
    shutil.copytree(shipped("config") / "templates", tmp_path / "templates")
    oncall = tmp_path / "oncall.yaml"
    oncall.write_text(oncall.read_text("utf-8").replace("fallback_officer: officer1\n", ""), encoding="utf-8")
    give_secrets(tmp_path)
    return tmp_path


def write(directory: Path, file: str, key: Key, value: str) -> str:
    """Writes `key: value` into the file, below its section; returns the place of the key, `file:line:column`."""
    path = directory / file
    lines = path.read_text("utf-8").splitlines()
    *sections, name = map(str, key)
    entry = f"{'  ' * len(sections)}{name}: {value}"
    if sections and f"{sections[0]}:" in lines:
        at = lines.index(f"{sections[0]}:") + 1
        lines.insert(at, entry)
    else:
        lines += [*(f"{section}:" for section in sections), entry]
        at = len(lines) - 1
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"{file}:{at + 1}:{2 * len(sections) + 1}"


@pytest.mark.parametrize(("file", "old", "new"), PAIRS, ids=[".".join(map(str, old)) for _, old, _ in PAIRS])
@pytest.mark.slow
def test_old_name_gives_the_same_settings_and_one_note(directory: Path, file: str, old: Key, new: str) -> None:
    """An old name gives the same settings as the new one, and `check` prints exactly one note."""
    text = (directory / file).read_text("utf-8")
    default = load(directory)
    write(directory, file, (*old[:-1], new), OTHER[new])
    renewed = load(directory)
    (directory / file).write_text(text, encoding="utf-8")
    place = write(directory, file, old, OTHER[new])
    found = load(directory)
    note = f"{place} {'.'.join(map(str, old))}: is now called {new}; the old name works until 1.0"
    assert renewed.notes == default.notes == ()
    assert found.notes == (note,)
    assert found.model_copy(update={"notes": ()}) == renewed != default
    ran = CliRunner().invoke(check, obj=Session(directory))
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert [line for line in ran.stdout.splitlines() if "is now called" in line] == [f"note: {note}"]


def test_a_section_and_a_key_in_it_may_both_be_old(directory: Path) -> None:
    """An old section and an old key in it each get a note, under the names in the file."""
    section = write(directory, "flaggermail.yaml", ("storms", "together"), "4").partition(":")[2]
    line = int(section.partition(":")[0])
    found = load(directory)
    assert found.desk.rate_limits.burst == 4
    assert found.notes == (
        f"flaggermail.yaml:{line - 1}:1 storms: is now called rate_limits; the old name works until 1.0",
        f"flaggermail.yaml:{line}:3 storms.together: is now called burst; the old name works until 1.0",
    )


@each("new", RENAMED_TEMPLATES)
def test_a_template_under_its_old_name_is_used_and_noted(directory: Path, new: str) -> None:
    """A template under its old name is used with one note; the old and the new name together are a fault."""
    old, templates = RENAMED_TEMPLATES[new], directory / "templates"
    present = templates / "en" / f"{new}.j2"
    text = present.read_text("utf-8")
    present.rename(present.with_name(f"{old}.j2"))
    ran = CliRunner().invoke(check, obj=Session(directory))
    note = f"templates/en/{old}.j2: is now called {new}.j2; the old name works until 1.0"
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert [line for line in ran.stdout.splitlines() if "is now called" in line] == [f"note: {note}"]
    present.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"{old}.j2: is the old name of {new}.j2, which is there too"):
        load(directory)
    present.with_name(f"{old}.j2").unlink()


def test_notes_are_in_the_document_of_check(directory: Path) -> None:
    """With `--json` the notes are separate from faults and warnings."""
    write(directory, "oncall.yaml", ("otherwise",), "officer1")
    with time_machine.travel("2027-03-10T12:00:00+01:00"):
        found = json.loads(CliRunner().invoke(check, ["--json"], obj=Session(directory)).stdout)
    (warning,) = found["warnings"]
    assert "`mailbox.login_domains` does not name it" in warning
    assert (found["faults"], len(found["notes"])) == ([], 1)


def fields(model: type[Model], key: Key) -> Iterator[str]:
    """Yields the names that a mapping at `key` may contain."""
    for step in key:
        inner = model.model_fields[str(step)].annotation
        assert isinstance(inner, type)
        assert issubclass(inner, Model)
        model = inner
    yield from model.model_fields


@pytest.mark.parametrize(("file", "old", "new"), PAIRS)
def test_new_name_is_a_field_and_the_old_one_is_not(file: str, old: Key, new: str) -> None:
    """Each new name is a field and no old name is."""
    names = set(fields(MODELS[file], old[:-1]))
    assert new in names
    assert old[-1] not in names


def test_shipped_files_use_the_new_names() -> None:
    """The shipped files use only new names and give no note."""
    assert load(shipped("config")).notes == ()
