# SPDX-License-Identifier: EUPL-1.2
"""Plays one night: the live code path under a simulated clock, from mail to act to due instant.

`./dev bench nights --night 4711` prints the story of that night.

`people` and `platforms` decide what happens and `troubles` what goes wrong. This module holds the rest: time, the
desk's round (look, send, remind, send), its kill at a use of a port and its next start.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from unittest.mock import patch

from flaggermail.cases.configuration_record import register
from flaggermail.desk.desk import Caller, Desk
from flaggermail.errors import ArchiveFailure, LeaseHeld, LinkLost, Refusal, StoreBusy
from flaggermail.health import mailbox_monitor
from flaggermail.intake import ingest, poll
from flaggermail.mail.message import Json
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.reminders import sending
from flaggermail.rules.configuration import Configuration
from flaggermail.services import Services
from flaggermail.stories.doubles import CountedRandomness
from tests.nights import verdict
from tests.nights.diary import Diary, Incoming, Tick
from tests.nights.faces import Face
from tests.nights.kit import Kit
from tests.nights.leaving import Hindrance, Outgoing, written_by_desk
from tests.nights.oracle import DEFAULT, EDITED, Oracle, Policy
from tests.nights.reading import Read
from tests.nights.world import HandOver, InTurn, Killed, Mailbox, Server, WallClock, Watch

SECOND = timedelta(seconds=1)
HOURS = 9
LATER = 0.5  # of the work of other threads is done when its result is asked for
AFTERWARDS = timedelta(hours=8)  # in which there is no trouble and pending work is done
STARTS = (
    datetime(2026, 3, 18, 16, tzinfo=UTC),  # polling day
    datetime(2026, 2, 10, 6, 30, tzinfo=UTC),
    datetime(2026, 3, 28, 21, tzinfo=UTC),  # 01:59 is followed by 03:00
    datetime(2026, 10, 24, 20, tzinfo=UTC),  # 02:59 is followed by 02:00
)
ADDRESS_OF = {
    "Alder": "urgent@x-platform.example",
    "Birch": "urgent@meta-platform.example",
    "Cedar": "urgent@google-platform.example",
    "Dogwood": "urgent@tiktok-platform.example",
    "Elder": "urgent@snapchat-platform.example",
}
ADDRESSES = {"officer1": "a.jansen@bzk.example", "officer2": "b.devries@bzk.example", "head1": "c.bakker@bzk.example"}


@dataclass(frozen=True)
class Patience:
    """Implements `ports.Interrupt`: a wait takes simulated time, and nobody stops the desk unless `stopped` says so."""

    clock: WallClock
    stopped: Callable[[], bool] = lambda: False

    def set(self) -> None:
        """Is never called."""
        raise NotImplementedError

    def is_set(self) -> bool:
        """Returns whether the desk is to end after this mail."""
        return self.stopped()

    def wait(self, seconds: float) -> bool:
        """Waits; returns False."""
        self.clock.true += timedelta(seconds=math.ceil(seconds))
        return False

    def fileno(self) -> int:
        """Is never called."""
        raise NotImplementedError


@dataclass(order=True)
class Planned:
    """An action at an instant of true time."""

    at: datetime
    number: int
    does: Callable[[], None] = field(compare=False)


@dataclass
class Night:
    """A desk, the simulated world around it and the record of both."""

    seed: int
    kit: Kit
    face: Face = field(default_factory=Face)
    diary: Diary = field(default_factory=Diary)
    oracle: Oracle = field(default_factory=Oracle)
    policy: Policy = field(default_factory=lambda: DEFAULT)
    swaps: list[tuple[datetime, datetime, str]] = field(default_factory=list)  # by the desk's clock
    hears: list[Callable[[HandOver, Read], None]] = field(default_factory=list)  # called for each mail that is received
    taken: dict[str, Callable[[], None]] = field(default_factory=dict)  # digest -> called once it is taken in
    settled: dict[str, Callable[[HandOver], None]] = field(default_factory=dict)  # likewise, when an answer is recorded

    def __post_init__(self) -> None:
        self.chance = Random(f"night/{self.seed}")  # noqa: S311 - the same night again is the purpose
        self.clock = WallClock(self.chance.choice(STARTS))
        self.begin = self.clock.true
        self.end = self.begin + timedelta(hours=HOURS)
        self.watch = Watch(self._committed)
        self.server = Server(self.clock, self.watch, self.chance, self.face)
        self.patience = Patience(self.clock)
        self.kit.desk(CountedRandomness(f"night/{self.seed}"))
        self.env: Services = self._opened()
        self.mailbox = Mailbox(self.env.settings.desk.mailbox)
        self.mailbox.watch = self.watch
        self.up, self._fresh = True, False
        self.changes: dict[str, Callable[[Configuration], Configuration]] = {}  # of the configuration, by what they are
        self.gone: set[str] = set()  # officers who left it
        self.address_of = dict(ADDRESS_OF)  # of each platform's channel, as it is now
        self.archived: list[str] = []  # digests of the octets archived in the last commit
        self._open_tick: Tick | None = None  # the reminders under way
        self._kept: list[str] = []  # digests archived since the last look at the clocks
        self._seen_digests: set[str] = set()  # of mails, either way
        self.fatal = 0  # uses of a port until the desk's next kill
        self._again_at = self.begin  # true time before which the mailbox is not asked: its server wants a pause
        self._read_at = self.begin  # true time of the last complete look
        self._plan: list[Planned] = []
        self._planned = 0
        self._ticked: set[datetime] = set()
        self._heard = self._seen = 0
        self._stirred = False  # whether the desk has work now
        self._due: datetime | None = None  # true time at which the next thing falls due by itself

    # ---- time

    def plan(self, minutes: float, does: Callable[[], None]) -> None:
        """Plans an action in so many minutes, unless the night is over then."""
        at = self.clock.true + max(SECOND, timedelta(seconds=round(minutes * 60)))
        if at < self.end:
            self.must(at, does)

    def must(self, at: datetime, does: Callable[[], None]) -> None:
        """Plans an action at that instant in any case."""
        self._planned += 1
        heapq.heappush(self._plan, Planned(at, self._planned, does))

    def play(self) -> Diary:
        """Plays the night and checks its promises."""
        chance = Random(f"threads/{self.seed}")  # noqa: S311 - the same night again is the purpose
        turns = partial(InTurn, lambda: chance.random() < LATER)
        try:
            with patch.object(poll, "ThreadPoolExecutor", turns), patch.object(ingest, "ThreadPoolExecutor", turns):
                while (at := self._next()) is not None:
                    self._live(at)
            self._prove()
            self.diary.handed_over = self.server.record
            self.diary.hindrances += self.server.hindrances()
            self.diary.ended_at = self.end + AFTERWARDS
            verdict.judge(self.diary)
            self.face.judge(self.diary)
        finally:
            self.env.store.close()
        return self.diary

    def _live(self, at: datetime) -> None:
        """Does what happens at that instant."""
        self._go_to(at)
        self._stirred = self._due is not None and self._due <= self.clock.true
        while self._plan and self._plan[0].at <= self.clock.true:
            heapq.heappop(self._plan).does()
        if self.up and self._stirred:
            self._round()

    def _next(self) -> datetime | None:
        """Returns the next instant at which an action is planned, or due by the product's rows or by the oracle."""
        instants, self._due = [self._plan[0].at] if self._plan else [], None
        if self.up:
            with self.env.store.read() as tx:
                due = [delivery.next_due(tx), sending.next_due(self.env, tx), self.oracle.next_due(self.clock.now())]
            known = [at - self.clock.wrong for at in due if at is not None]
            self._due = min((at for at in known if at > self.clock.true), default=None)
        at = min([*instants, *([self._due] if self._due else [])], default=None)
        return at if at is not None and at <= self.end + AFTERWARDS else None

    def _go_to(self, at: datetime) -> None:
        """Advances the clock.

        Each tick has its own whole second of the desk's clock, so that a mail's Date names its tick.
        """
        whole = at if not at.microsecond else at.replace(microsecond=0) + SECOND
        self.clock.true = max(whole, self.clock.true + SECOND)
        while self.clock.now() in self._ticked:
            self.clock.true += SECOND
        self._ticked.add(self.clock.now())

    # ---- the desk

    def _opened(self) -> Services:
        return self.kit.opened(self.clock, self.watch, self.server)

    def _round(self) -> None:
        """Does the daemon's work until none is left; the desk may be killed in the middle."""
        self.watch.fatal, self.fatal = self.fatal, 0
        try:
            self._work()
        except Killed:
            self.tell("the desk is killed")
            self.down(self.chance.choice([0.1, 1, 5, 30, 100]))
        except StoreBusy:
            self.tell("the record is busy")
            self.must(self.clock.true + SECOND, self.stir)
        except Exception as fault:  # noqa: BLE001 - like the daemon: the fault is reported, and the night continues
            self.diary.broken(0, f"{type(fault).__name__} at {self.clock.now()}: {fault}")
            self._unanswered()
        self.fatal = self.watch.fatal
        self.watch.ended()
        self._hear()

    def _work(self) -> None:
        if self._fresh:
            register(self.env)
            delivery.recover(self.env)
            self._fresh = False
        self._look()
        self._drain()
        self._tick()
        self._drain()
        if digest.tell_held_back(self.env):
            self._drain()

    def _drain(self) -> None:
        """Sends what is due; if an answer was dropped, only a new start takes the mail up again."""
        try:
            delivery.drain(self.env, self.patience)
        except LeaseHeld:
            raise
        except StoreBusy:
            if self.server.record and self.server.record[-1].asked:
                self.tell("the record is busy, and the server's answer is lost")
                self._unanswered()
                self.down(0.1)
            raise

    def _look(self) -> None:
        """Looks at the mailbox when there is new mail, and otherwise once in a while."""
        if self._seen == len(self.diary.incoming) and self.chance.random() < 0.9:
            return
        if self.clock.true < self._again_at:  # the server wants a pause
            mailbox_monitor.watch_inbox(self.env, self.clock.true - self._read_at)
            return
        self._ask()

    def _ask(self, *, again: bool = False) -> None:
        """Reads the mailbox to its end, or plans when its server is asked again; at once after a line that ended."""
        try:
            poll.look(self.env, self.mailbox)
        except LinkLost as lost:
            seconds = self.face.lost(lost)
            if seconds is not None and seconds <= 1 and not again:
                self._ask(again=True)
                return
            if seconds is not None:
                self._again_at = self.clock.true + timedelta(seconds=seconds)
                self.must(self._again_at, self.stir)
            mailbox_monitor.watch_inbox(self.env, self.clock.true - self._read_at)
        else:
            self._read_at, self._seen = self.clock.true, len(self.diary.incoming)
            self.face.found()

    def _tick(self) -> None:
        """Runs the reminders and records what the oracle expects, after a kill only if a reminder was committed."""
        self._go_to(self.clock.true + SECOND)  # later than the mail read before it, as in reality
        now = self.clock.now()
        self._kept.clear()
        head = ADDRESSES["head1"]
        due = self.oracle.due(now, ADDRESSES[self.on_call()], head)
        running: dict[tuple[str, str], set[str]] = {}
        for silence in self.oracle.silences:
            if clocks := silence.clocks():
                running.setdefault((silence.case, silence.platform), set()).update(clocks)
        self._open_tick = Tick(now, due, running)
        try:
            sending.tick(self.env)
        except (Killed, StoreBusy):
            self._note_tick(interrupted=True)
            raise
        finally:
            self._note_tick()

    def _note_tick(self, *, interrupted: bool = False) -> None:
        """Records the reminders under way, if any; after an interruption only what was committed."""
        tick, self._open_tick = self._open_tick, None
        if tick is None:
            return
        head = ADDRESSES["head1"]
        mails = (Read(self.env.octets.get(digest), head) for digest in self._kept)
        if interrupted and not any(True for mail in mails for _ in mail.reminds_of()):
            tick = replace(tick, due=[])
        self.diary.ticks.append(tick)
        for silence, step in tick.due:
            silence.note(step, head, tick.at)
            self.tell(f"due: {step}")

    def down(self, minutes: float) -> None:
        """Stops the desk for a while."""
        if self.up:
            self.env.store.close()
            self.watch.ended()
            self.hinder(timedelta(minutes=minutes), lambda _: True)
            self.up, self.fatal = False, 0
            settings, self.env = self.env.settings, self._opened()
            self.env = replace(self.env, settings=settings)
            self._unanswered(cut=True)
            self.must(self.clock.true + timedelta(seconds=round(minutes * 60)), self._start)

    def _unanswered(self, *, cut: bool = False) -> None:
        """The server's last answer will not be recorded; `cut`: because the desk was killed."""
        for handed in self.server.record[-1:]:
            handed.cut |= handed.asked and cut
            handed.asked = False

    def _start(self) -> None:
        self.tell("the desk starts")
        self._again_at = self.begin
        self.face.started()
        self.stir()
        self.up, self._fresh, self._read_at, self._seen = True, True, self.clock.true, -1
        if self.clock.true < self.end and self.chance.random() < 0.2:  # a start may be killed too
            self.fatal = self.chance.randint(1, 8)

    def configure(self, what: str, changes: Callable[[Configuration], Configuration] | None = None) -> None:
        """Starts the desk with a change of the configuration, or without the one of that name."""
        self.changes.pop(what, None)
        if changes is not None:
            self.changes[what] = changes
        settings = self.kit.edited if self.policy is EDITED else self.kit.default
        for change in self.changes.values():
            settings = change(settings)
        self.env = replace(self.env, settings=settings)
        self._fresh = True
        self.stir()
        self.tell(f"the configuration: {', '.join(self.changes) or 'as it was'}")

    def on_call(self) -> str:
        """Returns who is on call, by the swaps of this night."""
        now = self.clock.now()
        swapped = (who for begin, end, who in reversed(self.swaps) if begin <= now < end)
        return next((who for who in swapped if who not in self.gone), "officer1")

    def _committed(self, archived: list[str]) -> None:
        """Handles a commit: the mails archived in it, and the server's answer recorded in it."""
        last = self.server.record[-1] if self.server.record else None
        if last is not None and last.asked:
            last.asked, last.settled = False, True
            self.face.settled(last)
            if (follows := self.settled.get(last.digest)) is not None:
                follows(last)
        self.archived = archived
        self._kept += archived
        for name in archived:
            if name not in self._seen_digests:
                self._archives(name)
            self.taken.pop(name, lambda: None)()

    def _archives(self, digest: str) -> None:
        """Notes a mail that the commit queued; a draft for a platform waits for its approval."""
        self._seen_digests.add(digest)
        read = written_by_desk(self.env.octets.get(digest))
        if read is not None and not (mail := Outgoing(read, self.clock.true)).to_platform:
            self.diary.outgoing.append(mail)

    def must_leave(self, digest: str, recipient: str) -> None:
        """Notes that a mail was approved."""
        self.diary.outgoing.append(Outgoing(Read(self.env.octets.get(digest), recipient), self.clock.true))

    def hinder(self, length: timedelta | None, stops: Callable[[Read], bool]) -> None:
        """Notes that some mail cannot leave from now on; without `length` for good."""
        now = self.clock.true
        self.diary.hindrances.append(Hindrance(now, now + length if length else self.end + AFTERWARDS, stops))

    def _hear(self) -> None:
        """Passes each received mail to its reader."""
        for handed in self.server.record[self._heard :]:
            read = Read(handed.octets, handed.recipient)
            self.tell(f"-> {handed.recipient}: {read.subject} ({handed.answer}{'' if handed.received else ', lost'})")
            if handed.received:
                self.face.sent(handed)
            for hears in self.hears if handed.received else ():
                hears(handed, read)
        self._heard = len(self.server.record)

    # ---- actions of others

    def stir(self) -> None:
        """The desk has work in addition to what is due."""
        self._stirred = True

    def look_soon(self) -> None:
        """The desk looks at the mailbox in its next round."""
        self._seen = -1
        self.stir()

    def tell(self, line: str) -> None:
        """Writes a line of the story."""
        self.diary.lines.append(f"{self.clock.true:%d %H:%M:%S} ({self.clock.now():%H:%M:%S}) {line}")

    def ask(self, name: str, by: str = "officer1", /, *, fatal: int = 0, **request: Json) -> str | None:
        """Asks the desk as an officer does at the command line. Returns the answer's key, or None if it was refused.

        With `fatal` the desk is killed at that use of a port; the officer then asks again if nothing was committed.
        """
        self.stir()
        self.watch.archived.clear()
        self.watch.fatal, commits = fatal, self.watch.commits
        asked = f"{name} {request}"
        try:
            answer = Desk(self._door, Caller(officer=by)).answer(name, request)
        except Refusal as refusal:
            self.tell(f"refused: {asked}: {refusal}")
            return None
        except StoreBusy:
            self.tell(f"the record is busy: {asked}")
            return self.ask(name, by, fatal=0, **request)  # nothing was committed
        except Killed:
            self.tell(f"killed in {asked}")
            done = self.watch.commits > commits
            self.down(1)
            return "" if done else self.ask(name, by, fatal=0, **request)
        finally:
            self.watch.fatal = 0
        self.tell(f"{by}: {asked}")
        return str(answer["key"])

    def _door(self) -> Services:
        """Returns the desk on which an officer's command is done."""
        return self.env

    def deliver(
        self, octets: bytes, what: str, then: Callable[[Incoming], None] | None = None, folder: str = "inbox"
    ) -> Incoming:
        """Delivers a mail now; `then` is called once it is taken in."""
        self.stir()
        stored = self.face.arriving(octets, folder)
        mail = Incoming(octets if stored is None else stored, self.clock.true, what)
        if stored is None:
            return mail
        octets = stored
        self.diary.incoming.append(mail)
        self._seen_digests.add(mail.digest)
        self.diary.counts[f"mail: {what}"] += 1
        self.mailbox.deliver(folder, octets, self.clock.true)
        self.tell(f"<- {what}")

        def taken() -> None:
            mail.taken_at = self.clock.now()
            self.face.taken(mail)
            if then is not None:
                then(mail)

        self.taken.setdefault(mail.digest, taken)
        return mail

    # ---- the end

    def _prove(self) -> None:
        """Checks the record as `audit verify` does, and that every mail is archived unchanged."""
        with self.env.store.read() as tx:
            findings = tx.verify().findings
        for finding in findings[:3]:
            self.diary.broken(8, str(finding))
        for mail in self.diary.incoming:
            try:
                whole = self.env.octets.get(mail.digest) == mail.octets
            except ArchiveFailure:
                whole = False
            if not whole:
                self.diary.broken(8, f"{mail.what} of {mail.arrived_at} is not in the archive as it came")
