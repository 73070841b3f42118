# SPDX-License-Identifier: EUPL-1.2
"""The schema revision this program needs. Separate from `migrate`, which is slow to import."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent / "migrations"
CURRENT = "SELECT version_num FROM alembic_version"


def newest() -> str:
    """Returns the newest revision known to this program, taken from the file names, which begin with a number."""
    return max(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py"))
