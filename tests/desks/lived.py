# SPDX-License-Identifier: EUPL-1.2
"""A desk on which nearly everything has happened, lived once a run of the tests. A plugin of pytest.

To live takes 13 s of processor time, so its tests run in one worker, and those on PostgreSQL in another take what that
one lived, or the other way round. What a test changes is a copy of the folder.
"""

from __future__ import annotations

import fcntl
import json
import os
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


def lived_once(folder: Path) -> Lived:
    """Returns the desk that lived in `folder`; lives it there first if no process has, and waits while one does."""
    told = folder.with_suffix(".json")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            made = live(folder)
            told.write_text(json.dumps({"ended": made.ended.isoformat(), "found": made.found}), "utf-8")
            return made
    known = json.loads(told.read_text("utf-8"))
    return Lived(folder, datetime.fromisoformat(known["ended"]), known["found"])


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Returns the desk after its life."""
    own = tmp_path_factory.getbasetemp()
    return lived_once((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "lived")
