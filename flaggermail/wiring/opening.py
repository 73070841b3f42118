# SPDX-License-Identifier: EUPL-1.2
"""Connects the command line to a desk in the same process, as `--direct` does, a replay, and what needs no desk.

An inspection is answered without opening the desk: the function that needs database or parser imports it, so that
`status` and `parse` start without.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

from flaggermail.desk.inspections import FOR_EVERYBODY, INSPECTIONS, inspect
from flaggermail.errors import Refusal
from flaggermail.shipped import are_shipped, rules_of, shipped
from flaggermail.wording.refusals import CommandRefusal

if TYPE_CHECKING:
    from flaggermail.adapters.parsing.worker import ContainedParser
    from flaggermail.cases.configuration_record import ConfigurationDifference
    from flaggermail.desk.desk import Desk
    from flaggermail.desk.ground import DeskFiles
    from flaggermail.documents.octets import Octets
    from flaggermail.health.findings import Confinement
    from flaggermail.mail.message import Json
    from flaggermail.online.checked import CheckMeans
    from flaggermail.ports import BlobStore, Parser, Transaction
    from flaggermail.rules.configuration import Configuration
    from flaggermail.rules.rulebook import RuleFinding
    from flaggermail.services import Services
    from flaggermail.settings.mistakes import SetupFault
    from flaggermail.settings.model import Settings
    from flaggermail.wording.said import StoredText

    Given: TypeAlias = Services  # what a replay passes on, without looking into it


class DeskConnection:
    """Connects a caller (an officer by id, or an account by its login names) to the desk of a configuration directory.

    `given` are services that are open already, as in a replay; they stay open. What is opened here is opened for the
    account alone that owns the database. `tell` gets one sentence if the files of the directory differ from what the
    daemon took in: what the daemon took in is in force.
    """

    def __init__(
        self, directory: Path, login: str | None = None, *, officer: str | None = None, given: Given | None = None,
        now: Callable[[], datetime] | None = None, tell: Callable[[StoredText], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._ground, self._tell = _DeskFiles(directory, given, now), tell
        self._given, self._officer, self._login, self._direct = given, officer, login, False
        self._opened: Services | None = None
        self._differs: tuple[ConfigurationDifference, ...] = ()

    @classmethod
    def beside_door(cls, directory: Path, login: str, tell: Callable[[StoredText], None]) -> Self:
        """Returns a connection beside the door of a desk; its events say so."""
        made = cls(directory, login, tell=tell)
        made._direct = True
        return made

    def answer(self, name: str, request: Mapping[str, Json] | None = None) -> Mapping[str, Json]:
        """Returns the document that answers a request; `desk.Desk.answer` says which there are.

        Raises Refusal, ConfigurationError.
        """
        if name in INSPECTIONS:
            if self._direct and name in FOR_EVERYBODY:
                from flaggermail.rules.configuration import load

                _require_own(load(self._ground.directory))
            if name == "rules check":
                self._ground.begin_samples()
            return inspect(self._ground, name, request or {})
        return self._compared(self._desk().answer(name, request))

    def fetch(self, name: str, request: Mapping[str, Json] | None = None) -> Octets[Mapping[str, Json]]:
        """Returns the file that answers a request; `desk.Desk.fetch` says which there are.

        Raises Refusal, ConfigurationError.
        """
        return self._desk().fetch(name, request)

    def _desk(self) -> Desk:
        from flaggermail.desk.desk import Caller, Desk

        caller = Caller(officer=self._officer, login=self._login, direct=self._direct)
        return Desk(lambda: self.services, caller, self._ground)

    def _compared(self, found: Mapping[str, Json]) -> Mapping[str, Json]:
        """Returns the document with how the files of the directory differ from what the daemon took in, if they do."""
        return {**found, "configuration_differs": [asdict(one) for one in self._differs]} if self._differs else found

    @property
    def services(self) -> Services:
        """The services, opened on first use. Raises ConfigurationError, Refusal."""
        return self._given if self._given is not None else self._open()

    def _open(self) -> Services:
        if self._opened is None:
            from flaggermail.cases.configuration_record import differences, in_words
            from flaggermail.rules.configuration import load
            from flaggermail.wiring.assembly import opened_on

            settings = load(self._ground.directory)
            _require_own(settings)  # before a database is made that another account cannot open
            self._opened = opened_on(settings)
            with self._opened.store.read() as tx:
                self._differs = differences(settings, tx)
            if self._differs:
                self._tell(in_words(self._ground.directory, self._differs))
        return self._opened

    def close(self) -> None:
        """Closes what was opened here; idempotent."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()
        self._ground.close()


