# SPDX-License-Identifier: EUPL-1.2
"""Runs desks that are killed at one use of a port, or not, as requested on standard input.

Each line is a desk to run once, as JSON; the answer is the status of its process. Each desk is a process of its own,
forked from this one, which has done all slow work and holds no thread and no database: it has read the mails of the
first desk, compiled its statements and templates. The test wraps the ports itself; the product has no hook for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
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

from flaggermail.adapters.db.store import SqlStore
from flaggermail.adapters.files.blob_store import FileBlobStore
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.adapters.system.clock import SystemRandomness
from flaggermail.cases import erasure
from flaggermail.health import mailbox_monitor
from flaggermail.intake import ingest, poll
from flaggermail.mail.message import Message
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.ports import Accepted, Folder, Mailbox, MailName, MailPage, Matcher, Role, Submission, Transaction
from flaggermail.rules.configuration import load
from flaggermail.services import ArchivedBeside, Services
from flaggermail.settings.model import MailboxSettings
from flaggermail.settings.sections import RateLimitSettings
from flaggermail.shipped import shipped
from flaggermail.stories.doubles import ListMailbox, ScriptedSubmitter, SetClock
from flaggermail.wording.servers import AttemptText
from tests.doubles import migrated
from tests.doubles.composed import compose_once
from tests.doubles.statements import share_statements
from tests.flow.faulty_desk import forked
from tests.story.conftest import CONFIG, NOW
from tests.story.crash_points import MODULES, PORTS, Point, module_of, points

P = TypeVar("P")
HANDED_OVER = "handed-over"  # one line per submission: recipient and digest of the octets
NEW_FOLDER = "Onderzoek"
UNGIVEN = "900"  # the item of a mail that the server lists and does not give
MOVED = b"Message-ID: <quoting@"  # the mail that staff moved there before it was read
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
        """Returns whether this use is the chosen one."""
        wanted = (self.point.module, self.point.line, f"{self.point.port}.{self.point.method}")
        self._uses += (module, line, use) == wanted
        return self._uses == self.nth and (module, line, use) == wanted

    def at(self, when: str) -> None:
        """Kills the process if this is the chosen moment."""
        if when == self.when:
            os.kill(os.getpid(), signal.SIGKILL)


def watched(port: P, name: str, crash: Crash) -> P:
    """Returns the port, wrapped with the crash. A method that is passed on is a use each time it is called."""

    def find(_: object, method: str) -> object:
        return _use(getattr(port, method), f"{name}.{method}", crash)

    proxy: P = type("Watched", (), {"__getattr__": find})()
    return proxy


def _use(whole: object, use: str, crash: Crash) -> object:
    """Returns what a port's name stands for, wrapped with the crash; the caller of the caller uses it."""
    caller = sys._getframe(2)  # noqa: SLF001 - the only way to learn the calling line
    module, line = module_of(Path(caller.f_code.co_filename)), caller.f_lineno
    if module not in MODULES or not callable(whole):
        return whole
    if use.endswith((".begin", ".read")):
        return lambda: _unit(whole(), crash, here=crash.here(module, line, use))

    def call(*words: object, **named: object) -> object:
        here = crash.here(module, line, use)
        return (_crashing(whole, crash) if here else whole)(*words, **named)

    return call


def watched_beside(crash: Crash) -> type[ArchivedBeside]:
    """Returns what stands for the archive within a unit of work, wrapped with the crash."""

    class Watched(ArchivedBeside):
        def __getattribute__(self, method: str) -> object:
            return _use(super().__getattribute__(method), f"octets.{method}", crash)

    return Watched


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
    """Wraps a unit of work; "after" is after the commit."""
    if here:
        crash.at("before")
    with unit as tx:
        yield watched(tx, "tx", crash)
    if here:
        crash.at("after")


class NotingSubmitter(ScriptedSubmitter):
    """Accepts everything and records it in a file that survives the process."""

    def __init__(self, clock: SetClock, file: Path) -> None:
        super().__init__(clock)
        self._file, self._at = file, clock

    def submit(self, octets: bytes, sender: str, recipients: Sequence[str], witness: str = "") -> Sequence[Submission]:
        """Returns one result per recipient."""
        assert sender
        del witness
        with self._file.open("a", encoding="ascii") as file:
            file.writelines(f"{recipient} {hashlib.sha256(octets).hexdigest()}\n" for recipient in recipients)
        return [Accepted(recipient, self._at.now(), AttemptText.SAYS(words="250 accepted")) for recipient in recipients]


class ReadingOnce(ContainedParser):
    """Reads each mail once, here: a desk forked later has the answer and starts no process of its own for it."""

    def __init__(self) -> None:
        super().__init__(shipped("rules"))
        self._read: dict[bytes, tuple[Message, tuple[Message, ...]]] = {}

    def parse_delivery(self, octets: bytes) -> tuple[Message, tuple[Message, ...]]:
        """Returns the parsed mail and the mails attached to it."""
        if octets not in self._read:
            self._read[octets] = super().parse_delivery(octets)
        return self._read[octets]

    def parse_deliveries(self, many: Sequence[bytes]) -> list[tuple[Message, tuple[Message, ...]]]:
        """Returns each in order."""
        return list(map(self.parse_delivery, many))


