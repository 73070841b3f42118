# SPDX-License-Identifier: EUPL-1.2
"""The door: its memory, the time of each view and page of a large desk, and live mail beside clients without pause."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, socket

from flaggermail.intake.ingest import ingest
from flaggermail.ports import RawMessage
from flaggermail.record.events import Event, EventKind, added
from flaggermail.record.kinds import Place
from flaggermail.record.rows import Case, StoredMessage
from flaggermail.services import DAEMON, Services
from flaggermail.wiring import assembly
from tests.bench import latency, table
from tests.bench.corpus import as_arrived
from tests.bench.figures import Bench, Figure, Goal, Heading, Note, Row, times
from tests.bench.mails import Mails
from tests.bench.startup import BARE, PROGRAM, median_seconds
from tests.flow.door_process import DoorProcess, as_its_unit, door_on

CASES, QUICK_CASES = 400, 10
MAILS, QUICK_MAILS = 20_000, 100
TIMES, QUICK_TIMES = 20, 2  # each view
REQUESTS, QUICK_REQUESTS = 10_000, 50
COMMITS, QUICK_COMMITS = 20, 4  # mails of a round
ROUNDS, QUICK_ROUNDS = 3, 1  # of live mail alone, then beside clients
TYPED, QUICK_TYPED = 25, 3  # times that each command is typed
CLIENTS = 8
AT_ONCE = 1_000  # rows of a transaction
LISTS = (
    "case-list", "case-list?waiting=true", "events", "message-list?place=noise", "message-list?place=case",
    "quarantine-list", "declined-list", "outbox-list", "outbox-list?everything=true", "oncall-now", "oncall-next",
    "oncall-handover", "oncall-pages", "election-list", "channel-list", "officer-list", "readiness", "latency",
)  # fmt: skip
"""Views that need no more than their names; those of one case are asked beside them."""
PAGES = (
    "/", "/cases", "/cases?waiting=1", "/cases?correspondent=lindewaard.example&since=2024-01-01", "/cases?number=1",
    "/quarantine", "/outbox", "/outbox?everything=1",
)  # fmt: skip
"""Pages that need no more than their addresses; those of one case and mail are asked beside them."""


class Line(HTTPConnection):
    """A connection over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("desk")
        self._path = path

    def connect(self) -> None:
        """Connects."""
        self.sock = socket(AF_UNIX)
        self.sock.connect(str(self._path))


def ask(line: Line, address: str, body: object = None) -> tuple[int, int]:
    """Returns the status and the octets of an answer."""
    sent = None if body is None else json.dumps(body)
    line.request("GET" if sent is None else "POST", address, sent, {"Content-Type": "application/json"} if sent else {})
    answer = line.getresponse()
    return answer.status, len(answer.read())


def fill(env: Services, cases: int, mails: int) -> None:
    """Opens cases by mail and adds further mails: most are noise, a tenth waits, a tenth was declined."""
    written = Mails(1, env.settings.desk.mailbox.address)
    for number in range(cases):
        ingest(env, RawMessage(as_arrived(written.referral().octets), env.clock.now(), "INBOX", "1", str(number)))
    with env.store.read() as tx:
        message = tx.find(StoredMessage)[0]
    places = [Place.NOISE] * 8 + [Place.QUARANTINE, Place.DECLINED]
    for begin in range(0, mails, AT_ONCE):
        events = []
        for number in range(begin, min(mails, begin + AT_ONCE)):
            at = env.clock.now() - timedelta(seconds=mails - number)
            row = replace(
                message, id=f"m1{number:07d}", message_id=f"{number}@bench.example", content_key=f"c{number}",
                digest=f"{number:064d}", place=places[number % len(places)], case=None, received_at=at,
                first_seen_at=at,
            )  # fmt: skip
            events.append(Event(EventKind.MESSAGE_TAKEN_IN, at, DAEMON, (added(row),), message=row.id))
        with env.store.begin() as tx:
            tx.append(*events)


def measure(bench: Bench) -> Iterator[Row]:
    """Measures a door on a large desk, then live mail with and without clients at the door."""
    cases, mails = bench.few(CASES, QUICK_CASES), bench.few(MAILS, QUICK_MAILS)
    yield Heading(f"the door, with {cases} cases and {mails:,} mails", "")
    with bench.servers.desk("door") as desk:
        with closing(assembly.open_services(desk.folder)) as env:
            fill(env, cases, mails)
            with env.store.read() as tx:
                number, message = tx.find(Case)[0].number, tx.find(StoredMessage)[0].id
        addresses = [*LISTS, f"events?case={number}", f"case-show?case={number}", f"message-show?message={message}"]
        with door_on(desk.folder) as door:
            yield from _memory(bench, door, addresses)
            yield from _views(bench, door, addresses)
            yield from _pages(bench, door, number, message)
            yield from _typed(bench, door, number)
    yield from _live(bench)


def _memory(bench: Bench, door: DoorProcess, addresses: list[str]) -> Iterator[Row]:
    with closing(Line(door.path)) as line:
        ask(line, "/health")
        idle = door.memory() / 1024
        for number in range(bench.few(REQUESTS, QUICK_REQUESTS)):
            ask(
                line,
                f"/v1/views/{addresses[number % len(addresses)]}" if number % 10 == 0 else "/v1/views/election-list",
            )
    goal = Goal(90, 110)
    yield Figure(what="memory of an idle door", figure=idle, unit="MiB", name="door.memory", goal=goal)
    yield Figure(
        what="memory of a door after the requests", figure=door.memory() / 1024, unit="MiB", goal=Goal(100, 120)
    )


