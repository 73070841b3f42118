# SPDX-License-Identifier: EUPL-1.2
"""The privacy officer's page: each claim of its data map that can be compared with the program is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from flaggermail.record.rows import RECORDS
from flaggermail.settings.model import DeskSettings
from flaggermail.settings.sections import CitizenSettings, RetentionSettings

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "flaggermail"
PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
OPENS_CONNECTIONS = frozenset({
    "aiosmtplib", "apprise", "dns", "ftplib", "http", "httpx", "imapclient", "imaplib", "poplib", "requests", "smtplib",
    "socket", "socketserver", "sqlalchemy.create_engine", "ssl", "telnetlib", "urllib.request", "urllib3", "webbrowser",
    "xmlrpc",
})  # fmt: skip
PEOPLE = re.compile(r".+_by|officer|author|reader|assigned_to")


def cells(heading: str, column: int) -> list[str]:
    """Returns a column of the first table below a heading, without its marks."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = re.search(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    assert table, heading
    return [line.strip("|").split(" | ")[column].strip(" `") for line in table[0].splitlines()[2:]]


def imported(path: Path) -> Iterator[str]:
    """Yields the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def connects(path: Path) -> bool:
    """True if a file imports what can open a connection."""
    return any(
        module == name or module.startswith(f"{name}.") for module in imported(path) for name in OPENS_CONNECTIONS
    )


def test_the_data_map_is_every_personal_field_and_no_other() -> None:
    """A field that holds a person's words or who they are has its line, with purpose and end; none is invented."""
    listed = cells("Data map: the record", 0)
    known = {f"{record.TABLE}.{name}" for record in RECORDS for name in record.PERSONAL}
    assert sorted(listed) == sorted(known)
    for column in (1, 2, 3):
        assert all(cells("Data map: the record", column))


def test_every_field_that_names_a_person_of_the_desk_is_listed() -> None:
    """The page lists each field that holds an officer's id, in the order of the alphabet."""
    known = {
        f"{record.TABLE}.{spec.name}" for record in RECORDS for spec in fields(record) if PEOPLE.fullmatch(spec.name)
    }
    paragraph = PAGE.partition("Every act names a person")[2].partition("\n\n")[0]
    listed = re.findall(r"`([a-z_]+\.[a-z_]+)`", paragraph)
    assert listed == sorted(known)


def test_no_field_is_named_after_what_a_platform_did_or_who_posted() -> None:
    """No table has a place for an outcome, a handle or the author of a post."""
    unwanted = re.compile(r"outcome|handle|profile|removed_post|still_online|poster|post_author|url_of_post")
    names = [f"{record.TABLE}.{spec.name}" for record in RECORDS for spec in fields(record)]
    assert [name for name in names if unwanted.search(name)] == []


def test_every_module_that_can_open_a_connection_is_listed() -> None:
    """Only adapters import what opens connections, and the table names each; so nothing in a mail is fetched.

    The door listens on a Unix socket, to which commands connect, and the door itself. The bridge of `web` listens on
    loopback; the browser that it may open is the person's own.
    """
    on_this_machine = {Path("cli", name) for name in ("door_client.py", "web.py", "web_bridge.py")}
    on_this_machine.add(Path("sockets.py"))
    found = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")) if connects(path)]
    found = [path for path in found if path.parts[0] != "door" and path not in on_this_machine]
    assert [path for path in found if path.parts[0] != "adapters"] == []
    listed = set(cells("What is never kept, and nothing is fetched", 2))
    assert {path.parts[1].removesuffix(".py") for path in found} == listed


def test_the_scan_finds_each_way_to_import(tmp_path: Path) -> None:
    """An import within a function, of a part, or under another name is found; parsing an address is none."""
    file = tmp_path / "module.py"
    for line in (
        "import socket", "def f():\n    import urllib.request as r", "from urllib import request", "import http.client",
        "from imapclient.exceptions import LoginError",
    ):  # fmt: skip
        file.write_text(line, encoding="utf-8")
        assert connects(file), line
    file.write_text("from urllib.parse import urlsplit\nfrom flaggermail.mail import fields", encoding="utf-8")
    assert not connects(file)


def test_the_terms_on_the_page_are_the_defaults() -> None:
    """The page names the review window of citizens' mail as the program ships it."""
    assert f"`citizens.retention_days` ({CitizenSettings().retention_days})" in PAGE
    assert f"citizens {CitizenSettings().retention_days} days" in PAGE
    assert RetentionSettings().review_window == "P10W"
    assert {"citizens", "retention"} <= DeskSettings.model_fields.keys()


def test_each_test_that_the_page_names_exists() -> None:
    """A reader can open what is said to prove a claim."""
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE)
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_sheet_says_what_the_organisation_has_to_fill_in() -> None:
    """The DPIA sheet answers each question, and marks what it cannot know with a blank."""
    answers = cells("DPIA sheet", 1)
    assert all(answers)
    assert sum("[" in answer for answer in answers) >= 10
