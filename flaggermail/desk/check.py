# SPDX-License-Identifier: EUPL-1.2
"""Checks of a configuration that may be faulty, and the migration of a database that is too old to be opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from flaggermail.cases import attention, configuration_record
from flaggermail.desk.ground import DeskFiles
from flaggermail.errors import ConfigurationError, RowUnreadable, StoreFailure
from flaggermail.health import advice
from flaggermail.health.findings import Confinement
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.mail.message import Json
from flaggermail.notices import duty
from flaggermail.online.outcomes import CheckStep
from flaggermail.ports import Transaction
from flaggermail.record.case_values import Origin
from flaggermail.record.definition import where
from flaggermail.record.kinds import TrustMark
from flaggermail.record.rows import Case, Election, TrustProof
from flaggermail.record.states import CaseState, Severity
from flaggermail.rules.configuration import Configuration, load
from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault
from flaggermail.settings.rota import gaps
from flaggermail.shipped import rules_of

_AHEAD = timedelta(weeks=4)
_WORST_FIRST = tuple(Severity)

_OWN_STEPS = frozenset({  # ask no server, or belong to the mail of the online check itself
    CheckStep.LEFT_OVER, CheckStep.DISK, CheckStep.TIME_ZONE, CheckStep.PLACED, CheckStep.ANSWERED, CheckStep.ARCHIVED,
    CheckStep.VERIFIED, CheckStep.CLEAN_UP,
})  # fmt: skip
_NOBODY: tuple[list[str], list[str]] = ([], [])
T = TypeVar("T")
Span = tuple[datetime, datetime]


def check(ground: DeskFiles, _: Mapping[str, Json]) -> dict[str, Json]:
    """Returns what is in order and what is not.

    `findings` has each mistake with `code`, `severity` and `text`, `severity` is that of the worst of them or null,
    `faults` the lines of those that refuse the start or are faults, and `warnings` the lines of the notes.
    `only_online` names the steps of the online check that ask a server, which this does not.
    """
    with ThreadPoolExecutor(1) as beside:  # the process that parses mail starts while templates and record are read
        try:
            settings, confined = _loaded(ground, beside)
        except ConfigurationError as error:
            return _findings([setup_fault(SetupFaultCode.CONFIGURATION, line=line) for line in error.faults])
        now = ground.now()
        today = now.astimezone(settings.zone).date()
        with _record(ground, settings) as of_record:
            on_day = advice.setup_faults_on(settings, today, of_record(_elections_added, []))
            unlisted = advice.unlisted(settings, *of_record(_referrers, _NOBODY))
            left = advice.of_overrides(settings, of_record(duty.overrides, []), now)
            orphaned = advice.orphaned(settings, of_record(_taken, {}))
            marked = _mark(of_record, settings, now)
            lost = of_record(lambda tx: configuration_record.loses_answers(settings, tx), unread=False)
        on_machine = (*marked, *ground.machine_faults(settings))
    moved = advice.of_address(lost=lost)
    found = (*advice.setup_faults(settings), *on_day, *moved, *unlisted, *left, *orphaned, *on_machine)
    empty = gaps(settings.rota, (), now, now + _AHEAD)
    return {**_document(settings, empty, confined.result()), **_findings(found)}


class _OfRecord(Protocol):
    """Returns what `read` finds in the database file; `unread` where it cannot be read."""

    def __call__(self, read: Callable[[Transaction], T], unread: T) -> T: ...


@contextmanager
def _record(ground: DeskFiles, settings: Configuration) -> Iterator[_OfRecord]:
    """Yields the reader of the database file, opened once; `check` asks no server.

    A file that cannot be read is a mistake of its own.
    """
    with ExitStack() as opened:
        tx: Transaction | None = None
        if _is_file(settings):
            with suppress(ConfigurationError, StoreFailure):
                tx, _ = opened.enter_context(ground.evidence(settings))

        def of_record(read: Callable[[Transaction], T], unread: T) -> T:
            try:
                return unread if tx is None else read(tx)
            except (StoreFailure, RowUnreadable):
                return unread

        yield of_record


def _is_file(settings: Configuration) -> bool:
    return settings.desk.store.database.startswith("sqlite")


def _elections_added(tx: Transaction) -> list[advice.Period]:
    """Returns code and period of the elections that are open, exercises excepted."""
    found = tx.find(Election, where(Election.exercise).is_(False))
    return [(one.code, one.period_from, one.period_until) for one in found if one.closed_at is None]


def _referrers(tx: Transaction) -> tuple[list[str], list[str]]:
    """Returns the referrer's address of each referred case, and the domains that officers remembered."""
    cases = tx.find(Case, where(Case.origin).is_(Origin.REFERRAL), where(Case.exercise).is_(False))
    return [case.referrer_address or "" for case in cases], [row.id for row in attention.in_force(tx)]


