# SPDX-License-Identifier: EUPL-1.2
"""Rounds of faults between a desk and a real Postfix; the servers are then asked what happened to each mail.

In each round a notification is approved and a referral taken in, the desk sends with one fault, is restarted a few
times and reads its mailbox. The result is what the platforms' server and the officer's mailbox hold; the desk's record
supplies only the list of mails and their supposed states.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

from tests.bench.desk import Servers
from tests.bench.soak_count import queued
from tests.doubles.migrated import register_in
from tests.flow.desk_process import ROOT, DeskProcess, message_id, patiently
from tests.flow.faulty_desk import PREPARING, RECOVERING, STEPS, WIRE, Order

FIRST, SECOND = "elections-eu@tiktok-platform.example", "second@tiktok-platform.example"
HANG, TIME_OUT = 12, 6  # seconds: the server's silence after the final dot, and the desk's time-out for any answer
SERVER_FAULTS = ("none", "550 at RCPT", "450 at RCPT", "greylisted", "hang after the dot", "server away", "bounce")
CUTS = tuple(f"line dropped after {step}" for step in WIRE)
KILLS = tuple(f"killed: {step}" for step in STEPS)
FAULTS = (*SERVER_FAULTS, *CUTS, *KILLS)


@dataclass
class Count:
    """The results of the mails."""

    rounds: Counter[str] = field(default_factory=Counter)
    platform: Counter[str] = field(default_factory=Counter)  # state of the envelope -> number
    officer: Counter[str] = field(default_factory=Counter)
    received: int = 0  # by the platforms
    received_officer: int = 0
    again: int = 0  # officers' and referrers' mails received more than once
    findings: list[str] = field(default_factory=list)


@dataclass
class Rounds:
    """A desk on which faults are tried one after the other."""

    servers: Servers
    desk: DeskProcess
    process: subprocess.Popen[str]
    count: Count = field(default_factory=Count)
    ahead: float = 0.0  # minutes
    settling: int = 3  # restarts after each fault

    @classmethod
    @contextmanager
    def running(cls, servers: Servers, user: str, database: str = "") -> Iterator[Rounds]:
        """Runs a desk of its own, whose process ends with the block; `database`: see `DeskProcess`."""
        with servers.desk(user, database=database) as desk:
            _write(desk.folder)
            register_in(desk.folder)  # as the start of a daemon does
            command = [sys.executable, "-m", "tests.flow.faulty_desk", str(desk.folder)]
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            ) as process:
                try:
                    yield cls(servers, desk, process)
                finally:
                    servers.postfix.set_hangs({})
                    servers.postfix.set_recipient_access({})
                    servers.platform.refusals = {}
                    if process.stdin is not None:
                        process.stdin.close()

    def order(self, order: Order, *, dies: bool = False) -> bool:
        """Runs the desk once and returns whether it ended as expected."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asdict(order)) + "\n")
        self.process.stdin.flush()
        status = int(self.process.stdout.readline())
        if status != (-signal.SIGKILL if dies else 0):
            self.count.findings.append(f"{order}: ended with {status}")
            return False
        return True

    def play(self, fault: str, nth: int = 1, *, platform_first: bool = True) -> None:
        """Plays one round with that fault, at the nth mail for faults of the connection or the journal."""
        self.count.rounds[fault] += 1
        kind, _, step = fault.partition(": ")
        killed_early = step in PREPARING
        first = Order("prepare", step if killed_early else "", platform_first=platform_first, minutes=self.ahead)
        self.order(first, dies=killed_early)
        self._arm(fault)
        if kind == "killed" and step in RECOVERING:
            self.order(Order("send", "claim saved", minutes=self.ahead), dies=True)
        dies = kind == "killed" and not killed_early
        cut = fault in CUTS
        at = step if dies else fault.rpartition(" ")[2] if cut else ""
        self.order(Order("send", at, nth, cut, self.ahead), dies=dies)
        self._disarm(fault)
        for _ in range(self.settling):
            self.ahead += 1.5
            self.order(Order("settle", minutes=self.ahead))
            patiently(lambda: queued(self.servers) == 0, "Postfix has handed on all it took")
        if fault == "450 at RCPT":  # longer than greylisting: through all restarts of its round
            self.servers.postfix.set_recipient_access({})

    def _arm(self, fault: str) -> None:
        postfix = self.servers.postfix
        if fault in {"550 at RCPT", "450 at RCPT", "greylisted"}:
            code = "550 5.7.1 no such desk" if fault.startswith("550") else "450 4.7.1 later"
            postfix.set_recipient_access({FIRST: code})
        elif fault == "hang after the dot":
            postfix.set_hangs({f"{self.desk.mailbox}@bzk.example": HANG})
        elif fault == "server away":
            postfix.stop()
        elif fault == "bounce":
            self.servers.platform.refusals = {FIRST: 550}

    def _disarm(self, fault: str) -> None:
        postfix = self.servers.postfix
        if fault in {"550 at RCPT", "greylisted"}:
            postfix.set_recipient_access({})
        elif fault == "hang after the dot":
            postfix.set_hangs({})
            time.sleep(HANG + 1)  # the last mail is accepted after the silence
        elif fault == "server away":
            self.ahead += 1.5
            self.order(Order("send", minutes=self.ahead))  # tries once more, in vain
            postfix.start()
        patiently(lambda: queued(self.servers) == 0, "Postfix has handed on all it took")
        if fault == "bounce":
            self.servers.platform.refusals = {}

    def random(self, number: int, chance: random.Random) -> None:
        """Plays that many rounds, each fault equally often, in random order."""
        faults = [FAULTS[at % len(FAULTS)] for at in range(number)]
        chance.shuffle(faults)
        for fault in faults:
            self.play(fault, chance.randint(1, 3), platform_first=chance.random() < 2 / 3)

    def finish(self) -> Count:
        """Lets all queued mail through, then counts."""
        self.servers.postfix.set_recipient_access({})
        for minutes in (2, 40, 40, 40):
            self.ahead += minutes
            self.order(Order("settle", minutes=self.ahead))
            patiently(lambda: queued(self.servers) == 0, "Postfix has handed on all it took")
        count_mails(self)
        return self.count


