# SPDX-License-Identifier: EUPL-1.2
"""How much `check` and `rules check` do: what they load and in which order, what they read and parse, each once."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner

from flaggermail.cli.init import command as init
from flaggermail.desk.inspections import inspect
from flaggermail.health.findings import Confinement
from flaggermail.rules.configuration import Configuration
from flaggermail.settings.mistakes import SetupFault
from flaggermail.shipped import are_shipped, shipped
from flaggermail.wiring.opening import desk_files
from flaggermail.wiring.setup_checks import word_faults

pytestmark = pytest.mark.outside
WORDS = ("mail-language.yaml", "mail-machines.yaml", "drafts.yaml", "redaction.yaml")
COUNTING = """
import json, sys
from collections import Counter
from pathlib import Path
import jinja2
from flaggermail.rules import rulebook
from flaggermail.settings.yaml_files import source
from flaggermail.wiring.opening import desk_files
from flaggermail.desk.inspections import inspect

counts = {"read": Counter(), "parsed": Counter(), "explained": Counter()}

def counted(owner, name, what, key):
    before = getattr(owner, name)
    def again(*given, **named):
        counts[what][key(*given)] += 1
        return before(*given, **named)
    setattr(owner, name, again)

counted(source, "_compose", "read", lambda text, found: found.file)
counted(jinja2.Environment, "parse", "parsed", lambda of, text, *_: text)
counted(rulebook, "explain", "explained", lambda *_: "explained")
ground = desk_files(Path(sys.argv[1]))
found = inspect(ground, sys.argv[2], {})
ground.close()
print(json.dumps({**counts, "found": found, "modules": sorted(sys.modules)}))
"""


@dataclass(frozen=True)
class Work:
    """How often each file was read, each template parsed and a sample mail explained, and what was loaded."""

    read: dict[str, int]
    parsed: dict[str, int]
    explained: dict[str, int]
    modules: list[str]
    found: dict[str, object]

    @property
    def own(self) -> int:
        """The number of our own modules."""
        return sum(name.startswith("flaggermail.") for name in self.modules)


def work_of(directory: Path, name: str, changed: str | None = None) -> Work:
    """Returns what an inspection does on a desk that `init` has just written; a line is added to the file `changed`."""
    assert CliRunner().invoke(init, [str(directory)]).exit_code == 0
    if changed is not None:
        with (directory / changed).open("a", encoding="utf-8") as file:
            file.write("# a line of the desk's own\n")
    ran = subprocess.run(
        [sys.executable, "-c", COUNTING, str(directory), name], capture_output=True, text=True, check=True
    )
    return Work(**json.loads(ran.stdout))


def test_check_reads_each_file_once_and_tries_no_shipped_template_again(tmp_path: Path) -> None:
    """Settings were once loaded five times, and SQLAlchemy and jinja2 to look at files as they were shipped."""
    work = work_of(tmp_path / "desk", "check")
    assert "elections" in work.found  # the settings were sound
    twice = {name for name, times in work.read.items() if times > 1}
    assert twice == {"flaggermail.yaml"}  # that of the desk, and the example whose values it may still have
    assert work.parsed == {}
    assert not {f"rules/{name}" for name in WORDS} & {*work.read}
    assert not {"sqlalchemy", "sqlmodel", "ruamel.yaml", "http.client", "apprise"} & {*work.modules}
    assert "flaggermail.adapters.files.template_engine" not in work.modules
    assert work.own <= 140


@pytest.mark.parametrize("changed", WORDS)
def test_check_reads_the_words_that_are_not_as_shipped(tmp_path: Path, changed: str) -> None:
    """A table of words of the desk's own is read, with the other of mail; as shipped, none of them has a fault."""
    assert CliRunner().invoke(init, [str(tmp_path / "desk")]).exit_code == 0
    table = tmp_path / "desk" / "rules" / changed
    assert not [*word_faults(table.parent)]
    table.write_text(f"{table.read_text('utf-8')}: no line\n", "utf-8")
    found = [*word_faults(table.parent)]
    assert found
    assert all(fault.startswith(f"rules/{changed}:") for fault in found), found
    assert not [*word_faults(shipped("rules"))]  # which are read


@pytest.mark.parametrize(
    ("changed", "parsed"), [("templates/nl/reminder.j2", 2), ("templates/words.yaml", 2 * 84)], ids=["one", "words"]
)
def test_check_parses_once_what_is_not_as_shipped(tmp_path: Path, changed: str, parsed: int) -> None:
    """Subject and body of a template of the desk's own; and of every one, if the words are its own."""
    work = work_of(tmp_path / "desk", "check", changed)
    assert sum(work.parsed.values()) == parsed
    assert max(work.parsed.values()) <= 8  # a few subjects are the same words


