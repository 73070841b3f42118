# SPDX-License-Identifier: EUPL-1.2
"""Old mail is read by several processes at once: in order, each mail at its own risk, and they end when not needed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flaggermail.adapters.parsing.worker import FEW, MOST, ContainedParser
from flaggermail.shipped import shipped

pytestmark = pytest.mark.outside  # each has reading processes of its own

MANY = 40
LIMIT = 5.0  # seconds a mail


def mail(number: int) -> bytes:
    """One of many that can be told apart; the first are the longest, so that later ones are read sooner."""
    return b"Message-ID: <%d@b.example>\r\nFrom: jan@b.example\r\n\r\n" % number + b"x\r\n" * 20 * (MANY - number)


def ids(count: int = MANY) -> list[str]:
    """What the Message-IDs of so many mails are."""
    return [f"{number}@b.example" for number in range(count)]


def running(pids: list[int]) -> list[int]:
    """Those that are there."""
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def contained() -> Iterator[ContainedParser]:
    """A parser whose processes stay until it is closed."""
    parser = ContainedParser(shipped("rules"), time_limit=LIMIT)
    yield parser
    parser.close()


def test_many_are_read_by_as_many_processes_as_there_are_cores_and_come_back_in_order(
    contained: ContainedParser,
) -> None:
    """The same as one by one; the process for live mail has nothing to do with it."""
    mails = [mail(number) for number in range(MANY)]
    together = contained.parse_all(mails)
    assert [message.message_id for message in together] == ids()
    assert len(contained.pids) == min(os.cpu_count() or 1, MOST)
    assert contained.pid is None
    assert together == [contained.parse(octets) for octets in mails]
    assert contained.pid not in contained.pids


def test_a_few_are_read_by_the_process_for_live_mail(contained: ContainedParser) -> None:
    """To start others would take longer."""
    assert [m.message_id for m in contained.parse_all([mail(n) for n in range(FEW - 1)])] == ids(FEW - 1)
    assert contained.parse_all([]) == []
    assert (contained.pid is not None, contained.pids) == (True, [])


def test_a_mail_that_ends_its_process_costs_itself_alone() -> None:
    """In the middle of a batch, by the memory that it takes; the others are read as if it were not there."""
    parser = ContainedParser(shipped("rules"), time_limit=LIMIT, memory_limit=120 * 1024 * 1024)
    mails = [mail(number) for number in range(MANY)]
    mails[MANY // 2] += b"x" * 150_000_000
    together = parser.parse_all(mails)
    assert [message.message_id for message in together] == ids()
    ended = [at for at, message in enumerate(together) if any("parser" in defect for defect in message.defects)]
    assert ended == [MANY // 2]
    assert together[MANY // 2].defects == ("parser ended: exit 1",)
    parser.close()


def test_a_process_that_stands_still_is_replaced_and_its_mail_told_by_the_header() -> None:
    """It alone: the other processes go on with the other mails."""
    parser = ContainedParser(shipped("rules"), time_limit=0.5)
    mails = [mail(number) for number in range(MANY)]
    parser.parse_all(mails)
    before = parser.pids
    os.kill(before[0], signal.SIGSTOP)
    begun = time.monotonic()
    together = parser.parse_all(mails)
    assert time.monotonic() - begun < LIMIT
    assert [message.message_id for message in together] == ids()
    assert [message.defects for message in together].count(("parser ended: over its time limit",)) == 1
    assert sum(bool(message.defects) for message in together) == 1
    assert running(before[:1]) == []
    assert [message.defects for message in parser.parse_all(mails)] == [()] * MANY  # a new one came in its place
    assert before[1:] == parser.pids[1:]
    parser.close()


def test_processes_that_were_killed_between_two_batches_cost_no_mail(contained: ContainedParser) -> None:
    """Each is replaced when its next mail comes."""
    mails = [mail(number) for number in range(MANY)]
    contained.parse_all(mails)
    before = contained.pids
    for pid in before:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert [message.defects for message in contained.parse_all(mails)] == [()] * MANY
    assert not set(before) & set(contained.pids)


def test_closing_ends_all_of_them_and_a_later_batch_starts_others(contained: ContainedParser) -> None:
    """Nothing is left behind."""
    mails = [mail(number) for number in range(MANY)]
    contained.parse_all(mails)
    before = contained.pids
    assert running(before) == before
    contained.close()
    contained.close()
    assert (running(before), contained.pids) == ([], [])
    assert [message.message_id for message in contained.parse_all(mails)] == ids()


def test_they_end_when_no_batch_came_for_a_while() -> None:
    """The memory that they hold is for history; live mail goes on."""
    parser = ContainedParser(shipped("rules"), time_limit=LIMIT, idle=0.0)
    parser.parse(mail(0))
    live = parser.pid
    for _ in range(2):
        assert [message.message_id for message in parser.parse_all([mail(n) for n in range(MANY)])] == ids()
        for timer in threading.enumerate():
            if isinstance(timer, threading.Timer):
                timer.join()
        assert parser.pids == []
    assert parser.pid == live
    parser.close()
