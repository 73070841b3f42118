# SPDX-License-Identifier: EUPL-1.2
"""What fails below and beside a door: disk, clock, database, daemon, and a command of another version."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from flaggermail.cli.door_client import DoorClient
from flaggermail.errors import Refusal
from flaggermail.wiring import assembly
from tests.flow.door_process import (
    AS_ROOT,
    DAEMON,
    Answer,
    DoorProcess,
    answer_in,
    as_account,
    as_its_unit,
    desk_of,
    door_on,
    open_the_way,
    request,
)
from tests.flow.machine import FakedClock, fill, mount, unmount
from tests.patience import PATIENCE
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.outside
OPENED = {"election": "EP2024", "type": "A_content", "origin": "media"}
OPEN, CASES = "/v1/commands/case-open", "/v1/views/case-list"
MEGABYTES = 12  # of a disk


def opened(door: DoorProcess, **headers: str) -> Answer:
    """Opens a case."""
    return door.ask(OPEN, "POST", OPENED, **headers)


def key_of(answer: Answer) -> str:
    """Returns the number of the case that a command opened."""
    assert answer.status == 200, answer
    return str(answer.document["key"])


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, MEGABYTES)
    yield folder
    unmount(folder)


@pytest.mark.skipif(not AS_ROOT, reason="only root may mount a disk")
def test_on_a_full_disk_commands_are_refused_and_views_answer(disk: Path) -> None:
    """In words, as often as it is asked; what is read without a trace is told in the journal; then all works again."""
    with door_on(desk_of(disk / "desk", ("officer1", os.geteuid()))) as door:
        case = key_of(opened(door))
        filling = fill(disk)
        refused = [opened(door) for _ in range(3)]
        assert [one.status for one in refused] == [503] * 3
        assert "disk" in str(refused[0].document["detail"]), refused[0]
        assert int(refused[0].headers["retry-after"]) > 0
        shown = door.ask(f"/v1/views/case-show?case={case}")
        assert (shown.status, door.ask(CASES).status) == (200, 200)
        filling.unlink()
        assert key_of(opened(door)) != case
        cases = door.ask(CASES).document["cases"]
        assert isinstance(cases, list)
        assert len(cases) == 2
        door.process.terminate()
        _, journal = door.process.communicate(timeout=PATIENCE)
    lines = [json.loads(line) for line in journal.splitlines()]
    (unkept,) = [line for line in lines if line["action"] == "reading not kept"]
    assert (unkept["actor"], unkept["object"]) == ("officer1", f"case {case}")
    assert not [line for line in lines if line["action"] == "door met a fault"]


def test_a_clock_that_is_set_shows_nobody_and_does_nothing_twice(tmp_path: Path) -> None:
    """An hour on and an hour back: keys are kept, an entity tag is new, a look of another hour is no look of now."""
    folder = desk_of(tmp_path / "desk", ("officer1", os.geteuid()), ("officer2", DAEMON))
    clock = FakedClock(tmp_path)
    with door_on(folder, environment=clock.environment) as door:
        first = opened(door, Idempotency_Key="clock-0001")
        case = key_of(first)
        looked_at = f"/v1/views/case-show?case={case}"
        tag = door.ask(CASES).headers["etag"]
        if AS_ROOT:
            door.path.chmod(0o666)
            open_the_way(folder)
            assert answer_in(as_account(DAEMON, door.path, request(looked_at))).status == 200
            assert looking(door, looked_at) == ["officer2"]
        for ahead in (timedelta(hours=1), timedelta(hours=-1)):
            clock.set(ahead)
            until = time.monotonic() + PATIENCE
            while not clock.is_that_of(door.ask("/health").headers["date"]):  # the library reads it now and then
                assert time.monotonic() < until
                time.sleep(0.2)
            assert opened(door, Idempotency_Key="clock-0001").document == first.document
            again = door.ask(CASES, If_None_Match=tag)
            assert (again.status, again.headers["etag"] == tag) == (200, False)
            assert looking(door, looked_at) == []
        assert key_of(opened(door, Idempotency_Key="clock-0002")) != case
        assert door.ask("/v1/views/audit-verify", "POST", {"since": []}).document["differences"] == []


def looking(door: DoorProcess, address: str) -> list[str]:
    """Returns who else looks at what a view shows."""
    found = door.ask(address).document["looking"]
    assert isinstance(found, list)
    return [str(one["officer"]) for one in found]


@pytest.mark.xdist_group("postgres")
def test_a_door_works_again_once_the_database_does(own_postgres: Postgres, tmp_path: Path) -> None:
    """Meanwhile each request is 503 in words, with when to ask again; its health is its own, and nothing restarts."""
    folder = desk_of(tmp_path / "desk", ("officer1", os.geteuid()), database=own_postgres.database())
    with door_on(folder) as door:
        case = key_of(opened(door))
        for mode in ("fast", "immediate"):
            own_postgres.stop(mode)
            for answer in (opened(door), door.ask(CASES), door.ask(f"/v1/views/case-show?case={case}")):
                assert (answer.status, answer.document["type"]) == (503, "record-away"), answer
                assert "database server does not work" in str(answer.document["detail"])
                assert int(answer.headers["retry-after"]) > 0
            assert door.ask("/health").status == 200
            own_postgres.start()
            until = time.monotonic() + PATIENCE
            while (answer := opened(door)).status == 503:
                assert time.monotonic() < until, answer
                time.sleep(0.2)
            assert key_of(answer) != case
        assert door.process.poll() is None


def test_without_a_daemon_commands_work_and_answers_say_since_when(tmp_path: Path) -> None:
    """The daemon's last status tells it; without one nothing was ever sent."""
    folder = desk_of(tmp_path / "desk", ("officer1", os.geteuid()))
    last = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    with door_on(folder) as door:
        assert opened(door).headers["daemon"] == "not running"
        (folder / "status.json").write_text(json.dumps({"written_at": last.isoformat(), "wrong": []}), "utf-8")
        said = f'not running; since="{last.isoformat()}"'
        assert [one.headers["daemon"] for one in (opened(door), door.ask(CASES))] == [said] * 2
        now = datetime.now(UTC).isoformat()
        (folder / "status.json").write_text(json.dumps({"written_at": now, "wrong": []}), "utf-8")
        assert door.ask(CASES).headers["daemon"] == "running"


