# SPDX-License-Identifier: EUPL-1.2
"""Rules and templates that change while the daemon runs: taken when they are in order, else those before stay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail import logbook
from flaggermail.errors import ConfigurationError
from flaggermail.notices import notices
from flaggermail.record.alarms import AlarmKind, alarm, alarm_key
from flaggermail.rule_changes import versions
from flaggermail.rules.files import version_of
from flaggermail.services import Services, UnitOfWork


@dataclass
class Renewal:
    """Looks whether the files have changed; `load` gives an environment with what they say, or every fault in them.

    An editor may write a file in several steps, so a change is taken up once nothing has moved for one look. Whoever
    asks by a signal is not kept waiting.
    """

    stamp: Callable[[], Hashable]  # of the files: another one when any of them was written
    load: Callable[[Services], Services]  # raises ConfigurationError
    every: int = 1  # ticks from one look to the next; a signal is not kept waiting for it
    _asked: threading.Event = field(default_factory=threading.Event)
    _taken: Hashable = None
    _seen: Hashable = None
    _ticks: int = 0

    def __post_init__(self) -> None:
        self._taken = self._seen = self.stamp()

    def ask(self) -> None:
        """Look at the next tick, whether anything has changed or not."""
        self._asked.set()

    def tick(self, env: Services) -> Services:
        """The environment to go on with: a new one, or `env` itself."""
        asked = self._asked.is_set()
        self._asked.clear()
        self._ticks += 1
        if not asked and self._ticks % self.every:
            return env
        now, before = self.stamp(), self._seen
        self._seen = now
        if not asked and (now == self._taken or now != before):
            return env
        renewed, faults = self._read(env)
        if self.stamp() != now:  # written while it was read: what was read may be half of it
            if asked:
                self._asked.set()
            return env
        self._taken = now
        if renewed is None:
            _refuse(env, faults)
            return env
        versions.note(renewed)
        logbook.rules_renewed(renewed.settings.rules.version[:12], len(renewed.settings.rules.rules))
        return renewed

    def _read(self, env: Services) -> tuple[Services | None, Sequence[str]]:
        """What the files say now, or every fault in them."""
        try:
            return self.load(env), ()
        except ConfigurationError as refused:
            return None, refused.faults
        except OSError as fault:
            return None, (f"{Path(fault.filename or '').name}: {fault.strerror}",)


def _refuse(env: Services, found: Sequence[str]) -> None:
    """What is wrong stands in the log by place alone: a fault may quote what somebody typed into the wrong file."""
    logbook.rules_refused(len(found), " ".join(fault.partition(" ")[0] for fault in found[:5]))
    now = env.clock.now()
    faults = "\n".join(found[:5])
    key = alarm_key(AlarmKind.RULES_REFUSED, f"{version_of({'faults': faults.encode()})[:16]}/{now:%Y-%m-%d}")
    refused = alarm(AlarmKind.RULES_REFUSED, key, faults, now)
    with env.store.begin() as tx:
        notices.raise_alarm(UnitOfWork(env, tx, now), refused, "flaggermail rules check")
