# SPDX-License-Identifier: EUPL-1.2
"""The manual matches the program: everything that exists is documented, and everything documented exists."""

import ast
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import click
import pytest

from flaggermail.cli import COMMANDS, commands
from flaggermail.health.status_line import StatusLine
from flaggermail.record.events import EventKind
from flaggermail.record.rows.alarms import AlarmKind
from tests.corpus import each

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
READMES = [ROOT / "README.md", ROOT / "README.nl.md"]
LINKED = [*PAGES, *READMES, ROOT / "CONTRIBUTING.md"]
PACKAGE = ROOT / "flaggermail"
PROGRAM = "flaggermail"
GLOBAL_OPTIONS = {"--config", "--version", "--help", "-h"}


def name_of(path: Path) -> str:
    """Returns a path as the test's name shows it."""
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    """Returns the text of a page."""
    return path.read_text(encoding="utf-8")


# ---------------------------------------------------------------- commands


def subcommands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yields the words of every command below `command`."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield (*path, name)
            yield from subcommands(found, (*path, name))


EVERY_COMMAND = sorted(" ".join(path) for path in subcommands(commands))


def test_every_command_is_walked() -> None:
    """The walk meets each command of the program's own list and descends into the groups."""
    assert COMMANDS.keys() <= set(EVERY_COMMAND)
    assert "case open" in EVERY_COMMAND


@each("command", EVERY_COMMAND)
def test_every_command_is_in_the_manual(command: str) -> None:
    """Each command occurs on some page, as it is typed."""
    typed = re.compile(rf"\b{PROGRAM}(?: --config \S+)? {re.escape(command)}(?![\w-])")
    assert any(typed.search(text(page)) for page in PAGES), f"no page of docs/ names `{PROGRAM} {command}`"


def code(page: str) -> Iterator[str]:
    """Yields the code of a page: spans and lines of blocks; a backslash at the end joins the next line.

    A span between double backticks is what the program prints, in which a command may be misspelt.
    """
    joined = page.replace("\\\n", " ")
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", joined, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", joined, flags=re.MULTILINE | re.DOTALL)
    for block in blocks:
        yield from block.splitlines()
    yield from (line for line in rest.splitlines() if line.startswith("    "))
    prose = re.sub(r"`` .*? ``", "", "\n".join(line for line in rest.splitlines() if not line.startswith("    ")))
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose))


# The name is also an account (`sudo -u`, `install -o`, `usermod -aG`) and a folder.
TYPED = re.compile(rf"(?:^|(?<!-[ugo])(?<!-aG)\s|/bin/){PROGRAM} (?!\.)([a-z-].*)$")


def typed_lines(page: str) -> Iterator[list[str]]:
    """Yields the words of each command line on a page, without the program's name and remarks."""
    for line in code(page):
        for part in re.split(r"&&|\|", line):
            found = TYPED.search(part)
            if found:
                yield shlex.split(found[1], comments=True)


def fault_of(words: list[str]) -> str | None:
    """Returns the first unknown command or option of a command line, or None if all names exist."""
    rest = iter(words)
    command: click.Command = commands
    options = set(GLOBAL_OPTIONS)
    for word in rest:
        if word == "--config":
            next(rest, None)
        elif word.startswith("--"):
            if word not in options:
                return f"{command.name or PROGRAM} has no option {word}"
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(command), word)
            if found is None:
                return f"{command.name or PROGRAM} has no command {word}"
            command, options = found, GLOBAL_OPTIONS | {o for p in found.params for o in p.opts}
    return None


@each("page", [*PAGES, *READMES], ids=name_of)
def test_every_command_line_in_the_manual_exists(page: Path) -> None:
    """No page shows a command or an option that the program does not have."""
    faults = {" ".join(words): fault for words in typed_lines(text(page)) if (fault := fault_of(words))}
    assert not faults


def test_the_manual_shows_command_lines() -> None:
    """The manual has enough command lines for the check above to be meaningful."""
    assert sum(len(list(typed_lines(text(page)))) for page in PAGES) > 50


# ---------------------------------------------------------------- functions

MODULES: dict[str, list[str]] = {}
for source in sorted(PACKAGE.rglob("*.py")):
    parts = source.relative_to(ROOT).with_suffix("").parts
    dotted = parts[:-1] if parts[-1] == "__init__" else parts
    if "versions" not in dotted and dotted[-1] != "__main__":
        MODULES.setdefault(dotted[-1], []).append(".".join(dotted))

