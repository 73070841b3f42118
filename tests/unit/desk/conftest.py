# SPDX-License-Identifier: EUPL-1.2
"""Desks to ask: one on which nearly everything has happened, and an empty one to fill."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flaggermail.rules.configuration import load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests.desks.lived import Lived
from tests.desks.played import environment
from tests.doubles import migrated

NOON = datetime(2024, 6, 6, 10, tzinfo=UTC)


@pytest.fixture(scope="session")
def played(lived: Lived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Returns a desk with nearly every kind of event and of row; tests only read it."""
    folder = shutil.copytree(lived.folder, tmp_path_factory.mktemp("played") / "desk")
    clock = SetClock(lived.ended)
    env = environment(folder, clock, ScriptedSubmitter(clock), seed="later")
    yield env
    env.close()


@pytest.fixture
def new_desk(tmp_path: Path) -> Iterator[Callable[[], Services]]:
    """Returns what makes a desk without a mail, at noon; each is another one."""
    settings = load(Path(__file__).parents[2] / "config", shipped("rules"), shipped("config") / "templates")
    made: list[Services] = []

    def new() -> Services:
        clock, folder = SetClock(NOON), tmp_path / str(len(made))
        folder.mkdir()
        made.append(migrated.replayed(settings, folder, clock, CountedRandomness("x"), ScriptedSubmitter(clock)))
        return made[-1]

    yield new
    for env in made:
        env.close()
