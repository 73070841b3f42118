# SPDX-License-Identifier: EUPL-1.2
"""One test case for a whole corpus, and a closing line that counts functions, cases and corpus items.

A separate case for each of several hundred items costs more time than the test itself. `each` is written like
`pytest.mark.parametrize`, runs every item in one case, and names every failed item with its difference. All items share
the fixtures of the test, so a test that changes a fixture must keep `parametrize`.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import itertools
import math
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec

import hypothesis
import pytest

Parameters = ParamSpec("Parameters")
Test = Callable[..., None]
MAILS, ITEMS = "mails", "items"
LONGEST = 80  # characters of a name
FEWER_EXAMPLES = 25  # of a Hypothesis test in `./dev test` and `./dev test fast`; the full number is 100
FULL, FEWER = "full", "fewer"  # profiles of Hypothesis
PROPERTY = "corpus "  # begins the name of a report's property; the kind of item follows

SERVERS = frozenset(  # fixtures
    {"dovecot", "postfix", "platform", "postgres", "own_postgres", "postgres_url", "icu_url", "certificates"}
    | {"contained"}
)


@dataclass(frozen=True)
class Dimension:
    """The values of one `each`, by their names."""

    arguments: tuple[str, ...]
    values: tuple[tuple[str, tuple[object, ...]], ...]


@dataclass
class Tally:
    """The corpus items counted in this process for the running case."""

    wanted: str = ""  # part of the names of the items to run; empty for all
    counted: Counter[str] = field(default_factory=Counter)


TALLY = Tally()


# ---------------------------------------------------------------- the loop


def _plain(value: object, place: str) -> str:
    """Returns the name pytest would give a value, or `place` where pytest would number it."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "backslashreplace")
    if value is None or isinstance(value, str | int | float | bool):
        return str(value) or "''"
    return str(getattr(value, "__name__", place))


def _short(name: str, place: str) -> str:
    """Returns a name of one line; a longer one is cut and followed by its place."""
    return name if len(name) <= LONGEST and name.isprintable() else f"{name[: LONGEST // 2]!r}... {place}"


def _named(index: int, arguments: Sequence[str], row: tuple[object, ...], ids: object) -> str:
    if isinstance(ids, Sequence):
        return str(ids[index])
    parts = []
    for name, value in zip(arguments, row, strict=True):
        given = ids(value) if callable(ids) else None
        place = f"{name}{index}"
        parts.append(_short(_plain(value, place), place) if given is None else str(given))
    return "-".join(parts)


def dimension(arguments: str | Sequence[str], values: Iterable[object], ids: object) -> Dimension:
    """Returns the values as `parametrize` would name them; raises ValueError if a row does not fit its names."""
    names = tuple(name.strip() for name in arguments.split(",")) if isinstance(arguments, str) else tuple(arguments)
    listed = list(ids) if isinstance(ids, Iterable) else ids
    single = isinstance(arguments, str) and len(names) == 1
    rows = []
    for index, value in enumerate(values):
        row = (value,) if single else tuple(value)  # type: ignore[arg-type] # several names: each value is a row
        rows.append((_named(index, names, row, listed), row))
    if not rows:
        raise ValueError(f"a corpus without an item: {arguments}")
    return Dimension(names, tuple(rows))


def items(dimensions: Sequence[Dimension]) -> Iterator[tuple[str, dict[str, object]]]:
    """Yields every combination of the values, with its name."""
    for rows in itertools.product(*(one.values for one in dimensions)):
        given = {
            name: value
            for one, (_, row) in zip(dimensions, rows, strict=True)
            for name, value in zip(one.arguments, row, strict=True)
        }
        yield "-".join(name for name, _ in rows), given


def run_all(test: Test, dimensions: Sequence[Dimension], kind: str, fixtures: dict[str, object]) -> list[str]:
    """Runs each item; returns for each failed one its name and what a separate case would have shown."""
    failures: list[str] = []
    for name, given in items(dimensions):
        if TALLY.wanted not in name:
            continue
        TALLY.counted[kind] += 1
        try:
            test(**fixtures, **given)
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - a case fails on any of them too
            shown = pytest.ExceptionInfo.from_exception(error).getrepr(style="short")
            failures.append(f"[{name}]\n{shown}")
    return failures


def each(
    arguments: str | Sequence[str], values: Iterable[object], *, ids: object = None, of: str = ITEMS
) -> Callable[[Callable[Parameters, None]], Test]:
    """Works like `pytest.mark.parametrize`, in one case. `of` names the kind of item for the closing line.

    Stacked decorators multiply. Every item runs, even after a failure.
    """
    own = dimension(arguments, values, ids)

    def over(test: Callable[Parameters, None]) -> Test:
        inner: Test = getattr(test, "each_item", test)
        dimensions = (*getattr(test, "dimensions", ()), own)
        kind = getattr(test, "kind", of) if of == ITEMS else of
        taken = {name for one in dimensions for name in one.arguments}

        @functools.wraps(inner)
        def whole(*owner: object, **fixtures: object) -> None:
            failures = run_all(functools.partial(inner, *owner), dimensions, kind, fixtures)
            if failures:
                count = math.prod(len(one.values) for one in dimensions)
                pytest.fail("\n\n".join([f"{len(failures)} of {count} {kind} failed", *failures]), pytrace=False)

        signature = inspect.signature(inner)
        left = [parameter for name, parameter in signature.parameters.items() if name not in taken]
        vars(whole).pop("__wrapped__")  # pytest would search it for fixtures
        vars(whole).update(
            each_item=inner, dimensions=dimensions, kind=kind, __signature__=signature.replace(parameters=left)
        )
        return whole

    return over


