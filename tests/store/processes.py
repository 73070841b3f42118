# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.store.processes NAME URL`: work that a test needs done by another process.

It reports that it is ready, waits for a line, does its work and reports that it is done.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.migrate import require_current
from flaggermail.commands import door
from flaggermail.commands.reports import FreezeReport
from flaggermail.desk.desk import Caller, Desk
from flaggermail.errors import Refusal
from flaggermail.mail.message import Json
from flaggermail.record.events import added
from flaggermail.record.rows import Case
from flaggermail.services import Services, UnitOfWork
from flaggermail.stories.doubles import CountedRandomness, SetClock
from flaggermail.wiring.assembly import make_services
from tests.store.conftest import new_store
from tests.store.desk_fixtures import START, RecordingSubmitter, desk_settings, registered
from tests.store.samples import alarm, happened


def start(url: str) -> None:
    """Migrates the database, as every command does first."""
    engine = make_engine(url)
    await_word()
    require_current(engine)
    tell("done")


def write(url: str) -> None:
    """Writes in a transaction that does not end before the next line arrives."""
    store = new_store(url)
    await_word()
    with store.begin() as tx:
        tx.number("message")
        tx.append(happened(added(alarm("half"))))
        tell("done")
        await_word()


def freeze(url: str) -> None:
    """Freezes the report of EP2024 in a transaction that does not end before the next line arrives."""
    with TemporaryDirectory() as folder:
        env = services_on(url, Path(folder))
        await_word()
        with env.store.begin() as tx:
            work = UnitOfWork(env, tx, env.clock.now(), "head1")
            door.perform(work, FreezeReport(election="EP2024", early=True))
            tell("frozen")
            await_word()
        tell("committed")
        await_word()


def decide(officer: str, url: str) -> None:
    """Decides the only case as that officer, on what was seen before the first word came; tells what was answered."""
    with TemporaryDirectory() as folder:
        env = services_on(url, Path(folder))
        desk = Desk(lambda: env, Caller(officer=officer))
        with env.store.read() as tx:
            (case,) = tx.find(Case)
            head = tx.head()
        request: dict[str, Json] = {
            "case": case.number, "decision": "notify", "reason": "a vote is lost", "version": head.seq if head else 0,
        }  # fmt: skip
        await_word()
        try:
            tell(str(desk.answer("case decide", request)["state"]))
        except Refusal as refusal:
            tell(str(refusal))
        env.close()


def services_on(url: str, folder: Path) -> Services:
    """Returns the services of a desk on that database."""
    clock = SetClock(START)
    return registered(make_services(
        desk_settings(), clock=clock, randomness=CountedRandomness("desk"), submit=RecordingSubmitter(clock),
        database=url, archive=folder / "archive",
    ))  # fmt: skip


def tell(word: str) -> None:
    """Prints the word for the parent process."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def await_word() -> None:
    """Reports that it is ready, and waits for a line."""
    tell("ready")
    sys.stdin.readline()


@contextmanager
def other_process(name: str, url: str) -> Iterator[Popen[str]]:
    """Starts that process and waits until it is ready; it is killed at the end if it still runs.

    Its temporary folders are removed after it, since a process that was killed leaves them behind.
    """
    command = [sys.executable, "-m", "tests.store.processes", name, url]
    with (
        TemporaryDirectory() as folder,
        Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=os.environ | {"TMPDIR": folder}) as process,
    ):
        try:
            assert told(process) == "ready"
            yield process
        finally:
            process.kill()


def told(process: Popen[str]) -> str:
    """Returns the next line that it printed."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: Popen[str]) -> None:
    """Lets it do its work."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


WORK: Mapping[str, Callable[[str], None]] = {
    "start": start,
    "write": write,
    "freeze": freeze,
    "officer1": partial(decide, "officer1"),
    "head1": partial(decide, "head1"),
}

if __name__ == "__main__":
    WORK[sys.argv[1]](sys.argv[2])
