# SPDX-License-Identifier: EUPL-1.2
"""Command lines through the process of a door: of two officers, of strangers, and while the door is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from flaggermail.cli import case, door_client, main, oncall
from tests.command_line import Ran, type_here
from tests.flow.desk_process import patiently
from tests.flow.door_process import AS_ROOT, BIN, DAEMON, SYS, DoorProcess, desk_of, door_on, open_the_way
from tests.patience import PATIENCE

pytestmark = pytest.mark.outside
LOADED = (case, door_client, oncall)  # before a child has an account that may not read the program
OPEN = "case open --election EP2024 --type D_general_warning --origin earlier_cases --title"


@pytest.fixture
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """A door whose officers are this account and, for root, two others; every account may reach it."""
    folder = desk_of(
        tmp_path_factory.mktemp("desk") / "desk", ("officer1", os.geteuid()), ("officer2", DAEMON), ("head1", BIN)
    )
    with door_on(folder) as opened:
        if AS_ROOT:
            opened.path.chmod(0o666)
            open_the_way(folder)
        yield opened


def typed_as(uid: int, path: Path, *words: str) -> Ran:
    """Types a command line as another account, in a child of this process."""
    pipes = [os.pipe(), os.pipe()]
    child = os.fork()
    if child == 0:
        status: object = 70
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            for number, (_, writing) in enumerate(pipes, start=1):
                os.dup2(writing, number)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            main(["--socket", str(path), *words])
        except SystemExit as ended:
            status = ended.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(str(status or 0)))
    found = []
    for reading, writing in pipes:
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            found.append(pipe.read())
    _, code = os.waitpid(child, 0)
    return Ran(os.waitstatus_to_exitcode(code), found[0], found[1].decode())


@pytest.mark.skipif(not AS_ROOT, reason="other accounts are for root to take")
def test_the_kernel_says_who_types(door: DoorProcess) -> None:
    """Two officers act each in their own name; nothing that a person can type changes it."""
    assert typed_as(DAEMON, door.path, *OPEN.split(), "Hers").out == "case VF-EP2024-0001 opened\n"
    assert typed_as(BIN, door.path, "case", "note", "VF-EP2024-0001", "--means", "phone", "--text", "x").status in {
        0,
        1,
        2,
    }
    events = json.loads(typed_as(BIN, door.path, "events", "--json").octets)["events"]
    assert "officer2" in {one["actor"] for one in events}
    stranger = typed_as(SYS, door.path, "case", "list")
    assert (stranger.status, stranger.out) == (1, "")
    assert stranger.err.startswith("user sys: no officer and no associate in oncall.yaml has this login")


@pytest.mark.skipif(not AS_ROOT, reason="other accounts are for root to take")
def test_who_may_not_open_the_socket_is_told_so(door: DoorProcess) -> None:
    """A group's socket is for its members; the folder of the desk is closed to this account all the same."""
    door.path.chmod(0o600)
    ran = typed_as(SYS, door.path, "case", "list")
    assert (ran.status, ran.out) == (1, ""), ran
    assert ran.err == f"{door.path}: is not open to this account; only members of the desk's group may ask\n"


def cases(folder: Path) -> int:
    """Returns how many cases there are, without the door."""
    listed = type_here(["--config", str(folder), "case", "list", "--json"]).json
    assert isinstance(listed, dict)
    return len(listed["cases"])


def begun(folder: Path, title: str) -> subprocess.Popen[str]:
    """Begins a command that opens a case."""
    command = [sys.executable, "-m", "flaggermail", "--config", str(folder), *OPEN.split(), title]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def is_called(door: DoorProcess) -> bool:
    """True if somebody is connected to a door, or waits until it takes the connection."""
    return Path("/proc/net/unix").read_text("utf-8").count(f" {door.path}\n") > 1


def test_a_command_under_way_when_the_door_is_killed_is_done_once(tmp_path: Path) -> None:
    """Whenever it is killed: the client repeats the command with its key at the door that takes its place."""
    folder = desk_of(tmp_path / "desk", ("officer1", os.geteuid()))
    chance = random.Random(31)  # noqa: S311 - instants, no secrets
    done = 0
    with ExitStack() as doors:
        door = doors.enter_context(door_on(folder))
        for turn in range(5):
            if turn == 0:  # it has the request, and never reads it
                door.process.send_signal(signal.SIGSTOP)
            client = begun(folder, f"Turn {turn}")
            if turn == 0:
                patiently(partial(is_called, door), "the client is connected")
            else:
                time.sleep(chance.uniform(0.1, 0.4))
            door.stop(signal.SIGKILL)
            door = doors.enter_context(door_on(folder))
            out, err = client.communicate(timeout=PATIENCE)
            if client.returncode:  # it found no door at all, and says so
                assert "no door" in err, err
            else:
                done += 1
                assert out.endswith(" opened\n"), out
            assert cases(folder) == done
    assert done
