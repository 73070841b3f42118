# SPDX-License-Identifier: EUPL-1.2
"""Old mail is judged again with what was known when it arrived."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flaggermail import replay
from flaggermail.adapters.clock.clock import SystemRandomness
from flaggermail.cli.acting import typed
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.replay.doubles import ScriptedSubmitter, SetClock
from flaggermail.rule_changes.comparison import compare, count
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import Settings
from tests.doubles import migrated
from tests.store.rejudging import found_otherwise
from tests.story.conftest import NOW

SCENARIOS = Path(__file__).parents[1] / "scenarios"
FOLDERS = sorted(path.parent for path in SCENARIOS.glob("*/scenario.yaml"))


@contextmanager
def played(scenario: Path, folder: Path) -> Iterator[UnitOfWork]:
    """Opens a unit of work on a played scenario, three years later."""
    used: list[Settings] = []

    def build(settings: Settings, _: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
        used.append(settings)
        return migrated.replayed(settings, folder, clock, randomness, submit)

    assert replay.play(scenario, typed, build).differences == ()
    clock = SetClock(NOW.replace(year=NOW.year + 3))
    env = migrated.replayed(used[0], folder, clock, SystemRandomness(), ScriptedSubmitter(clock))
    with env.store.read() as tx:
        yield UnitOfWork(env, tx, clock.now())
    env.close()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_rules_in_force_say_again_what_the_record_holds(folder: Path, tmp_path: Path) -> None:
    """The same rules judge every mail of every scenario as recorded, years later."""
    with played(folder, tmp_path) as work:
        judged, otherwise = found_otherwise(work)
        assert otherwise == []
        assert judged == count(work)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_same_rules_make_no_difference(folder: Path, tmp_path: Path) -> None:
    """Comparing the rules with themselves judges every mail and lists none."""
    judged: list[int] = []
    with played(folder, tmp_path) as work:
        rules = work.env.settings.rules
        assert list(compare(work, rules, rules, judged.append)) == []
        assert sum(judged) == count(work)
