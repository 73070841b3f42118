# SPDX-License-Identifier: EUPL-1.2
"""`flaggermail report uses`: questions of Parliament at the desk of the letter of 2024."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from tests.corpus import each
from tests.unit.cli.conftest import Desk
from tests.unit.cli.played import played

CONFIG = Path(__file__).parents[2] / "config"
MANUAL = Path(__file__).parents[3] / "docs" / "report-writer.md"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Yields the desk on which the exchange of 6 June 2024 was played, on 1 June 2027."""
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    with played("letter-of-2024", settings, tmp_path_factory.mktemp("letter")) as made:
        yield made


def uses(desk: Desk, *options: str) -> dict[str, object]:
    """Returns the document of the command."""
    found = desk.type("report", "uses", "--json", *options).json
    assert isinstance(found, dict)
    return found


def test_the_table_names_the_uses_behind_each_figure(desk: Desk) -> None:
    """Since 2019, by platform: what was not used has 0; the manual shows the same."""
    printed = desk.done("report", "uses", "--from", "2019")
    assert printed.splitlines()[:4] == [
        "Uses sent from 2019-01-01, as of 2027-06-01 12:00+02:00",
        "PLATFORM  SENT  ANSWERED  OPEN  MEDIAN  LONGEST",
        "Google    0     0         0     none    none",
        "Meta      0     0         0     none    none",
    ]
    assert "X, sent: VF-PS2023-0001/1, VF-TK2023-0001/1, VF-EP2024-0001/1" in printed
    assert "X, answered: VF-EP2024-0001/1" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert "\n".join(f"    {line}".rstrip() for line in printed.splitlines()) in MANUAL.read_text("utf-8"), printed


@each(("options", "expected"), [
    (["--by", "election"], {"PS2023": 1, "TK2023": 1, "EP2024": 1, "PS2027": 0}),
    (["--by", "election", "--from", "2024", "--to", "2026"], {"EP2024": 1}),
    (["--by", "year", "--from", "2023", "--to", "2025"], {"2023": 2, "2024": 1, "2025": 0}),
    (["--by", "year", "--from", "2026"], {"2026": 0, "2027": 0}),
    (["--by", "channel"], {"x-urgent": 3}),
    (["--by", "type"], {"A_content": 2, "B_channel": 0, "C_advert": 0, "D_general_warning": 1, "other": 0}),
    (["--platform", "meta"], {"Meta": 0}),
    (["--platform", "X", "--from", "2024-06-06", "--to", "2024-06-06"], {"X": 1}),
    (["--platform", "X", "--from", "2024-06-07", "--to", "2024-12-31"], {"X": 0}),
    (["--as-of", "2024-06-06T10:40", "--by", "election", "--from", "2024"], {"EP2024": 0, "PS2027": 0}),
])  # fmt: skip
def test_groups_of_the_desk(desk: Desk, options: list[str], expected: dict[str, int]) -> None:
    """Whole days and whole years, grouped as asked, now or as the record stood."""
    groups = uses(desk, *options)["groups"]
    assert isinstance(groups, list)
    assert {group["name"]: group["sent"] for group in groups} == expected


def test_it_counts_what_latency_counts(desk: Desk) -> None:
    """The same uses, the same waits."""
    total, latency = uses(desk)["total"], desk.type("latency", "--json").json
    assert isinstance(total, dict)
    assert isinstance(latency, dict)
    assert total["uses"] == [use["notification"] for use in latency["uses"]]
    (by_platform,) = [one for one in latency["summary"] if one["by"] == "platform"]
    figures = ("sent", "answered", "open", "median_minutes", "longest_minutes")
    assert [total[name] for name in figures] == [by_platform[name] for name in figures]


def test_csv_has_a_line_for_each_group_and_the_total(desk: Desk) -> None:
    """The numbers of a cell are set apart by spaces."""
    printed = desk.done("report", "uses", "--from", "2023", "--by", "election", "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(printed, newline="")))
    assert [(line["by"], line["name"], line["sent"]) for line in lines] == [
        ("election", "PS2023", "1"), ("election", "TK2023", "1"), ("election", "EP2024", "1"),
        ("election", "PS2027", "0"), ("total", "all", "3"),
    ]  # fmt: skip
    assert lines[-1]["uses"] == "VF-PS2023-0001/1 VF-TK2023-0001/1 VF-EP2024-0001/1"
    assert (lines[2]["longest_minutes"], lines[2]["longest_uses"]) == ("152", "VF-EP2024-0001/1")


def test_no_line_of_a_narrow_terminal_breaks_a_number(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures and numbers are whole in 40 columns."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("flaggermail.cli.report_uses.on_terminal", lambda: True)
    printed = desk.done("report", "uses", "--platform", "X")
    below = printed.partition("Behind the figures:")[2].splitlines()
    assert "X, sent: VF-PS2023-0001/1," in below
    assert "    VF-TK2023-0001/1, VF-EP2024-0001/1" in below
    assert max(map(len, below)) <= 40


@each(("options", "status", "said"), [
    (["--from", "19"], 2, "'19' is no year and no day; write it as 2019 or 2019-03-20"),
    (["--from", "since 2019"], 2, "is no year and no day"),
    (["--to", "2024-02-30"], 2, "'2024-02-30' is no year and no day"),
    (["--from", "0001"], 2, "'0001' is no year and no day"),
    (["--from", "2024", "--to", "2023"], 1, "from 2024-01-01 to 2023-12-31: ends before it begins"),
    (["--from", "2028"], 1, "from 2028-01-01: lies after 2027-06-01"),
    (["--platform", "Metta"], 1, "did you mean Meta?"),
    (["--as-of", "2030-01-01T00:00"], 1, "has not come yet"),
    (["--by", "outcome"], 2, "'outcome' is not one of"),
])  # fmt: skip
def test_nonsense_is_named(desk: Desk, options: list[str], status: int, said: str) -> None:
    """One line says what is wrong and what would be right."""
    ran = desk.type("report", "uses", *options)
    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_whoever_reads_the_figures_may_ask(desk: Desk) -> None:
    """As with `latency`: figures and numbers, and nothing about persons. Nobody else may."""
    assert desk.type("report", "uses", "--json", officer="nobody").status == 1
    ran = desk.type("report", "uses", "--json", officer="officer2")
    assert ran.status == 0
    assert "@" not in ran.out