def desk_files(directory: Path, now: Callable[[], datetime] | None = None) -> DeskFiles:
    """Returns the files of the desk with that configuration directory; `now` in place of the machine's clock."""
    return _DeskFiles(directory, None, now)


def _require_own(settings: Settings) -> None:
    """Raises Refusal unless this account owns the record: the file of the database, or the archive beside a server.

    Of what is not made yet, or lies where this account may not look, the folder counts.
    """
    from flaggermail.settings.model import database_file

    place = (database_file(settings.desk) or settings.archive).absolute()
    there = next(path for path in (place, *place.parents) if os.path.exists(path))  # noqa: PTH110 - Path.exists raises
    if there.stat().st_uid != os.geteuid():
        raise Refusal(CommandRefusal.NOT_DIRECT(owner=_owner(there)))


def _owner(path: Path) -> str:
    """Returns the login of the account that owns a file, or its number if it has none."""
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)


class _DeskFiles:
    """Implements `desk.ground.DeskFiles`."""

    def __init__(self, directory: Path, given: Given | None, now: Callable[[], datetime] | None) -> None:
        self._directory, self._given, self._now = directory, given, now
        self._parser: Parser | None = None
        self._samples: ContainedParser | None = None
        self._as_shipped = False  # the rules, as far as `begin_samples` looked

    @property
    def directory(self) -> Path:
        return self._directory

    @property
    def simulated(self) -> bool:
        return self._given is not None

    def now(self) -> datetime:
        if self._now is not None:
            return self._now()
        if self._given is not None:
            return self._given.clock.now()
        from flaggermail.adapters.system.clock import SystemClock

        return SystemClock().now()

    @contextmanager
    def evidence(self, settings: Settings | None = None) -> Iterator[tuple[Transaction, BlobStore]]:
        if self._given is not None:
            with self._given.store.read() as tx:
                yield tx, self._given.octets
            return
        from flaggermail.adapters.db.inspection import require_file
        from flaggermail.rules.configuration import load
        from flaggermail.settings.model import database_file

        settings = settings or load(self._directory)
        require_file(database_file(settings.desk))  # before an engine of databases is loaded
        from flaggermail.wiring.databases import evidence_of

        store, octets = evidence_of(settings)
        try:
            with store.read() as tx:
                yield tx, octets
        finally:
            store.close()

    def parser(self) -> Parser:
        if self._parser is None:
            from flaggermail.adapters.parsing.worker import ContainedParser

            self._parser = ContainedParser(shipped("rules"))
        return self._parser

    def begin_samples(self) -> None:
        """Starts the processes that parse sample mails: they load while the modules of rules do, and the settings."""
        self._as_shipped = are_shipped(rules_of(self._directory.absolute()))
        if self._as_shipped:
            return
        from flaggermail.adapters.parsing.worker import ContainedParser

        self._samples = ContainedParser(rules_of(self._directory.absolute()))
        self._samples.begin()

    def word_faults(self, rules: Path) -> tuple[str, ...]:
        from flaggermail.wiring.setup_checks import word_faults

        return tuple(word_faults(rules))

    def template_faults(self, settings: Configuration) -> tuple[str, ...]:
        from flaggermail.wiring.setup_checks import template_faults

        return template_faults(settings)

    def rule_findings(self, settings: Configuration) -> list[RuleFinding]:
        if self._as_shipped:
            return []  # the program's own tests try them by each sample mail; a reload does so all the same
        from flaggermail.wiring.rule_checks import rule_findings

        return rule_findings(settings, self._samples)

    def machine_faults(self, settings: Configuration) -> tuple[SetupFault, ...]:
        from flaggermail.wiring.setup_checks import machine_faults, marks_in_file

        if settings.desk.store.database.startswith("sqlite"):
            return machine_faults(settings, marks_in_file)
        from flaggermail.wiring.databases import marks_on_server

        return machine_faults(settings, marks_on_server)

    def confinement(self, settings: Configuration) -> Confinement:
        from flaggermail.wiring.rule_checks import parser_confinement

        return parser_confinement(settings)

    def online(self, *, pages: bool) -> CheckMeans:
        from flaggermail.rules.configuration import load
        from flaggermail.wiring.online_means import means

        return means(load(self._directory.absolute()), pages=pages)

    def process_runs(self, process: Json) -> bool | None:
        from flaggermail.adapters.system.own_process import runs

        return runs(process)

    def upgrade_database(self) -> str:
        from flaggermail.wiring.databases import upgrade_database

        return upgrade_database(self._directory)

    def close(self) -> None:
        parsers, self._parser, self._samples = (self._parser, self._samples), None, None
        for parser in filter(None, parsers):
            parser.close()
