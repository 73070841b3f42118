# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench`: the report, and the exit status after a failed measurement."""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.bench import peers, readme_table, running
from tests.bench.__main__ import MEASUREMENTS
from tests.bench.figures import NAMES, PEER_NAMES, Bench, Figure, Goal, Heading, Measurement, Note, Row, times
from tests.story.told_night import ROOT
from tests.tools import bench_page

OF_RATIO = Goal(0.25, 0.5, of_ratio=True)
WHAT = {"backfill.big": "a mail", "backfill.small": "a mail", "notice.p95": "notice", "growth.live": "of another"}


def slow(bench: Bench) -> Iterator[Row]:
    """Figures that miss their goals, one without a goal, and one that is only printed."""
    assert bench.few(2_000, 10) == 10
    yield Heading("history", "x other")
    yield Figure(what="a mail", figure=6.0, unit="us", beside=4.0, goal=OF_RATIO, name="backfill.big")
    yield Figure(what="printed", figure=1.0, unit="us")
    yield Figure(what="notice", figure=1.2, unit="s", name="notice.p95")
    yield Note("slow, but it ran")


def alone(_: Bench) -> Iterator[Row]:
    """A figure whose peer is not installed, and a goal for the figure itself."""
    yield Figure(what="a mail", figure=6.0, unit="us", goal=OF_RATIO, name="backfill.small")
    yield times("of another", 1.04, "growth.live", Goal(1.05, 1.2))


def broken(_: Bench) -> Iterator[Row]:
    """A measurement that fails half way."""
    yield Figure(what="idle", figure=97, unit="MiB", goal=Goal(70), name="memory.idle")
    raise AssertionError("the daemon has ended")


def ran(folder: Path, measurements: Mapping[str, Measurement]) -> tuple[int, list[dict[str, object]]]:
    """Runs the measurements; returns the exit status and the report."""
    report = folder / "report.json"
    status = running.run(measurements, Bench(folder, quick=True), report)
    return status, json.loads(report.read_text("utf-8"))


def row(name: str, figure: float, unit: str, **others: object) -> dict[str, object]:
    """Returns one object of the report, with null for every other field."""
    return {
        "name": name,
        "what": WHAT.get(name, name),
        "figure": figure,
        "unit": unit,
        "beside": None,
        "ratio": None,
        "goal": None,
        "must": None,
        "met": None,
    } | others


