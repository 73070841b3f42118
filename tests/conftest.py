# SPDX-License-Identifier: EUPL-1.2
"""Fixtures for every test: real mail and database servers, each started only when a test uses it."""

import gc
import logging
from collections.abc import Generator

import pytest

from flaggermail import logbook
from tests.doubles.composed import compose_once
from tests.doubles.statements import share_statements

pytest_plugins = [
    "tests.servers.fixtures", "tests.corpus", "tests.grouping", "tests.left_over", "tests.durations",
    "tests.doubles.scenarios", "tests.desks.lived",
]  # fmt: skip

compose_once()
share_statements()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keeps the collector of garbage off what stays to the end: modules and cases, more than half a million objects."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Logs from warnings on in each test: not from where an earlier test's command line had set the log."""
    logbook.configure(logging.WARNING)
