# SPDX-License-Identifier: EUPL-1.2
"""The time in which the archive cannot be used: not there, not to be written, or full.

What stores mail in it waits: intake, and each loop that writes or sends. No new archive is made in its place, and an
alarm that cannot be written goes to the pagers alone.
"""

from __future__ import annotations

from collections.abc import Callable

from flaggermail import logbook
from flaggermail.errors import ArchiveFault
from flaggermail.ports import Interrupt
from flaggermail.rule_changes import versions
from flaggermail.rule_changes.reload import RuleReloader
from flaggermail.services import Services
from flaggermail.wording.said import UNSAID, Said

LOOK_EVERY = 2.0  # seconds


class ArchiveWatch:
    """Remembers what the last look found. `look` returns why the archive cannot be used, or unsaid."""

    def __init__(self, look: Callable[[], Said | None], monotonic: Callable[[], float]) -> None:
        self._look, self._monotonic = look, monotonic
        self._why: Said = UNSAID
        self._began = 0.0

    @property
    def why(self) -> str:
        """Why the archive cannot be used, for the status; empty if it can."""
        return self._why.english if self._why else ""

    def is_away(self) -> bool:
        """Looks, and logs what has changed; returns True if the archive cannot be used."""
        before, self._why = self._why, self._look() or UNSAID
        if self._why and not before:
            self._began = self._monotonic()
            logbook.archive_away(self.why)
        elif before and not self._why:
            logbook.archive_back(self._monotonic() - self._began)
        return bool(self._why)

    def met(self, fault: ArchiveFault) -> None:
        """Looks after a fault of the archive. Raises it if the archive can be used."""
        if not self.is_away():
            raise fault

    def wait(self, stop: Interrupt) -> None:
        """Waits until the archive can be used, or `stop` is set."""
        while self.is_away() and not stop.wait(LOOK_EVERY):
            pass

    def note_versions(self, env: Services, renewal: RuleReloader | None) -> None:
        """Records the rules in force; if the archive does not take them, they are loaded and noted once it does."""
        try:
            versions.note(env)
        except ArchiveFault as fault:
            self.met(fault)
            if renewal is not None:
                renewal.ask()
