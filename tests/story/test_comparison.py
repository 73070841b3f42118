# SPDX-License-Identifier: EUPL-1.2
"""Old mail is judged again with what was known when it arrived."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flaggermail.desk.rule_comparison import compare, count
from flaggermail.services import UnitOfWork
from tests.doubles.scenarios import FOLDERS, Reopen
from tests.store.rejudging import found_otherwise
from tests.story.conftest import NOW


@contextmanager
def later(reopened: Reopen, name: str) -> Iterator[UnitOfWork]:
    """Opens a unit of work on a played scenario, three years later."""
    env = reopened(name, lambda _: NOW.replace(year=NOW.year + 3))
    with env.store.read() as tx:
        yield UnitOfWork(env, tx, env.clock.now())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_rules_in_force_say_again_what_the_record_holds(reopened: Reopen, folder: Path) -> None:
    """The same rules judge every mail of every scenario as recorded, years later."""
    with later(reopened, folder.name) as work:
        judged, otherwise = found_otherwise(work)
        assert otherwise == []
        assert judged == count(work)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_same_rules_make_no_difference(reopened: Reopen, folder: Path) -> None:
    """Comparing the rules with themselves judges every mail and lists none."""
    judged: list[int] = []
    with later(reopened, folder.name) as work:
        rules = work.env.settings.rules
        assert list(compare(work, rules, rules, judged.append)) == []
        assert sum(judged) == count(work)
