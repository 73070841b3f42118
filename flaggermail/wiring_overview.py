# SPDX-License-Identifier: EUPL-1.2
"""The part of `wiring` that an overview needs, apart because the rest takes a second to load."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flaggermail.adapters.db.overview import overview
from flaggermail.adapters.disk import free_octets, places
from flaggermail.core.overview import Overview
from flaggermail.settings_extract import extract


def overview_of(directory: Path) -> Overview | None:
    """How things stand at the desk of a configuration directory.

    Nothing where that takes more than a SQLite file of the current schema and settings that are plainly written: the
    environment of `wiring` then answers, or says what is wrong.
    """
    found = extract(directory)
    if found is None:
        return None
    seen = overview(found.database, found.folders, found.rota, found.zone, found.limits, datetime.now(UTC))
    return None if seen is None else replace(seen, free=free_octets(places(found.database, found.archive)))