NAMED = re.compile(r"(?<![\w./-])([a-z_]+(?:\.[A-Za-z_]+)+)(?![\w/-])")
SUFFIXES = {"md", "yaml", "py", "part", "db"}


def functions(page: str) -> list[str]:
    """Returns every name of the form module.function on a page, in text and in drawings."""
    return [name for name in NAMED.findall(page) if name.rpartition(".")[2] not in SUFFIXES]


def exists(name: str) -> bool:
    """True if a module of that short name has the attribute, directly or through a class."""
    head, *rest = name.split(".")
    return any(has(import_module(module), rest) for module in MODULES.get(head, []))


def has(module: ModuleType, path: list[str]) -> bool:
    """True if the module has the chain of attributes."""
    found: object = module
    for part in path:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def test_every_function_in_the_flow_exists() -> None:
    """Every function named in docs/flow.md exists under that name."""
    named = functions(text(DOCS / "flow.md"))
    assert len(set(named)) > 30
    assert [name for name in named if not exists(name)] == []


# ---------------------------------------------------------------- log, alarms, status line

OPERATION = text(DOCS / "operation.md")
SAID = re.compile(r"\d\d:\d\d|\d+|\bnever\b")  # what varies between status lines


def table(heading: str) -> list[list[str]]:
    """Returns the rows of the first table below a heading of docs/operation.md; no cell may be empty."""
    section = OPERATION.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = re.search(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    assert lines, f"no table below {heading}"
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[0].splitlines()[2:]]
    assert [row for row in rows if not all(row) or len(row) != len(rows[0])] == []
    return rows


def log_lines() -> list[str]:
    """Returns the constant text of every line that the daemon writes to its log."""
    calls = (node for node in ast.walk(ast.parse(text(PACKAGE / "logbook.py"))) if isinstance(node, ast.Call))
    logged = [call for call in calls if ast.unparse(call.func) in {"log", *(f"_log.{level}" for level in LEVELS)}]
    return [str(call.args[0].value) for call in logged if call.args and isinstance(call.args[0], ast.Constant)]


LEVELS = ("debug", "info", "warning", "error", "critical")


def test_every_log_line_is_explained_and_no_other() -> None:
    """The table of the journal lists exactly the log lines of the code."""
    assert len(log_lines()) > 10
    assert sorted(row[0] for row in table("The journal")) == sorted(log_lines())


def test_every_alarm_is_explained_and_no_other() -> None:
    """The table of alarms lists exactly the alarm kinds, in the order of the code."""
    assert [row[0] for row in table("Alarms")] == [kind.value for kind in AlarmKind]


@pytest.mark.parametrize("link", [None, True, False])
def test_every_part_of_the_status_line_is_explained(link: bool | None) -> None:  # noqa: FBT001 - a table
    """The table explains every part of the status line: without those parts nothing is left of it."""
    at = datetime(2027, 3, 17, 20, 42, tzinfo=UTC)
    standing = StatusLine(
        last_mail=at, last_look=None, link=link, waiting=3, in_doubt=0, observing=True, stuck=["watcher"]
    )
    line = SAID.sub("#", standing.line(ZoneInfo("Europe/Amsterdam"), at))
    for part in sorted((SAID.sub("#", row[0].strip("`")) for row in table("The status line")), key=len, reverse=True):
        line = line.replace(part, "")
    assert line.strip(", ") == ""


# ---------------------------------------------------------------- events, links


def test_every_event_is_explained_and_no_other() -> None:
    """docs/events.md lists exactly the events, in the order of the code."""
    rows = re.findall(r"^\| `([^`]+)` \| (.{12,}) \|$", text(DOCS / "events.md"), re.MULTILINE)
    assert [name for name, _ in rows] == [kind.value for kind in EventKind]


def anchors(page: str) -> set[str]:
    """Returns the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def links(page: str) -> list[str]:
    """Returns the link targets of a page that are inside this checkout."""
    plain = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", plain) if not re.match(r"[a-z]+:", target)]


@each("page", LINKED, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Every link leads to an existing file and heading."""
    broken = []
    for target in links(text(page)):
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (anchor and anchor not in anchors(text(file))):
            broken.append(target)
    assert broken == []


def test_every_page_is_reached() -> None:
    """Every page is the target of a link from another page."""
    reached = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in LINKED
        for target in links(text(page))
        if target.partition("#")[0]
    }
    assert [name_of(page) for page in PAGES if page not in reached and page.name != "README.md"] == []
