# SPDX-License-Identifier: EUPL-1.2
"""`each` runs every item of a corpus in one case and names every failure; the closing line counts them."""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.corpus import TALLY, Closing, each, in_half
from tests.inner_run import run_pytest

TESTS = Path(__file__).parents[1]


@contextmanager
def apart() -> Iterator[None]:
    """Keeps the counts made here out of those of this run."""
    before, wanted = TALLY.counted.copy(), TALLY.wanted
    TALLY.counted.clear()
    TALLY.wanted = ""
    try:
        yield
    finally:
        TALLY.counted, TALLY.wanted = before, wanted


@each("right", [1, 2], of="mails")
@each(("name", "left"), [("one", 1), ("two", 2), ("three", 3)], ids=["a", "b", "c"])
def compared(desk: list[str], name: str, left: int, right: int) -> None:
    """A test with two corpora; pytest does not collect it by its name."""
    desk.append(f"{name} {right}")
    assert left == right, name


@apart()
def test_every_failure_is_named_with_what_differs() -> None:
    """Six items run, and the four that differ are named in one message."""
    desk: list[str] = []
    with pytest.raises(pytest.fail.Exception) as failed:
        compared(desk=desk)
    said = str(failed.value)
    assert said.startswith("4 of 6 mails failed")
    assert [line for line in said.splitlines() if line.startswith("[")] == ["[a-2]", "[b-1]", "[c-1]", "[c-2]"]
    assert "AssertionError: three" in said
    assert len(desk) == 6
    assert TALLY.counted == {"mails": 6}


def test_only_the_fixtures_are_asked_for() -> None:
    """Pytest sees only the fixtures, not the arguments from the corpus."""
    assert list(inspect.signature(compared).parameters) == ["desk"]


@apart()
def test_a_method_is_looped_over_too() -> None:
    """A method works too: `self` is passed first."""

    class Grouped:
        limit = 2

        @each("number", [1, 2, 3])
        def compared(self, number: int) -> None:
            assert number < self.limit

    with pytest.raises(pytest.fail.Exception, match=r"2 of 3 items failed\n\n\[2\]\n[^\[]*\[3\]"):
        Grouped().compared()


@apart()
def test_one_item_can_be_chosen() -> None:
    """`--item b-1` runs only that item."""
    TALLY.wanted, desk = "b-1", list[str]()
    with pytest.raises(pytest.fail.Exception):
        compared(desk=desk)
    assert desk == ["two 1"]


def test_a_text_chooses_half_of_the_cases() -> None:
    """Every text chooses about half, the same each time, and two of them not the same half."""
    nodes = [f"tests/story/test_crashes.py::test_killed[{number}]" for number in range(400)]
    halves = [{node for node in nodes if in_half(by, node)} for by in ("one commit", "another", "one commit")]
    assert all(150 < len(half) < 250 for half in halves)
    assert halves[0] == halves[2] != halves[1]
    assert 50 < len(halves[0] & halves[1]) < 150


HALVED = """
import pytest
from hypothesis import settings
@pytest.mark.parametrize("number", range(40))
def test_plain(number): pass
@pytest.mark.long
@pytest.mark.parametrize("number", range(40))
def test_long(number): pass
@pytest.mark.parametrize("examples", [settings().max_examples])
def test_given(examples): pass
"""


@pytest.mark.outside
def test_beside_the_others_runs_half_of_the_long(tmp_path: Path) -> None:
    """With `--half` alone no ordinary case is left out, and half of the files draw all examples."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = long\n  outside\n")
    files = [f"test_{number}.py" for number in range(10)]
    for name in files:
        (tmp_path / name).write_text(HALVED)
    found = run_pytest(tmp_path, "-p", "tests.corpus", "--collect-only", "-q", "--half", "a commit").stdout
    assert found.count("::test_plain[") == 400, found
    assert set(re.findall(r"\S+::test_long\S+", found)) == {
        node for node in (f"{name}::test_long[{number}]" for name in files for number in range(40))
        if in_half("a commit", node)
    }  # fmt: skip
    drawn = dict(re.findall(r"(\S+)::test_given\[(\d+)\]", found))
    assert drawn == {name: "100" if in_half("a commit", name) else "25" for name in files}
    assert len(set(drawn.values())) == 2


def test_a_corpus_without_an_item_is_a_mistake() -> None:
    """An empty corpus is an error; the test would otherwise always pass after its folder was renamed."""
    with pytest.raises(ValueError, match="a corpus without an item: name"):
        each("name", [])


def test_the_closing_line_counts_what_was_executed(pytestconfig: pytest.Config) -> None:
    """Two cases of one function count as one function; a case that did not run is not counted."""
    closing = Closing()
    for node, when in (("f.py::a[1]", "call"), ("f.py::a[2]", "call"), ("f.py::b", "setup"), ("f.py::c", "call")):
        corpus = [("corpus mails", 1200)] if node == "f.py::c" else []
        report = pytest.TestReport(node, ("f.py", 1, ""), {}, "passed", None, when, user_properties=corpus)  # type: ignore[arg-type] # three words
        closing.pytest_runtest_logreport(report)
    text = io.StringIO()
    closing.pytest_terminal_summary(pytest.TerminalReporter(pytestconfig, text))
    assert text.getvalue() == "2 test functions, 3 cases, 1,200 corpus mails\n"


def test_no_property_fails_because_the_machine_is_busy() -> None:
    """Hypothesis measures by the clock how long an example takes to make and to run: both limits are off everywhere."""
    default = settings()
    assert default.deadline is None
    assert HealthCheck.too_slow in default.suppress_health_check
    own = [
        f"{path.name}: {line.strip()}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"suppress_health_check=\[|deadline=(?!None)[\dt]", line) and path != Path(__file__)
    ]
    assert len(own) > 3
    assert [one for one in own if "HealthCheck.too_slow" not in one] == []
