# SPDX-License-Identifier: EUPL-1.2
"""The states of an outgoing mail are the same in the manual's drawing, the table of its arrows and the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

import flaggermail
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import OutboxMail
from flaggermail.record.rows.outgoing import IN_HAND, NEXT, in_state
from flaggermail.record.states import WAITING, MailState
from tests.corpus import each

PACKAGE = Path(flaggermail.__file__).parent
FLOW = (PACKAGE.parent / "docs" / "flow.md").read_text("utf-8")
ARROW = re.compile(r"^    (\[\*\]|\w+) --> (\w+): ([\d, ]+)$", re.MULTILINE)
ALONE = frozenset(NEXT) - {"cancelled"}  # clocks and notifications can be cancelled too


def drawn() -> list[tuple[str, str, set[int]]]:
    """Returns the arrows of the drawing: from, to, and their numbers."""
    picture = FLOW.partition("stateDiagram-v2\n")[2].partition("```")[0]
    arrows = [(one[1], one[2], {int(number) for number in one[3].split(",")}) for one in ARROW.finditer(picture)]
    assert len(arrows) == len(picture.strip().splitlines()), "a line of the drawing is no arrow"
    return arrows


def an_envelope(state: MailState) -> OutboxMail:
    """Returns an outgoing mail in that state."""
    return OutboxMail(
        id="o1", kind=Kind.NOTIFICATION, dedupe="d", message_id="a@b", sender="a@b", recipient="c@d", subject="s",
        digest="0", state=state, queued_at=datetime(2024, 6, 6, tzinfo=UTC),
    )  # fmt: skip


def test_the_drawing_is_the_code() -> None:
    """The drawing has exactly the transitions of the code, and the same initial state."""
    arrows = drawn()
    assert {(start, end) for start, end, _ in arrows if start != "[*]"} == {
        (s, e) for s, ends in NEXT.items() for e in ends
    }
    assert [end for start, end, _ in arrows if start == "[*]"] == [OutboxMail.__dataclass_fields__["state"].default]


def test_every_number_of_the_drawing_is_explained() -> None:
    """The table below the drawing has each number once, in order."""
    explained = [
        int(number)
        for number in re.findall(
            r"^\| (\d+) \|", FLOW.partition("stateDiagram-v2")[2].partition("\n## ")[0], re.MULTILINE
        )
    ]
    assert explained == sorted(set().union(*(numbers for _, _, numbers in drawn())))


@each(("start", "end"), list(product(NEXT, NEXT)))
def test_only_along_an_arrow(start: MailState, end: MailState) -> None:
    """A mail changes state only along an arrow; an accepted mail is never queued again."""
    if end in NEXT[start]:
        assert in_state(an_envelope(start), end).state == end
    else:
        with pytest.raises(ValueError, match=f"{start} cannot become {end}"):
            in_state(an_envelope(start), end)


def test_what_waits_is_known() -> None:
    """The waiting states and those with an awaited reply are states of the drawing, and no waiting state is final."""
    assert set(WAITING) | IN_HAND <= set(NEXT)
    assert all(NEXT[state] for state in WAITING)


def past_the_door(source: str) -> Iterator[int]:
    """Yields the lines that set the state of a mail without `moved`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "replace":
            states = [word.value for word in node.keywords if word.arg == "state"]
            named = any(isinstance(first, ast.Name) and first.id == "mail" for first in node.args)
            if any(named or (isinstance(value, ast.Constant) and value.value in ALONE) for value in states):
                yield node.lineno


def test_nothing_goes_past_the_door() -> None:
    """No module sets the state of a mail without `moved`."""
    assert list(
        past_the_door('replace(row, state="queued")\nreplace(mail, state=other)\nreplace(clock, state="x")')
    ) == [1, 2]
    for path in PACKAGE.rglob("*.py"):
        lines = list(past_the_door(path.read_text("utf-8")))
        assert not lines or path == PACKAGE / "record/rows/outgoing.py", f"{path}: {lines}"
