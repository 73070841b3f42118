# SPDX-License-Identifier: EUPL-1.2
"""A desk in its own folder, played in simulated time: mail arrives, officers type commands, the daemon's loops run."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from flaggermail.cases.configuration_record import register_first
from flaggermail.cli.acting import typed
from flaggermail.intake import poll, rules_in_force
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.ports import Clock, Submitter
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.kinds import Direction
from flaggermail.record.rows import OutboxMail, Record, StoredMessage
from flaggermail.record.states import LEASE
from flaggermail.reminders import paging, sending
from flaggermail.rules.configuration import Configuration, load
from flaggermail.services import DAEMON, Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import (
    CountedRandomness,
    ListMailbox,
    ListPager,
    ScriptedSubmitter,
    SetClock,
)
from flaggermail.stories.scenario_file import ScriptedAnswer
from flaggermail.wiring.assembly import make_services
from flaggermail.wiring.databases import upgrade_database

R = TypeVar("R", bound=Record)


def with_shipped(folder: Path) -> None:
    """Copies rules and templates next to the configuration in `folder`, where the program looks for them."""
    shutil.copytree(shipped("rules"), folder / "rules")
    shutil.copytree(shipped("config") / "templates", folder / "templates")


def environment(folder: Path, clock: Clock, submit: Submitter, *, seed: str = "desk") -> Services:
    """Builds the real services on configuration, database and archive in `folder`; nothing reaches a network."""
    env = make_services(
        load(folder), clock=clock, randomness=CountedRandomness(seed), submit=submit, pager=ListPager(),
    )  # fmt: skip
    register_first(env, DAEMON)
    return env


@dataclass
class Played:
    """The desk, its clock, its mailbox and the script of its submission server."""

    env: Services
    clock: SetClock
    mailbox: ListMailbox
    script: list[ScriptedAnswer]
    folder: Path

    @classmethod
    def begin(cls, folder: Path, at: datetime) -> Played:
        """Creates a new desk in `folder`, which contains its configuration."""
        with_shipped(folder)
        upgrade_database(folder)
        clock, script = SetClock(at), list[ScriptedAnswer]()
        env = environment(folder, clock, ScriptedSubmitter(clock, script))
        rules_in_force.note(env)
        return cls(env, clock, ListMailbox(env.settings.desk.mailbox), script, folder)

    # ---- time

    def go_to(self, at: datetime) -> None:
        """Advances the clock to `at`, and runs on the way what the rows say is due."""
        while (due := self._next_due()) is not None and due < at:
            self.clock.set(due)
            self.settle()
        self.clock.set(at)

    def wait(self, minutes: float) -> None:
        """Advances the clock by that many minutes."""
        self.go_to(self.clock.now() + timedelta(minutes=minutes))
        self.settle()

    def settle(self) -> None:
        """Runs once what the daemon's loops do."""
        poll.look(self.env, self.mailbox)
        delivery.drain(self.env)
        sending.tick(self.env)
        paging.tick(self.env)
        digest.tell_held_back(self.env)
        delivery.drain(self.env)
        paging.drain(self.env)

    def _next_due(self) -> datetime | None:
        now = self.clock.now()
        with self.env.store.read() as tx:
            instants = (delivery.next_due(tx), sending.next_due(self.env, tx))
        return min((at for at in instants if at is not None and at > now), default=None)

    # ---- what people do

    def do(self, *words: str, by: str = "officer1") -> str:
        """Runs a command line as an officer; returns what it prints. Raises Refusal."""
        return typed(self.env, by, words)

    def receive(self, octets: bytes) -> StoredMessage:
        """Delivers a mail to the inbox; returns the newest message then stored."""
        self.mailbox.deliver("inbox", octets, self.clock.now())
        self.settle()
        return self.all(StoredMessage, where(StoredMessage.direction).is_(Direction.IN))[-1]

    @contextlib.contextmanager
    def server_says(self, code: int, recipient: str | None = None) -> Iterator[None]:
        """Makes the submission server answer this meanwhile: 0 is no connection, -1 no answer after the final dot."""
        self.script[:] = [ScriptedAnswer(to=recipient, code=code, text="as the script says")]
        yield
        self.script.clear()

    @contextlib.contextmanager
    def settings(self, settings: Configuration) -> Iterator[None]:
        """Gives the desk other settings meanwhile."""
        before, self.env = self.env, replace(self.env, settings=settings)
        yield
        self.env = before

    # ---- what is stored

    def all(self, kind: type[R], *conditions: FieldCondition) -> list[R]:
        """Returns the rows of that kind."""
        with self.env.store.read() as tx:
            return tx.find(kind, *conditions)

    def sent(self, *conditions: FieldCondition) -> OutboxMail:
        """Returns the last outbox mail that meets the conditions."""
        return self.all(OutboxMail, *conditions)[-1]

    def end(self) -> None:
        """Stops as a daemon does: the lease is released, and the database is one file."""
        self.env.store.acquire(LEASE, "desk.example:1:2027-06-12T00:00:00Z", 60)
        self.env.store.release()
        self.env.close()
