# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of a desk in simulated time: live code, a set clock, a mailbox in memory, a server that accepts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flaggermail.rules.configuration import Configuration, load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests.doubles import migrated
from tests.story.test_escalation_night import Made, builder

CONFIG = Path(__file__).parents[1] / "config"
NOW = datetime(2027, 3, 17, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    """Returns the clock of the desk, set to ten o'clock on polling day."""
    return SetClock(NOW)


@pytest.fixture(scope="session")
def story_settings() -> Configuration:
    """Returns the elections, platforms and officers of tests/config, with the shipped rules and templates."""
    return load(CONFIG, shipped("rules"), shipped("config") / "templates")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Made]:
    """Returns a builder of desks with a given policy, schedule and start (by default 10:34 on 6 June 2024)."""
    yield from builder(tmp_path)


@pytest.fixture
def env(story_settings: Configuration, tmp_path: Path, clock: SetClock) -> Iterator[Services]:
    """Builds the services with a set clock and no network."""
    made = migrated.replayed(story_settings, tmp_path, clock, CountedRandomness("story"), ScriptedSubmitter(clock))
    yield made
    made.close()
