# SPDX-License-Identifier: EUPL-1.2
"""The clock of a story that several processes live through: its hands are a small file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path


class StoryClock:
    """Implements `ports.Clock` for every process that knows the file; one of them, who tells the story, sets it.

    Without the file it is the clock of the machine: so the story begins and ends in the present.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """The instant to which the story has come, in UTC."""
        try:
            return datetime.fromisoformat(self._file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return datetime.now(UTC)

    def set(self, instant: datetime) -> None:
        """Go on to `instant` (aware); from then on time stands still."""
        new = self._file.with_suffix(".new")
        new.write_text(instant.astimezone(UTC).isoformat(), encoding="ascii")
        new.replace(self._file)  # at once: nobody reads half an instant

    def release(self) -> None:
        """Go back to the present, where time passes by itself."""
        self._file.unlink(missing_ok=True)
