# SPDX-License-Identifier: EUPL-1.2
"""Fixtures for every test: real mail and database servers, each started only when a test uses it.

The files with the longest single cases come first.
"""

import logging

import pytest

from flaggermail import logbook
from tests.doubles.composed import compose_once
from tests.doubles.statements import share_statements

pytest_plugins = ["tests.servers.fixtures", "tests.corpus", "tests.left_over", "tests.doubles.scenarios"]

compose_once()
share_statements()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Logs from warnings on in each test: not from where an earlier test's command line had set the log."""
    logbook.configure(logging.WARNING)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Starts with the files that hold a `slow` case, so that no worker is left alone with one at the end.

    The order stays random within both halves, and whole files move, so that the fixtures of a file are built once.
    """
    first = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in first)
