# SPDX-License-Identifier: EUPL-1.2
"""Rules and templates that change while the daemon runs: taken when they are in order, else those before stay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from flaggermail import casework, inforce, logbook
from flaggermail.core.alarms import AlarmKind
from flaggermail.core.records import Alarm
from flaggermail.environment import Environment, Work
from flaggermail.errors import ConfigurationError
from flaggermail.settings_files.rule_files import version_of


@dataclass
class Renewal:
    """Looks whether the files have changed; `load` gives an environment with what they say, or every fault in them.

    An editor may write a file in several steps, so a change is taken up once nothing has moved for one look. Whoever
    asks by a signal is not kept waiting.
    """

    stamp: Callable[[], Hashable]  # of the files: another one when any of them was written
    load: Callable[[Environment], Environment]  # raises ConfigurationError
    _asked: threading.Event = field(default_factory=threading.Event)
    _taken: Hashable = None
    _seen: Hashable = None

    def __post_init__(self) -> None:
        self._taken = self._seen = self.stamp()

    def ask(self) -> None:
        """Look at the next tick, whether anything has changed or not."""
        self._asked.set()

    def tick(self, env: Environment) -> Environment:
        """The environment to go on with: a new one, or `env` itself."""
        now, before = self.stamp(), self._seen
        self._seen = now
        asked = self._asked.is_set()
        self._asked.clear()
        if not asked and (now == self._taken or now != before):
            return env
        self._taken = now
        try:
            renewed = self.load(env)
        except ConfigurationError as refused:
            _refuse(env, refused)
            return env
        inforce.note(renewed)
        logbook.rules_renewed(renewed.settings.rules.version[:12], len(renewed.settings.rules.rules))
        return renewed


def _refuse(env: Environment, refused: ConfigurationError) -> None:
    """What is wrong stands in the log by place alone: a fault may quote what somebody typed into the wrong file."""
    logbook.rules_refused(len(refused.faults), [fault.partition(" ")[0] for fault in refused.faults[:5]])
    now = env.clock.now()
    faults = "\n".join(refused.faults[:5])
    alarm = Alarm(
        id=f"{AlarmKind.RULES_REFUSED}/{version_of({'faults': faults.encode()})[:16]}/{now:%Y-%m-%d}",
        kind=AlarmKind.RULES_REFUSED.value, text=faults, raised_at=now,
    )  # fmt: skip
    with env.store.begin() as tx:
        casework.raise_alarm(Work(env, tx, now), alarm, "flaggermail rules check")
