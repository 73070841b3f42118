# SPDX-License-Identifier: EUPL-1.2
"""Properties of the whole checkout: the lock file, and what the product's Python must not contain."""

import ast
import re
import sys
import tomllib
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from flaggermail.commands import door
from flaggermail.desk.inspections import INSPECTIONS
from flaggermail.desk.views import VIEWS
from tests.corpus import each
from tests.tools import purity
from tests.tools.natural import addresses, named_platforms, names_within, word_lists
from tests.tools.purity import imports, impure

ROOT = Path(__file__).parents[2]
# Sentences of both languages, and the grammar of replies: tests prove them, so they are no settings.
IN_CODE = ("wording/", "replies/phrases.py", "replies/phrases.py")
SOURCES = sorted((ROOT / "flaggermail").rglob("*.py"))
IMPORTS = imports()
PURE = sorted(
    path
    for module in purity.PURE["modules"]
    for path in ROOT.glob(module.replace(".**", ".*").replace(".", "/").replace("/*", "/**/*") + ".py")
)


def name_of(path: Path) -> str:
    """Returns a path as the test's name shows it."""
    return path.relative_to(ROOT).as_posix()


# ---------------------------------------------------------------- the lock

PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==[0-9][0-9a-z.]*(?: ; [^\\]+)?(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
)


def locked() -> str:
    """Returns the text of requirements.lock."""
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_lock_is_nothing_but_exact_versions_with_hashes() -> None:
    """The lock contains only exact versions with hashes: no address, index, folder, remark or bare name."""
    assert PIN.sub("", locked()) == ""


def test_the_demos_lock_is_a_part_of_the_lock() -> None:
    """What the demo installs is less, in the same versions with the same hashes: `./dev test` adds the rest."""
    demo = (ROOT / "requirements-demo.lock").read_text(encoding="utf-8")
    assert PIN.sub("", demo) == ""
    some, every = ({pin[0] for pin in PIN.finditer(text)} for text in (demo, locked()))
    assert some < every
    assert len(some) < len(every) / 2


def test_lock_names_everything_that_pyproject_asks_for() -> None:
    """Each dependency of the product and its extras is pinned, and so is the build backend."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
    ]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ;]", line)[0]).lower() for line in asked}
    assert names - {pin["name"] for pin in PIN.finditer(locked())} == set()


# ---------------------------------------------------------------- names, addresses and words: config/ and rules/


@cache
def configured_names() -> set[str]:
    """Returns the platform names in config/platforms.yaml."""
    path = ROOT / "config" / "platforms.yaml"
    return set(names_within(YAML(typ="safe").load(path))) if path.exists() else set()


@each("path", SOURCES, ids=name_of)
@pytest.mark.slow
def test_product_holds_no_platform_address_or_word_list(path: Path) -> None:
    """The product's Python contains no platform name, address or word list, so officers can change them all."""
    source = path.read_text(encoding="utf-8")
    assert named_platforms(source, configured_names()) == []
    assert addresses(source) == []
    names = door.COMMANDS.keys() | VIEWS.keys() | INSPECTIONS.keys()
    if not path.relative_to(ROOT / "flaggermail").as_posix().startswith(IN_CODE):
        assert [found for found in word_lists(source) if not names.issuperset(found)] == []


@pytest.mark.parametrize(
    "source",
    [
        "# as Meta does",
        "channel = 'X'",
        "'''X Corp answered.'''",
        "sender = f'{user} at YOUTUBE'",
        "'https://www.google.nl'",
    ],
)
def test_search_finds_a_platform(source: str) -> None:
    """A platform's name is found in comments, literals, docstrings and pieces of f-strings."""
    assert named_platforms(source, set())


@pytest.mark.parametrize("source", ["import re2  # google-re2", "sa.MetaData", "f'{n:x}'", "open(name, 'x')", "X = 1"])
def test_search_lets_other_names_pass(source: str) -> None:
    """The matcher's package, SQLAlchemy's metadata, a file mode and a hexadecimal format are not platforms."""
    assert named_platforms(source, set()) == []


