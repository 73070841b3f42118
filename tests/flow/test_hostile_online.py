# SPDX-License-Identifier: EUPL-1.2
"""`check --online` on servers that flood, lie and write to the terminal: it ends in time, in bounds, in words."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from flaggermail.online.outcomes import Result
from tests.flow.desk_process import ROOT, configure
from tests.patience import PATIENCE

MEMORY = 400 << 20  # octets; a check of a good server takes about 120 MB
SECONDS = 5 * PATIENCE  # for a check whose settings wait two seconds for an answer, on a busy machine
CHECK = """
import json, sys
from dataclasses import replace
from pathlib import Path
from flaggermail.online import checking
from flaggermail.rules.configuration import load
from flaggermail.wiring.online_means import means
from tests.doubles.dns import ScriptedResolver
found = checking.check(replace(means(load(Path(sys.argv[1]))), resolver=ScriptedResolver({})))
told = [[one.result, one.step, one.what.english] for one in found]
status = Path("/proc/self/status").read_text()  # a process inherits the peak that getrusage tells, not this one
print(json.dumps({"told": told, "peak": 1024 * int(status.partition("VmHWM:")[2].split()[0])}))
"""
FORGED = b"\x1b[2J\x1b]0;x\x07\x00 \xe2\x80\xae ok: all is well"
Answer = Callable[[socket.socket, bytes], None]  # to one line of the client


def flood(piece: bytes) -> Answer:
    """Answers anything with this, as fast as the client reads, until it leaves."""

    def answer(client: socket.socket, line: bytes) -> None:
        del line
        block = piece * (1 + (1 << 16) // len(piece))
        while True:
            client.sendall(block)

    return answer


def refusing(client: socket.socket, line: bytes) -> None:
    """Refuses everything, in words for a terminal."""
    tag = line.split(b" ")[0]
    of_imap = tag[:1].isalpha() and tag[-1:].isdigit()
    client.sendall((tag + b" NO " if of_imap else b"554 ") + FORGED + b"\r\n")


def after_login(then: bytes) -> Answer:
    """Lets an IMAP client log in, and answers what comes then with a flood that begins with `then`."""

    def answer(client: socket.socket, line: bytes) -> None:
        tag, _, command = line.partition(b" ")
        if command.startswith((b"CAPABILITY", b"LOGIN")):
            client.sendall(b"* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\n" + tag + b" OK done\r\n")
        else:
            client.sendall(then)
            flood(b"x" * 100 if then.endswith(b"}\r\n") else then)(client, line)

    return answer


MAILBOXES: Mapping[str, tuple[bytes, Answer]] = {
    "a greeting without end": (b"* OK ", flood(b"x")),
    "greetings without end": (b"* OK hello\r\n", flood(b"* OK hello\r\n")),
    "no IMAP at all": (bytes(range(256)) * 50 + b"\r\n", flood(bytes(range(256)))),
    "words for a terminal": (b"* OK " + FORGED + b"\r\n", refusing),
    "a literal of a terabyte": (b"* OK ready\r\n", after_login(b'* LIST () "/" {1000000000000}\r\n')),
    "folders without end": (b"* OK ready\r\n", after_login(b'* LIST () "/" folder\r\n')),
    "a line without end": (b"* OK ready\r\n", after_login(b"* LIST () ")),
}
SUBMISSIONS: Mapping[str, tuple[bytes, Answer]] = {
    "a greeting without end": (b"220 ", flood(b"x")),
    "greetings without end": (b"220-hello\r\n", flood(b"220-hello\r\n")),
    "words for a terminal": (b"220 " + FORGED + b"\r\n", refusing),
    "extensions without end": (b"220 ready\r\n", flood(b"250-SIZE\r\n")),
}


@contextmanager
def serving(greeting: bytes, answer: Answer) -> Iterator[int]:
    """Serves each client in a thread, on the port that it yields; a greeting that has no end floods at once."""

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError), client.makefile("rb") as lines:
            client.sendall(greeting)
            if not greeting.endswith(b"\r\n") or greeting in {b"* OK hello\r\n", b"220-hello\r\n"}:
                answer(client, b"")
            while line := lines.readline().strip():
                answer(client, line)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def checked(folder: Path, mailbox: int, submission: int) -> dict[str, object]:
    """Checks the servers on these ports in a process of its own, which must end in time."""
    there = {"host": "localhost", "tls": "none", "timeout_seconds": 2, "user": "u"}
    configure(folder, {"mailbox": {**there, "port": mailbox}, "submission": {**there, "port": submission}}, "officer")
    for credential in ("imap-password", "smtp-password"):
        file = folder / "credentials" / credential
        file.write_text("secret", "utf-8")
        file.chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(folder)], capture_output=True, text=True, cwd=ROOT, check=False,
        timeout=SECONDS, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", [*MAILBOXES, *(f"submission: {name}" for name in SUBMISSIONS)])
def test_a_hostile_server_is_named_and_ends_nothing_else(tmp_path: Path, name: str) -> None:
    """One step says what is wrong, the other server's steps are told all the same, in one line each, in bounds."""
    which, _, of_submission = name.partition("submission: ")
    closed = 1  # nothing listens there
    with serving(*(SUBMISSIONS[of_submission] if of_submission else MAILBOXES[which])) as port:
        found = checked(tmp_path, closed if of_submission else port, port if of_submission else closed)
    told = found["told"]
    assert isinstance(told, list)
    assert isinstance(found["peak"], int)
    assert sum(result == Result.MEND for result, _, _ in told) >= 2, told
    for _, step, words in told:
        assert len(words) < 1000, step
        assert not re.search(r"[\x00-\x1f\x7f\u202e]", words), (step, words)
    assert found["peak"] < MEMORY, told
