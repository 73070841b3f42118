# SPDX-License-Identifier: EUPL-1.2
"""Which rules and templates are in force: on record with their period, and reloaded while the daemon runs.

Valid ones are used, otherwise the previous ones stay in force.
"""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flaggermail import logbook
from flaggermail.errors import ArchiveFailure, ConfigurationError, StoreAway, StoreBusy
from flaggermail.notices import notices
from flaggermail.ports import Transaction
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Versioned
from flaggermail.record.rows import InForce
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.rules.files import version_of
from flaggermail.services import DAEMON, Services, UnitOfWork
from flaggermail.wording.alarms import AlarmText

RULES, TEMPLATES = Versioned.RULES, Versioned.TEMPLATES
_EVENTS = {RULES: EventKind.RULES_IN_FORCE, TEMPLATES: EventKind.TEMPLATES_IN_FORCE}


def note(env: Services, actor: str = DAEMON) -> None:
    """Records the rules and templates of `env` if they differ from those recorded as in force."""
    files = {RULES: env.settings.rules.files, TEMPLATES: env.templates.files()}
    versions = {what: version_of(of) for what, of in files.items()}
    with env.store.read() as tx:
        new = [what for what in files if _in_force(tx, what, versions[what]) is None]
    if not new:
        return
    digests = {what: env.octets.put(archived(files[what])) for what in new}
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, env.clock.now(), actor)
        for what in new:
            _record(work, what, versions[what], digests[what])


def _in_force(tx: Transaction, what: Versioned, version: str) -> InForce | None:
    return next(
        (
            row
            for row in tx.find(InForce, where(InForce.version).is_(version))
            if row.what == what and row.until is None
        ),
        None,
    )


def _record(work: UnitOfWork, what: Versioned, version: str, digest: str) -> None:
    if _in_force(work.tx, what, version) is not None:
        return  # another process has recorded it
    before = [row for row in work.tx.find(InForce, where(InForce.what).is_(what)) if row.until is None]
    number = work.tx.number("in force")
    row = InForce(id=f"{what} {number}", what=what, version=version, digest=digest, since=work.now)
    ended = [changed(old, replace(old, until=work.now)) for old in before]
    work.record(_EVENTS[what], *ended, added(row), reason=version)


def archived(files: Mapping[str, bytes]) -> bytes:
    """Returns the files as one tar (POSIX.1-2001). Deterministic: without owner and time."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, octets in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(octets)
            tar.addfile(member, io.BytesIO(octets))
    return stream.getvalue()


REFUSED = "changed, with faults at {places}; those of before stay in force: see `flaggermail rules check`"


@dataclass
class RuleReloader:
    """Checks whether the files have changed. `load` returns services with the new content or raises with every fault.

    Editors may write a file in several steps, so a change is loaded once nothing has changed between two checks. A
    request by signal is served without that wait.
    """

    stamp: Callable[[], Hashable]  # changes whenever one of the files is written
    load: Callable[[Services], Services]  # raises ConfigurationError
    every: int = 1  # ticks between two checks; a signal does not wait for them
    refused: str = ""  # what stands against the files as they are now; the status shows it to all
    _requested: threading.Event = field(default_factory=threading.Event)
    _loaded: Hashable = None
    _seen: Hashable = None
    _ticks: int = 0

    def __post_init__(self) -> None:
        self._loaded = self._seen = self.stamp()

    def request(self) -> None:
        """Requests a reload at the next tick, changed or not."""
        self._requested.set()

    def tick(self, env: Services) -> Services:
        """Returns the services to continue with: new ones, or `env` unchanged."""
        requested = self._requested.is_set()
        self._requested.clear()
        self._ticks += 1
        if not requested and self._ticks % self.every:
            return env
        now, before = self.stamp(), self._seen
        self._seen = now
        if not requested and (now == self._loaded or now != before):
            return env
        renewed, faults = self._read(env)
        if self.stamp() != now:  # a file was written during reading, so what was read may be incomplete
            if requested:
                self._requested.set()
            return env
        try:
            if renewed is None:
                _tell(env, faults, AlarmText.RULES)
            else:
                note(renewed)
        except (StoreAway, StoreBusy, ArchiveFailure):
            self._requested.set()  # nothing of it is on record: again at the next tick
            raise
        self._loaded = now
        self.refused = REFUSED.format(places=", ".join(_places(faults))) if faults else ""
        if renewed is None:
            return env
        logbook.rules_renewed(renewed.settings.rules.version[:12], len(renewed.settings.rules.rules))
        return renewed

    def _read(self, env: Services) -> tuple[Services | None, Sequence[str]]:
        """Returns what the files contain, or every fault in them."""
        try:
            return self.load(env), ()
        except ConfigurationError as refused:
            return None, refused.faults
        except OSError as fault:
            return None, (f"{Path(fault.filename or '').name}: {fault.strerror}",)


def _places(found: Sequence[str]) -> list[str]:
    return [fault.partition(" ")[0] for fault in found[:5]]


def tell_broken(env: Services) -> None:
    """Tells of templates that could not be filled in lately: no check of their text had shown it."""
    if broken := env.templates.broken():
        _tell(env, broken, AlarmText.TEMPLATE)


def _tell(env: Services, found: Sequence[str], text: AlarmText) -> None:
    """Raises an alarm. The log names only places, as a fault may quote text that was typed into the wrong file."""
    places = _places(found)
    logbook.rules_refused(len(found), " ".join(places))
    now = env.clock.now()
    faults = "\n".join(found[:5])
    key = alarm_key(AlarmKind.RULES_REFUSED, f"{version_of({'faults': faults.encode()})[:16]}/{now:%Y-%m-%d}")
    refused = alarm(AlarmKind.RULES_REFUSED, key, text(faults=faults, places=places), now)
    of_templates = any(fault.startswith(f"{env.settings.templates.name}/") for fault in found)
    with env.store.begin() as tx:
        command = "flaggermail check" if of_templates else "flaggermail rules check"
        notices.raise_alarm(UnitOfWork(env, tx, now), refused, command)
