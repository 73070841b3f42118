# SPDX-License-Identifier: EUPL-1.2
"""Which schema this program knows; apart from what changes it, which takes long to load."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent / "migrations"
CURRENT = "SELECT version_num FROM alembic_version"


def newest() -> str:
    """The newest revision that this program knows: the names of their files begin with their numbers."""
    return max(path.name.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*_*.py"))
