# SPDX-License-Identifier: EUPL-1.2
"""A desk on the morning of 6 June 2024: real store and archive, a set clock, a server that accepts all mail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from flaggermail.cli.session import Session
from flaggermail.intake.ingest import ingest
from flaggermail.outbox import delivery
from flaggermail.ports import RawMessage
from flaggermail.record.kinds import Direction
from flaggermail.reminders import sending
from flaggermail.rules.configuration import Configuration, load
from flaggermail.services import Services
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import CountedRandomness, ScriptedSubmitter, SetClock
from tests import asking
from tests.command_line import Ran, type_here
from tests.doubles import migrated

CONFIG = Path(__file__).parents[2] / "config"
VOUCHED = (
    "Authentication-Results: mx.bzk.example; dmarc=pass header.from={domain}\r\n"
    "Received: from mail.{domain} by mx.bzk.example; Thu, 6 Jun 2024 11:06:00 +0000\r\n"
)


class Desk:
    """Types command lines as an officer, and advances the clock."""

    def __init__(self, env: Services, clock: SetClock, folder: Path) -> None:
        self.env, self.clock, self.folder = env, clock, folder
        self._uid = 0

    def type(self, *words: str, officer: str = "officer1", text: str = "") -> Ran:
        """Runs a command line; `text` is its standard input."""
        return type_here(words, Session(CONFIG, given=self.env, officer=officer), text)

    def done(self, *words: str, officer: str = "officer1", text: str = "") -> str:
        """Runs a command line that must succeed; returns its output."""
        ran = self.type(*words, officer=officer, text=text)
        assert (ran.status, ran.err) == (0, ran.err), ran
        return ran.out

    def go_to(self, instant: str) -> None:
        """Sets the clock to that instant and does the daemon's work due by then."""
        self.clock.set(datetime.fromisoformat(instant))
        delivery.drain(self.env)
        sending.tick(self.env)
        delivery.drain(self.env)

    def receive(self, octets: bytes) -> str:
        """Takes in a mail that arrives now; returns its id."""
        self._uid += 1
        ingest(self.env, RawMessage(octets, self.clock.now(), "INBOX", "1", str(self._uid)))
        return max(message.id for message in asking.messages(self.env, direction=Direction.IN))

    def drafted(self) -> None:
        """Makes a case that has a draft."""
        self.done(
            "case", "open", "--election", "EP2024", "--type", "D_general_warning", "--origin", "earlier_cases",
            "--title", "Two boxes coloured on one list",
        )  # fmt: skip
        form = self.folder / "form.yaml"
        form.write_text("incorrect: true\ncriteria: [1]\n", encoding="utf-8")
        self.done("case", "assess", "VF-EP2024-0001", str(form))
        self.done("case", "decide", "VF-EP2024-0001", "notify", "--reason", "such votes are invalid")
        self.done("notify", "VF-EP2024-0001", "--channel", "x-urgent")

    def notified(self) -> str:
        """Makes a case whose notification was sent at 10:34; returns the number of the case."""
        self.drafted()
        self.done("approve", "VF-EP2024-0001/1")
        self.go_to("2024-06-06T10:34:00+02:00")
        return "VF-EP2024-0001"


def opened(settings: Configuration, folder: Path) -> Desk:
    """Builds a desk at 10:33 in `folder`."""
    clock = SetClock(datetime.fromisoformat("2024-06-06T10:33:00+02:00"))
    env = migrated.replayed(settings, folder, clock, CountedRandomness("desk"), ScriptedSubmitter(clock))
    return Desk(env, clock, folder)


@pytest.fixture(scope="session")
def settings() -> Configuration:
    """Returns the elections, platforms and officers of tests/config, with the shipped rules and templates."""
    return load(CONFIG, shipped("rules"), shipped("config") / "templates")


@pytest.fixture(scope="session")
def fresh(settings: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a database made once; a copy is faster than a new one for each test."""
    folder = tmp_path_factory.mktemp("fresh")
    opened(settings, folder).env.close()
    return folder / "scenario.db"


@pytest.fixture
def desk(settings: Configuration, fresh: Path, tmp_path: Path) -> Iterator[Desk]:
    """Returns an empty desk."""
    shutil.copy(fresh, tmp_path / "scenario.db")
    desk = opened(settings, tmp_path)
    yield desk
    desk.env.close()
