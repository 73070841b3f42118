# SPDX-License-Identifier: EUPL-1.2
"""`./dev bench`: the report, and the exit status after a failed measurement."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.bench import peers, running
from tests.bench.__main__ import MEASUREMENTS
from tests.bench.figures import NAMES, PEER_NAMES, Bench, Figure, Goal, Heading, Measurement, Note, Row, times
from tests.tools import bench_page

OF_RATIO = Goal(0.25, 0.5, of_ratio=True)


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
        "figure": figure,
        "unit": unit,
        "beside": None,
        "ratio": None,
        "goal": None,
        "met": None,
    } | others


def test_the_report_has_one_object_a_named_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report has one object for each named figure; a missed or unknown goal does not change the exit status."""
    assert ran(tmp_path, {"slow": slow, "alone": alone}) == (
        0,
        [
            row("backfill.big", 6.0, "us", beside=4.0, ratio=1.5, goal=0.25, met=False),
            row("notice.p95", 1.2, "s"),
            row("backfill.small", 6.0, "us", goal=0.25),
            row("growth.live", 1.04, "x", beside=1, ratio=1.04, goal=1.05, met=True),
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
