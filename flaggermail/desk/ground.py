# SPDX-License-Identifier: EUPL-1.2
"""The files of a desk before it is opened: its directory, its record as evidence, and the readers of files and mail."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # what `status` imports must start in a tenth of a second
    from flaggermail.health.findings import Confinement
    from flaggermail.mail.message import Json
    from flaggermail.online.checked import CheckMeans
    from flaggermail.ports import BlobStore, Parser, Transaction
    from flaggermail.rules.configuration import Configuration
    from flaggermail.rules.rulebook import RuleFinding
    from flaggermail.settings.mistakes import SetupFault
    from flaggermail.settings.model import Settings


class DeskServers(Protocol):
    """What `check --online` needs to reach the servers of a desk."""

    @property
    def simulated(self) -> bool:
        """True in a replay: no daemon serves this desk, even if one runs on this machine."""
        ...

    def online(self, *, pages: bool) -> CheckMeans:
        """Returns what a check of the servers works with; `pages`: the pagers are called. Raises ConfigurationError."""
        ...


class DeskFiles(DeskServers, Protocol):
    """The files of a desk, and the adapters that an inspection may use."""

    @property
    def directory(self) -> Path:
        """The configuration directory, which need not exist."""
        ...

    def now(self) -> datetime:
        """Returns the current instant in UTC."""
        ...

    def evidence(self, settings: Settings | None = None) -> AbstractContextManager[tuple[Transaction, BlobStore]]:
        """Yields a snapshot of the database and the archive, opened without writing to either.

        `settings`: those of the directory, if they are loaded already. Rows are not read on the way, so a row with an
        impossible value does not prevent that it is found. Raises ConfigurationError.
        """
        ...

    def parser(self) -> Parser:
        """Returns the contained parser with the shipped words, which needs no configuration."""
        ...

    def word_faults(self, rules: Path) -> tuple[str, ...]:
        """Returns the faults in the tables of words of the folder `rules`, one line each."""
        ...

    def template_faults(self, settings: Configuration) -> tuple[str, ...]:
        """Returns the faults in the templates, one line each."""
        ...

    def rule_findings(self, settings: Configuration) -> list[RuleFinding]:
        """Returns faults and warnings about the rules and their sample mails."""
        ...

    def machine_faults(self, settings: Configuration) -> tuple[SetupFault, ...]:
        """Returns what on this machine does not fit the settings; reads files only."""
        ...

    def confinement(self, settings: Configuration) -> Confinement:
        """Returns what confines the process that parses mail on this machine."""
        ...

    def process_runs(self, process: Json) -> bool | None:
        """Returns whether the process runs that a status document names; None if that is not known here."""
        ...

    def upgrade_database(self) -> str:
        """Migrates the database to the newest schema; returns its revision. Raises ConfigurationError."""
        ...
