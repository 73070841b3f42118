# SPDX-License-Identifier: EUPL-1.2
"""A desk that is killed at one use of a port, and the same desk started again: `crashing.py`, told by standard input.

Each line is a desk to run once, as JSON; the answer is how its process ended. Every desk is a process of its own,
forked from this one, which has done all that is slow and holds no thread and no database. The wrapping is the test's
own wiring; the product has no hook for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from flaggermail.adapters.clock.clock import SystemRandomness
from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.citizens import retention
from flaggermail.health import mailbox_monitor
from flaggermail.intake import poll
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.ports import Accepted, Mailbox, Matcher, Position, RawMessage, Submission, Transaction
from flaggermail.replay.doubles import ListMailbox, ScriptedSubmitter, SetClock
from flaggermail.services import Services
from flaggermail.settings.model import RateLimitSettings
from flaggermail.settings.reading import load
from flaggermail.shipped import shipped
from tests.doubles import migrated
from tests.flow.faulty_desk import forked
from tests.story.conftest import CONFIG, NOW
from tests.story.crash_points import MODULES, PORTS, Point, module_of, points

P = TypeVar("P")
HANDED_OVER = "handed-over"  # one line a submission: recipient and digest of the octets
UNJUDGEABLE = "kan niet beoordeeld worden"


@dataclass
class Crash:
    """Kills this process before or after the `nth` use of a port at `point`."""

    point: Point
    when: str
    nth: int
    _uses: int = field(default=0, init=False)
    _lines: frozenset[tuple[str, int, str]] = field(default=frozenset(), init=False)

    def __post_init__(self) -> None:
        self._lines = frozenset((p.module, p.line, f"{p.port}.{p.method}") for p in points())
        assert len(self._lines) == len(points()), "two equal uses on one line cannot be told apart"

    def here(self, module: str, line: int, use: str) -> bool:
        """Whether this use is the one."""
        wanted = (self.point.module, self.point.line, f"{self.point.port}.{self.point.method}")
        self._uses += (module, line, use) == wanted
        return self._uses == self.nth and (module, line, use) == wanted

    def at(self, when: str) -> None:
        """End as a power cut does, if it is to be now."""
        if when == self.when:
            os.kill(os.getpid(), signal.SIGKILL)


def watched(port: P, name: str, crash: Crash) -> P:
    """The port, with the crash behind it."""

    def find(_: object, method: str) -> object:
        caller = sys._getframe(1)  # noqa: SLF001 - the only way to learn which line asks
        file = Path(caller.f_code.co_filename)
        whole = getattr(port, method)
        module = module_of(file)
        if module not in MODULES or not callable(whole):
            return whole
        if method in {"begin", "read"}:
            return lambda: _unit(whole(), crash, here=crash.here(module, caller.f_lineno, f"{name}.{method}"))
        if not crash.here(module, caller.f_lineno, f"{name}.{method}"):
            return whole
        return _crashing(whole, crash)

    proxy: P = type("Watched", (), {"__getattr__": find})()
    return proxy


def _crashing(whole: Callable[..., object], crash: Crash) -> Callable[..., object]:
    def call(*words: object, **named: object) -> object:
        crash.at("before")
        answer = whole(*words, **named)
        if isinstance(answer, Iterator):
            answer = iter(list(answer))
        crash.at("after")
        return answer

    return call


@contextmanager
def _unit(unit: AbstractContextManager[Transaction], crash: Crash, *, here: bool) -> Iterator[Transaction]:
    """After its end is after the commit."""
    if here:
        crash.at("before")
    with unit as tx:
        yield watched(tx, "tx", crash)
    if here:
        crash.at("after")


class NotingSubmitter(ScriptedSubmitter):
    """Accepts everything, and what it accepted outlives the process."""

    def __init__(self, clock: SetClock, file: Path) -> None:
        super().__init__(clock)
        self._file, self._at = file, clock

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """One result a recipient."""
        assert sender
        del witness
        with self._file.open("a", encoding="ascii") as file:
            file.writelines(f"{recipient} {hashlib.sha256(octets).hexdigest()}\n" for recipient in recipients)
        return [Accepted(recipient, self._at.now(), "250 accepted") for recipient in recipients]


@dataclass(frozen=True)
class FailingMatcher:
    """Fails on one mail, as an unforeseen fault of the judgement would."""

    matcher: Matcher

    def search(self, pattern: str, text: str) -> str | None:
        """The first match, save in that mail."""
        found = self.find(pattern, text)
        return text[slice(*found)] if found else None

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """The same, where it stands."""
        if UNJUDGEABLE in text:
            raise RuntimeError("a fault of the judgement")
        return self.matcher.find(pattern, text)


class WithoutSent(ListMailbox):
    """A mailbox in which the folder of sent mail bears another name than in the settings."""

    def folders(self) -> Sequence[str]:
        """The others."""
        return [name for name in super().folders() if name != self.names["sent"]]

    def fetch_after(self, folder: str, position: Position) -> Iterator[Sequence[RawMessage]]:
        """What came hours ago in a batch of its own, as in a mailbox that nobody read for long."""
        for batch in super().fetch_after(folder, position):
            for _, some in groupby(batch, lambda raw: raw.internaldate < NOW - timedelta(hours=2)):
                yield list(some)


def letters(folder: Path) -> Iterator[tuple[datetime, bytes]]:
    """The mails that wait, each with its instant of arrival."""
    for path in sorted((folder / "mails").iterdir()):
        yield datetime.fromisoformat(path.stem.partition(" ")[2]), path.read_bytes()


def run_once(env: Services, mailbox: Mailbox) -> None:
    """What a daemon does from its start until it has nothing more to do."""
    delivery.recover(env)
    with env.store.read() as tx:
        cursor = tx.cursor(env.settings.desk.mailbox.inbox)
    read_at = cursor.looked_at if cursor else None
    mailbox_monitor.keep(
        env, env.clock.now() - read_at if read_at else timedelta(hours=1)
    )  # it was out of reach until now
    poll.look(env, mailbox)
    digest.tell_held_back(env)
    delivery.drain(env)
    retention.tick(env)


def run_desk(equipment: Services, folder: Path, crash: Crash | None, at: datetime) -> None:
    """Run the desk of `folder` once."""
    clock = SetClock(at)
    mailbox = WithoutSent(equipment.settings.desk.mailbox)
    for arrived, octets in letters(folder):
        mailbox.deliver("inbox", octets, arrived)
    env = replace(
        equipment,
        store=SqlStore(f"sqlite:///{folder}/scenario.db", SystemRandomness().salt),
        octets=FileBlobStore(folder / "archive"),
        submitter=NotingSubmitter(clock, folder / HANDED_OVER),
        clock=clock,
        randomness=SystemRandomness(),
        matcher=FailingMatcher(equipment.matcher),
    )
    if crash is None:
        run_once(env, mailbox)
        return
    wrapped = {name: watched(getattr(env, name), name, crash) for name in PORTS}
    run_once(replace(env, **wrapped), watched(mailbox, "mailbox", crash))


def main() -> None:
    """Run the desks that are asked for."""
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    poll.FLOOD = 3  # what waits for the desk is a flood, and more than one mail a minute a storm
    stormy = settings.desk.model_copy(update={"rate_limits": RateLimitSettings(burst=1)})
    settings = settings.model_copy(update={"desk": stormy})
    known = {str(point): point for point in points()}
    with tempfile.TemporaryDirectory() as scratch:
        clock = SetClock(NOW)
        equipment = migrated.replayed(settings, Path(scratch), clock, SystemRandomness(), ScriptedSubmitter(clock))
        equipment.store.close()
        for line in sys.stdin:
            asked = json.loads(line)
            crash = Crash(known[asked["point"]], asked["when"], asked["nth"]) if asked["point"] else None
            folder, at = Path(asked["folder"]), datetime.fromisoformat(asked["at"])
            status = forked(lambda: run_desk(equipment, folder, crash, at))  # noqa: B023 - has ended before the next
            sys.stdout.write(f"{status}\n")
            sys.stdout.flush()
        equipment.close()


if __name__ == "__main__":
    main()