def test_a_request_of_another_version_is_refused_by_what_is_new_in_it(tmp_path: Path) -> None:
    """A field, a name or an address that the door does not know; nothing of it is done."""
    with door_on(desk_of(tmp_path / "desk", ("officer1", os.geteuid()))) as door:
        client = DoorClient(door.path)
        for name, request_of in (("case list", {"colour": "red"}), ("case open", {**OPENED, "colour": "red"})):
            with pytest.raises(Refusal, match="colour") as refused:
                client.answer(name, request_of)
            assert refused.value.where == "colour"
        with pytest.raises(Refusal, match="case-paint"):
            client.answer("case paint", {})
        later = door.ask("/v2/views/case-list")
        assert (later.status, later.headers["api-version"]) == (404, "1")
        assert door.ask(CASES).document["cases"] == []


@contextmanager
def machine_busy() -> Iterator[None]:
    """Runs two programs for each processor that compute without end."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


@pytest.mark.long
def test_a_door_of_low_weight_keeps_nobody_from_writing(tmp_path: Path) -> None:
    """On a busy machine commands at the door take long; the lock of the record is given back in time all the same."""
    folder = desk_of(tmp_path / "desk", ("officer1", os.geteuid()))
    answers: list[int] = []
    with (
        closing(assembly.open_services(folder)) as daemon,
        door_on(folder, under=as_its_unit()) as door,
        machine_busy(),
    ):
        threads = [Thread(target=lambda: answers.extend(opened(door).status for _ in range(5))) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            with daemon.store.begin():  # raises StoreBusy if others write for longer than it waits
                pass
            time.sleep(0.05)
    assert answers == [200] * 20


def test_a_door_that_hangs_and_goes_on_has_done_a_command_once(tmp_path: Path) -> None:
    """The client gives it up, asks again with its key, and gets the answer to the first once the door goes on."""
    with door_on(desk_of(tmp_path / "desk", ("officer1", os.geteuid()))) as door:
        with closing(door.line()) as line:
            sent = request(OPEN, "POST", OPENED, Idempotency_Key="hangs-0001")
            door.process.send_signal(signal.SIGSTOP)
            line.sendall(sent)
        with closing(door.line()) as line:
            line.sendall(sent)
            door.process.send_signal(signal.SIGCONT)
            assert answer_in(line.recv(65_536)).status == 200
        cases = door.ask(CASES).document["cases"]
        assert isinstance(cases, list)
        assert len(cases) == 1
