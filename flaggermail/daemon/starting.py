# SPDX-License-Identifier: EUPL-1.2
"""What the daemon does with the record before its loops start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flaggermail import logbook
from flaggermail.cases.configuration_record import loses_answers, register
from flaggermail.daemon.outage import PROBE_EVERY, Outage
from flaggermail.errors import ArchiveFailure, StoreAway, StoreBusy
from flaggermail.health import advice
from flaggermail.intake import rules_in_force
from flaggermail.intake.rules_in_force import RuleReloader
from flaggermail.letters import writing
from flaggermail.outbox import delivery
from flaggermail.ports import Interrupt, Supervisor
from flaggermail.reminders import paging
from flaggermail.services import Services
from flaggermail.settings.model import DeskSettings
from flaggermail.wording.alarms import Health
from flaggermail.wording.said import UNSAID, StoredText

LOOK_EVERY = 2.0  # seconds
HELD = 60.0  # seconds: longer than from one look of the self-check to the next
STEPS = 12  # most server answers awaited by one step of a loop, each for up to its timeout
SLACK = 300.0  # seconds added per step, for a database locked by another process
LARGE_MAIL = 600.0  # seconds added where mail is fetched, as `adapters.imap.link` bounds a large one
RULES = "rules"  # the worker that loads them


def loop_bounds(desk: DeskSettings) -> dict[str, float]:
    """Returns the longest permitted step of each loop, in seconds."""
    return {
        "watcher": STEPS * desk.mailbox.timeout_seconds + LARGE_MAIL + SLACK,
        "outbox": STEPS * desk.submission.timeout_seconds + SLACK,
        "remind": SLACK,
        "pagers": SLACK,
    }


@dataclass(frozen=True, slots=True)
class ArchivePause:
    """The pause of one worker after an unexplained failure: why, since when, and until when, by `monotonic`."""

    why: StoredText
    began: float
    until: float


class ArchiveWatch:
    """Remembers what the last look found. `look` returns why the archive cannot be used, or unsaid. Thread-safe."""

    def __init__(self, look: Callable[[], StoredText | None], monotonic: Callable[[], float]) -> None:
        self._look, self._monotonic = look, monotonic
        self._why: StoredText = UNSAID
        self._began = 0.0
        self._holds: dict[str, ArchivePause] = {}  # by worker

    @property
    def said(self) -> StoredText:
        """Why the archive cannot be used, or did not do what it should; unsaid if it can."""
        return self._why or next((hold.why for hold in list(self._holds.values())), UNSAID)

    def is_away(self, worker: str) -> bool:
        """Looks, and logs what has changed; returns True if the archive cannot be used, or this worker waits."""
        before, self._why = self._why, self._look() or UNSAID
        if self._why and not before:
            self._began = self._monotonic()
            logbook.archive_away(self._why.english)
        elif before and not self._why:
            logbook.archive_back(self._monotonic() - self._began)
        hold = self._holds.get(worker)
        return bool(self._why) or (hold is not None and self._monotonic() < hold.until)

    def met(self, worker: str, fault: ArchiveFailure) -> None:
        """Looks after a fault of the archive; lets the worker wait if the look does not explain it."""
        if self.is_away(worker):
            return
        now, before = self._monotonic(), self._holds.get(worker)
        self._holds[worker] = ArchivePause(_impersonal(fault), before.began if before else now, now + HELD)
        if before is None:
            logbook.archive_away(str(fault))

    def worked(self, worker: str) -> None:
        """Notes that a worker has done its work, so that its fault is over."""
        hold = self._holds.pop(worker, None)
        if hold is not None:
            logbook.archive_back(self._monotonic() - hold.began)

    def wait(self, worker: str, stop: Interrupt) -> None:
        """Waits until the archive can be used by this worker, or `stop` is set."""
        while self.is_away(worker) and not stop.wait(LOOK_EVERY):
            pass

    def note_versions(self, env: Services, renewal: RuleReloader | None) -> None:
        """Records the rules in force; if the archive does not take them, they are loaded and noted once it does."""
        try:
            rules_in_force.note(env)
        except ArchiveFailure as fault:
            self.met(RULES, fault)
            if renewal is not None:
                renewal.request()


def _impersonal(fault: ArchiveFailure) -> StoredText:
    """Returns a fault without the file that it names: the status is for every account, the journal has the rest."""
    cause = fault.__cause__
    words = cause.strerror if isinstance(cause, OSError) and cause.strerror else ""
    return Health.BROKEN(fault=words) if words else Health.AT_FAULT()


def when_free(
    step: Callable[[], None], env: Services, outage: Outage, stop: Interrupt, tell: Callable[[Services], None]
) -> None:  # fmt: skip
    """Takes a step of the start, again while the record is busy or away, which `tell` publishes.

    Raises LeaseHeld, and StoreBusy or StoreAway after a stop.
    """
    while True:
        try:
            step()
        except (StoreBusy, StoreAway) as kept:
            if outage.met_by("start", kept, env.clock.now()):
                tell(env)
            if stop.wait(PROBE_EVERY):
                raise
        else:
            outage.worked("start")
            outage.end()
            return


def recover(env: Services, archive: ArchiveWatch, renewal: RuleReloader | None, *, observe: bool) -> None:
    """Registers the configuration, recovers work left by an earlier run, and starts observing if requested.

    The lease is held, so that of two daemons one registers. May be called again.
    """
    with env.store.read() as tx:
        lost = loses_answers(env.settings, tx)
    for found in advice.of_address(lost=lost):
        logbook.set_up_faulty(found.code, found.text)
    register(env)
    doubtful = delivery.recover(env)
    if doubtful:
        logbook.unsettled(doubtful)
    paging.recover(env)
    _sweep_archive(env)
    if observe:
        writing.begin(env)
    archive.note_versions(env, renewal)
    with env.store.read() as tx:
        if writing.is_on(tx):
            logbook.desk_observes()


def tell_started(env: Services, holder: str) -> None:
    """Logs the start, and what the configuration left to be chosen."""
    logbook.daemon_started(holder)
    if env.settings.desk.approval.by_reply is None:
        logbook.approving_by_reply_not_chosen()


def _sweep_archive(env: Services) -> None:
    """Removes partial archive files of crashed writers. They contain mail, and nothing else would destroy them.

    An archive that cannot delete a partial file can still take in mail, so the daemon starts anyway.
    """
    try:
        left = env.octets.sweep()
    except ArchiveFailure as fault:
        logbook.not_swept(str(fault))
    else:
        if left:
            logbook.archive_swept(left)


class Unsupervised(Supervisor):
    """Implements `ports.Supervisor` without a service manager: does nothing."""
