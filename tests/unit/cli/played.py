# SPDX-License-Identifier: EUPL-1.2
"""A desk after a scenario was played on it, for commands that show or export what is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from flaggermail.cli.acting import typed
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.stories import replay
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests.doubles import migrated
from tests.unit.cli.conftest import Desk

SCENARIOS = Path(__file__).parents[2] / "scenarios"
AFTERWARDS = datetime.fromisoformat("2027-06-01T12:00:00+02:00")


@contextmanager
def played(scenario: str, settings: Configuration, folder: Path) -> Iterator[Desk]:
    """Yields the desk of a scenario, some time after its last instant."""

    def build(own: Configuration, _: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
        return migrated.replayed(own, folder, clock, randomness, submit)

    report = replay.play(SCENARIOS / scenario, typed, build)
    assert not report.differences
    desk = reopened(settings, folder)
    try:
        yield desk
    finally:
        desk.env.close()


def reopened(settings: Configuration, folder: Path) -> Desk:
    """Returns the desk that was played in `folder`, or in the folder that it is a copy of."""
    clock = SetClock(AFTERWARDS)
    env = migrated.replayed(settings, folder, clock, CountedRandomness("after"), ScriptedSubmitter(clock))
    return Desk(env, clock, folder)