def test_search_finds_a_platform_that_only_the_configuration_names() -> None:
    """A platform added to config/platforms.yaml is found too."""
    assert named_platforms("# Bluebird was slow", set(names_within({"platforms": [{"name": "Bluebird"}]}))) == [
        "Bluebird"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "'jan@gemeente.example'",
        "# bzk.example",
        "b'mx.bzk.example'",
        "f'{user}@bzk.nl'",
        "'see https://lists.debian.org/x'",
    ],
)
def test_search_finds_an_address(source: str) -> None:
    """Addresses and domains are found in text, octets, comments and pieces of f-strings."""
    assert addresses(source)


@each(
    "source",
    [
        "'flaggermail.rules.classifier'",
        "'notification.nl.j2'",
        "'urn:x:example.com'",
        "'tag:yaml.org,2002:int'",
        "'person@elsewhere.example'",
        "'platforms.yaml'",
        "message.nl",
    ],
)
def test_search_lets_dotted_names_pass(source: str) -> None:
    """Modules, templates, files, attributes, URNs and tag URIs are not addresses."""
    assert addresses(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "('out of office', 'on leave', 'automatic reply', 'delivery failed')",
        "['afwezig', 'vakantie', 'ziek', 'Automatisch antwoord', 'automatisch']",
        "{'van': 1, 'aan': 2, 'onderwerp': 3, 'verzonden': 4}",
        "r'(?i)\\b(maandag|dinsdag|woensdag|donderdag)\\b'",
    ],
)
def test_search_finds_a_word_list(source: str) -> None:
    """A word list is found as a sequence, a mapping or an alternation."""
    assert word_lists(source)


@pytest.mark.parametrize(
    "source",
    [
        "('subject', 'from', 'to', 'body', 'received_at')",
        "('PRAGMA foreign_keys = ON', 'PRAGMA journal_mode = WAL', 'BEGIN IMMEDIATE', 'COMMIT')",
        "{NOT_DUE: 'not due yet', TOLD: 'told before', SILENT: 'asked for silence', PAST: 'long past'}",
        "('Case', 'Sent at', 'Received at', 'Whole minutes', 'Hours')",
        "log('no answer yet', 'still on it', 'too late')",
    ],
)
def test_search_lets_field_names_and_statements_pass(source: str) -> None:
    """Field names, SQL, reasons and table headings are not word lists."""
    assert word_lists(source) == []


# ---------------------------------------------------------------- where third-party packages and the clock are allowed

# They read officers' files, speak to people (cli, web, report, logbook) or replace servers (demo).
READERS = frozenset({"settings", "rules", "notifications"})
EDGE = frozenset({"commands/requests.py", "commands/command.py", "desk/views/view.py"})  # requests as JSON
THIRD_PARTY_TOPS = READERS | {"adapters", "door", "annex", "cli", "logbook.py", "report", "stories"}
NOW = frozenset({"now", "today", "utcnow"})


@each("path", SOURCES, ids=name_of)
def test_only_the_rim_imports_third_party_packages(path: Path) -> None:
    """Only the outer modules import third-party packages; decisions need the standard library alone."""
    inside = path.relative_to(ROOT / "flaggermail")
    if inside.parts[0] not in THIRD_PARTY_TOPS and inside.as_posix() not in EDGE:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        tops = {name.partition(".")[0] for name in IMPORTS.find_modules_directly_imported_by(module)}
        assert tops - sys.stdlib_module_names - {"flaggermail"} == set()


