# SPDX-License-Identifier: EUPL-1.2
"""Plays a scenario (mails and acts) through the live code in simulated time, and compares the outcome.

Only clock, randomness, mailbox, submitter and pager differ from the daemon's. Acts go through the command line's own
parser.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from flaggermail.intake import poll
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.reminders import reminders
from flaggermail.rule_changes import versions
from flaggermail.rules.configuration import Configuration, load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ListMailbox, ScriptedSubmitter, SetClock
from flaggermail.stories.given import prepare, read_policies
from flaggermail.stories.replayed import Report, report
from flaggermail.stories.scenario import Scenario, read

__all__ = ["Report", "instants", "play"]

Command = Callable[[Services, str, Sequence[str]], str]
Build = Callable[[Configuration, Path, Clock, Randomness, Submitter], Services]


def play(path: Path, command: Command, build: Build) -> Report:
    """Plays the scenario in folder `path`. Raises ConfigurationError if it is faulty, Refusal if an act is refused."""
    scenario = read(path)
    settings = load(
        scenario.config, None if (scenario.config / "rules").is_dir() else shipped("rules"), _templates(scenario)
    )
    clock, mailbox = SetClock(scenario.instants()[0]), ListMailbox(settings.desk.mailbox)
    submitter = ScriptedSubmitter(clock, scenario.submission)
    with tempfile.TemporaryDirectory(prefix="flaggermail-") as folder:
        env = build(settings, Path(folder), clock, CountedRandomness(scenario.title), submitter)
        try:
            prepare(env, scenario)
            versions.note(env)
            _run(env, scenario, clock, mailbox, command)
            return report(env, scenario)
        finally:
            env.close()


def _templates(scenario: Scenario) -> Path | None:
    own = scenario.config / "templates"
    return None if own.is_dir() else shipped("config") / "templates"


def _run(env: Services, scenario: Scenario, clock: SetClock, mailbox: ListMailbox, command: Command) -> None:
    for now in instants(env, scenario):
        clock.set(now)
        if scenario.readings_at(now):
            env = read_policies(env, now)
        for mail in scenario.mails_at(now):
            mailbox.deliver(mail.folder, mail.octets(env), now)
        poll.look(env, mailbox)
        for act in scenario.acts_at(now):
            with contextlib.chdir(scenario.folder):
                command(env, act.by, act.words)
        _run_ticks(env)


def instants(env: Services, scenario: Scenario) -> Iterator[datetime]:
    """Yields the instants of the scenario and those at which something is due according to the rows, in order.

    The caller sets the clock of `env` to each.
    """
    planned = list(scenario.instants())
    while planned:
        due = _next_due(env, env.clock.now())
        now = min(planned[0], due) if due is not None else planned[0]
        if planned[0] == now:
            planned.pop(0)
        yield now


def _run_ticks(env: Services) -> None:
    """Does the work of the daemon's ticks: sends mail, queues reminders and the digest, sends those."""
    delivery.drain(env)
    reminders.tick(env)
    digest.tell_held_back(env)
    delivery.drain(env)


def _next_due(env: Services, now: datetime) -> datetime | None:
    with env.store.read() as tx:
        found = (delivery.next_due(tx), reminders.next_due(env, tx))
    return min((at for at in found if at is not None and at > now), default=None)
