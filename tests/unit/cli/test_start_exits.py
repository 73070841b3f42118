# SPDX-License-Identifier: EUPL-1.2
"""What ends a start, and with which status: 2 only where a person has to mend a file, as systemd starts no more then.

What may pass by itself is waited for, or ends with 1, and systemd tries again ten seconds later.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple, NoReturn

import pytest

from flaggermail import logbook
from flaggermail.adapters.db.store import SqlStore
from flaggermail.cli import main
from flaggermail.daemon.service import Daemon
from flaggermail.errors import StoreBusy
from flaggermail.health.status_document import STATUS_FILE
from flaggermail.intake import rules_in_force
from flaggermail.record.kinds import Versioned
from flaggermail.wiring import daemon_assembly
from flaggermail.wiring.assembly import open_services
from tests.doubles.broken_desks import ARCHIVE, DATABASE, SETTINGS, edit, no_file_grows, sound, written_by_another

WAITS, STARTS = "waits", 0
RULES = "rules/10-only.yaml"
Around = Callable[[Path], AbstractContextManager[None]]


class Start(NamedTuple):
    """A fault, what holds while the start is tried, and how it ends."""

    fault: str
    ends: object
    spoil: Callable[[Path], object] = lambda _: None
    around: Around = lambda _: nullcontext()


def settings(old: str, new: str) -> Callable[[Path], None]:
    """Returns a change of flaggermail.yaml."""
    return lambda folder: edit(folder / SETTINGS, old, new)


def moved(name: str) -> Callable[[Path], object]:
    """Returns what moves a file or folder away, as with the disk that holds it."""
    return lambda folder: (folder / name).rename(folder.with_name("away"))


def half(name: str) -> Callable[[Path], None]:
    """Returns what cuts a file in two, as an editor that is writing it."""

    def spoil(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text[: len(text) // 2] + "{{", "utf-8")

    return spoil


def both(*spoils: Callable[[Path], object]) -> Callable[[Path], None]:
    """Returns several faults at once."""

    def spoil(folder: Path) -> None:
        for one in spoils:
            one(folder)

    return spoil


def began_before(folder: Path) -> None:
    """Makes a desk that has rules in force."""
    env = open_services(folder)
    rules_in_force.note(env)
    env.close()


def refused_in_use(name: str) -> Callable[[Path], None]:
    """Returns what makes a template that an earlier version took: it breaks where a value is missing."""

    def spoil(folder: Path) -> None:
        file = folder / "templates" / "nl" / f"{name}.j2"
        file.write_text(f"{file.read_text('utf-8')}{{{{ (minutes / 60) | round(1) }}}}{{{{ 1 / 0 }}}}\n", "utf-8")

    return spoil


def began_with_less_words(folder: Path) -> None:
    """Makes a desk whose words were taken by a version with one alarm less."""
    words = folder / "templates" / "words.yaml"
    text = words.read_text("utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flaggermail.adapters.files.templates.AlarmKind", ())
        words.write_text(re.sub(r"(?m)^    octets lost: .*\n", "", text), "utf-8")
        began_before(folder)


def lost_rules(folder: Path) -> None:
    """Makes a desk whose rules in force are gone, one file of the archive alone."""
    began_before(folder)
    with sqlite3.connect(folder / DATABASE) as record:
        (digest,) = record.execute("SELECT digest FROM in_force WHERE what = ?", (str(Versioned.RULES),)).fetchone()
    (folder / ARCHIVE / digest[:2] / digest).unlink()


def authority(folder: Path) -> None:
    """Names a file of authorities, which is not there."""
    edit(folder / SETTINGS, "port: 1\n  tls: none\n\nstore", "port: 1\n  ca_file: late.pem\n\nstore")


@contextmanager
def maintained(_: Path) -> Iterator[None]:
    """No reader is given a lock in time either, as while VACUUM FULL has the tables of PostgreSQL."""
    with pytest.MonkeyPatch.context() as patch:

        def refuse(_: SqlStore) -> NoReturn:
            raise StoreBusy("the database does not give a lock in time")

        patch.setattr(SqlStore, "read", refuse)
        yield


@contextmanager
def failing(folder: Path) -> Iterator[None]:
    """Every system call at the database and the archive fails, as on a disk that fails."""
    with pytest.MonkeyPatch.context() as patch:
        true = os.open

        def refuse(path: str, *more: int, **named: int) -> int:
            if Path(os.fspath(path)) == folder / DATABASE:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return true(path, *more, **named)

        patch.setattr(os, "open", refuse)
        yield


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The kernel's answers on a disk that is mounted read-only; `tests/flow/test_faults.py` mounts one."""
    with pytest.MonkeyPatch.context() as patch:
        may, disk, opened = os.access, os.statvfs, os.open

        def refuse(path: str, flags: int, *more: int, **named: int) -> int:
            if Path(os.fspath(path)) == folder / DATABASE and flags & os.O_RDWR:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return opened(path, flags, *more, **named)

        def statvfs(path: Path) -> object:
            found = disk(path)
            names = ("f_blocks", "f_bavail", "f_frsize", "f_files", "f_favail")
            return SimpleNamespace(f_flag=os.ST_RDONLY, **{name: getattr(found, name) for name in names})

        patch.setattr(os, "access", lambda path, mode: may(path, mode) and not mode & os.W_OK)
        patch.setattr(os, "statvfs", statvfs)
        patch.setattr(os, "open", refuse)
        yield


