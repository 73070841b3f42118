# SPDX-License-Identifier: EUPL-1.2
"""Decides what is wrong with the desk, from measurements and an instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from flaggermail.health.status_document import DISK, MEGA
from flaggermail.ports import ClockDoubt
from flaggermail.record.rows.alarms import AlarmKind
from flaggermail.record.trust_proofs import WARNED as WARNED_OF_MARK
from flaggermail.record.trust_proofs import ProofState
from flaggermail.wording.alarms import Health, HealthPlace
from flaggermail.wording.said import StoredText


class Barrier(StrEnum):
    """One thing that confines the process."""

    NO_NEW_PRIVILEGES = "no new privileges"
    LANDLOCK = "Landlock"  # it opens no file but its own code, read-only
    SECCOMP = "seccomp"  # no program, process, network, signal or memory of another process


@dataclass(frozen=True, slots=True)
class Confinement:
    """What holds here. `landlock` is the kernel's version of it, 0 if it does not hold."""

    no_new_privileges: bool = False
    landlock: int = 0
    seccomp: bool = False

    @classmethod
    def from_document(cls, told: Mapping[str, object]) -> Confinement:
        """Returns the confinement that the process reported; what it did not report does not hold."""
        version = told.get("landlock")
        return cls(
            told.get("no_new_privileges") is True,
            version if type(version) is int and version > 0 else 0,
            told.get("seccomp") is True,
        )

    @property
    def missing(self) -> tuple[Barrier, ...]:
        """What this kernel does not offer."""
        return tuple(self._missing())

    def _missing(self) -> Iterator[Barrier]:
        if not self.no_new_privileges:
            yield Barrier.NO_NEW_PRIVILEGES
        if not self.landlock:
            yield Barrier.LANDLOCK
        if not self.seccomp:
            yield Barrier.SECCOMP


ARCHIVE = "archive"  # the finding about its folder
NODES = "nodes"  # the finding about the other machines' configuration
CERTIFICATE = "certificate of "  # prefix of findings about servers
WARNED = (1, 7, 14, 30)  # days before the end of what logs in with tokens: one alarm each, and one at the end
TELLING = timedelta(minutes=2)  # a mail seen later than this says nothing about clocks
FARTHEST = timedelta(days=1)  # a mail dated later than this was dated by a person
WAITS = timedelta(days=7)  # how long what is to be destroyed waits for a clock before a person is told
REMEMBERED = timedelta(hours=24)  # how long a mail from the future leaves the clocks in doubt
TICK = timedelta(minutes=2)  # reminders are checked every 15 seconds


