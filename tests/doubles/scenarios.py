# SPDX-License-Identifier: EUPL-1.2
"""Scenarios played once a session: a test opens a copy of the desk that is left, or looks at what was sent.

A plugin of pytest. To play a scenario takes more than a second; so many tests look at each that they run in one worker.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from flaggermail.cli.acting import typed
from flaggermail.ports import Clock, Randomness, Submission, Submitter
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.stories import replay
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.stories.replay import Report
from tests.doubles import migrated

SCENARIOS = Path(__file__).parents[1] / "scenarios"
FOLDERS = sorted(path.parent for path in SCENARIOS.glob("*/scenario.yaml"))


class Keeping(Submitter):
    """Keeps every mail that is handed to a submitter, with each recipient."""

    def __init__(self, submitter: Submitter, sent: list[tuple[str, bytes]]) -> None:
        self._submitter, self._sent = submitter, sent

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Keeps the mail and hands it on."""
        self._sent.extend((recipient, octets) for recipient in recipients)
        return self._submitter.submit(octets, sender, recipients, witness)


@dataclass(frozen=True)
class Played:
    """A scenario at its end, as expected; `folder` holds its desk, which nobody changes."""

    report: Report
    settings: Configuration
    ended: datetime
    folder: Path
    sent: tuple[tuple[str, bytes], ...]  # recipient and mail


def play(name: str, folder: Path) -> Played:
    """Plays a scenario on a desk in an empty folder; fails if it does not come out as expected."""
    used: list[tuple[Configuration, Clock]] = []
    sent: list[tuple[str, bytes]] = []

    def build(settings: Configuration, _: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
        used.append((settings, clock))
        return migrated.replayed(settings, folder, clock, randomness, Keeping(submit, sent))

    report = replay.play(SCENARIOS / name, typed, build)
    assert report.differences == ()
    return Played(report, used[0][0], used[0][1].now(), folder, tuple(sent))


@pytest.fixture(scope="session")
def scenarios(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Played]]:
    """Returns a function that plays a scenario, given its folder's name, the first time it is asked for."""
    made: list[Path] = []

    @cache
    def once(name: str) -> Played:
        made.append(tmp_path_factory.mktemp(name))
        return play(name, made[-1])

    yield once
    for folder in made:
        shutil.rmtree(folder)


Reopen = Callable[[str, Callable[[datetime], datetime]], Services]


@pytest.fixture
def reopened(scenarios: Callable[[str], Played], tmp_path: Path) -> Iterator[Reopen]:
    """Returns a function that opens a copy of a scenario's desk, at an instant computed from its end."""
    opened: list[Services] = []

    def copied(name: str, instant: Callable[[datetime], datetime]) -> Services:
        found = scenarios(name)
        folder = tmp_path / name
        shutil.copytree(found.folder, folder)
        clock = SetClock(instant(found.ended))
        env = migrated.replayed(found.settings, folder, clock, CountedRandomness("later"), ScriptedSubmitter(clock))
        opened.append(env)
        return env

    yield copied
    for env in opened:
        env.close()
