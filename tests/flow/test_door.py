# SPDX-License-Identifier: EUPL-1.2
"""The door as a process: how it starts, stops, shows that it lives, and what a killed one leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from flaggermail.documents.tar import files_in
from tests.doubles.migrated import register_in
from tests.flow.door_process import DoorProcess, answer_in, desk_of, door_on, patiently_gone, request
from tests.flow.engines import BOTH
from tests.patience import PATIENCE

pytestmark = pytest.mark.outside
OPENED = {"election": "EP2024", "type": "A_content", "origin": "media"}
CASES = "/v1/views/case-list"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A desk whose officer is this account."""
    return desk_of(tmp_path / "desk", ("officer1", os.geteuid()))


def cases(door: DoorProcess) -> list[object]:
    """Returns the cases that the door lists."""
    found = door.ask(CASES).document["cases"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_when_it_is_told_and_takes_its_socket_with_it(folder: Path, number: int) -> None:
    """Within its deadline, with status 0, though somebody keeps a connection."""
    with door_on(folder) as door, closing(door.line()):
        assert door.path == folder / "desk.sock"
        began = time.monotonic()
        assert door.stop(number) == 0
        assert time.monotonic() - began < 10
        assert not door.path.exists()


def test_a_request_under_way_is_answered_and_a_new_one_is_not_begun(folder: Path) -> None:
    """A body that still arrives when the door stops is refused with 503, and acts on nothing."""
    sent = request("/v1/commands/case-open", "POST", OPENED)
    with door_on(folder) as door:
        with closing(door.line()) as line:
            line.sendall(sent[:-5])
            time.sleep(0.5)
            door.process.send_signal(signal.SIGTERM)
            assert patiently_gone(door.path)
            line.sendall(sent[-5:])
            answer = answer_in(line.recv(65_536))
            assert answer.status in {200, 503}
        assert door.process.wait(PATIENCE) == 0
    with door_on(folder) as again:
        assert len(cases(again)) == (answer.status == 200)


def test_a_killed_doors_socket_is_replaced_and_a_second_door_refused(folder: Path) -> None:
    """In one line that says what to do."""
    with door_on(folder) as door:
        second = subprocess.run(
            [sys.executable, "-m", "flaggermail", "--config", str(folder), "serve"],
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert second.returncode == 1
        assert second.stderr.strip().endswith("stop it first, or name another with --socket")
        door.stop(signal.SIGKILL)
        assert door.path.exists()
    with door_on(folder) as again:
        assert again.ask("/health").status == 200


def open_five(door: DoorProcess) -> None:
    """Opens five cases."""
    for _ in range(5):
        door.ask("/v1/commands/case-open", "POST", OPENED)


@BOTH
def test_several_doors_on_one_record_agree(database: str, tmp_path: Path) -> None:
    """What one has done the other shows at once; both write, each command once."""
    folder = desk_of(tmp_path / "desk", ("officer1", os.geteuid()), database=database)
    with door_on(folder) as one, door_on(folder, tmp_path / "other.sock") as other:
        doors = [one, other]
        tag = other.ask(CASES).headers["etag"]
        threads = [threading.Thread(target=open_five, args=(door,)) for door in doors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(cases(door)) for door in doors] == [10, 10]
        assert other.ask(CASES, If_None_Match=tag).status == 200


@pytest.mark.slow
def test_a_door_killed_during_a_command_has_done_it_whole_or_not_at_all(folder: Path) -> None:
    """And the same command with its key, sent to the next door, is done once in all."""
    with ExitStack() as doors:
        door = doors.enter_context(door_on(folder))
        for number, wait in enumerate((0.0, 0.002, 0.005, 0.01, 0.02, 0.05)):
            sent = request("/v1/commands/case-open", "POST", OPENED, Idempotency_Key=f"killed-{number:04}")
            with closing(door.line()) as line:
                line.sendall(sent)
                time.sleep(wait)
                door.stop(signal.SIGKILL)
            door = doors.enter_context(door_on(folder))
            first, second = (answer_in(door.raw(sent)) for _ in range(2))
            assert (first.status, second.document) == (200, first.document)
            assert len(cases(door)) == number + 1


def test_it_follows_the_configuration_that_the_daemon_took_in(folder: Path) -> None:
    """An officer whose login was taken away is nobody within seconds, and without a restart."""
    with door_on(folder) as door:
        assert door.ask(CASES).status == 200
        rota = (folder / "oncall.yaml").read_text("utf-8")
        login = next(line for line in rota.splitlines() if line.strip().startswith("login:"))
        (folder / "oncall.yaml").write_text(rota.replace(login, "    login: somebody-else", 1), "utf-8")
        time.sleep(2.5)
        assert door.ask(CASES).status == 200  # no daemon has taken that in
        register_in(folder)
        until = time.monotonic() + PATIENCE
        while door.ask(CASES).status != 403:
            assert time.monotonic() < until
            time.sleep(0.2)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket of a service manager that wants a sign of life each second."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2000000")
        yield line


def is_silent(manager: socket.socket) -> bool:
    """True once nothing was said for the time-out of the socket."""
    try:
        while manager.recv(100):
            pass
    except TimeoutError:
        return True
    return False


def test_the_manager_is_told_that_it_listens_lives_and_stops(folder: Path, manager: socket.socket) -> None:
    """sd_notify(3): READY once it listens, WATCHDOG while it answers itself, STOPPING at its end."""
    with door_on(folder) as door:
        assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        assert manager.recv(100) == b"WATCHDOG=1"
        door.process.send_signal(signal.SIGSTOP)
        manager.settimeout(4)
        assert is_silent(manager)
        manager.settimeout(PATIENCE)
        door.process.send_signal(signal.SIGCONT)
        door.process.terminate()
        while manager.recv(100) != b"STOPPING=1":
            pass


def test_the_daemons_health_is_part_of_a_tag(folder: Path) -> None:
    """A daemon that dies moves no event, and yet the answer is not the one that a client has."""
    with door_on(folder) as door:
        before = door.ask(CASES).headers["etag"]
        status = json.loads(door.ask("/v1/views/status").body)
        assert status["daemon"] is False
        (folder / "status.json").write_text(json.dumps({"findings": [{"code": "disk full"}]}), "utf-8")
        assert door.ask(CASES).headers["etag"] != before


def children(door: DoorProcess) -> list[int]:
    """Returns the processes that the door has started for a large task."""
    found = Path(f"/proc/{door.process.pid}/task").glob("*/children")
    pids = [int(number) for path in found for number in _now_in(path).split()]
    return [pid for pid in pids if b"--apart" in _now_in(Path(f"/proc/{pid}/cmdline"))]


def _now_in(path: Path) -> bytes:
    """Returns what a file of /proc holds; nothing if its task has just ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return path.read_bytes()
    return b""


def await_children(door: DoorProcess, count: int) -> list[int]:
    """Waits until the door has so many; returns them."""
    until = time.monotonic() + PATIENCE
    while len(found := children(door)) != count:
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_a_large_task_is_done_in_a_process_of_its_own(folder: Path) -> None:
    """With the same answer, problem and person as any other; a stranger's begins none."""
    with door_on(folder) as door:
        answer = door.ask("/v1/views/archive-verify")
        assert (answer.status, answer.headers["api-version"], answer.document["closes"]) == (200, "1", True)
        assert door.ask("/v1/views/audit-verify", "POST", {"since": []}).status == 200
        dutch = door.ask("/v1/views/report-document?election=XX1999", Accept_Language="nl")
        assert (dutch.status // 100, dutch.headers["content-language"]) == (4, "nl")
        sent = {"election": "XX1999"}
        frozen = door.ask("/v1/commands/report-freeze", "POST", sent, Idempotency_Key="a-key-of-a-freeze")
        assert (frozen.status, frozen.headers["api-version"]) == (403, "1")  # a command does so too
        assert len(children(door)) == 1  # it has answered all four


def test_the_evidence_of_a_case_is_made_in_a_process_of_its_own(folder: Path) -> None:
    """By the form of its page; a case that has gone meanwhile is told in a page."""
    with door_on(folder) as door:
        key = door.ask("/v1/commands/case-open", "POST", OPENED).document["key"]
        page = door.ask(f"/cases/{key}", Accept="text/html").body.decode()
        (token,) = set(re.findall(r'name="token" value="([0-9a-f]{64})"', page))
        form = f"act=evidence&token={token}"
        kind = {"Content_Type": "application/x-www-form-urlencoded", "Content_Length": str(len(form))}
        answer = answer_in(door.raw(request(f"/cases/{key}", "POST", **kind) + form.encode()))
        assert (answer.status, answer.headers["content-type"]) == (200, "application/x-tar")
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert f"{key}/bagit.txt" in dict(files_in([answer.body]))
        assert len(children(door)) == 1


def test_a_process_for_large_tasks_rests_for_a_while(folder: Path) -> None:
    """It does the next task too, and ends once none has come."""
    with door_on(folder) as door:
        door.ask("/v1/views/archive-verify")
        (first,) = children(door)
        door.ask("/v1/views/archive-verify")
        assert children(door) == [first]
        await_children(door, 0)


def test_a_large_task_says_how_far_it_is_to_whoever_asks_for_it(folder: Path) -> None:
    """By interim answers (102) before the answer; who does not ask, or speaks HTTP/1.0, gets the answer alone."""
    view = "/v1/views/archive-verify"
    with door_on(folder) as door:
        told = door.raw(request(view, Prefer="return=minimal, progress"))
        *shares, answer = told.split(b"HTTP/1.1 ")[1:]
        found = [float(line.partition(b"Progress: ")[2]) for line in shares]
        assert found == sorted(found)
        assert 0 <= found[0] <= found[-1] <= 1
        assert all(line.startswith(b"102 Processing\r\n") for line in shares)
        assert answer.startswith(b"200 OK")
        for sent in (request(view), request(view, Prefer="progress").replace(b"HTTP/1.1", b"HTTP/1.0")):
            assert b"102" not in door.raw(sent).partition(b"\r\n")[0]


def test_a_large_task_ends_with_its_client_and_with_the_door(folder: Path) -> None:
    """It is killed when the client closes, when the door stops, and when the door is killed."""
    sent = request("/v1/views/archive-verify")
    with door_on(folder) as door:
        with closing(door.line()) as line:
            line.sendall(sent)
            await_children(door, 1)
        await_children(door, 0)
        with closing(door.line()) as line:
            line.sendall(sent)
            await_children(door, 1)
            door.process.terminate()
            assert answer_in(line.recv(65_536)).status in {200, 503}
        assert door.process.wait(PATIENCE) == 0
    with door_on(folder) as door, closing(door.line()) as line:
        line.sendall(sent)
        (child,) = await_children(door, 1)
        door.stop(signal.SIGKILL)
        assert patiently_gone(Path(f"/proc/{child}/exe").parent)


def test_large_tasks_are_few(folder: Path) -> None:
    """A third at once waits for its turn; it is refused if none of the two ends, and may be asked again."""
    with door_on(folder) as door, closing(door.line()) as one, closing(door.line()) as two:
        for line in (one, two):
            line.sendall(request("/v1/views/archive-verify"))
        for child in await_children(door, 2):
            os.kill(child, signal.SIGSTOP)
        third = door.ask("/v1/views/archive-verify")
        assert (third.status, third.document["type"]) == (503, "too-much-at-once")
        assert int(third.headers["retry-after"]) > 0
        assert door.ask(CASES).status == 200
        for child in children(door):
            os.kill(child, signal.SIGCONT)
        for line in (one, two):
            assert answer_in(line.recv(65_536)).status == 200
        assert door.ask("/v1/views/archive-verify").status == 200


def test_a_large_task_whose_process_is_killed_is_a_fault_and_the_next_is_done(folder: Path) -> None:
    """As by the kernel for its memory: the person and the journal are told, and the door goes on."""
    with door_on(folder) as door:
        for status in (500, 200):
            with closing(door.line()) as line:
                line.sendall(request("/v1/views/archive-verify"))
                (child,) = await_children(door, 1)
                if status == 500:
                    os.kill(child, signal.SIGKILL)
                assert answer_in(line.recv(65_536)).status == status
        door.process.terminate()
        _, journal = door.process.communicate(timeout=PATIENCE)
    assert [one["error"] for one in map(json.loads, journal.splitlines()) if "error" in one] == ["ChildEnded"]