def _views(bench: Bench, door: DoorProcess, addresses: list[str]) -> Iterator[Row]:
    slowest, largest = ("", 0.0), ("", 0)
    with closing(Line(door.path)) as line:
        for address in addresses:
            taken = []
            for _ in range(bench.few(TIMES, QUICK_TIMES)):
                begun = time.perf_counter()
                status, octets = ask(line, f"/v1/views/{address}")
                taken.append(time.perf_counter() - begun)
                if status != 200:
                    raise AssertionError(f"{address}: {status}")
            name = address.partition("?")[0]
            slowest = max(slowest, (name, table.percentile(taken, 0.95)), key=lambda one: one[1])
            largest = max(largest, (name, octets), key=lambda one: one[1])
    what = f"the slowest of {len(addresses)} views ({slowest[0]}), p95"
    yield Figure(what=what, figure=slowest[1] * 1000, unit="ms", name="views.p95", goal=Goal(30, 50))
    yield Figure(what=f"the largest answer ({largest[0]})", figure=largest[1] / 1000, unit="kB", goal=Goal(256))


def _pages(bench: Bench, door: DoorProcess, case: str, message: str) -> Iterator[Row]:
    """Measures each page as a browser asks for it, and the processor time that the door spends on all of them."""
    slowest, largest = ("", 0.0), ("", 0)
    addresses = [*PAGES, f"/cases/{case}", f"/cases/{case}/events", f"/cases/{case}/assess", f"/messages/{message}"]
    many = bench.few(TIMES, QUICK_TIMES)
    with closing(Line(door.path)) as line:
        for address in addresses:  # the first one of each reads its template
            ask(line, address)
        before = processor_seconds(door)
        for address in addresses:
            taken = []
            for _ in range(many):
                begun = time.perf_counter()
                status, octets = ask(line, address)
                taken.append(time.perf_counter() - begun)
                if status != 200:
                    raise AssertionError(f"{address}: {status}")
            name = address.partition("?")[0].replace(case, "CASE").replace(message, "ID")
            slowest = max(slowest, (name, table.percentile(taken, 0.95)), key=lambda one: one[1])
            largest = max(largest, (name, octets), key=lambda one: one[1])
        spent = (processor_seconds(door) - before) / (many * len(addresses))
    what = f"the slowest of {len(addresses)} pages ({slowest[0]}), p95"
    yield Figure(what=what, figure=slowest[1] * 1000, unit="ms", name="pages.p95", goal=Goal(50))
    yield Figure(what="a page, processor time of the door, mean", figure=spent * 1000, unit="ms")
    yield Figure(what=f"the largest page ({largest[0]})", figure=largest[1] / 1000, unit="kB", goal=Goal(60))


def processor_seconds(door: DoorProcess) -> float:
    """Returns the processor time that the door has spent so far, in seconds (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{door.process.pid}/stat").read_text("ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _typed(bench: Bench, door: DoorProcess, case: str) -> Iterator[Row]:
    """Measures commands as a person types them, each in turn with an interpreter that does nothing."""
    asks = [PROGRAM, "--socket", str(door.path), "case"]
    listed, shown = "flaggermail case list", "flaggermail case show"
    commands = {BARE: [sys.executable, "-c", "pass"], listed: [*asks, "list"], shown: [*asks, "show", case]}
    medians = median_seconds(commands, bench.few(TYPED, QUICK_TYPED), bench.folder / "compiled")
    for what, name in ((listed, "door.case_list"), (shown, None)):
        yield Figure(what=f"{what}, through the door", figure=medians[what] * 1000, unit="ms")
        yield times(f"{what}, beside a bare interpreter", medians[what] / medians[BARE], name, Goal(8, 12))


@contextmanager
def clients(folder: Path) -> Iterator[None]:
    """Runs a door with the weight of its unit, and clients in a process of their own; one of them gives commands."""
    with ExitStack() as stack:
        door = stack.enter_context(door_on(folder, under=as_its_unit()))
        asking = subprocess.Popen([sys.executable, "-m", "tests.bench.door", str(door.path)])
        try:
            yield
        finally:
            asking.kill()
            asking.wait()


def ask_without_pause(path: Path) -> None:
    """Asks from some connections at once until the process is ended."""

    def asking(number: int) -> None:
        with closing(Line(path)) as line:
            while True:
                if number:
                    ask(line, "/v1/views/case-list")
                else:
                    body = {"election": "NU", "type": "other", "origin": "media", "title": "One of many"}
                    ask(line, "/v1/commands/case-open", body)

    for number in range(CLIENTS):
        threading.Thread(target=partial(asking, number)).start()


def _live(bench: Bench) -> Iterator[Row]:
    samples, rounds = bench.few(COMMITS, QUICK_COMMITS), bench.few(ROUNDS, QUICK_ROUNDS)
    alone, beside = list[float](), list[float]()
    for number in range(rounds):  # in turn, so that what else the machine does meets both
        alone += latency.announced_to_committed(bench.servers, samples, f"alone{number}")
        beside += latency.announced_to_committed(bench.servers, samples, f"beside{number}", clients)
    yield Note(f"the door beside live mail runs under `{' '.join(as_its_unit())}`, as its unit's CPUWeight= has it")
    yield Figure(
        what=f"live mail beside {CLIENTS} clients of the door, p50", figure=table.percentile(beside, 0.5) * 1000,
        unit="ms", beside=table.percentile(alone, 0.5) * 1000, name="door.live",
        goal=Goal(1.10, 1.25, of_ratio=True),
    )  # fmt: skip


if __name__ == "__main__":
    ask_without_pause(Path(sys.argv[1]))