def looked_at(of: str) -> None:
    """Counts one item for the closing line, in a test with its own loop."""
    TALLY.counted[of] += 1


def one_in(every: int, values: Iterable[object], share: int = 2) -> list[object]:
    """For `parametrize`: keeps the first of each `every` values; the others run only in `./dev test long`.

    `share`: see `long`.
    """
    return [value if index % every == 0 else long(value, share) for index, value in enumerate(values)]


def long(value: object, share: int = 2) -> object:
    """Returns a value of `parametrize` whose case runs in `./dev test long` alone; one in `share` on each change."""
    mark = pytest.mark.long(one_in=share)
    return pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=mark)


LANGUAGES = ("nl", long("en"))
"""For the fixture of a desk: stories that differ by the desk's language in their words alone."""


# ---------------------------------------------------------------- the closing line


@dataclass(eq=False)  # a plugin must be hashable
class Closing:
    """Counts what the reports contain, with or without xdist."""

    functions: set[str] = field(default_factory=set)
    cases: int = 0
    corpus: Counter[str] = field(default_factory=Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts an executed case, not one that was skipped or failed during set-up."""
        if report.when != "call":
            return
        self.functions.add(report.nodeid.partition("[")[0])
        self.cases += 1
        for name, value in report.user_properties:
            if name.startswith(PROPERTY):
                self.corpus[name.removeprefix(PROPERTY)] += int(str(value))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the counts above pytest's last line, if any case was executed."""
        if not self.cases:
            return
        counts = [f"{len(self.functions):,} test functions", f"{self.cases:,} cases"]
        counts += [f"{count:,} corpus {kind}" for kind, count in sorted(self.corpus.items(), reverse=True)]
        terminalreporter.write_line(", ".join(counts))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--item`, because an item of a corpus has no node id, and `--half`, which `.ci/run` uses."""
    parser.addoption("--item", default="", metavar="TEXT", help="of each corpus only the items with TEXT in their name")
    parser.addoption(
        "--half", default="", metavar="TEXT", help="of the long cases half: those that TEXT, a commit, chooses"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Registers the closing line, and what Hypothesis does: fewer examples outside `./dev test long`."""
    TALLY.wanted = config.getoption("--item")
    config.pluginmanager.register(Closing(), "closing")
    _measure_no_machine()
    hypothesis.settings.load_profile(FEWER if "not long" in config.getoption("markexpr") else FULL)
    runs_tests = hasattr(config, "workerinput") or not config.getoption("numprocesses", 0)
    if runs_tests and "not outside" in config.getoption("markexpr"):
        sys.addaudithook(_alone)


def _measure_no_machine() -> None:
    """Makes the profiles of Hypothesis, without its limits by the clock, which fail on a machine with other work to do.

    What has to be fast has a test of its own, by processor time.
    """
    standard = hypothesis.settings()
    for name, examples in ((FULL, standard.max_examples), (FEWER, FEWER_EXAMPLES)):
        hypothesis.settings.register_profile(
            name, standard, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow],
            max_examples=examples,
        )  # fmt: skip


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Beside half of the long cases, the Hypothesis tests of half of the files have their full number of examples."""
    by = collector.config.getoption("--half")
    if by and isinstance(collector, pytest.Module) and collector.config.getoption("markexpr") != "long":
        hypothesis.settings.load_profile(FULL if in_half(by, collector.nodeid) else FEWER)
    return (yield)


def _alone(event: str, arguments: tuple[object, ...]) -> None:
    """Fails any test in `./dev test fast` that starts a process, except the mail parser."""
    if event != "subprocess.Popen" or "PYTEST_CURRENT_TEST" not in os.environ:
        return
    if "flaggermail.adapters.parsing.child" not in str(arguments[1]):
        raise RuntimeError(f"mark this test `outside`: it starts {arguments[1]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Adds the counts of a case's corpora to its report."""
    TALLY.counted.clear()
    try:
        return (yield)
    finally:
        item.user_properties.extend((f"{PROPERTY}{kind}", count) for kind, count in TALLY.counted.items())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks the tests that need a server, before cases are selected by their marks.

    `./dev test long` repeats each Hypothesis test with the full number of examples.
    """
    only_long = config.getoption("markexpr") == "long"
    for item in items:
        if only_long and getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.long)
        group = item.get_closest_marker("xdist_group")
        if SERVERS & set(getattr(item, "fixturenames", ())) or (group is not None and group.args == ("postgres",)):
            item.add_marker(pytest.mark.outside)
    if by := config.getoption("--half"):
        long_ones = ((item, item.get_closest_marker("long")) for item in items)
        other = {
            item for item, mark in long_ones if mark and not in_half(by, item.nodeid, mark.kwargs.get("one_in", 2))
        }
        config.hook.pytest_deselected(items=list(other))
        items[:] = [item for item in items if item not in other]


def in_half(by: str, nodeid: str, one_in: int = 2) -> bool:
    """Returns whether a case is in the half that a text chooses, or in a smaller part; another text chooses another."""
    return hashlib.sha256(f"{by} {nodeid}".encode()).digest()[0] % one_in == 1
