# SPDX-License-Identifier: EUPL-1.2
"""`python -m tests.store.processes NAME URL`: work that a test needs done by another process.

It reports that it is ready, waits for a line, does its work and reports that it is done.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

from flaggermail.adapters.db.engine import make_engine
from flaggermail.adapters.db.migrate import require_current
from flaggermail.record.events import added
from tests.store.conftest import new_store
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
    """Starts that process and waits until it is ready; it is killed at the end if it still runs."""
    command = [sys.executable, "-m", "tests.store.processes", name, url]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
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


if __name__ == "__main__":
    {"start": start, "write": write}[sys.argv[1]](sys.argv[2])