def _taken(tx: Transaction) -> dict[str, list[str]]:
    """Returns the numbers of the undecided cases that somebody took, in the order of their opening, by officer."""
    taken: dict[str, list[str]] = {}
    for case in sorted(tx.find(Case, where(Case.state).is_(CaseState.OPEN)), key=lambda one: one.opened_at):
        if case.assigned_to is not None:
            taken.setdefault(case.assigned_to, []).append(case.number)
    return taken


def _mark(of_record: _OfRecord, settings: Configuration, now: datetime) -> tuple[SetupFault, ...]:
    """Returns what is wrong with the trial of the server's mark; a record on a server is not asked, `run` says it."""
    mailbox = settings.desk.mailbox
    exchange = mailbox.trusted.asked is AuthenticationMethod.EXCHANGE
    if not exchange or not _is_file(settings):
        return ()
    proof = of_record(lambda tx: tx.get(TrustProof, TrustMark.INTERNAL), None)
    return advice.of_mark(mailbox, proof, now, settings.zone)


def _findings(found: Sequence[SetupFault]) -> dict[str, Json]:
    ordered = sorted(found, key=lambda one: _WORST_FIRST.index(one.severity))
    return {
        "severity": ordered[0].severity if ordered else None,
        "findings": [{"code": one.code, "severity": one.severity, "text": one.text} for one in ordered],
        "faults": [one.text for one in ordered if one.severity is not Severity.NOTE],
        "warnings": [one.text for one in ordered if one.severity is Severity.NOTE],
    }


def _loaded(ground: DeskFiles, beside: Executor) -> tuple[Configuration, Future[Confinement]]:
    """Loads the settings and everything they refer to; `beside` finds out what confines the parser.

    Raises ConfigurationError with every fault.
    """
    directory = ground.directory.absolute()
    rules = rules_of(directory)
    words = ground.word_faults(rules) if rules.is_dir() else ()  # `load` reports the missing folder
    try:
        settings = load(directory)
        confined = beside.submit(ground.confinement, settings)
        faults = (*words, *ground.template_faults(settings))
    except ConfigurationError as error:
        faults = (*error.faults, *words)
    if faults:
        raise ConfigurationError(*faults)
    return settings, confined


def _document(settings: Configuration, empty: tuple[Span, ...], held: Confinement) -> dict[str, Json]:
    unasked = {CheckStep.DATABASE: _is_file(settings), CheckStep.REPLICA: settings.desk.store.replica is None}
    own = _OWN_STEPS | {step for step, is_so in unasked.items() if is_so}
    spans: list[Json] = [
        {"begins": begins.astimezone(settings.zone).isoformat(), "ends": ends.astimezone(settings.zone).isoformat()}
        for begins, ends in empty
    ]
    return {
        "elections": len(settings.election_list),
        "platforms": len(settings.platform_list),
        "channels": len(settings.channels),
        "officers": len(settings.oncall.officers),
        "rules": len(settings.rules.rules),
        "gaps": spans,
        "parser": {**asdict(held), "missing": held.missing},
        "only_online": [step for step in CheckStep if step not in own],
    }


def upgrade(ground: DeskFiles, _: Mapping[str, Json]) -> dict[str, Json]:
    """Migrates the database; returns {"revision"}. Raises ConfigurationError."""
    return {"revision": ground.upgrade_database()}
