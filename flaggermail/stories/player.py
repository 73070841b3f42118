# SPDX-License-Identifier: EUPL-1.2
"""Plays a story: its mails, readings and acts at their instants, on a stage, before an audience.

A stage is a desk and what stands around it. A replay has one in this process, whose time is simulated throughout; the
demo has one with the real daemon and real sockets. The order within an instant is the same on both: what is due, the
policies that were read, the mails, the acts, and what follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.reminders import sending
from flaggermail.services import Services
from flaggermail.stories.scenario import Incoming, Scenario
from flaggermail.stories.scenario_file import EnteredCommand


class StoryStage(Protocol):
    """A desk on which a story is played."""

    env: Services

    def reach(self, now: datetime) -> None:
        """Sets the clock to `now`."""
        ...

    def read_policies(self, at: datetime) -> None:
        """Has an officer read the policies of all platforms."""
        ...

    def deliver(self, mail: Incoming) -> None:
        """Puts a mail into the mailbox. Raises OSError."""
        ...

    def take_in(self) -> None:
        """Has the desk take in what was delivered."""
        ...

    def do(self, act: EnteredCommand) -> str:
        """Runs an officer's command line; returns its output. Raises Refusal."""
        ...

    def settle(self) -> None:
        """Has the desk do all that is due at this instant."""
        ...


class Audience:
    """Watches a story, and says nothing."""

    def remark(self, at: datetime, text: str) -> None:
        """Is told what the story says of its next event."""

    def typed(self, act: EnteredCommand, printed: str) -> None:
        """Is shown an act and its output."""

    def settled(self, acts: Sequence[EnteredCommand]) -> None:
        """Sees the desk when nothing is left to do, after these acts."""


def play(stage: StoryStage, story: Scenario, audience: Audience) -> None:
    """Plays the story from its first instant to its last. Raises Refusal if an act is refused, OSError."""
    for now in _instants(stage, story):
        stage.reach(now)
        audience.settled(())
        for reading in [reading for reading in story.file.policies_read if reading.at == now]:
            audience.remark(now, reading.tell)
            stage.read_policies(now)
        for mail in [mail for mail in story.mails if mail.at == now]:
            audience.remark(now, mail.tell)
            stage.deliver(mail)
        stage.take_in()
        acts = [act for act in story.file.acts if act.at == now]
        for act in acts:
            audience.remark(now, act.tell)
            audience.typed(act, stage.do(act))
        stage.settle()
        audience.settled(acts)


def _instants(stage: StoryStage, story: Scenario) -> Iterator[datetime]:
    """Yields the instants of the story and those at which something is due according to the rows, in order."""
    planned = list(story.instants())
    while planned:
        due = _next_due(stage.env, stage.env.clock.now())
        now = min(planned[0], due) if due is not None else planned[0]
        if planned[0] == now:
            planned.pop(0)
        yield now


def _next_due(env: Services, now: datetime) -> datetime | None:
    with env.store.read() as tx:
        found = (delivery.next_due(tx), sending.next_due(env, tx), digest.noise_due(env, tx))
    return min((at for at in found if at is not None and at > now), default=None)
