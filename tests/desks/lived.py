# SPDX-License-Identifier: EUPL-1.2
"""A desk on which nearly everything has happened, lived once a session. A plugin of pytest.

To live takes 13 s of processor time, so its tests run in one worker. What a test changes is a copy of the folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.desks import kept, life
from tests.desks.played import Played


@dataclass(frozen=True)
class Lived:
    """The folder of the ended desk, which nobody changes, its last instant, and what a reader found on it."""

    folder: Path
    ended: datetime
    found: kept.Json


def live(folder: Path) -> Lived:
    """Plays the life of a desk in `folder`, which must not exist."""
    folder.mkdir(mode=0o750)
    kept.configure(kept.HERE / "config", folder)
    desk = Played.begin(folder, life.BEGIN)
    life.live(desk)
    found = kept.found(desk.env)
    desk.end()
    return Lived(folder, desk.clock.now(), found)


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Returns the desk after its life."""
    return live(tmp_path_factory.mktemp("lived") / "desk")