@each("importer", ["mail", "mail.mime", "record.rows.messages", "ports"])
@each("package", ["flask", "sqlalchemy", "requests", "dkim", "time", "_socket"])
def test_a_pure_module_imports_what_the_list_lets_in_and_nothing_else(importer: str, package: str) -> None:
    """A package with any other name is found, also where a module or package that pure ones import asks for it."""
    planted = deepcopy(IMPORTS)
    planted.add_import(importer=f"flaggermail.{importer}", imported="pydantic")
    assert list(impure(planted)) == []
    planted.add_import(importer=f"flaggermail.{importer}", imported=package)
    assert [line.split()[-1] for line in impure(planted)] == [package]


@each("path", PURE, ids=name_of)
def test_decisions_are_told_the_time_and_never_asks(path: Path) -> None:
    """Pure modules get the instant as an argument and never read the clock.

    `./dev check` limits their imports; datetime is allowed, its clock is not.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asked = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in NOW]
    assert asked == []


HTTP = frozenset({"urllib.request", "http.client", "requests", "httpx", "aiohttp", "urllib3", "apprise"})


def test_only_heartbeat_pagers_and_tokens_speak_http() -> None:
    """Only heartbeat, pagers and the endpoint of tokens use HTTP, and what gives two of them their deadline.

    Commands ask the door on its Unix socket, and the door itself whether it answers.
    """
    speaking = set()
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        if not any(name in source for name in HTTP):
            continue
        tree = ast.parse(source)
        named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if named & HTTP or {name.partition(".")[0] for name in named} & HTTP:
            speaking.add(path.name)
    on_sockets = {"door_client.py", "serving.py", "sockets.py", "web_bridge.py"}
    assert speaking == {"heartbeat.py", "apprise_pager.py", "endpoint.py", "http.py"} | on_sockets


@each("path", SOURCES, ids=name_of)
def test_only_the_imap_adapter_knows_the_numbers_of_imap(path: Path) -> None:
    """To the others a position and a mail's name are opaque, so that another kind of mailbox needs no change there."""
    if not path.relative_to(ROOT / "flaggermail").as_posix().startswith("adapters/imap/"):
        assert "uidvalidity" not in path.read_text("utf-8").lower()


ROOMS = sorted(path.parent.relative_to(ROOT / "flaggermail") for path in ROOT.glob("flaggermail/**/__init__.py"))
CLI = Path("cli")
_NAMED = re.compile(r"`([a-z_]+(?:\.[A-Za-z_]+)*)`")


@each("room", ROOMS)
def test_a_room_names_entry_points_that_are_there(room: Path) -> None:
    """Each name in its docstring is a module or file, or a name in one, of the room or the product, or a command."""
    docstring = ast.get_docstring(ast.parse((ROOT / "flaggermail" / room / "__init__.py").read_text("utf-8"))) or ""
    gone = [name for name in _NAMED.findall(docstring) if not any(_is_there(one, name) for one in (room, Path(), CLI))]
    assert not gone, f"{room}: {', '.join(gone)}"


def _is_there(room: Path, name: str) -> bool:
    """True for a module below the folder, and for a name that a module, or the room itself, binds at its top."""
    first, *rest = name.split(".")
    for depth in range(len(rest) + 1):
        path = (ROOT / "flaggermail" / room).joinpath(first, *rest[:depth])
        if path.is_dir() and depth < len(rest) and rest[depth] in _bound(path / "__init__.py"):
            return True
        if path.is_dir() and depth == len(rest):
            return True
        if path.with_suffix(".py").is_file():
            return depth == len(rest) or rest[depth] in _bound(path.with_suffix(".py"))
    folder = ROOT / "flaggermail" / room
    return (folder / name).is_file() or (not rest and first in _bound(folder / "__init__.py"))


@cache
def _bound(module: Path) -> set[str]:
    """Returns the names that a module binds at its top."""
    found = set[str]()
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ImportFrom):
            found |= {one.asname or one.name for one in node.names}
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            found |= {one.id for one in ast.walk(target) if isinstance(one, ast.Name)} if target else set()
    return found
