# SPDX-License-Identifier: EUPL-1.2
"""Scenarios of `tests/scenarios`, in sequence or at the same time, on one desk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from flaggermail.record.rows import Case
from flaggermail.stories.given import prepare
from flaggermail.stories.scenario import Incoming, Scenario, read
from flaggermail.stories.scenario_file import EnteredCommand
from tests.desks.played import Played

FOLDER = Path(__file__).parents[1] / "scenarios"
Happening = tuple[datetime, int, Callable[[], None]]


def play(desk: Played, *names: str) -> None:
    """Plays them together until the end of the last."""
    scenarios = [read(FOLDER / name) for name in names]
    end = max(scenario.instants()[-1] for scenario in scenarios)
    happenings: list[Happening] = []
    for scenario in scenarios:
        happenings += _happenings(desk, scenario)
    for at, _, happens in sorted(happenings, key=lambda one: one[:2]):
        desk.go_to(at)
        happens()
        desk.settle()
    desk.go_to(end)
    desk.settle()


def _prepare(desk: Played, scenario: Scenario) -> None:
    """Creates the scenario's earlier cases that the desk lacks."""
    known = {case.number for case in desk.all(Case)}
    cases = tuple(case for case in scenario.file.given.cases if case.number not in known)
    given = scenario.file.given.model_copy(update={"cases": cases})
    prepare(desk.env, replace(scenario, file=scenario.file.model_copy(update={"given": given})))


def _happenings(desk: Played, scenario: Scenario) -> Iterator[Happening]:
    yield scenario.instants()[0], -1, partial(_prepare, desk, scenario)
    for mail in scenario.mails:
        yield mail.at, 0, partial(_deliver, desk, mail)
    for act in scenario.file.acts:
        yield act.at, 1, partial(_type, desk, scenario, act)


def _deliver(desk: Played, mail: Incoming) -> None:
    desk.mailbox.deliver(mail.folder, mail.octets(desk.env), mail.at)


def _type(desk: Played, scenario: Scenario, act: EnteredCommand) -> None:
    with contextlib.chdir(scenario.folder):
        desk.do(*act.words, by=act.by)
