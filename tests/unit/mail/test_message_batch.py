# SPDX-License-Identifier: EUPL-1.2
"""Old mail is parsed by several processes at once: in order, isolated from one another, ended when idle."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flaggermail.adapters.parsing.worker import FEW, MOST, ContainedParser
from flaggermail.shipped import shipped

pytestmark = pytest.mark.outside  # each starts parser processes

MANY = 40
LIMIT = 5.0  # seconds for each mail


def mail(number: int) -> bytes:
    """Returns one of many different mails; the first are the longest, so later ones are parsed sooner."""
    return b"Message-ID: <%d@b.example>\r\nFrom: jan@b.example\r\n\r\n" % number + b"x\r\n" * 20 * (MANY - number)


def ids(count: int = MANY) -> list[str]:
    """Returns the Message-IDs of so many mails."""
    return [f"{number}@b.example" for number in range(count)]


def running(pids: list[int]) -> list[int]:
    """Returns the processes that still run."""
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def contained() -> Iterator[ContainedParser]:
    """Returns a parser whose processes run until it is closed."""
    parser = ContainedParser(shipped("rules"), time_limit=LIMIT)
    yield parser
    parser.close()


def test_many_are_read_by_as_many_processes_as_there_are_cores_and_come_back_in_order(
    contained: ContainedParser,
) -> None:
    """Many mails are parsed by one process for each core, with the same results in the same order.

    The process for live mail takes no part.
    """
    mails = [mail(number) for number in range(MANY)]
    together = contained.parse_all(mails)
    assert [message.message_id for message in together] == ids()
    assert len(contained.pids) == min(os.cpu_count() or 1, MOST)
    assert contained.pid is None
    assert together == [contained.parse(octets) for octets in mails]
    assert contained.pid not in contained.pids


def test_a_few_are_read_by_the_process_for_live_mail(contained: ContainedParser) -> None:
    """A few mails are parsed by the process for live mail: starting others would take longer."""
    assert [m.message_id for m in contained.parse_all([mail(n) for n in range(FEW - 1)])] == ids(FEW - 1)
    assert contained.parse_all([]) == []
    assert (contained.pid is not None, contained.pids) == (True, [])


def test_a_mail_that_ends_its_process_costs_itself_alone() -> None:
    """A mail that ends its process by its memory use affects only itself."""
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
    """A stalled process is replaced and its mail read from the header alone; the other mails are not affected."""
    parser = ContainedParser(shipped("rules"), time_limit=0.5)
    mails = [mail(number) for number in range(MANY)]
    parser.parse_all(mails)
    before = parser.pids
    os.kill(before[0], signal.SIGSTOP)
    together = parser.parse_all(mails)
    assert [message.message_id for message in together] == ids()
    assert [message.defects for message in together].count(("parser ended: over its time limit",)) == 1
    assert sum(bool(message.defects) for message in together) == 1
    assert running(before[:1]) == []
    assert [message.defects for message in parser.parse_all(mails)] == [()] * MANY  # a new process has replaced it
    assert before[1:] == parser.pids[1:]
    parser.close()


def test_processes_that_were_killed_between_two_batches_cost_no_mail(contained: ContainedParser) -> None:
    """Processes killed between two batches are replaced and lose no mail."""
    mails = [mail(number) for number in range(MANY)]
    contained.parse_all(mails)
    before = contained.pids
    for pid in before:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert [message.defects for message in contained.parse_all(mails)] == [()] * MANY
    assert not set(before) & set(contained.pids)


def test_processes_that_were_begun_read_the_first_batch(contained: ContainedParser) -> None:
    """They start ahead, once, and one that is killed before its first mail is replaced."""
    contained.begin()
    before = contained.pids
    contained.begin()
    assert contained.pids == before
    os.kill(before[0], signal.SIGKILL)
    os.waitid(os.P_PID, before[0], os.WEXITED | os.WNOWAIT)
    assert [message.defects for message in contained.parse_all([mail(number) for number in range(MANY)])] == [()] * MANY
    assert before[0] not in contained.pids
    assert before[1:] == contained.pids[1:]


def test_processes_that_were_begun_in_vain_end(contained: ContainedParser) -> None:
    """Settings with a fault leave no process behind."""
    contained.begin()
    before = contained.pids
    assert running(before) == before
    contained.close()
    assert running(before) == []


def test_closing_ends_all_of_them_and_a_later_batch_starts_others(contained: ContainedParser) -> None:
    """close() ends all processes, and a later batch starts new ones."""
    mails = [mail(number) for number in range(MANY)]
    contained.parse_all(mails)
    before = contained.pids
    assert running(before) == before
    contained.close()
    contained.close()
    assert (running(before), contained.pids) == ([], [])
    assert [message.message_id for message in contained.parse_all(mails)] == ids()


def test_they_end_when_no_batch_came_for_a_while() -> None:
    """The processes for batches end when idle; the one for live mail stays."""
    of_others = set(threading.enumerate())
    parser = ContainedParser(shipped("rules"), time_limit=LIMIT, idle=0.0)
    parser.parse(mail(0))
    live = parser.pid
    for _ in range(2):
        assert [message.message_id for message in parser.parse_all([mail(n) for n in range(MANY)])] == ids()
        for timer in set(threading.enumerate()) - of_others:
            if isinstance(timer, threading.Timer):
                timer.join()
        assert parser.pids == []
    assert parser.pid == live
    parser.close()


def test_what_they_said_is_forgotten_with_them(contained: ContainedParser) -> None:
    """A mail of a batch is not parsed again while its answer is kept, which is as long as the processes run."""
    contained.parse_all([mail(number) for number in range(MANY)])
    assert contained.parse_again(mail(1)).message_id == ids()[1]
    assert contained.pid is None
    contained.close()
    assert contained.parse_again(mail(1)).message_id == ids()[1]
    assert contained.pid is not None
