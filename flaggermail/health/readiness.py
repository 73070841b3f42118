# SPDX-License-Identifier: EUPL-1.2
"""What a desk may lack for an election: the facts of the readiness letter, and on which mornings it is sent.

Pure. A finding asks a person to do something; the other facts are told with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from flaggermail.cases.elections import nearest, open_election
from flaggermail.cases.periods import next_polling_day
from flaggermail.health.findings import CERTIFICATE, named
from flaggermail.health.status_gathering import running_clocks
from flaggermail.notices import duty, notices
from flaggermail.notices.notices import Notice
from flaggermail.record.case_values import ChannelKind
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import (
    Alarm,
    BadAddress,
    Case,
    Channel,
    Election,
    Notification,
    OutboxMail,
    Page,
    Platform,
    Watched,
    Withheld,
)
from flaggermail.record.states import NotificationState, PageState
from flaggermail.services import EventRef, Services, UnitOfWork
from flaggermail.settings.rota import Officer, gaps

AHEAD = timedelta(days=14)  # in which hours without anybody on call are counted
BEFORE = (14, 3)  # days before the first polling day
POLICY_DAYS = UNTRIED_DAYS = CERTIFICATE_DAYS = 30
REHEARSAL_DAYS = 180


class ReadinessFinding(StrEnum):
    """A finding about the readiness of the desk; a person must act on it."""

    POLICIES = "policies"
    HOURS = "hours"
    PAGERS = "pagers"
    CHANNELS = "channels"
    BOUNCED = "bounced"
    CERTIFICATES = "certificates"
    REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Since:
    """Something and the days since it was last done, or until it ends; None if it never was."""

    name: str
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The facts at one instant. `unattended` holds the spans of the coming fortnight with nobody on call."""

    policies: Sequence[Since] = ()  # each platform's policy, by the day on which it was last read
    unattended: Sequence[tuple[datetime, datetime]] = ()
    pagers: Sequence[Since] = ()  # of each officer who has one, by the last page that a service took
    channels: Sequence[Since] = ()  # each valid channel that takes mail, by the last notification sent there
    bounced: Sequence[str] = ()  # addresses to which mail does not arrive
    certificates: Sequence[Since] = ()  # of each server
    rehearsed: int | None = None  # days since the last exercise began
    clocks: int = 0  # of notifications, that run
    longest: int | None = None  # minutes for which the oldest of them runs
    uses: int = 0  # notifications sent in the election, without follow-ups and exercises

    @property
    def hours(self) -> int:
        """Hours without an officer on call in the coming fortnight, rounded up."""
        seconds = sum((end - begin).total_seconds() for begin, end in self.unattended)
        return -int(-seconds // 3600)

    @property
    def lacks(self) -> tuple[ReadinessFinding, ...]:
        """What asks a person to do something, in the order of the letter."""
        asked = {
            ReadinessFinding.POLICIES: bool(stale(self.policies, POLICY_DAYS)),
            ReadinessFinding.HOURS: bool(self.unattended),
            ReadinessFinding.PAGERS: bool(stale(self.pagers, UNTRIED_DAYS)),
            ReadinessFinding.CHANNELS: bool(stale(self.channels, UNTRIED_DAYS)),
            ReadinessFinding.BOUNCED: bool(self.bounced),
            ReadinessFinding.CERTIFICATES: bool(ending(self.certificates)),
            ReadinessFinding.REHEARSAL: self.rehearsed is None or self.rehearsed > REHEARSAL_DAYS,
        }
        return tuple(lack for lack, lacking in asked.items() if lacking)


def stale(found: Sequence[Since], days: int) -> list[Since]:
    """Returns those last done more than that many days ago or never, the longest ago first."""
    late = [one for one in found if one.days is None or one.days > days]
    return sorted(late, key=lambda one: (one.days is not None, -(one.days or 0), one.name))


def ending(found: Sequence[Since]) -> list[Since]:
    """Returns the certificates that end soon, the first to end first."""
    return sorted((one for one in found if one.days is not None and one.days < CERTIFICATE_DAYS), key=_days)


def _days(one: Since) -> int:
    return one.days or 0


def is_letter_day(polling_days: Collection[date], begins: date, ends: date, today: date) -> bool:
    """True on the fourteenth and the third day before the first polling day, and on each day of the period."""
    return begins <= today <= ends or (min(polling_days) - today).days in BEFORE


AT = time(8)  # in the desk's zone


def send(env: Services) -> int:
    """Sends the letter of today to every officer who has not got it; returns the number of mails.

    Outside a period nothing is sent where nothing is lacking. A morning at which the daemon did not run is made up
    later that day.
    """
    now = env.clock.now()
    local = now.astimezone(env.settings.zone)
    if local.time() < AT:
        return 0
    with env.store.read() as tx:
        work = UnitOfWork(env, tx, now)
        election = letter_election(work)
        waiting = [officer for officer in env.settings.rota.officers if not _has_it(work, officer, local.date())]
        if election is None or not waiting:
            return 0
        found = gather(work, election)
    if not (found.lacks or election.period_from <= local.date() <= election.period_until):
        return 0
    with env.store.begin() as tx:
        work = UnitOfWork(env, tx, now)
        for officer in waiting:
            notice = Notice(Kind.DIGEST, "readiness", _key(local.date()), EventRef())
            notices.tell(work, officer, notice, _values(work, found, election))
        work.record(EventKind.DIGEST_SENT, reason=f"readiness for {election.code}")
    return len(waiting)


def letter_election(work: UnitOfWork) -> Election | None:
    """Returns the election whose letter is due today: the one with the nearest polling day, never an exercise."""
    open_ = [e for e in work.tx.find(Election, where(Election.exercise).is_(False)) if e.closed_at is None]
    due = [e for e in open_ if is_letter_day(e.polling_days, e.period_from, e.period_until, work.today)]
    return nearest(due, work.today)


def next_election(work: UnitOfWork) -> Election | None:
    """Returns the open election of today, else the next one to come, else None."""
    coming = [e for e in work.tx.find(Election, where(Election.exercise).is_(False)) if e.period_from > work.today]
    return open_election(work) or min(coming, key=lambda e: e.period_from, default=None)


def gather(work: UnitOfWork, election: Election | None) -> Readiness:
    """Returns the facts now; `uses` counts those of `election`."""
    rota = work.env.settings.rota
    clocks = [clock.started_at for clock in running_clocks(work.tx)]
    return Readiness(
        policies=_policies(work),
        unattended=gaps(rota, duty.overrides(work.tx), work.now, work.now + AHEAD),
        pagers=[Since(officer.name, _paged(work, officer)) for officer in rota.officers if officer.pagers],
        channels=_channels(work),
        bounced=sorted(row.id for row in work.tx.find(BadAddress, where(BadAddress.cleared_at).is_(None))),
        certificates=_certificates(work),
        rehearsed=_rehearsed(work),
        clocks=len(clocks),
        longest=int((work.now - min(clocks)).total_seconds()) // 60 if clocks else None,
        uses=_uses(work, election) if election else 0,
    )


def _policies(work: UnitOfWork) -> list[Since]:
    read: dict[str, date] = {}
    for channel in _valid(work):
        if channel.policy_read_on is not None:
            read[channel.policy_title] = min(channel.policy_read_on, read.get(channel.policy_title, date.max))
    return [Since(title, (work.today - day).days) for title, day in sorted(read.items())]


def _valid(work: UnitOfWork, *kinds: ChannelKind) -> list[Channel]:
    found = work.tx.find(Channel)
    valid = [c for c in found if c.valid_from <= work.today and (c.valid_until is None or work.today <= c.valid_until)]
    return sorted((c for c in valid if not kinds or c.kind in kinds), key=lambda c: c.code)


def _paged(work: UnitOfWork, officer: Officer) -> int | None:
    taken = work.tx.find(Page, where(Page.officer).is_(officer.id), where(Page.state).is_(PageState.SENT))
    return _days_since(work, [page.done_at for page in taken])


def _channels(work: UnitOfWork) -> list[Since]:
    names = {platform.code: platform.name for platform in work.tx.find(Platform)}
    valid = _valid(work, ChannelKind.MAIL)
    return [Since(f"{names[channel.platform]}, {channel.name}", _used(work, channel)) for channel in valid]


def _used(work: UnitOfWork, channel: Channel) -> int | None:
    used = work.tx.find(Notification, where(Notification.channel).is_(channel.code))
    return _days_since(work, [one.sent_at for one in used if not one.exercise])


def _rehearsed(work: UnitOfWork) -> int | None:
    begun = [row.period_from for row in work.tx.find(Election, where(Election.exercise).is_(True))]
    return (work.today - max(begun)).days if begun else None


def _certificates(work: UnitOfWork) -> list[Since]:
    rows = sorted(work.tx.find(Watched), key=lambda row: row.id)
    return [
        Since(row.id.removeprefix(CERTIFICATE), (row.until - work.now).days) for row in rows if row.until is not None
    ]


def _uses(work: UnitOfWork, election: Election) -> int:
    fields = (Notification.case, Notification.counted, Notification.exercise)
    sent = work.tx.columns(Notification, fields, where(Notification.state).is_(NotificationState.SENT))
    uses = Counter(case for case, counted, exercise in sent if counted and not exercise)
    here = where(Case.election).is_(election.code), where(Case.number).in_(uses)
    return sum(uses[case] for (case,) in work.tx.columns(Case, (Case.number,), *here))


def _days_since(work: UnitOfWork, instants: Sequence[datetime | None]) -> int | None:
    known = [instant for instant in instants if instant is not None]
    return (work.now - max(known)).days if known else None


def _has_it(work: UnitOfWork, officer: Officer, day: date) -> bool:
    """True if the letter was sent to this officer, or nobody can get it: the desk observes, or no mail can be made."""
    queued = work.tx.exists(OutboxMail, where(OutboxMail.dedupe).is_(f"{_key(day)}/{officer.address.lower()}"))
    withheld = work.tx.get(Withheld, _key(day)) is not None
    return queued or withheld or work.tx.get(Alarm, notices.unmade_key(_key(day), officer)) is not None


def _key(day: date) -> str:
    return f"readiness/{day.isoformat()}"


def _values(work: UnitOfWork, found: Readiness, election: Election) -> dict[str, object]:
    language = work.env.settings.desk.organisation.language
    return {
        "election": election.names[language],
        "polling_day": next_polling_day(election.polling_days, work.today),
        "total": len(found.lacks),
        "policies": [asdict(one) for one in stale(found.policies, POLICY_DAYS)],
        "hours": found.hours,
        "since": found.unattended[0][0] if found.unattended else None,
        "pagers": [asdict(one) for one in stale(found.pagers, UNTRIED_DAYS)],
        "unused": [asdict(one) for one in stale(found.channels, UNTRIED_DAYS)],
        "bounced": list(found.bounced),
        "certificates": [{"name": named(one.name), "days": one.days} for one in ending(found.certificates)],
        "rehearsed": found.rehearsed,
        "running": found.clocks,
        "longest": found.longest,
        "uses": found.uses,
        "next_step": "flaggermail readiness",
    }
