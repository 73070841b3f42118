# SPDX-License-Identifier: EUPL-1.2
"""A door as a process, and raw connections to it, each as an account of this machine."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.doubles.broken_desks import sound
from tests.doubles.migrated import register_in
from tests.patience import PATIENCE

AS_ROOT = os.geteuid() == 0
DAEMON, BIN, SYS, NOBODY = 1, 2, 3, 65_534  # accounts that every Debian has


@dataclass
class DoorProcess:
    """One door on a desk's folder."""

    folder: Path
    path: Path
    process: subprocess.Popen[str]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends the door by a signal; returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def line(self) -> socket.socket:
        """Returns a connection."""
        found = socket.socket(socket.AF_UNIX)
        found.connect(str(self.path))  # waits for its turn; with a time-out it would not
        found.settimeout(PATIENCE)
        return found

    def raw(self, octets: bytes) -> bytes:
        """Sends octets as they are, ends sending, and returns all that comes back."""
        with closing(self.line()) as line:
            return exchange(line, octets)

    def ask(self, address: str, method: str = "GET", body: object = None, **headers: str) -> Answer:
        """Sends one request and returns its answer."""
        return answer_in(self.raw(request(address, method, body, **headers)))

    def memory(self) -> int:
        """Returns the resident memory in kB."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text("ascii"))
        assert found is not None
        return int(found[1])


@dataclass(frozen=True)
class Answer:
    """An answer, read."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Mapping[str, object]:
        """The JSON document."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


def request(address: str, method: str = "GET", body: object = None, **headers: str) -> bytes:
    """Returns the octets of a request."""
    sent = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {address} HTTP/1.1", "Host: desk", "Connection: close"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(sent)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + sent


def exchange(line: socket.socket, octets: bytes) -> bytes:
    """Sends octets and returns what comes until the end; a door that closes early has answered."""
    try:
        line.sendall(octets)
        line.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    found = b""
    while True:
        try:
            part = line.recv(65_536)
        except ConnectionError:
            return found
        if not part:
            return found
        found += part


def answer_in(octets: bytes) -> Answer:
    """Returns the first answer in the octets, whose body is the rest of them."""
    head, _, body = octets.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    status = first.split(" ")[1] if first.startswith("HTTP/1.1 ") else "0"
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(status), headers, body[: int(headers.get("content-length", len(body)))])


def desk_of(folder: Path, *officers: tuple[str, int], database: str = "") -> Path:
    """Writes a desk in which the officers with those ids have the logins of those accounts.

    `database` is the address of one on PostgreSQL; empty for SQLite in the folder.
    """
    import pwd  # noqa: PLC0415 - of Unix alone

    found = sound(folder)
    rota = (found / "oncall.yaml").read_text("utf-8")
    for officer, uid in officers:
        rota = rota.replace(f"login: {officer}\n", f"login: {pwd.getpwuid(uid).pw_name}\n")
    (found / "oncall.yaml").write_text(rota, "utf-8")
    if database:
        settings = (found / "flaggermail.yaml").read_text("utf-8")
        settings = settings.replace("sqlite:///flaggermail.db", database)
        (found / "flaggermail.yaml").write_text(settings, "utf-8")
    register_in(found)
    return found


def open_the_way(folder: Path) -> None:
    """Lets every account enter a folder of a test, and those that it lies in."""
    for place in (folder, *folder.parents):
        if place == Path(tempfile.gettempdir()):
            return
        place.chmod(0o755)


@contextmanager
def door_on(
    folder: Path, path: Path | None = None, environment: Mapping[str, str] | None = None, under: Sequence[str] = ()
) -> Iterator[DoorProcess]:
    """Starts a door on a desk; ends it.

    `environment` has more variables for it, `under` the words of a program that runs it, such as nice(1).
    """
    given = ["--socket", str(path)] if path else []
    process = subprocess.Popen(
        [*under, sys.executable, "-m", "flaggermail", "--config", str(folder), "serve", "--json", *given],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            _, why = process.communicate()
            raise AssertionError(f"the door did not start: {why}")
        yield DoorProcess(folder, Path(first.removeprefix("listens on ").partition(", and")[0].strip()), process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def as_account(uid: int, path: Path, octets: bytes, times: int = 1) -> bytes:
    """Returns what the door answers to a process of another account; the last answer of several."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        found = b""
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            for _ in range(times):
                with closing(socket.socket(socket.AF_UNIX)) as line:
                    line.connect(str(path))
                    line.settimeout(PATIENCE)
                    found = exchange(line, octets)
        except OSError as fault:
            found = f"HTTP/1.1 {fault.errno} \r\n\r\n".encode()
        finally:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(found)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read()
    os.waitpid(child, 0)
    return found


@contextmanager
def held_by(uid: int, path: Path, octets: bytes, times: int) -> Iterator[None]:
    """Keeps connections of another account open, on each of which those octets were sent and no more."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        lines = []
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            for _ in range(times):
                lines.append(socket.socket(socket.AF_UNIX))
                lines[-1].connect(str(path))
                lines[-1].sendall(octets)
            os.write(writing, b"x")
            time.sleep(PATIENCE)
        finally:
            os._exit(0)
    try:
        assert os.read(reading, 1) == b"x"
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)


def as_its_unit() -> tuple[str, ...]:
    """Returns the words that run a door with the share of a processor that its unit gives it.

    CPUWeight= is to the default of 100 what the weight of nice(1) is to that of 0, which grows by 1.25 each step
    (sched(7)); a machine without a writable cgroup has it too, and threads inherit it from the start on.
    """
    unit = (Path(__file__).parents[2] / "systemd" / "flaggermail-door.service").read_text("utf-8")
    found = re.search(r"^CPUWeight=([0-9]+)$", unit, re.MULTILINE)
    assert found is not None
    return "nice", "-n", str(round(math.log(100 / int(found[1]), 1.25)))


def patiently_gone(path: Path) -> bool:
    """True once nothing lies at the path, within the patience of tests."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if not path.exists():
            return True
        time.sleep(0.05)
    return False
