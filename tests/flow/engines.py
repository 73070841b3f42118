# SPDX-License-Identifier: EUPL-1.2
"""The two kinds of database below a desk: tests of the daemon as a process run on both."""

from __future__ import annotations

import pytest

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = pytest.mark.parametrize(
    "engine", [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.xdist_group("postgres"))], indirect=True
)
LATER_ON_POSTGRESQL = pytest.mark.parametrize(
    "engine",
    [SQLITE, pytest.param(POSTGRESQL, marks=[pytest.mark.xdist_group("postgres"), pytest.mark.long])],
    indirect=True,
)
"""The half on PostgreSQL runs with the long tests."""
