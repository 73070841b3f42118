# SPDX-License-Identifier: EUPL-1.2
"""Raises one alarm per fault of the desk itself and one when it ends, by mail and by page.

The last finding of each measurement is stored in a row: a restart repeats no alarm, and `status` can show it. The
mailbox and the outbox have their own alarms (`mailbox_monitor`, `outbox_ageing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from flaggermail.cases import erasure
from flaggermail.health.findings import (
    ARCHIVE,
    NODES,
    Barrier,
    Confinement,
    HealthFinding,
    HealthLimits,
    Measured,
    findings,
    sandbox_row,
)
from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.notices import notices
from flaggermail.ports import Transaction
from flaggermail.record import trust_proofs
from flaggermail.record.definition import usable
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import TrustMark
from flaggermail.record.rows import TrustProof, Watched
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import LEASE, LEASE_SECONDS
from flaggermail.services import Services, UnitOfWork
from flaggermail.settings.model import DeskSettings
from flaggermail.wording.alarms import AlarmText
from flaggermail.wording.said import UNSAID, StoredText


def limits_of(desk: DeskSettings) -> HealthLimits:
    """Returns the limits of the configuration."""
    watch = desk.watch
    return HealthLimits(
        free=watch.disk_free_mb,
        clock=timedelta(seconds=watch.clock_skew_seconds),
        certificate=timedelta(days=watch.certificate_days),
    )


def tick(
    env: Services, ticks: Mapping[str, timedelta], held: Confinement | None = None, archive: StoredText = UNSAID
) -> int:  # fmt: skip
    """Measures and reports changed findings; returns their number.

    `ticks` is how long ago each loop ran, `held` what confines the parser since the start, `archive` what a worker met
    there that no look explains.
    """
    health_probe = env.health_probe
    looked = health_probe.archive()
    measured = Measured(
        free=health_probe.free(),
        ticks=ticks,
        certificates=health_probe.certificates(),
        archive=looked or archive or looked,
        leap=health_probe.leap(),
        doubt=health_probe.clock_doubt(),
        skew=health_probe.skew(),
        dated_ahead=health_probe.dated_ahead(),
        secret_ends=_secret_ends(env.settings.desk),
        login_certificate=health_probe.login_certificate(),
    )
    now = env.clock.now()
    with env.store.read() as tx:
        measured = replace(_with_mark(env, tx, measured, now), barriers=_barriers(tx, held), nodes=_nodes(env, tx))
        if measured.doubt is not None:
            measured = replace(measured, waits_since=erasure.waiting_since(env, tx))
        found = list(findings(measured, limits_of(env.settings.desk), now))
        if measured.archive:  # no other alarm can be written
            found = [finding for finding in found if finding.what == ARCHIVE]
        if not _changed_findings(tx, found):
            return 0  # an idle desk writes nothing
    with env.store.begin() as tx:
        news = _changed_findings(tx, found)
        for finding, before in news:
            _record_finding(UnitOfWork(env, tx, env.clock.now()), finding, before)
    return len(news)


def _with_mark(env: Services, tx: Transaction, measured: Measured, now: datetime) -> Measured:
    """Adds what the trial of the server's mark says, where the configuration asks for that mark."""
    if env.settings.desk.mailbox.trusted.asked is not AuthenticationMethod.EXCHANGE:
        return measured
    proof = tx.get(TrustProof, TrustMark.INTERNAL)
    ends = trust_proofs.end_of(proof) if proof is not None and not proof.survived else None
    return replace(measured, mark=trust_proofs.state_of(proof, now), mark_ends=ends)


def _barriers(tx: Transaction, held: Confinement | None) -> dict[Barrier, bool]:
    """Returns whether each part of the sandbox holds; one that this machine never offered is left out.

    Without the first, the process for mail did not start at all.
    """
    if held is None:
        return {}
    holds = {barrier: barrier not in held.missing for barrier in Barrier}
    return {
        barrier: held_now
        for barrier, held_now in holds.items()
        if held_now or barrier is Barrier.NO_NEW_PRIVILEGES or tx.get(Watched, sandbox_row(barrier)) is not None
    }


def _nodes(env: Services, tx: Transaction) -> StoredText | None:
    """Returns why a living node is not ready, unsaid if all are; None as long as none ever was."""
    nodes = env.store.nodes
    seen = nodes.seen(LEASE, LEASE_SECONDS) if nodes.is_shared else ()
    why = next((one.node.unready[0] for one in seen if one.lives and one.node.unready), None)
    return UNSAID if why is None and tx.get(Watched, NODES) is not None else why


def _secret_ends(desk: DeskSettings) -> datetime | None:
    """Returns the end of the last day of the secret for tokens; None if no day is configured."""
    day = desk.oauth2.secret_ends_on if desk.oauth2 else None
    return usable(datetime.combine(day, time(23, 59), UTC)) if day else None


def _changed_findings(tx: Transaction, found: list[HealthFinding]) -> list[tuple[HealthFinding, Watched | None]]:
    known = [(finding, tx.get(Watched, finding.what)) for finding in found]
    return [(f, row) for f, row in known if row is None or _stored(row) != (f.failing, f.value, f.until)]


def _stored(row: Watched) -> tuple[bool, str, datetime | None]:
    return row.failing, row.value, row.until


def _record_finding(work: UnitOfWork, finding: HealthFinding, before: Watched | None) -> None:
    """Records the finding, and raises an alarm if it changed between faulty and in order."""
    was_wrong = before is not None and before.failing
    since = work.now if before is None or before.failing != finding.failing else before.since
    row = Watched(id=finding.what, failing=finding.failing, since=since, value=finding.value, until=finding.until)
    change = added(row) if before is None else changed(before, row)
    work.record(EventKind.PROBE_CHANGED, change, reason=finding.what)
    another_step = finding.failing and finding.repeats and before is not None and before.value != finding.value
    if finding.failing == was_wrong and not another_step:
        return
    kind = finding.raises if finding.failing else finding.ends
    key = alarm_key(kind, f"{finding.what}/{work.now.isoformat()}")
    raised = alarm(kind, key, AlarmText.FOUND(what=finding.shown, value=finding.said), work.now)
    if raised.kind == AlarmKind.ARCHIVE_AWAY:
        notices.page_alarm(work, raised)
    else:
        notices.raise_alarm(work, raised, "flaggermail status")