POSTGRESQL = settings("sqlite:///flaggermail.db", "postgresql+psycopg://u@127.0.0.1:1/desk?connect_timeout=2")
EXITS = (
    Start("nothing", STARTS),
    # ---- the database
    Start("its folder is not there", 1, settings("sqlite:///", "sqlite:///late/")),
    Start("its disk is read-only", WAITS, around=read_only),
    Start("its disk fails", WAITS, around=failing),
    Start("no file can be written", WAITS, around=no_file_grows),
    Start("another process writes", 1, around=written_by_another),  # it waits for the lease until it is stopped
    Start("its server is away", WAITS, POSTGRESQL),
    Start("it is none", 2, lambda folder: (folder / DATABASE).write_bytes(b"notes" * 999)),
    Start("it is a folder", 2, both(moved(DATABASE), lambda folder: (folder / DATABASE).mkdir())),
    # ---- the archive
    Start("it is not mounted", STARTS, both(began_before, moved(ARCHIVE))),
    Start("an empty folder in its place", STARTS, both(began_before, moved(ARCHIVE), lambda f: (f / ARCHIVE).mkdir())),
    Start("it is a file", 1, both(moved(ARCHIVE), lambda folder: (folder / ARCHIVE).write_text("no folder", "ascii"))),
    # ---- rules and templates
    Start("half of a rule", STARTS, both(began_before, half(RULES))),
    Start("half of a template", STARTS, both(began_before, half("templates/nl/reminder.j2"))),
    Start("a template in force that this version refuses", STARTS, both(refused_in_use("alarm"), began_before)),
    Start("a template in force and half of a rule", STARTS,
        both(refused_in_use("reminder"), began_before, half(RULES))),
    Start("words in force that lack an alarm", STARTS, began_with_less_words),
    Start("a template that this version refuses, on a new desk", 2, refused_in_use("alarm")),
    Start("half of a rule while the record is busy", WAITS, both(began_before, half(RULES)), maintained),
    Start("half of a rule, and the server is away", WAITS, both(POSTGRESQL, half(RULES))),
    Start("half of a rule, and the archive is not mounted", 1, both(began_before, moved(ARCHIVE), half(RULES))),
    Start("half of a rule, and the last one is lost", 1, both(lost_rules, half(RULES))),
    Start("half of a rule, and no database folder", 1, both(settings("sqlite:///", "sqlite:///late/"), half(RULES))),
    Start("half of a rule on a new desk", 2, half(RULES)),
    # ---- other files
    Start("the file of authorities is not there", 1, authority),
    Start("the passwords are not there", STARTS, moved("credentials")),
    Start("a policy read in the future: the clock is not set yet", 1,
        lambda folder: edit(folder / "platforms.yaml", "read_on: 2023-01-09", "read_on: 2099-01-09", first=True)),
    Start("half of the settings", 2, half(SETTINGS)),
    Start("half of the rota", 2, half("oncall.yaml")),
    Start("no settings", 2, moved(SETTINGS)),
    Start("a wrong setting and a folder that is not there", 2,
        both(settings("sqlite:///", "sqlite:///late/"), settings("  user: verk", "  usr: x\n  user: verk"))),
)  # fmt: skip


class Waited(Exception):
    """The start waits."""


def waited(_: float) -> NoReturn:
    """Ends a wait."""
    raise Waited


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a sound desk whose daemon ends as soon as it has started."""
    monkeypatch.setattr("flaggermail.wiring.databases.SqlStore", partial(SqlStore, wait=0.05))
    monkeypatch.setattr(daemon_assembly, "time", SimpleNamespace(monotonic=time.monotonic, sleep=waited))
    monkeypatch.setattr(Daemon, "obey_signals", lambda daemon: daemon.stop.set())
    monkeypatch.setattr(logbook, "configure", lambda **_: None)
    monkeypatch.setattr(logbook, "catch_crashes", lambda: None)
    return sound(tmp_path / "desk")


@pytest.mark.parametrize("start", EXITS, ids=lambda start: start.fault)
def test_a_start_ends_for_good_only_where_a_person_must_mend_a_file(folder: Path, start: Start) -> None:
    """Each fault with its end; while it waits, the status is red, and the record names what it waits for."""
    start.spoil(folder)
    ended: object = WAITS
    with start.around(folder), suppress(Waited):
        try:
            main(["--config", str(folder), "run"])
        except SystemExit as ending:
            ended = ending.code
    assert ended == start.ends
    if ended == WAITS and start.around is not no_file_grows:
        assert '"the daemon is starting"' in (folder / STATUS_FILE).read_text("ascii")


def test_exit_status_2_is_the_one_that_systemd_leaves() -> None:
    """The unit and this table speak of the same status."""
    unit = (Path(__file__).parents[3] / "systemd" / "flaggermail.service").read_text("ascii")
    assert "\nRestart=on-failure\n" in unit
    assert "\nRestartPreventExitStatus=2\n" in unit
