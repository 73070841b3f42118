# SPDX-License-Identifier: EUPL-1.2
"""The table of README.md: the figures of one run that have a name, beside what they should be."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from tests.bench.figures import MORE_IS_BETTER, NAMES, RATIO_IS_JUDGED

HEAD = ("| what | measured | beside the other side | goal | must | |", "|---|---|---|---|---|---|")
SECTION = re.compile(r"(?<=\n## What it costs\n\n).*?(?=\n## )", re.DOTALL)
PROGRAMS = {
    "Dovecot": ("dovecot", "--version"),
    "Postfix": ("postconf", "-d", "-h", "mail_version"),
    "PostgreSQL": ("psql", "--version"),
    "isync": ("mbsync", "--version"),
    "notmuch": ("notmuch", "--version"),
}
"""What stands on the other side, and how it says its version."""


def write(readme: Path, report: Sequence[Mapping[str, object]], machine: str) -> None:
    """Replaces the section "What it costs" of `readme`: `machine` in one paragraph, then the table of `report`."""
    text, count = SECTION.subn(lambda _: f"{machine}\n\n{rows(report)}", readme.read_text("utf-8"))
    if count != 1:
        raise ValueError(f"{readme}: it needs one section with the title 'What it costs'")
    readme.write_text(text, "utf-8")


def rows(report: Sequence[Mapping[str, object]]) -> str:
    """Returns the table of a report of `./dev bench --json`; a name without a figure is said to be not measured."""
    named = {str(one["name"]) for one in report}
    missing = (f"| {name} | - | - | - | - | not measured |" for name in NAMES if name not in named)
    return "".join(f"{line}\n" for line in (*HEAD, *map(_row, report), *missing))


def machine(today: date) -> str:
    """Returns the day, this machine and the versions in one paragraph of at most 120 characters a line."""
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    versions = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    versions += [f"{name} {said}" for name, command in PROGRAMS.items() if (said := _version(command))]
    return (
        f"Made by `./dev bench` on {today.day} {today:%B %Y}: {cores} cores, {memory:.0f} GiB, {system},\n"
        f"{', '.join(versions)}.\nA figure in bold is beyond what it must be, or loses to the other side."
        " [Where the time goes](docs/performance.md)."
    )


def _version(command: Sequence[str]) -> str:
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10).stdout
    except OSError:
        return ""
    found = re.search(r"\d+(?:\.\d+)+", said)
    return found[0] if found else ""


def _row(measured: Mapping[str, object]) -> str:
    """Returns the line of one figure; what is judged is its ratio where there is one to judge."""
    name = str(measured["name"])
    goal, must = (measured[key] for key in ("goal", "must"))
    judged = measured["ratio" if name in RATIO_IS_JUDGED else "figure"]
    figure, unit = _number(measured["figure"]), measured["unit"]
    beside = f"{_number(measured['ratio'])} x {_number(measured['beside'])}" if unit != "x" else "-"
    beside = beside if measured["beside"] is not None else "-"
    verdict = _verdict(judged, goal, must, more=name in MORE_IS_BETTER)
    return f"| {measured['what']} | {figure} {unit} | {beside} | {_number(goal)} | {_number(must)} | {verdict} |"


def _verdict(judged: object, goal: object, must: object, *, more: bool) -> str:
    if not isinstance(judged, int | float):
        return "not measured"
    if not isinstance(goal, int | float):
        return ""
    sign = -1 if more else 1
    if sign * judged <= sign * goal:
        return "goal met"
    within = isinstance(must, int | float) and sign * judged <= sign * must
    return "within must" if within else "**beyond**"


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
