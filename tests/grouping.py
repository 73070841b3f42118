# SPDX-License-Identifier: EUPL-1.2
"""The cases of an `xdist_group` run in one worker, and what takes longest begins first. A plugin of pytest.

A group is made of cases that share something dear: a server, a played desk, a browser. pytest-xdist tells a group from
the end of a case's id, `@group`, which it writes where pytest 9.2 no longer reads it: each case then runs anywhere, and
each worker makes what the group was to share (https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from __future__ import annotations

import pytest
from _pytest.nodeid import NodeId


def grouped(nodeid: str, groups: set[str]) -> str:
    """Returns the id that tells pytest-xdist the group; without a group, or with it already there, the same id."""
    suffix = "@" + "_".join(sorted(groups))
    return nodeid if not groups or nodeid.endswith(suffix) else nodeid + suffix


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Starts with the files that hold a `slow` case, so that no worker is left alone with one at the end.

    The order stays random within both halves, and whole files move, so that the fixtures of a file are built once.
    """
    first = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in first)
    if config.getoption("loadgroup", default=False):  # set in a worker
        for item in items:
            groups = {str(mark.args[0]) for mark in item.iter_markers("xdist_group")}
            item._id = NodeId.parse(grouped(item.nodeid, groups))  # noqa: SLF001 - pytest has no public way
