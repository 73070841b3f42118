# SPDX-License-Identifier: EUPL-1.2
"""What rows hold as JSON is told in words, in either language; `--json` gives it as it is stored."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from zoneinfo import ZoneInfo

import click
from click.testing import CliRunner

from flaggermail.archive.look_ups import stored_request
from flaggermail.cli.events import HELD, in_words, show_event
from flaggermail.desk.views import VIEWS
from flaggermail.desk.views.events import document_of
from flaggermail.desk.views.view import ArchiveView
from flaggermail.record.events import Change, Event, EventKind
from flaggermail.record.rows import BY_TABLE, ArchiveReading
from flaggermail.wording.filing import FilingReason, ReadingField
from tests.corpus import each
from tests.unit.cli.conftest import Desk

RAW = re.compile(r"""[{}]|\[["\[{\]]""")
STORED = {
    "asked": stored_request({"words": ["Lindewaard", "2024"], "number": "VF-EP2024-0001", "in_text": True}),
    "steps": json.dumps([{"after_minutes": 30, "to": "officer"}]),
    "marks": json.dumps([["m00000001", 3, 9, "5.1.2.e", "name"]]),
    "inputs": json.dumps({"class": "ReportInputs", "uses": [{"number": "VF-EP2024-0001/1"}]}),
}


@click.command()
@click.argument("kind")
def shows(kind: str) -> None:
    """Prints an event of that kind as `flaggermail events` does."""
    changes = tuple(Change(table, "x1", {column: STORED[column]}) for table, column in sorted(HELD))
    reason = FilingReason.LATE(reason=FilingReason.UNKNOWN())
    event = Event(EventKind(kind), datetime(2024, 6, 6, tzinfo=UTC), "officer1", changes, reason=reason)
    show_event(document_of(7, event, ZoneInfo("UTC")))


@each("kind", EventKind)
def test_no_event_is_told_as_json(kind: EventKind) -> None:
    """An event of every kind, with each column that holds JSON, has no brace and no list in brackets."""
    ran = CliRunner().invoke(shows, [kind.value])
    assert (ran.exit_code, RAW.findall(ran.output)) == (0, []), ran.output
    assert "x1: asked words in the text of its mails; number VF-EP2024-0001; Lindewaard, 2024" in ran.output
    assert "x1: steps 1 step" in ran.output
    assert "x1: inputs what the report is made from" in ran.output


def test_each_column_is_one_that_is_stored() -> None:
    """Every entry names a column of a table; a value that is no JSON stays as it is."""
    for table, column in HELD:
        assert column in {one.name for one in fields(BY_TABLE[table])}
        assert in_words(table, column, "{damaged") == "{damaged"
    assert in_words("case_file", "title", '{"a": 1}') == '{"a": 1}'


def test_each_field_of_a_reading_has_words() -> None:
    """A new field of a view of the archive comes with its words, in both languages."""
    views = [getattr(import_module(module), name) for module, name in (one.split(":") for one in VIEWS.values())]
    of_archive = [view for view in views if issubclass(view, ArchiveView)]
    given = {one.name for view in of_archive for one in fields(view) if one.name not in view.UNTOLD}
    named = (given - {"limit", "cursor"}) | {"in_text"}
    assert {one.name.lower() for one in ReadingField} == named | {"all"}
    for name in named:
        for language in ("en", "nl"):
            told = in_words(ArchiveReading.TABLE, "asked", stored_request({name: ["7"]}), language)
            assert isinstance(told, str)
            assert not RAW.search(told)
    assert in_words(ArchiveReading.TABLE, "asked", "{}", "nl") == "alles"


def test_a_reading_is_told_in_words(desk: Desk) -> None:
    """`events` says what was asked of the archive; its JSON holds the row."""
    number = desk.notified()
    desk.done("archive", "find", "--case", number, "--text", "stembus")
    printed = desk.done("events", "--kind", "archive read")
    assert f"asked case {number}; words in the text of its mails" in printed
    assert not RAW.search(printed)
    stored = json.loads(desk.done("events", "--kind", "archive read", "--json"))["events"][0]["changes"][0]["values"]
    assert json.loads(stored["asked"]) == {"case": number, "in_text": True}