def test_rules_check_reads_each_file_once_and_explains_nothing_that_is_right(tmp_path: Path) -> None:
    """Each rule looks at each sample mail; what its conditions found is worded where a rule disagrees alone."""
    work = work_of(tmp_path / "desk", "rules check", "rules/90-noise.yaml")
    assert work.found["remarks"] == []
    assert {*work.read.values()} == {1}
    assert work.explained == {}
    assert not {"sqlalchemy", "sqlmodel", "ruamel.yaml", "imapclient"} & {*work.modules}
    assert work.own <= 94


ORDER = """
import json, os, sys
from pathlib import Path
from flaggermail.adapters.parsing import exchange, worker
from flaggermail.wiring.opening import DeskConnection

loaded, started = [], exchange.started

def counted(*given):
    loaded.append("flaggermail.rules.rulebook" in sys.modules)
    return started(*given)

worker.started = counted
desk = DeskConnection(Path(sys.argv[1]))
desk.answer("rules check")
desk.close()
print(json.dumps([loaded, min(os.cpu_count() or 1, worker.MOST)]))
"""


def test_the_parsers_of_sample_mails_start_before_rules_are_loaded(tmp_path: Path) -> None:
    """They take a fifth of a second to start, in which the modules of rules are loaded; one a core, and no more."""
    desk = tmp_path / "desk"
    assert CliRunner().invoke(init, [str(desk)]).exit_code == 0
    command = [sys.executable, "-c", ORDER, str(desk)]
    loaded, cores = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert loaded == []  # rules and sample mails are those that our own tests try
    (desk / "rules" / "samples" / "own.eml").write_bytes(b"From: a@b.example\n\nText\n")
    loaded, _ = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert loaded == [False] * cores


def test_rules_are_known_as_shipped_by_all_their_files_alone(tmp_path: Path) -> None:
    """A rule, a sample mail, a list or a table of words of the desk's own, or one that it lacks: all are tried."""
    assert not are_shipped(shipped("rules"))  # no witness of itself
    assert not are_shipped(tmp_path / "rules")
    assert CliRunner().invoke(init, [str(tmp_path / "desk")]).exit_code == 0
    rules = tmp_path / "desk" / "rules"
    assert are_shipped(rules)
    for name in ("90-noise.yaml", "samples/who.yaml", "lists/media.txt", "samples/citizen-again-en.eml"):
        octets = (rules / name).read_bytes()
        for own in (octets + b"\n", octets[:-1] + b"#", None):
            (rules / name).unlink()
            if own is not None:
                (rules / name).write_bytes(own)
            assert not are_shipped(rules)
        (rules / name).write_bytes(octets)
        assert are_shipped(rules)
    (rules / "95-own.yaml").touch()
    assert not are_shipped(rules)


def test_check_reads_the_record_while_the_parser_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To await it first once took a fifth of `check`."""
    assert CliRunner().invoke(init, [str(tmp_path / "desk")]).exit_code == 0
    ground, read, awaited = desk_files(tmp_path / "desk"), Event(), list[bool]()
    confinement, machine_faults = ground.confinement, ground.machine_faults

    def slow(settings: Configuration) -> Confinement:
        awaited.append(read.wait(20))
        return confinement(settings)

    def told(settings: Configuration) -> tuple[SetupFault, ...]:
        read.set()
        return machine_faults(settings)

    monkeypatch.setattr(ground, "confinement", slow)
    monkeypatch.setattr(ground, "machine_faults", told)
    assert inspect(ground, "check", {})["parser"]
    assert awaited == [True]


GARBAGE = """
import gc, sys
from flaggermail.cli import main

looks = []
gc.callbacks.append(lambda phase, _: looks.append(phase))
try:
    main()
finally:
    print(len(looks), file=sys.stderr)
"""


def test_check_on_a_record_looks_for_no_garbage(tmp_path: Path) -> None:
    """What it loads stays, so two looks through it, a tenth of its time, found none."""
    desk = str(tmp_path / "desk")
    assert CliRunner().invoke(init, [desk]).exit_code == 0
    for command in (("db", "upgrade"), ("check",)):
        typed = [sys.executable, "-c", GARBAGE, "--config", desk, *command]
        ran = subprocess.run(typed, capture_output=True, text=True, check=False)
        assert (tmp_path / "desk" / "flaggermail.db").exists()
    assert ran.stderr.split() == ["0"]
