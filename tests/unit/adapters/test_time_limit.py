# SPDX-License-Identifier: EUPL-1.2
"""A parsing process is given up for what it does itself, never because the machine is busy.

The processes are real ones, the clock is set.
"""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from flaggermail.adapters.parsing import exchange, worker
from flaggermail.adapters.parsing.exchange import LOADED, TimeLimit, process_state, processor_time
from flaggermail.adapters.parsing.limits import LENGTH
from flaggermail.adapters.parsing.worker import ContainedParser
from flaggermail.shipped import shipped

pytestmark = pytest.mark.outside  # each starts a process

WORKS, WAITS = "while True: pass", "input()"
SECONDS = 30.0  # far more processor time than the process uses here


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Returns the instant that was set."""
        return self.now


@contextmanager
def started(program: str) -> Iterator[int]:
    """Runs a program that is at work, or that waits, and ends it; yields its process id."""
    said = f"print(flush=True)\n{program}"
    with subprocess.Popen([sys.executable, "-c", said], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def asleep(pid: int) -> None:
    """Waits until the process waits for its input (proc_pid_stat(5): state S)."""
    while process_state(pid) != "S":
        os.sched_yield()


def test_a_process_that_works_is_awaited_beyond_its_seconds() -> None:
    """It never got its turn: six times its seconds have to pass before it is given up."""
    clock = Clock()
    with started(WORKS) as pid:
        limit = TimeLimit(pid, SECONDS, clock)
        clock.now += SECONDS + 1
        assert (limit.passed(), limit.over) == (False, False)
        clock.now += SECONDS * LOADED
        assert (limit.passed(), limit.over) == (True, True)
        assert limit.spent() < SECONDS


def test_a_process_that_does_nothing_is_awaited_for_its_seconds() -> None:
    """Waiting or stopped, it uses no processor time; neither is worth more than its seconds."""
    with started(WAITS) as waiting, started(WORKS) as stopped:
        asleep(waiting)
        os.kill(stopped, signal.SIGSTOP)
        os.waitid(os.P_PID, stopped, os.WSTOPPED)
        for pid in (waiting, stopped):
            clock = Clock()
            limit = TimeLimit(pid, SECONDS, clock)
            assert not limit.passed()
            clock.now += SECONDS
            assert (limit.passed(), limit.over) == (True, False)


def test_a_process_that_used_its_seconds_is_not_awaited() -> None:
    """It lifted its own limit on processor time, as the sandbox lets it: the parent counts too."""
    clock = Clock()
    with started(WORKS) as pid:
        limit = TimeLimit(pid, 0.05, clock)
        while limit.spent() < 0.05:
            os.sched_yield()
        clock.now += 0.06
        assert (limit.passed(), limit.over) == (True, False)


def test_of_a_process_that_has_ended_all_the_time_counts() -> None:
    """What it used is no longer to be seen."""
    clock = Clock()
    with started(WORKS) as pid:
        limit = TimeLimit(pid, SECONDS, clock)
    clock.now += SECONDS
    assert limit.passed()
    assert limit.spent() == SECONDS


def test_a_mail_on_a_busy_machine_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight seconds pass while the parsing process gets a moment: the mail and what is attached to it are read.

    Once `worker` counted the clock alone, and the mail was read by its header.
    """
    parser = ContainedParser(shipped("rules"), time_limit=2.0)
    before = math.inf

    def busy() -> float:
        used = processor_time(parser.pid or 0) or 0.0
        return min(before + 8.0, used * 200)

    monkeypatch.setattr(exchange, "GLANCE", 0.01)
    monkeypatch.setattr(worker, "TimeLimit", partial(TimeLimit, clock=busy))
    lines = "Van: a\nVerzonden: b\n" * 400  # several looks on a fast machine, a fifth of the time limit on a slow one
    inner = f"--c\nContent-Type: message/rfc822\n\nFrom: b@b.example\nSubject: Binnen\n\n{lines}\n"
    octets = (
        "From: a@b.example\nSubject: Buiten\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=c\n\n"
        f"--c\n\n{lines}\n{inner}{inner}--c--\n"
    ).encode()
    parser.parse(b"From: a@b.example\n\nThe process is there.\n")
    before = busy()
    message, attached = parser.parse_delivery(octets)
    assert busy() - before > 2.0  # more than its limit
    assert [(one.subject, one.defects) for one in (message, *attached)] == [
        ("Buiten", ()), ("Binnen", ()), ("Binnen", ()),
    ]  # fmt: skip
    parser.close()


@contextmanager
def asked(program: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program whose pipes are those of a contained process: neither blocks."""
    said = f"import sys, struct\nread, write = sys.stdin.buffer.read, sys.stdout.buffer.write\n{program}"
    with subprocess.Popen(
        [sys.executable, "-c", said], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
        try:
            yield process
        finally:
            process.kill()


ECHO = f"octets = read(3_000_003)\nwrite(struct.pack({LENGTH.format!r}, len(octets)) + octets)"


def test_what_a_pipe_does_not_hold_goes_through_it_in_pieces() -> None:
    """Three parts of three megabytes, one of them empty, are sent and answered whole."""
    parts = (b"abc", b"", bytes(range(250)) * 12_000)
    with asked(ECHO) as process:
        limit = TimeLimit(process.pid, SECONDS)
        exchange.send(process, parts, limit)
        assert exchange.answer(process, 3_000_003, limit) == b"".join(parts)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [("write(struct.pack(FORM, 2) + b'{}[]')", "more than one answer"), ("write(struct.pack(FORM, 9))", "too long")],
)
def test_an_answer_is_one_and_no_longer_than_it_may_be(answer: str, wrong: str) -> None:
    """What follows it would pass for the answer about the next mail."""
    with asked(answer.replace("FORM", repr(LENGTH.format))) as process, pytest.raises(ValueError, match=wrong):
        exchange.answer(process, 8, TimeLimit(process.pid, SECONDS))


def test_an_answer_between_two_looks_is_read() -> None:
    """The pipe is empty, the process answers, and only then it is seen to do nothing, beyond its seconds."""
    with asked(ECHO) as process:
        assert process.stdout is not None
        answers = process.stdout.fileno()

        class Late(TimeLimit):
            def passed(self) -> bool:
                exchange.send(process, [bytes(3_000_003)], TimeLimit(process.pid, SECONDS))
                select.select([answers], [], [])
                asleep(process.pid)
                return True

        assert exchange.answer(process, 3_000_003, Late(process.pid, SECONDS)) == bytes(3_000_003)


def test_a_process_that_ends_in_the_middle_of_its_answer_gave_none() -> None:
    """Nor did one that ended before it."""
    for said in ("write(struct.pack(FORM, 9) + b'{}')", "pass"):
        with asked(said.replace("FORM", repr(LENGTH.format))) as process, pytest.raises(EOFError):
            exchange.answer(process, 9, TimeLimit(process.pid, SECONDS))
