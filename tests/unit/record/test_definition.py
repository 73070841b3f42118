# SPDX-License-Identifier: EUPL-1.2
"""A record's definition says what its table needs, and conditions name fields of the record that they find."""

import ast
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, ClassVar

import pytest

from flaggermail.record.definition import Column, Record, References, facts_of, record
from flaggermail.record.rows import BY_TABLE, RECORDS, Election

ROOT = Path(__file__).parents[3]
NAMES = {kind.__name__ for kind in RECORDS}


@record
class Sketch(Record):
    """A record with a field of each form."""

    TABLE: ClassVar[str] = "sketch"
    id: str
    election: Annotated[str | None, References(Election), Column.INDEXED] = None
    days: tuple[int, ...] = ()
    filled: Annotated[bool, Column.FILLED] = False


@record
class Unknown(Record):
    """A record whose field no column can hold."""

    id: dict[str, str]


@record
class Marked(Record):
    """A record with a mark that nobody reads."""

    id: Annotated[str, "indexed"]


def test_facts_are_read_from_the_fields() -> None:
    """Type, number of values, None, marks, reference and default of each field."""
    facts = facts_of(Sketch)
    assert list(facts) == ["id", "election", "days", "filled"]
    assert (facts["id"].kind, facts["id"].several, facts["id"].optional, facts["id"].default) == (
        str, False, False, MISSING,
    )  # fmt: skip
    election = facts["election"]
    assert (election.kind, election.optional, election.references) == (str, True, Election)
    assert election.marks == {Column.INDEXED}
    assert (facts["days"].kind, facts["days"].several, facts["days"].default) == (int, True, ())
    assert (facts["filled"].kind, facts["filled"].marks) == (bool, frozenset({Column.FILLED}))


@pytest.mark.parametrize(("kind", "said"), [(Unknown, "a row cannot hold"), (Marked, "no mark of a field")])
def test_a_field_that_no_column_can_be_is_refused(kind: type[Record], said: str) -> None:
    """A type that no column has and a mark that is none are named with their field."""
    with pytest.raises(TypeError, match=rf"{said}.*id"):
        facts_of(kind)


def test_what_a_record_says_of_its_fields_names_fields() -> None:
    """KEY, PERSONAL and INDEXES name fields of their record; each record has a table of its own."""
    assert len(BY_TABLE) == len(RECORDS)
    for kind in RECORDS:
        named = {kind.KEY, *kind.PERSONAL, *(name for index in kind.INDEXES for name in index)}
        assert named <= {spec.name for spec in fields(kind)}, kind.__name__


def faults(path: Path) -> Iterator[str]:
    """Yields what mypy does not see: conditions on fields of another record than the one that is to be found."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name) and node.args[0].id in NAMES:
            for field in compared(node.args[1:]):
                if field.partition(".")[0] != node.args[0].id:
                    yield f"{path.name}:{node.lineno}: finds {node.args[0].id} by {field}"


def compared(arguments: list[ast.expr]) -> Iterator[str]:
    """Yields the fields given to `where` in these arguments of a finder."""
    for argument in arguments:
        match argument:
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="where"), args=[field]))):
                yield ast.unparse(field)


REFUSED = "test_rows.py"  # shows that the store refuses them
SOURCES = [path for folder in ("flaggermail", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]


def test_a_row_is_found_by_its_own_fields() -> None:
    """In `tx.find(Case, where(Case.state)...)` both names are the same; the store refuses others when it runs."""
    assert [fault for path in SOURCES for fault in faults(path) if path.name != REFUSED] == []


def test_a_condition_on_another_record_is_seen(tmp_path: Path) -> None:
    """The search finds another record's field and a value in place of a field."""
    (tmp_path / "code.py").write_text(
        "tx.find(Case, where(Election.code).is_('E'), where(Case.number).is_('1'))\n"
        "tx.newest(Case, 3, where(case.state).is_(OPEN))\n"
    )
    assert list(faults(tmp_path / "code.py")) == [
        "code.py:1: finds Case by Election.code",
        "code.py:2: finds Case by case.state",
    ]