def sandbox_row(barrier: Barrier) -> str:
    """Returns the name of the finding about one part of the sandbox in which mail is parsed."""
    return f"sandbox of the parser: {barrier}"


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """Limits beyond which a measurement is a fault."""

    free: int  # megabytes
    clock: timedelta
    certificate: timedelta  # remaining validity
    tick: timedelta = TICK


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The measurements; one that failed is missing or None."""

    free: Mapping[str, int] = field(default_factory=dict)  # octets, by place
    ticks: Mapping[str, timedelta] = field(default_factory=dict)  # time since each loop last ran
    certificates: Mapping[str, datetime] = field(default_factory=dict)  # expiry by server
    secret_ends: datetime | None = None  # the end of the secret for tokens
    login_certificate: datetime | None = None  # the end of the certificate in the place of a secret
    mark: ProofState | None = None  # what the trial of the server's mark says; None where none is asked for
    mark_ends: datetime | None = None
    archive: StoredText | None = None  # why it cannot be used; unsaid if it can
    barriers: Mapping[Barrier, bool] = field(default_factory=dict)  # whether each holds that held before
    nodes: StoredText | None = None  # how a node differs, unsaid if none does any more; None if none ever did
    leap: timedelta | None = None  # by how much this machine's clock was set lately, positive if forward
    skew: timedelta | None = None  # the mailbox server's clock minus ours, a lower bound
    dated_ahead: datetime | None = None  # when a mail was last seen that is dated later than that
    doubt: ClockDoubt | None = None  # why nothing is destroyed by this machine's clock
    waits_since: datetime | None = None  # when the first of what waits for that was due


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """The state of one measured thing; a change of `value` is news, reported with the alarm `raises` or `ends`."""

    what: str
    shown: StoredText  # what it is, in words
    failing: bool
    said: StoredText
    raises: AlarmKind
    ends: AlarmKind
    until: datetime | None = None  # when a certificate or secret ends
    repeats: bool = False  # another `value` raises the alarm again while it fails

    @property
    def value(self) -> str:
        """The state in the words of `status`."""
        return self.said.english


def findings(measured: Measured, limits: HealthLimits, now: datetime) -> Iterator[HealthFinding]:
    """Yields one finding per measurement, in a stable order."""
    if measured.archive is not None:
        said = measured.archive or Health.IN_PLACE()
        kinds = AlarmKind.ARCHIVE_AWAY, AlarmKind.ARCHIVE_BACK
        yield HealthFinding(ARCHIVE, HealthPlace.ARCHIVE(), bool(measured.archive), said, *kinds)
    for place, octets in sorted(measured.free.items()):
        low = octets < limits.free * MEGA
        said = Health.LITTLE_FREE(free=limits.free) if low else Health.ENOUGH_FREE()
        yield HealthFinding(
            f"{DISK}{place}", Health.DISK(place=named(place)), low, said, AlarmKind.DISK_LOW, AlarmKind.DISK_BACK
        )
    for loop, age in sorted(measured.ticks.items()):
        late = age > limits.tick
        said = Health.LATE(seconds=_seconds(limits.tick)) if late else Health.IN_TIME()
        yield HealthFinding(
            f"tick of {loop}", Health.TICK(loop=loop), late, said, AlarmKind.TICK_LATE, AlarmKind.TICK_BACK
        )
    for server, ends in sorted(measured.certificates.items()):
        soon, said = ends - now < limits.certificate, _until(ends)
        kinds = AlarmKind.CERTIFICATE_ENDS, AlarmKind.CERTIFICATE_RENEWED
        shown = Health.CERTIFICATE(server=named(server))
        yield HealthFinding(f"{CERTIFICATE}{server}", shown, soon, said, *kinds, until=ends)
    if measured.secret_ends is not None:
        yield _of_login("secret for tokens", Health.SECRET(), measured.secret_ends, now)
    if measured.login_certificate is not None:
        yield _of_login("certificate for tokens", Health.LOGIN_CERTIFICATE(), measured.login_certificate, now)
    if measured.mark is not None:
        yield _of_mark(measured.mark, measured.mark_ends)
    for barrier, holds in measured.barriers.items():
        said = Health.HOLDS() if holds else Health.HELD_BEFORE()
        kinds = AlarmKind.SANDBOX_LESS, AlarmKind.SANDBOX_WHOLE
        yield HealthFinding(sandbox_row(barrier), Health.SANDBOX(barrier=barrier), not holds, said, *kinds)
    if measured.nodes is not None:
        said, kinds = measured.nodes or Health.NODES_AGREE(), (AlarmKind.NODE_DIFFERS, AlarmKind.NODE_AGREES)
        yield HealthFinding(NODES, Health.NODES(), bool(measured.nodes), said, *kinds)
    yield from _of_clocks(measured, limits.clock, now)


def _of_clocks(measured: Measured, limit: timedelta, now: datetime) -> Iterator[HealthFinding]:
    if measured.leap is not None:
        wrong = abs(measured.leap) > limit
        leapt = Health.SET_FORWARD if measured.leap > timedelta(0) else Health.SET_BACK
        said = leapt(seconds=_seconds(limit)) if wrong else Health.NOT_SET()
        yield HealthFinding("own clock", Health.OWN_CLOCK(), wrong, said, AlarmKind.CLOCK_SET, AlarmKind.CLOCK_KEPT)
        since, said = measured.waits_since, Health.DESTROYED()
        if measured.doubt is not None and since is not None:
            doubted = Health.UNEVEN if measured.doubt is ClockDoubt.UNEVEN else Health.ALONE
            said = doubted(at=f"{since:%Y-%m-%d %H:%M}")
        late = since is not None and now - since > WAITS
        kinds = AlarmKind.DESTROYING_WAITS, AlarmKind.DESTROYING_GOES_ON
        yield HealthFinding("destroying", Health.DESTROYING(), late, said, *kinds)
    if measured.skew is not None or measured.dated_ahead is not None:
        yield _of_clock(measured.skew or timedelta(0), measured.dated_ahead, limit, now)


def skew(low: timedelta | None, high: timedelta | None) -> timedelta | None:
    """Returns how far the server's clock certainly is from ours, given that the skew is between `low` and `high`.

    `low` is INTERNALDATE minus the instant at which we saw the mail, as no mail is seen before it arrives. `high` is
    the INTERNALDATE of a copy of our own mail minus the instant at which the server accepted it, as no copy arrives
    earlier. The reported skew is a lower bound: a mail that was delayed, moved or copied gives a bound without value.
    """
    telling = [bound for bound in (low and -low, high) if bound is not None and bound <= TELLING]
    if low is not None and low > timedelta(0):
        return low
    if high is not None and high < timedelta(0):
        return high
    return timedelta(0) if telling else None


def _of_clock(off: timedelta, dated_ahead: datetime | None, limit: timedelta, now: datetime) -> HealthFinding:
    """Returns the state of the two clocks; they are not said to agree while a mail from the future may mean otherwise.

    One such mail proves nothing: whoever may append to the mailbox chooses its date.
    """
    wrong, said = abs(off) > limit, Health.AGREES()
    if wrong:
        said = (Health.AHEAD if off > timedelta(0) else Health.BEHIND)(seconds=_seconds(limit))
    elif dated_ahead is not None and now - dated_ahead < REMEMBERED:
        said = Health.DATED_AHEAD(at=f"{dated_ahead:%Y-%m-%d %H:%M}")
    return HealthFinding("clock", Health.CLOCK(), wrong, said, AlarmKind.CLOCK_WRONG, AlarmKind.CLOCK_RIGHT)


def named(place: str) -> str:
    """Returns what is measured, in words if they are known."""
    known = {
        "archive": HealthPlace.ARCHIVE(), "database": HealthPlace.DATABASE(), "mailbox": HealthPlace.MAILBOX(),
        "submission": HealthPlace.SUBMISSION(),
    }  # fmt: skip
    return known.get(place, place)


def _of_login(what: str, shown: StoredText, ends: datetime, now: datetime) -> HealthFinding:
    """Returns the state of what logs in with tokens. It names the step, so that each raises an alarm of its own."""
    step = next((days for days in WARNED if ends - now <= timedelta(days=days)), None)
    at = f"{ends:%Y-%m-%d %H:%M}"
    said = _until(ends) if step is None else Health.ENDS_WITHIN(at=at, count=step)
    if ends <= now:
        said = Health.HAS_ENDED(at=at)
    kinds = AlarmKind.SECRET_ENDS, AlarmKind.SECRET_RENEWED
    return HealthFinding(what, shown, step is not None, said, *kinds, until=ends, repeats=True)


def _of_mark(state: ProofState, ends: datetime | None) -> HealthFinding:
    """Returns what the trial of the server's mark for mail from inside says; each other state is told."""
    at = f"{ends:%Y-%m-%d %H:%M}" if ends else ""
    said = {
        ProofState.NEVER_TRIED: Health.MARK_NEVER_TRIED(),
        ProofState.SURVIVED: Health.MARK_SURVIVED(),
        ProofState.EXPIRED: Health.MARK_EXPIRED(at=at),
        ProofState.ENDS_SOON: Health.ENDS_WITHIN(at=at, count=WARNED_OF_MARK.days),
        ProofState.PROVEN: Health.UNTIL(at=at),
    }[state]
    failing = state is not ProofState.PROVEN
    kinds = AlarmKind.MARK_UNPROVEN, AlarmKind.MARK_PROVEN
    return HealthFinding("mark of exchange", Health.MARK(), failing, said, *kinds, until=ends, repeats=True)


def _until(ends: datetime) -> StoredText:
    return Health.UNTIL(at=f"{ends:%Y-%m-%d %H:%M}")


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
