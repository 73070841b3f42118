# SPDX-License-Identifier: EUPL-1.2
"""What the daemon does with the record before its loops start."""

from __future__ import annotations

from collections.abc import Callable

from flaggermail import logbook
from flaggermail.daemon.archive_watch import ArchiveWatch
from flaggermail.daemon.outage import PROBE_EVERY, Outage
from flaggermail.errors import ArchiveFault, StoreAway, StoreBusy
from flaggermail.letters import writing
from flaggermail.outbox import delivery
from flaggermail.ports import Interrupt
from flaggermail.reminders import paging
from flaggermail.rule_changes.reload import RuleReloader
from flaggermail.services import Services


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
    """Recovers work left by an earlier run, and starts observing if requested. May be called again."""
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
    except ArchiveFault as fault:
        logbook.not_swept(str(fault))
    else:
        if left:
            logbook.archive_swept(left)
