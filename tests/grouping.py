# SPDX-License-Identifier: EUPL-1.2
"""Which cases run in one worker, and in which order the workers begin. A plugin of pytest.

Cases that share something dear are a group: a server, a played desk, a browser. A plain file is one too: its fixtures,
and what its cases read and compile, are made once. A case that takes long, or waits for a server, goes to any worker.

pytest-xdist tells a group from the end of a case's id, `@group`, which it writes where pytest 9.2 no longer reads it:
each case then runs anywhere (https://github.com/pytest-dev/pytest-xdist/issues/1386). So the end is written here, and
only while the ids are handed over: a report names a case by the id that a person can type.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from _pytest.nodeid import NodeId

SHARED = {"scenarios": "scenarios", "reopened": "scenarios", "lived": "lived desk"}  # fixtures, and their group
ALONE = ("slow", "outside", "long")  # marks of a case that no other waits for


def grouped(nodeid: str, groups: set[str]) -> str:
    """Returns the id that tells pytest-xdist the group; without a group, or with it already there, the same id."""
    suffix = "@" + "_".join(sorted(groups))
    return nodeid if not groups or nodeid.endswith(suffix) else nodeid + suffix


def file_of(item: pytest.Item) -> str:
    """Returns the path of a case's file. Its `location` is that of the code, which for a corpus is `each`."""
    return item.nodeid.partition("::")[0]


def groups_of(item: pytest.Item) -> set[str]:
    """Returns the groups that a case names, else that of a fixture, else its file, else none."""
    named = {str(mark.args[0]) for mark in item.iter_markers("xdist_group")}
    if not named:
        named = {SHARED[name] for name in getattr(item, "fixturenames", ()) if name in SHARED}
    alone = any(item.get_closest_marker(mark) for mark in ALONE)
    return named or (set() if alone else {file_of(item)})


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with the groups of several files, then the cases that run alone: at the end no worker has a long one left.

    The order stays random within each of the three.
    """
    groups = {item: groups_of(item) for item in items}
    items.sort(key=lambda item: 2 if groups[item] == {file_of(item)} else int(not groups[item]))


@pytest.hookimpl(wrapper=True)
def pytest_collection_finish(session: pytest.Session) -> Iterator[None]:
    """Hands the ids over, in a worker, with the groups."""
    if not session.config.getoption("loadgroup", default=False):  # set in a worker
        return (yield)
    before = [(item, item.id) for item in session.items]
    for item, _ in before:
        item._id = NodeId.parse(grouped(item.nodeid, groups_of(item)))  # noqa: SLF001 - pytest has no public way
    try:
        return (yield)
    finally:
        for item, own in before:
            item._id = own  # noqa: SLF001 - as above
