# SPDX-License-Identifier: EUPL-1.2
"""The figures of played scenarios, as the command prints them: as a document, as CSV, and as a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flaggermail import replay
from flaggermail.cli.acting import typed
from flaggermail.errors import Refusal
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.record.clocks import InstantBasis
from flaggermail.replay.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from flaggermail.services import Services
from flaggermail.settings.model import Settings
from tests.doubles import migrated
from tests.story.test_replay import SCENARIOS

Json = dict[str, object]
Open = Callable[[str], Services]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Open]:
    """Plays a scenario, and opens its desk a day after its end."""
    opened: list[Services] = []

    def play(name: str) -> Services:
        used: list[tuple[Settings, Clock]] = []

        def build(settings: Settings, _: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
            used.append((settings, clock))
            return migrated.replayed(settings, tmp_path, clock, randomness, submit)

        assert replay.play(SCENARIOS / name, typed, build).differences == ()
        settings, ended = used[0]
        clock = SetClock(ended.now() + timedelta(days=1))
        env = migrated.replayed(settings, tmp_path, clock, CountedRandomness("later"), ScriptedSubmitter(clock))
        opened.append(env)
        return env

    yield play
    for env in opened:
        env.close()


def figures(env: Services, *options: str) -> Json:
    """Returns the document of the command."""
    found = json.loads(typed(env, "officer1", ["latency", "--json", *options]))
    assert isinstance(found, dict)
    return found


def test_try(played: Open) -> None:
    env = played("S10")
    print(typed(env, "officer1", ["latency"]))
    print(typed(env, "officer1", ["latency", "--format", "csv"]))
    print(typed(env, "officer1", ["latency", "--format", "csv", "--summary"]))
    print(typed(env, "officer1", ["latency", "--format", "json"]))
    print(typed(env, "officer1", ["latency", "--as-of", "2027-03-15T15:00"]))
