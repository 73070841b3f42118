# SPDX-License-Identifier: EUPL-1.2
"""Plays a scenario (mails and acts) through the live code in simulated time, and compares the outcome.

Only clock, randomness, mailbox, submitter and pager differ from the daemon's. Acts go through the command line's own
parser.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flaggermail.intake import poll, rules_in_force
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.reminders import sending
from flaggermail.rules.configuration import Configuration, load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories import player
from flaggermail.stories.doubles import CountedRandomness, ListMailbox, ScriptedSubmitter, SetClock
from flaggermail.stories.given import prepare, read_policies
from flaggermail.stories.replayed import Report, report
from flaggermail.stories.scenario import Incoming, Scenario, read
from flaggermail.stories.scenario_file import EnteredCommand

__all__ = ["Report", "SimulatedDesk", "play"]

Command = Callable[[Services, str, Sequence[str]], str]
Build = Callable[[Configuration, Path, Clock, Randomness, Submitter], Services]
Stage = Callable[[Services, SetClock, ListMailbox, Command, Path], player.StoryStage]


@dataclass
class SimulatedDesk:
    """A desk in this process, on which all but clock, randomness, mailbox, submitter and pager is as in the daemon."""

    env: Services
    clock: SetClock
    mailbox: ListMailbox
    command: Command
    folder: Path  # of the scenario, in which acts find their files

    def reach(self, now: datetime) -> None:
        """Sets the clock."""
        self.clock.set(now)

    def read_policies(self, at: datetime) -> None:
        """Has an officer read the policies of all platforms."""
        self.env = read_policies(self.env, at)

    def deliver(self, mail: Incoming) -> None:
        """Puts a mail into the mailbox."""
        self.mailbox.deliver(mail.folder, mail.octets(self.env), mail.at)

    def take_in(self) -> None:
        """Looks at the mailbox."""
        poll.look(self.env, self.mailbox)

    def do(self, act: EnteredCommand) -> str:
        """Runs an officer's command line; returns its output. Raises Refusal."""
        with contextlib.chdir(self.folder):
            return self.command(self.env, act.by, act.words)

    def settle(self) -> None:
        """Does the work of the daemon's ticks: sends mail, queues reminders and both digests, sends those."""
        delivery.drain(self.env)
        sending.tick(self.env)
        digest.tell_held_back(self.env)
        digest.tell_noise(self.env)
        delivery.drain(self.env)


def play(path: Path, command: Command, build: Build, stage: Stage = SimulatedDesk) -> Report:
    """Plays the scenario in folder `path`. Raises ConfigurationError if it is faulty, Refusal if an act is refused."""
    scenario = read(path)
    settings = load(
        scenario.config, None if (scenario.config / "rules").is_dir() else shipped("rules"), _templates(scenario)
    )
    clock, mailbox = SetClock(scenario.instants()[0]), ListMailbox(settings.desk.mailbox)
    submitter = ScriptedSubmitter(clock, scenario.file.submission)
    with tempfile.TemporaryDirectory(prefix="flaggermail-") as folder:
        env = build(settings, Path(folder), clock, CountedRandomness(scenario.file.title), submitter)
        try:
            prepare(env, scenario)
            rules_in_force.note(env)
            player.play(stage(env, clock, mailbox, command, scenario.folder), scenario, player.Audience())
            return report(env, scenario)
        finally:
            env.close()


def _templates(scenario: Scenario) -> Path | None:
    own = scenario.config / "templates"
    return None if own.is_dir() else shipped("config") / "templates"
