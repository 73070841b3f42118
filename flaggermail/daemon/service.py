# SPDX-License-Identifier: EUPL-1.2
"""The daemon: starts every worker in one place and stops them in reverse order within a deadline.

One thread watches the mailbox; a ticker drains the outbox, sends reminders and renews the lease. A failing worker stops
the daemon loudly; a stuck one starves the supervisor's watchdog. Calls at a minute (hand-overs, digests, clean-up, the
next reminder) are hints: rows decide what is due, and the next tick or start makes up a call that was missed. What
finds the record busy is done at its next call; while the database's server is away, all of them wait for it (`outage`).
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from flaggermail import __version__, logbook
from flaggermail.daemon import publishing
from flaggermail.daemon.ending import Ending
from flaggermail.daemon.outage import PROBE_EVERY, Outage, OutageCall
from flaggermail.daemon.publishing import Observed, Publishing, Sending
from flaggermail.daemon.reconnection import ReachCheck, Reconnection
from flaggermail.daemon.standby import LEASE_EVERY, NodeClaim
from flaggermail.daemon.starting import ArchiveWatch, Unsupervised, loop_bounds, recover, tell_started, when_free
from flaggermail.errors import ArchiveFailure, HandedOver, LinkLost, StoreAway, StoreBusy, StoreFailure
from flaggermail.health import mailbox_monitor, readiness, self_check, watchdog
from flaggermail.health.findings import ARCHIVE, Confinement
from flaggermail.health.mailbox_monitor import InboxAge
from flaggermail.health.status_document import NodeStanding
from flaggermail.health.watchdog import JobFailures, LoopMonitor, WatchedStop
from flaggermail.intake import poll
from flaggermail.intake.poll import FolderFailures
from flaggermail.intake.rules_in_force import RuleReloader, tell_broken
from flaggermail.letters import stored_messages
from flaggermail.notices import digest
from flaggermail.outbox import delivery
from flaggermail.ports import (
    Heartbeat,
    Interrupt,
    JobFailure,
    JobReport,
    Mailbox,
    NodeReport,
    StatusBoard,
    Supervisor,
    Ticker,
    TokenReach,
    WallTime,
)
from flaggermail.record.states import LEASE_SECONDS
from flaggermail.reminders import handover, paging, sending
from flaggermail.services import Services
from flaggermail.wording.said import StoredText

OUTBOX_EVERY, REMIND_EVERY, STATUS_EVERY, RENEW_EVERY, WATCH_EVERY = 1.0, 15.0, 10.0, 1.0, 30.0
DIGESTS_AT, CLEANED_AT = WallTime(minute=0), WallTime(minute=30)  # each hour, in the desk's zone
AT_A_MINUTE, BUSY_AGAIN = frozenset({"digests", "clean-up"}), 60.0  # seconds: their next call is an hour away
SCRUB_AGAIN = 60.0  # seconds until erased values are overwritten that a reader kept in the journal
READY_WITHIN = 60.0  # seconds; reading a mailbox of years takes longer than a start may
DURING_OUTAGE = frozenset({"watcher", "database", "status", "pagers"})  # these know what to do without the database
INTO_ARCHIVE = frozenset({"outbox", "remind", "digests", handover.JOB, "clean-up", "rules"})  # they store or need mail


@dataclass
class Daemon:
    """The daemon and its workers; `holder` is new at each start, and `host` is its machine's name for people."""

    env: Services
    mailbox: Mailbox
    ticker: Ticker
    stop: Interrupt
    holder: str
    fraction: Callable[[], float]  # in [0, 1): spreads the reconnections of many clients
    supervisor: Supervisor = field(default_factory=Unsupervised)
    observe: bool = False
    new_record: bool = False  # a new database on a mailbox that a desk has read before is meant
    renewal: RuleReloader | None = None
    heartbeat: Heartbeat | None = None
    board: StatusBoard | None = None
    proof: Callable[[], TokenReach | None] | None = None  # that the token opens no other mailbox
    confinement: Callable[[], Confinement] | None = None  # what confines the process that parses mail
    warm: Callable[[], None] | None = None  # makes what the first mail needs
    host: str = ""
    hindrances: Callable[[], Sequence[StoredText]] = tuple  # why it should not lead while another node could
    by_record: Callable[[Services], Services] | None = None  # the services with what the record holds
    lease_seconds: float = LEASE_SECONDS
    outbox_every: float = OUTBOX_EVERY  # seconds
    remind_every: float = REMIND_EVERY
    monotonic: Callable[[], float] = time.monotonic
    failure: BaseException | None = None
    _ready: bool = False
    link: bool | None = None  # whether the last poll reached the mailbox; None before the first poll has ended
    _held: Confinement | None = None
    _last_mail: datetime | None = None
    _last_look: datetime | None = None
    _reminded: float = 0.0  # when reminders were last checked, by `monotonic`
    _poll_due: float = -math.inf  # when every folder is due for a poll, by `monotonic`
    _unsettled: set[str] = field(default_factory=set)  # loops whose last attempt may be unrecorded after an outage

    def __post_init__(self) -> None:
        self.claim = NodeClaim(NodeReport(self.holder, self.host, __version__), self.hindrances, self.lease_seconds)
        self._leads, self.ending = False, Ending(self.monotonic)
        self._outage = Outage(self.monotonic)
        self._archive = ArchiveWatch(self.env.health_probe.archive, self.monotonic)
        self._reconnection = Reconnection(self.mailbox, self.fraction, self.monotonic)
        self._reach = ReachCheck(self.proof)
        self._sending, self._troubles = Sending(), FolderFailures()
        self._publishing = Publishing(self._outage)
        self._call = OutageCall(self._outage, lambda: self._publishing.observes, self.monotonic)
        self._begin_anew()
        self.job_faults = JobFailures(self.monotonic)
        self._sends = threading.Lock()  # held while mail is sent, at its second or after new mail
        self._reminding = threading.Lock()  # held by the tick, the hint and the hand-over, so that none waits in vain

    def _begin_anew(self) -> None:
        """Counts from now on what counts from the start: a standby has waited, for days perhaps."""
        self._reminded, self._age = self.monotonic(), InboxAge(self.monotonic())
        self._pulse = LoopMonitor(self.supervisor, loop_bounds(self.env.settings.desk), self.monotonic)

    def run(self) -> None:
        """Waits until no other node leads, then runs until `stop` is set or a worker fails, and raises its error.

        A worker that waits for a server and cannot be interrupted is left behind, see `Ending`. Its unfinished work is
        in the same state as after a crash: recorded as begun, and recovered by who leads next.
        """
        if not self.claim.wait(self.env, self._outage, self.stop, self.supervisor, self._publish):
            self.claim.leave(self.env)
            return
        self._leads, patience = True, self.monotonic() + READY_WITHIN
        self._begin_anew()
        with ExitStack() as running:
            running.callback(self._release)
            self.ticker.listen(self._note_job_fault)
            self.ticker.every(LEASE_EVERY, "lease", self._unless_away("lease", self._keep_lease))
            self.ticker.start()  # what follows may take longer than the lease
            running.callback(self.ending.end_ticker, self.ticker)
            when_free(self._settle, self.env, self._outage, self.stop, self._publish)
            begin = partial(recover, self.env, self._archive, self.renewal, observe=self.observe)
            when_free(begin, self.env, self._outage, self.stop, self._publish)
            self._plan()
            watcher = threading.Thread(target=self._guarded("watcher", self._poll_mailbox), name="watcher", daemon=True)
            watcher.start()
            running.callback(self.ending.end_watcher, watcher)
            running.callback(self.stop.set)
            tell_started(self.env, self.holder)
            self._wait(patience)
            stopping = self.ending.begin()
            self.supervisor.stopping()
        logbook.daemon_stopped(self.monotonic() - stopping)
        if self.failure is not None:
            raise self.failure

    def _settle(self) -> None:
        """Settles on a configuration: a node that took over and would change something leads with what is on record.

        One that led from its start registers its own.
        """
        if self.by_record is None or not self.claim.took_over or not self.claim.unready:
            self.claim.hindrances, self.claim.unready = tuple, ()
            return
        self.env = self.by_record(self.env)
        logbook.leads_by_record("; ".join(why.english for why in self.claim.unready))

    def _plan(self) -> None:
        """Gives the ticker its jobs: loops, times of day in the desk's zone, and clean-up at once."""
        ticker, zone = self.ticker, self.env.settings.zone
        loops: list[tuple[float, str, Callable[[], None]]] = [
            (PROBE_EVERY, "database", self._probe_database),
            (self.outbox_every, "outbox", self._send),
            (self.remind_every, "remind", self.remind),
            (self.outbox_every, "pagers", self._page),
            (WATCH_EVERY, "selfwatch", self._check_self),
            (RENEW_EVERY, "rules", self._reload_rules),
            (STATUS_EVERY, "status", lambda: self._tell("status", self._publish)),
        ]
        if self.heartbeat is not None:
            every = 60.0 * self.env.settings.desk.watch.heartbeat_minutes
            loops.append((every, "heartbeat", lambda: self._tell("heartbeat", lambda _: self.beat())))
        for seconds, name, work in loops:
            ticker.every(seconds, name, self._unless_away(name, work))
        for at, name in handover.times_of_week(self.env):
            ticker.at([at], zone, name, self._unless_away(handover.JOB, self._hand_over))
        for at, name, work in ((DIGESTS_AT, "digests", self._send_digests), (CLEANED_AT, "clean-up", self._clean_up)):
            ticker.at([at], zone, name, self._unless_away(name, work))
        self._clean_up_soon()  # an hourly call never comes if restarts are frequent

    def _clean_up_soon(self) -> None:
        self.ticker.once(0.0, "clean-up at the start", self._unless_away("clean-up", self._clean_up))

    def _get_ready(self) -> None:
        """Makes what the first mail needs; logs once per start what confines the process that parses mail."""
        if self.warm is not None:
            self.warm()
        if self.confinement is not None:
            self._held = self.confinement()
            publishing.tell_confinement(self._held)

    def obey_signals(self) -> None:
        """Makes SIGTERM and SIGINT end the daemon after the current message, and SIGHUP reload the rules."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        if self.renewal is not None:
            asked = self.renewal.request
            signal.signal(signal.SIGHUP, lambda *_: asked())

    def _wait(self, patience: float) -> None:
        """Waits for the stop; meanwhile reports readiness and stuck loops."""
        stuck: list[str] = []
        while not self.stop.wait(1.0):
            if self.monotonic() > patience:
                self._report_ready()
            before, stuck = stuck, self._pulse.stuck()
            for loop in stuck:
                if loop not in before:
                    logbook.loop_stuck(loop)

    def _guarded(self, name: str, work: Callable[[], None]) -> Callable[[], None]:
        sparing = self._unless_away(name, work)

        def run() -> None:
            try:
                sparing()
            except BaseException as error:  # noqa: BLE001 - the boundary of a worker: it is logged and the daemon stops
                self._fail(name, error)

        return run

    def _unless_away(self, name: str, work: Callable[[], None]) -> Callable[[], None]:
        """Returns `work` that waits while the database's server is away, and ends quietly if the record is busy.

        Once the daemon stops, it begins no more; the lease goes on, because what is under way still writes.
        """

        def run() -> None:
            if self.stop.is_set() and name != "lease":
                return
            try:
                if name in INTO_ARCHIVE and self._archive.is_away(name):
                    self._spare(name)
                elif self._outage.lasts and name not in DURING_OUTAGE:
                    self._pulse.beat(name)
                else:
                    work()
                    self._archive.worked(name)
                self._outage.worked(name)
            except (StoreAway, StoreBusy, ArchiveFailure) as kept:
                self._met_by(name, kept)
                if name in AT_A_MINUTE:
                    self.ticker.once(BUSY_AGAIN, f"{name} again", run)

        return run

    def _met_by(self, worker: str, kept: StoreAway | StoreBusy | ArchiveFailure) -> None:
        if isinstance(kept, ArchiveFailure):
            self._archive.met(worker, kept)
        elif self._outage.met_by(worker, kept, self.env.clock.now()) and self._outage.of_disk:
            publishing.log_full_disks(self.env)

    def _spare(self, name: str) -> None:
        if name == "remind" and not self._outage.lasts:  # pages need no archive
            paging.tick(self.env)
            self._reminded = self.monotonic()
        self._pulse.beat(name)

    def _fail(self, worker: str, error: BaseException) -> None:
        """Stops the daemon, whatever else goes wrong, and logs why."""
        self.failure = self.failure or error
        self.stop.set()
        if isinstance(error, HandedOver):
            logbook.hands_over(str(error))
            return
        logbook.worker_failed(worker, error)
        publishing.log_full_disks(self.env)

    def _note_job_fault(self, report: JobReport) -> None:
        """Counts a fault of a job for the status and logs it; a failed job stops the daemon."""
        is_news = self.job_faults.count(report)
        if report.fault is JobFailure.FAILED:
            self._fail(report.name, report.error or RuntimeError(report.name))
        elif is_news and report.fault is JobFailure.MISSED:
            logbook.job_missed(report.name, report.late.total_seconds())
        elif is_news:
            logbook.job_overlapped(report.name)

    def _poll_mailbox(self) -> None:
        """Polls, waits for a hint or the interval, and polls again; reconnects with exponential backoff."""
        self._get_ready()
        stop = WatchedStop(self.stop, self._pulse, "watcher")
        interval = float(self.env.settings.desk.mailbox.poll_seconds)
        at_most = min(interval, self.supervisor.interval)
        while not stop.is_set():
            try:
                self._poll_and_wait(stop, interval, at_most)
                self._outage.worked("watcher")
            except (StoreAway, StoreBusy, ArchiveFailure) as kept:
                self._met_by("watcher", kept)
                self.mailbox.close()  # in the middle of an answer, perhaps
                self._poll_due = -math.inf
                stop.wait(PROBE_EVERY)
            self._outage.wait(stop)
        self.mailbox.close()

    def _poll_and_wait(self, stop: Interrupt, interval: float, at_most: float) -> None:
        """Polls and waits for a hint, or after a lost connection for the next try."""
        try:
            self._reach.require()
            self._archive.wait("watcher", stop)
            self._poll(stop, interval)
            self._archive.worked("watcher")
            self._reconnection.made()
            self.mailbox.wait(stop, min(at_most, max(0.0, self._poll_due - self.monotonic())))
        except LinkLost as lost:
            seconds, self._poll_due = self._reconnection.lost(lost), -math.inf
            with ExitStack() as last:  # also if the record is busy: the server may have asked for the pause
                last.callback(self._reconnection.pause, stop, seconds, at_most)
                self._poll_ended(link=False)

    def _poll(self, stop: Interrupt, interval: float) -> None:
        """Polls the inbox after a hint, and every folder once per interval."""
        started, now = self.env.clock.now(), self.monotonic()
        everywhere = now >= self._poll_due
        if poll.look(
            self.env, self.mailbox, stop, everywhere=everywhere, new_record=self.new_record, troubles=self._troubles
        ):  # fmt: skip
            self._last_mail = self.env.clock.now()
            self.ticker.once(0.0, "outbox after mail", self._unless_away("outbox", self._send_new))
        self._age.begin(self.monotonic())
        if everywhere:
            self._last_look, self._poll_due = started, now + interval
        self._poll_ended(link=True)

    def _poll_ended(self, *, link: bool) -> None:
        """Reports readiness after the first poll, even if the mailbox was unreachable.

        Reminders and outgoing mail are due during an outage too: a start that waits for the mailbox would delay them.
        """
        news, self.link = link != self.link, link
        first, self._ready = not self._ready, True  # the status says so before the supervisor is told
        if news:
            self._tell("status", self._publish)
        if first:
            self.supervisor.ready()

    def _send(self) -> None:
        """Sends what is due, after another call that does: an attempt under way is not one that an outage left over."""
        with self._sends:
            self._settle_after_outage("outbox", delivery.recover)
            self._sending.send(self.env, WatchedStop(self.stop, self._pulse, "outbox"))

    def _send_new(self) -> None:
        """Sends at once what new mail brought about; a call that already sends finds it by itself."""
        if not self._sends.locked():
            self._send()

    def _settle_after_outage(self, loop: str, recover: Callable[[Services], int]) -> None:
        """Settles an attempt of this loop whose result, or whose claim, an outage has kept from the record."""
        if loop in self._unsettled:
            recover(self.env)
            self._unsettled.discard(loop)

    def _probe_database(self) -> None:
        """Ends an outage once the lease can be renewed, which also shows that no other daemon has taken over.

        What counts from the last look or the last reminders counts anew as after a start.
        """
        if self._outage.may_be_over and not (self._outage.of_disk and self.env.health_probe.is_full("database")):
            self._keep_lease()
            self._reminded = self.monotonic()
            self._age.begin(self.monotonic())
            self._clean_up_soon()
            self._unsettled |= {"outbox", "pagers"}
            self._outage.end()

    def _rehearse(self) -> None:
        """Plays the story of a rehearsal, which is loaded only if there is one."""
        with self.env.store.read() as tx:
            if stored_messages.under_way(tx) is None:
                return
        from flaggermail.stories import rehearsing  # noqa: PLC0415 - with its models 0.5 MiB, seldom needed

        rehearsing.tick(self.env)

    def remind(self) -> None:
        """Sends reminders, pages and held-back notices, and raises the mailbox alarm: each `remind_every` seconds."""
        with self._reminding:
            told = sending.tick(self.env)
            paging.tick(self.env)
            self._tell("digests", digest.tell_held_back)
            self._rehearse()  # after all that is real
            unread = self._age.unread(self.env, self.monotonic())
            if self.link is not None or self._age.was_read:  # the very first poll takes long without being an outage
                mailbox_monitor.watch_inbox(self.env, unread, self._reconnection.meaning)
            self._pulse.beat("remind")
            self._reminded = self.monotonic()
            if told:
                logbook.reminders_sent(told)
            self._plan_next_reminder()

    def _plan_next_reminder(self) -> None:
        """Plans a call at the minute of the next reminder, if that comes before the next tick.

        What is due already waits for a rate limit: a call for it would find it waiting again.
        """
        env = self.env
        with env.store.read() as tx:
            due = sending.next_due(env, tx)
        ahead = (due - env.clock.now()).total_seconds() if due else 0.0
        if 0.0 < ahead < self.remind_every:
            self.ticker.once(ahead, "reminder at its minute", self._unless_away("remind", self.remind))

    def _hand_over(self) -> None:
        """Sends the hand-over note at the minute of a weekly change; the tick sends those of all other changes."""
        with self._reminding:
            self._tell(handover.JOB, handover.tick)

    def _send_digests(self) -> None:
        """Sends what no look at the mailbox will tell soon, as it is out of reach; once a day noise and readiness."""
        late = [digest.send_digest] if self.link is False else []
        with self._reminding:
            self._tell("digests", *late, digest.tell_held_back, digest.tell_noise, readiness.send)

    def _tell(self, name: str, *works: Callable[[Services], object]) -> None:
        """Does what only tells; a fault is an alarm, and counted, and never the end of the daemon."""
        for error in watchdog.tell(self.env, name, *works):
            self.job_faults.count(JobReport(JobFailure.FAILED, name, error=error))

    def _page(self) -> None:
        """Sends pages, separately from mail: an unresponsive submission server must not delay a page."""
        self._pulse.beat("pagers")
        if not self._call.may_page(self.env):
            return
        self._settle_after_outage("pagers", paging.recover)
        called = paging.drain(self.env, WatchedStop(self.stop, self._pulse, "pagers"))
        if called:
            logbook.pagers_called(called)

    def _ages(self) -> dict[str, timedelta]:
        """Returns how long ago the time-critical loops last ran."""
        return {"reminders": timedelta(seconds=self.monotonic() - self._reminded)}

    def _check_self(self) -> None:
        self._tell("selfwatch", lambda env: self_check.tick(env, self._ages(), self._held, self._archive.said))

    def beat(self) -> None:
        """Sends the heartbeat only while all is well: without it, the external monitor raises the alarm."""
        limits, desk = self_check.limits_of(self.env.settings.desk), self.env.settings.desk
        silence = timedelta(minutes=desk.mailbox.alarm_after_minutes)
        unread = self._age.unread(self.env, self.monotonic())
        late = any(age > limits.tick for age in self._ages().values())
        if self.heartbeat is None or self._pulse.stuck() or late or unread > silence:
            return
        why = self.heartbeat.beat()
        if why:
            logbook.heartbeat_failed(why)

    def _reload_rules(self) -> None:
        """Reloads changed rules and templates; every loop uses the new services at its next step."""
        tell_broken(self.env)
        if self.renewal is not None:
            self.env = self.renewal.tick(self.env)

    def _clean_up(self) -> None:
        """Runs retention and logs the head of the chain: at the start and at half past each hour."""
        if not publishing.clean_up(self.env):
            self.ticker.once(SCRUB_AGAIN, "clean-up again", self._unless_away("clean-up", self._clean_up))

    def _keep_lease(self) -> None:
        self.claim.keep(self.env, self._outage)

    def _publish(self, env: Services) -> None:
        stuck, faults = self._pulse.stuck(), self.job_faults.counts()
        why = None if self.link else self._reconnection.reason
        refused = self.renewal.refused if self.renewal else ""
        wrong = {ARCHIVE: self._archive.said.english, "rules": refused, "mailbox": self.mailbox.full()}
        seen = Observed(
            self.link, self._last_mail, self._last_look, stuck, faults, self._leads and not self._ready, why, wrong,
            NodeStanding(self.holder, self._leads, self.claim.unready),
        )  # fmt: skip
        self._publishing.publish(env, seen, self.board, self.supervisor)

    def _report_ready(self) -> None:
        if not self._ready:
            self._ready = True
            self.supervisor.ready()

    def _release(self) -> None:
        """Releases the lease, unless a worker that was left behind might still write: it ends soon by itself."""
        if not self.ending.overdue and not self._outage.lasts:
            self.ending.end_with(self._release_lease)

    def _release_lease(self) -> None:
        with suppress(StoreBusy, StoreFailure):
            publishing.log_head(self.env)
            self.env.store.release()
            self.claim.leave(self.env)
