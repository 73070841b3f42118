# SPDX-License-Identifier: EUPL-1.2
"""A typed answer: its document in the reader's language, and the schema that every such document fits."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator

from flaggermail.desk.answers import FLAT, Answer, Reader, Schemas, document_of
from flaggermail.desk.views.case_list import ListCases
from flaggermail.errors import Refusal
from flaggermail.record.case_values import Topic
from flaggermail.record.rows import Token
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText

HERE = ZoneInfo("Europe/Amsterdam")


class Colour(StrEnum):
    """A closed set."""

    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Answer):
    """A part."""

    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Answer):
    """Everything that a document may hold."""

    row: Annotated[Token, FLAT]
    at: datetime
    class_: Colour | None
    parts: tuple[Part, ...]
    counts: Mapping[str, int]
    why: StoredText
    reasons: tuple[StoredText, ...]


SAID = CommandRefusal.NO_SUCH_COMMAND(name="x")
AT = datetime(2024, 6, 6, 8, 34, tzinfo=UTC)
WHOLE = Whole(
    row=Token(token="unguessable", purpose=Topic.CASE, issued_at=AT), at=AT, class_=Colour.RED,
    parts=(Part(day=date(2024, 6, 6)),), counts={"a": 1}, why=SAID, reasons=(SAID, StoredText()),
)  # fmt: skip


def test_a_document_is_worded_for_its_reader() -> None:
    """Instants have the desk's offset; a sentence has its words, and beside them its code and details."""
    found = document_of(WHOLE, Reader(HERE, "nl"))
    assert found["at"] == found["issued_at"] == "2024-06-06T10:34:00+02:00"
    assert found["class"] == "red"
    assert found["parts"] == [{"day": "2024-06-06"}]
    assert found["why"] == "x: deze opdracht is niet bekend"
    assert found["why_said"] == {"code": "no such command", "details": {"name": "x"}}
    assert found["reasons"] == ["x: deze opdracht is niet bekend", ""]
    assert found["reasons_said"] == [found["why_said"], None]


def test_no_document_holds_a_token() -> None:
    """A token authorises acts by mail: neither the row in the document nor its schema has it."""
    schemas = Schemas()
    schemas.of(Whole)
    assert "unguessable" not in json.dumps(document_of(WHOLE, Reader(HERE)))
    assert "token" not in json.dumps(schemas.held["Whole"])


def test_a_document_fits_its_schema() -> None:
    """The schema is made from the same fields, and allows no other."""
    schemas = Schemas("#/$defs/")
    schema = {**schemas.of(Whole), "$defs": schemas.held}
    document = document_of(WHOLE, Reader(HERE))
    check = Draft202012Validator(schema)
    check.validate(document)
    assert not check.is_valid({**document, "further": 1})
    assert not check.is_valid({**document, "class": "blue"})
    assert not check.is_valid({name: value for name, value in document.items() if name != "issued_at"})


def test_a_list_is_followed_by_its_cursor() -> None:
    """Each cursor begins behind the last line that was answered, whatever was added before it; the last has none."""
    first = ListCases(limit=2).cut([1, 3, 5], lambda line: (line,))
    assert first.lines == (1, 3)
    second = ListCases(limit=2, cursor=first.next).cut([1, 2, 3, 5], lambda line: (line,))
    assert (second.lines, second.next) == ((5,), None)


def encoded(text: str) -> str:
    """Returns a text as a cursor has its key."""
    return urlsafe_b64encode(text.encode()).decode()


NEVER_GIVEN = ("", "x", "WzFd.", "bnVsbA==", "W10=", "W251bGxd", "é", "WzFd")
HOSTILE = ("[" * 50_000, f"[{10**30}]", '["\\u0000"]', '["\\ud800"]', "[1e400]", '["a", "b"]')


@pytest.mark.parametrize("cursor", [*NEVER_GIVEN, *map(encoded, HOSTILE)], ids=lambda cursor: cursor[:20])
def test_a_cursor_that_nobody_gave_is_refused(cursor: str) -> None:
    """Whatever it holds, and if it is that of another list."""
    with pytest.raises(Refusal, match="cursor: is none that this list gave"):
        ListCases(cursor=cursor).cut(["a"], lambda line: (line,))