@dataclass(frozen=True)
class FailingMatcher:
    """Fails on one mail, as an unforeseen error of the judgement would."""

    matcher: Matcher

    def search(self, pattern: str, text: str) -> str | None:
        """Returns the first match, and fails on that mail."""
        found = self.find(pattern, text)
        return text[slice(*found)] if found else None

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """Returns the position of the first match, and fails on that mail."""
        if UNJUDGEABLE in text:
            raise RuntimeError("a fault of the judgement")
        return self.matcher.find(pattern, text)


class WithoutSent(ListMailbox):
    """A mailbox whose Sent folder has another name than in the settings, and that has a folder since the last look.

    It lists one mail more in the inbox, and does not give it.
    """

    def __init__(self, settings: MailboxSettings) -> None:
        super().__init__(settings)
        self.names = {**self.names, Role.OTHER: NEW_FOLDER}
        self._messages[NEW_FOLDER] = []

    def folders(self, only: Role | None = None) -> Sequence[Folder]:
        """Returns the other folders."""
        return [folder for folder in super().folders(only) if folder.role is not Role.SENT]

    def fetch_after(self, folder: str, position: str | None) -> Iterator[MailPage]:
        """Yields mail that is hours old in a page of its own, as in a mailbox unread for long."""
        for page in super().fetch_after(folder, position):
            for _, some in groupby(page.mails, lambda raw: raw.internaldate < NOW - timedelta(hours=2)):
                mails = list(some)
                yield MailPage(mails, mails[-1].cursor or "")
            ungiven = (MailName(folder, self.numbering, UNGIVEN),) if folder == self.names[Role.INBOX] else ()
            yield MailPage((), page.position, ungiven)


def letters(folder: Path) -> Iterator[tuple[datetime, bytes]]:
    """Yields the unread mails, each with its time of arrival."""
    for path in sorted((folder / "mails").iterdir()):
        yield datetime.fromisoformat(path.stem.partition(" ")[2]), path.read_bytes()


def run_once(env: Services, mailbox: Mailbox) -> None:
    """Does the daemon's work from its start until none is left."""
    delivery.recover(env)
    delivery.try_now(env)
    with env.store.read() as tx:
        cursor = tx.cursor(env.settings.desk.mailbox.inbox)
    read_at = cursor.looked_at if cursor else None
    mailbox_monitor.watch_inbox(
        env, env.clock.now() - read_at if read_at else timedelta(hours=1)
    )  # it was unreachable until now
    poll.look(env, mailbox, new_record=False)
    digest.tell_held_back(env)
    digest.tell_noise(env)
    delivery.drain(env)
    erasure.tick(env)


def run_desk(equipment: Services, folder: Path, crash: Crash | None, at: datetime) -> None:
    """Runs the desk of `folder` once."""
    clock = SetClock(at)
    mailbox = WithoutSent(equipment.settings.desk.mailbox)
    for arrived, octets in letters(folder):
        mailbox.deliver(Role.OTHER if MOVED in octets else "inbox", octets, arrived)
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
        env.store.close()
        return
    vars(ingest)["ArchivedBeside"] = watched_beside(crash)  # this process runs one desk
    wrapped = {name: watched(getattr(env, name), name, crash) for name in PORTS}
    run_once(replace(env, **wrapped), watched(mailbox, "mailbox", crash))


def main() -> None:
    """Runs the requested desks."""
    compose_once()
    share_statements()
    settings = load(CONFIG, shipped("rules"), shipped("config") / "templates")
    digest.TOGETHER = 1  # a digest of several mails is marked in parts
    poll.FLOOD = 3  # the waiting mail is a flood, and more than one mail a minute a storm
    stormy = settings.desk.model_copy(update={"rate_limits": RateLimitSettings(burst=1)})
    settings = settings.model_copy(update={"desk": stormy})
    known = {str(point): point for point in points()}
    with tempfile.TemporaryDirectory() as scratch:
        clock = SetClock(NOW)
        equipment = migrated.replayed(settings, Path(scratch), clock, SystemRandomness(), ScriptedSubmitter(clock))
        equipment.store.close()
        equipment = replace(equipment, parser=ReadingOnce())
        tried = Path(scratch) / "tried"
        for line in sys.stdin:
            asked = json.loads(line)
            crash = Crash(known[asked["point"]], asked["when"], asked["nth"]) if asked["point"] else None
            folder, at = Path(asked["folder"]), datetime.fromisoformat(asked["at"])
            if not tried.exists():
                shutil.copytree(folder, tried)
                run_desk(equipment, tried, None, at)
                equipment.parser.close()
            status = forked(lambda: run_desk(equipment, folder, crash, at))  # noqa: B023 - has ended before the next
            sys.stdout.write(f"{status}\n")
            sys.stdout.flush()
        equipment.close()


if __name__ == "__main__":
    main()