def _write(folder: Path) -> None:
    """Configures a short time-out, a blind copy as proof and a second recipient of the notification."""
    yaml = YAML()
    settings = yaml.load((folder / "flaggermail.yaml").read_text("utf-8"))
    settings["submission"].update(timeout_seconds=TIME_OUT, proof="copy", retry_minutes=[1])
    yaml.dump(settings, folder / "flaggermail.yaml")
    platforms = yaml.load((folder / "platforms.yaml").read_text("utf-8"))
    for platform in platforms["platforms"]:
        for channel in platform["channels"]:
            if FIRST in channel.get("to", ()):
                channel["cc"] = [SECOND]
    yaml.dump(platforms, folder / "platforms.yaml")


def count_mails(played: Rounds) -> None:
    """Asks the servers for every mail in the record and reports each contradiction as a finding."""
    count = played.count
    got = Counter((message_id(mail.octets), to) for mail in played.servers.platform.received() for to in mail.rcpt_tos)
    for box in (played.desk.officer, f"head-{played.desk.officer}"):  # both may approve and get the alarms
        got.update((message_id(octets), f"{box}@bzk.example") for octets in played.servers.dovecot.messages(box))
    told = {str(row[0]) for row in played.desk.rows("SELECT id FROM alarm")}
    query = "SELECT id, message_id, recipient, state, bounced, at_most_once FROM outbox ORDER BY id"
    for key, name, recipient, state, bounced, at_most_once in played.desk.rows(query):
        times = got.pop((str(name), str(recipient)), 0)
        if at_most_once:
            _judge_platform(count, str(key), "bounced" if bounced else str(state), times, told)
        else:
            _judge_officer(count, str(key), str(state), times)
    ours = {str(row[0]) for row in played.desk.rows("SELECT DISTINCT message_id FROM outbox")}
    count.findings += [
        f"{name} to {to}: {times} times, and no row of it" for (name, to), times in got.items() if name not in ours
    ]
    mails = "SELECT notification FROM outbox WHERE at_most_once AND notification IS NOT NULL"
    lost = played.desk.rows(f"SELECT id FROM notification WHERE state = 'approved' AND id NOT IN ({mails})")  # noqa: S608 - no words but these
    count.findings += [f"notification {row[0]}: approved, and no mail of it" for row in lost]


def _judge_platform(count: Count, key: str, state: str, times: int, told: set[str]) -> None:
    """Checks that a platform's mail arrived at most once, and that an alarm reports one that did not arrive."""
    count.platform[state] += 1
    count.received += times
    if times > 1:
        count.findings.append(f"platform mail {key} ({state}): received {times} times")
    if times == 0 and state == "accepted":
        count.findings.append(f"platform mail {key}: accepted, and never received")
    if times == 1 and state in {"refused", "queued", "uncertain", "bounced", "cancelled"}:
        count.findings.append(f"platform mail {key}: received, and believed {state}")
    alarm = {"queued": "deferred"}.get(state, state)
    if state not in {"accepted", "cancelled"} and f"{alarm}/{key}" not in told:
        count.findings.append(f"platform mail {key}: {state}, and nobody was told")


def _judge_officer(count: Count, key: str, state: str, times: int) -> None:
    """Checks that an officer's or referrer's mail arrived at least once."""
    count.officer[state] += 1
    count.received_officer += times
    count.again += times > 1
    if times == 0:
        count.findings.append(f"officer's or referrer's mail {key} ({state}): never received")
