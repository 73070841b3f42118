# SPDX-License-Identifier: EUPL-1.2
"""Old mail is taken in by a process that is killed three times; the record is that of a run that was not."""

import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from flaggermail.adapters.db.transaction import SqlTransaction
from flaggermail.record.rows import Case, Delivery, OutboxMail, StoredMessage, ThreadKey
from tests.bench import corpus
from tests.doubles.migrated import migrate
from tests.store.processes import services_on

MAILS, LONG = 400, 2_000  # `./dev bench ingest` has 20,000
KILLS = 3
SEED, TWICE = 1, 20
QUOTABLE = re.compile(rb"^(>*From )", re.MULTILINE)


def write(folder: Path, count: int) -> list[Path]:
    """Writes the mails as an mbox, a Maildir and a folder of .eml; twenty of the Maildir's are in the mbox too."""
    mails = corpus.write(folder / "corpus", count, SEED)
    third = count // 3
    box, maildir, single = folder / "old.mbox", folder / "Maildir", folder / "single"
    for below in (maildir / "cur", maildir / "new", single):
        below.mkdir(parents=True)
    with box.open("wb") as file:
        for path in mails[: third + TWICE]:
            octets = QUOTABLE.sub(rb">\1", path.read_bytes())
            file.write(b"From someone@old.example Thu Jun  6 08:34:00 2024\n" + octets + b"\n")
    for number, path in enumerate(mails[third:]):
        path.rename(maildir / "cur" / f"{path.name}:2,S" if number < third else single / f"{number:06d}.eml")
    return [box, maildir, single]


def run(folder: Path, paths: Sequence[Path], kill_after: int | None = None) -> str:
    """Runs the process on the desk in `folder`; kills it once that many mails are new. Returns its last line."""
    command = [sys.executable, "-m", "tests.store.ingesting", str(folder), *map(str, paths)]
    with Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        last = ""
        for line in process.stdout:
            last = line.strip()
            if kill_after is not None and int(last) >= kill_after:
                process.send_signal(signal.SIGKILL)
                kill_after = None
    return last


def rows(folder: Path) -> Iterator[tuple[str, Sequence[object]]]:
    """Yields everything that the desk holds of the mails."""
    env = services_on(f"sqlite:///{folder}/desk.db", folder)
    with closing(env), env.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        for kind in (StoredMessage, Delivery, ThreadKey, Case, OutboxMail):
            yield kind.TABLE, tx.find(kind)
        yield "events", [(event.kind, event.message, event.reason) for _, event in tx.events()]
        yield "archive", sorted(file.digest for file in env.octets.files() if len(file.digest) == 64)


@pytest.mark.slow
@pytest.mark.parametrize("count", [MAILS, pytest.param(LONG, marks=pytest.mark.long)])
def test_a_killed_ingest_goes_on(tmp_path: Path, count: int) -> None:
    """Whatever was under way when it was killed, the next run finds it, and the counts close over all mails."""
    kill_three_times(tmp_path, count)


def kill_three_times(space: Path, count: int) -> str:
    """Takes in `count` mails with three kills and without; returns the last line. Raises AssertionError."""
    paths = write(space / "old", count)
    whole, killed = space / "whole", space / "killed"
    for folder in (whole, killed):
        folder.mkdir()
        migrate(f"sqlite:///{folder}/desk.db")
    found = count + TWICE
    counts = run(whole, paths)
    taken = int(counts.split()[2])  # the corpus itself holds mails that are the same
    assert count * 0.9 < taken <= count
    assert counts == f"{found} = {taken} + {found - taken} + 0"
    for _ in range(KILLS):
        assert run(killed, paths, kill_after=max(1, count // (KILLS + 2))).isdecimal()
    last = run(killed, paths)
    new = int(last.split()[2])
    assert 0 < new < taken
    assert last == f"{found} = {new} + {found - new} + 0"
    assert run(killed, paths) == f"{found} = 0 + {found} + 0"
    for (name, here), (_, there) in zip(rows(killed), rows(whole), strict=True):
        assert [(a, b) for a, b in zip(here, there, strict=True) if a != b] == [], name
    return last
