# SPDX-License-Identifier: EUPL-1.2
"""A story in which one node hands over to another at each minute has the figures of a quiet one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from flaggermail.cli.acting import typed
from flaggermail.daemon.starting import ArchiveWatch, recover
from flaggermail.ports import Clock, Randomness, Submitter
from flaggermail.record.states import LEASE
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.stories import replay
from flaggermail.stories.doubles import CountedRandomness, ListMailbox, ScriptedSubmitter, SetClock
from flaggermail.stories.replay import Command, SimulatedDesk
from flaggermail.stories.scenario_file import EnteredCommand
from tests.corpus import one_in
from tests.doubles import migrated
from tests.doubles.scenarios import SCENARIOS, Keeping

STORY, ELECTION = "S05", "PS2027"
LASTS = 136  # minutes, from the referral to the person's answer
MINUTE = timedelta(minutes=1)
_RANDOM = re.compile(r"vf\.[0-9a-f]{32}|(?<=VF-PS2027-0003-)[A-HJ-NP-Z2-9]{4}")
Chosen = Callable[[int], bool]


@dataclass
class HandingOver(SimulatedDesk):
    """A desk whose leader hands over at some minutes: before all that happens then, and between its steps."""

    other: Services
    chosen: Chosen
    began: datetime
    times: int = 0

    def hand_over(self) -> None:
        """Ends one daemon as SIGTERM does, and starts the work of the one that waited, if this minute is chosen."""
        if self.chosen((self.clock.now() - self.began) // MINUTE):
            self.env.store.release()
            self.env, self.other = replace(self.other, settings=self.env.settings), self.env
            self.lead()
            recover(self.env, ArchiveWatch(lambda: None, lambda: 0.0), None, observe=False)

    def lead(self) -> None:
        """Takes the lease."""
        self.times += 1
        self.env.store.acquire(LEASE, f"node {self.times}", 60)

    def reach(self, now: datetime) -> None:
        """Lets each minute pass, in which a daemon does what is due."""
        while (at := self.clock.now() + MINUTE) < now:
            super().reach(at)
            self.hand_over()
            super().settle()
        super().reach(now)
        self.hand_over()

    def take_in(self) -> None:
        """Looks at the mailbox, on either node."""
        super().take_in()
        self.hand_over()

    def do(self, act: EnteredCommand) -> str:
        """Does an act at the door of the node that does not lead."""
        leader, self.env = self.env, replace(self.other, settings=self.env.settings)
        try:
            return super().do(act)
        finally:
            self.env = leader

    def settle(self) -> None:
        """Does what is due, on one node and on the other."""
        self.hand_over()
        super().settle()
        self.hand_over()
        super().settle()


@dataclass(frozen=True)
class Outcome:
    """What is left of a story: its report, its figures, and how often each mail was handed to the server."""

    report: object
    figures: str
    sent: tuple[str, ...]
    leaders: int


def outcome(folder: Path, chosen: Chosen | None) -> Outcome:
    """Plays the story with a hand-over in each minute that is chosen; without `chosen` on one desk."""
    sent: list[tuple[str, bytes]] = []
    desks: list[HandingOver] = []
    last: list[tuple[Configuration, Clock]] = []

    def build(settings: Configuration, _: Path, clock: Clock, randomness: Randomness, submit: Submitter) -> Services:
        last.append((settings, clock))
        return migrated.replayed(settings, folder, clock, randomness, Keeping(submit, sent))

    def two(
        env: Services, clock: SetClock, mailbox: ListMailbox, command: Command, place: Path
    ) -> SimulatedDesk:  # fmt: skip
        if chosen is None:
            return SimulatedDesk(env, clock, mailbox, command, place)
        other = migrated.replayed(env.settings, folder, clock, env.randomness, env.submitter)
        stack.callback(other.close)
        desks.append(HandingOver(env, clock, mailbox, command, place, other, chosen, clock.now()))
        desks[0].lead()
        return desks[0]

    with ExitStack() as stack:
        report = replay.play(SCENARIOS / STORY, typed, build, two)
        assert report.differences == ()
    with _opened(*last[0], folder) as env:
        figures = typed(env, "officer1", ["latency", "--election", ELECTION, "--json"])
        with env.store.read() as tx:
            assert not tx.verify().findings
    named = tuple(sorted(f"{to} {_plain(octets.decode())}" for to, octets in sent))
    return Outcome(_plain(repr(report.json)), _plain(figures), named, desks[0].times if desks else 1)


def _plain(text: str) -> str:
    return _RANDOM.sub("random", text)


@contextmanager
def _opened(settings: Configuration, clock: Clock, folder: Path) -> Iterator[Services]:
    now = SetClock(clock.now())
    env = migrated.replayed(settings, folder, now, CountedRandomness("later"), ScriptedSubmitter(now))
    try:
        yield env
    finally:
        env.close()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Returns the outcome on one desk."""
    return outcome(tmp_path_factory.mktemp("quiet"), None)


def test_hand_overs_in_every_minute_change_nothing(quiet: Outcome, tmp_path: Path) -> None:
    """In one run each minute has a hand-over, and each in which something happens one between all its steps."""
    found = outcome(tmp_path, lambda _: True)
    assert found.leaders > LASTS
    assert (found.report, found.figures, found.sent) == (quiet.report, quiet.figures, quiet.sent)


@pytest.mark.parametrize("minute", one_in(LASTS + 1, range(LASTS + 1), 34))
def test_a_hand_over_in_one_minute_changes_nothing(quiet: Outcome, tmp_path: Path, minute: int) -> None:
    """In one run for each minute, only that one has hand-overs."""
    found = outcome(tmp_path, partial(int.__eq__, minute))
    assert found.leaders > 1
    assert (found.report, found.figures, found.sent) == (quiet.report, quiet.figures, quiet.sent)