def test_the_report_has_one_object_a_named_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report has one object for each named figure; a missed or unknown goal does not change the exit status."""
    assert ran(tmp_path, {"slow": slow, "alone": alone}) == (
        0,
        [
            row("backfill.big", 6.0, "us", beside=4.0, ratio=1.5, goal=0.25, must=0.5, met=False),
            row("notice.p95", 1.2, "s"),
            row("backfill.small", 6.0, "us", goal=0.25, must=0.5),
            row("growth.live", 1.04, "x", beside=1, ratio=1.04, goal=1.05, must=1.2, met=True),
        ],
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines if "0.25, 0.5 of it" in line] == ["met", "measured"]
    assert any(line.startswith("printed") for line in lines)


def test_a_measurement_that_fails_is_named_and_the_others_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """After a failed measurement the others run, the exit status is 1, and its earlier figures are reported."""
    status, report = ran(tmp_path, {"broken": broken, "alone": alone})
    assert status == 1
    assert [each["name"] for each in report] == ["memory.idle", "backfill.small", "growth.live"]
    out = capsys.readouterr().out
    assert "the daemon has ended" in out
    assert out.splitlines()[-1] == "did not run: broken"


def test_a_name_that_no_measurement_gave_did_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every promised name is in the report, measured or not; one that is missing gives exit status 1."""
    assert running.run({"alone": alone}, Bench(tmp_path, quick=True), None, ["backfill.small"]) == 0
    assert running.run({"alone": alone}, Bench(tmp_path, quick=True), None, ["backfill.small", "compare"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "did not run: compare"


@pytest.mark.outside  # it asks the servers that are there for their versions
def test_the_readme_gets_a_line_for_each_named_figure(tmp_path: Path) -> None:
    """README's section is replaced after a whole run; if a measurement fails, it stays as it was."""
    readme = tmp_path / "README.md"
    readme.write_text("# a\n\n## What it costs\n\nold\n\n## Next\n", "utf-8")
    assert running.run({"broken": broken}, Bench(tmp_path, quick=True), None, (), readme) == 1
    assert "old" in readme.read_text("utf-8")
    assert running.run({"slow": slow, "alone": alone}, Bench(tmp_path, quick=True), None, (), readme) == 0
    text = readme.read_text("utf-8")
    said, _, found = text.partition("| what |")
    assert f"{os.cpu_count()} cores" in said
    assert f"SQLite {sqlite3.sqlite_version}" in said
    assert (text.startswith("# a\n\n## What it costs\n\nMade by"), text.endswith("|\n\n## Next\n")) == (True, True)
    assert found.splitlines()[2:6] == [
        "| a mail | 6 us | 1.5 x 4 | 0.25 | 0.5 | **beyond** |",
        "| notice | 1.2 s | - | - | - |  |",
        "| a mail | 6 us | - | 0.25 | 0.5 | not measured |",
        "| of another | 1.04 x | - | 1.05 | 1.2 | goal met |",
    ]
    assert "| live.p50 | - | - | - | - | not measured |" in found.splitlines()


def test_a_readme_without_its_section_is_refused(tmp_path: Path) -> None:
    """The error names the file and the title that it needs."""
    readme = tmp_path / "README.md"
    readme.write_text("# a\n", "utf-8")
    with pytest.raises(ValueError, match=r"README\.md: it needs one section with the title 'What it costs'"):
        readme_table.write(readme, [], "")


def test_the_readme_follows_the_report_that_is_kept() -> None:
    """README's table is made from docs/bench.json, figure by figure."""
    assert readme_table.rows(bench_page.read()) in (ROOT / "README.md").read_text("utf-8")


def test_a_figure_between_goal_and_must_is_within() -> None:
    """Of a figure of which less is better, and of one of which more is, each is met, within, or beyond."""
    both: dict[str, Sequence[float]] = {"live.p50": (9, 12, 16), "redact.names": (99, 96, 90)}
    must = {"live.p50": (10, 15), "redact.names": (98, 95)}
    report = [row(name, each, "", goal=must[name][0], must=must[name][1]) for name, each in spread(both)]
    lines = readme_table.rows(report).splitlines()[2 : 2 + len(report)]
    assert [line.split("|")[-2].strip() for line in lines] == 2 * ["goal met", "within must", "**beyond**"]


def spread(values: Mapping[str, Sequence[float]]) -> list[tuple[str, float]]:
    """Returns each value with its name."""
    return [(name, each) for name, many in values.items() for each in many]


def test_more_is_better_where_the_goal_says_so() -> None:
    """A goal of at least twenty times the other side is met from there on."""
    goal = Goal(20, 10, of_ratio=True, at_least=True)
    met = [Figure(what="", figure=each, unit="mail/s", beside=10, goal=goal).met for each in (199, 200, None)]
    assert met == [False, True, None]


def test_conversations_are_right_if_they_are_alone_and_whole() -> None:
    """Of three conversations of several mails one is torn, one is mixed with another, and one is right."""
    truth = ["a", "a", "b", "b", "c", "c", "single"]
    assert peers.right(truth, [1, 1, 2, 3, 4, 4, 4]) == pytest.approx(100 / 3)
    assert peers.right(truth, [1, 1, 2, 2, None, None, 3]) == pytest.approx(200 / 3)
    assert peers.right(["x"], [1]) is None


def test_the_page_follows_the_report_that_is_kept() -> None:
    """docs/pictures/bench.svg is drawn from docs/bench.json, whose names are those of the measurements."""
    kept = bench_page.read()
    assert {each["name"] for each in kept} <= {*NAMES, *PEER_NAMES}
    assert bench_page.PAGE.read_text("utf-8") == bench_page.page(kept)
    changed = [{**each, "figure": 1, "ratio": 1, "met": False} for each in kept]
    assert bench_page.page(changed) != bench_page.page(kept)


@pytest.mark.outside
def test_no_measurement_starts_servers_before_it_is_run(tmp_path: Path) -> None:
    """Parsing is measured without starting mail servers."""
    bench = Bench(tmp_path, quick=True)
    rows = list(MEASUREMENTS["parsing"](bench))
    assert {"parse.big", "parse.small"} <= {each.name for each in rows if isinstance(each, Figure)}
    assert "servers" not in vars(bench)
