# SPDX-License-Identifier: EUPL-1.2
"""Stories whose every act is done on a page, in Debian's Chromium without script: the same events as by commands."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from flaggermail.cli.acting import typed
from flaggermail.record.events import Event
from flaggermail.services import Services
from flaggermail.stories import replay
from flaggermail.stories.replay import Command, Report
from flaggermail.stories.replayed import report
from flaggermail.stories.scenario import Scenario
from flaggermail.wiring.runs import replayed
from tests.corpus import one_in
from tests.flow.paged_story import OfficersAtScreens
from tests.flow.test_screen import opened

pytestmark = [pytest.mark.outside, pytest.mark.xdist_group("browser")]
SCENARIOS = Path(__file__).parents[1] / "scenarios"
STORIES = ("S01", "S04", "S05", "S08", "S10", "S11", "ticket-system")
ACTS = {"S01": 5, "S04": 0, "S05": 4, "S08": 4, "S10": 7, "S11": 4, "ticket-system": 5}
WIDE, TELEPHONE = 1280, 375
HANDS = ((WIDE, False), (WIDE, True), (TELEPHONE, False))
CELLS = [(story, HANDS[(number + turn) % 3]) for number, story in enumerate(STORIES) for turn in range(3)]


LOGIN = "approved_with"
"""The way in: a replay approves under the account that runs it, a page under the account that asks for it."""


def but_for_the_way_in(event: Event) -> str:
    """Returns an event as text, without the login that an approval names."""
    told = [replace(one, values={name: value for name, value in one.values.items() if name != LOGIN})
            for one in event.changes]  # fmt: skip
    return repr(replace(event, changes=tuple(told)))


def events_of(story: str, command: Command) -> tuple[list[str], Report]:
    """Plays a story; returns its events as they are chained, and what is reported of it."""
    kept = list[str]()

    def reported(env: Services, scenario: Scenario) -> Report:
        with env.store.read() as tx:
            kept.extend(but_for_the_way_in(event) for _, event in tx.events())
        return report(env, scenario)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("flaggermail.stories.replay.report", reported)
        found = replay.play(SCENARIOS / story, command, replayed)
    return kept, found


@cache
def by_commands(story: str) -> tuple[list[str], Report]:
    """Plays a story by its commands, once for all hands."""
    return events_of(story, typed)


@pytest.mark.parametrize(("story", "hands"), one_in(len(HANDS), CELLS, 4), ids=str)
def test_a_story_on_pages_leaves_the_events_of_its_commands(
    browser: Browser, story: str, hands: tuple[int, bool]
) -> None:
    """By mouse, by keyboard alone, and on a telephone; nothing but the way in differs."""
    wide, keyboard = hands
    wanted, expected = by_commands(story)
    officers = OfficersAtScreens(opened(browser, "nl", wide), keyboard=keyboard)
    on_pages, found = events_of(story, officers.typed)
    officers.page.context.close()
    assert officers.acts == ACTS[story]
    assert on_pages == wanted
    assert not found.differences
    assert found.json == expected.json
