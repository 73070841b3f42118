# SPDX-License-Identifier: EUPL-1.2
"""Officers, their shifts, and who is on call: values, and pure functions of them and an instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from flaggermail.record.states import OfficerRole

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = timedelta(weeks=1)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
AT_MOST = timedelta(hours=12)  # the longest a take-over lasts if no change of the schedule ends it


@dataclass(frozen=True, slots=True)
class OfficerPager:
    """One pager of a person: the credential that holds its address, and the minutes to wait for an acknowledgement."""

    credential: str
    after: int


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer of the desk; `login` is the operating-system user that acts in their name."""

    id: str
    name: str
    address: str
    phone: str | None = None
    login: str | None = None
    roles: frozenset[OfficerRole] = frozenset()
    pagers: tuple[OfficerPager, ...] = ()  # in the order in which they are called


class AssociateRole(StrEnum):
    """What a person who is no officer does at the desk."""

    ARCHIVIST = "archivist"
    REPORT_WRITER = "report writer"
    PRIVACY_OFFICER = "privacy officer"


# ---- who may give a command or ask for a view: its `MAY` names one of these sets, or several

DESK = frozenset[str](OfficerRole)
LEADS = frozenset[str]({OfficerRole.OFFICER, OfficerRole.HEAD})
DECIDES = frozenset[str]({OfficerRole.ASSESSOR, OfficerRole.HEAD})
APPROVES = frozenset({OfficerRole.APPROVER, OfficerRole.HEAD})
ARCHIVIST, REPORT_WRITER, PRIVACY_OFFICER = AssociateRole  # whom oncall.yaml lists under each
ACCOUNTS = DESK | {REPORT_WRITER}
READERS = DESK | {ARCHIVIST, REPORT_WRITER}
"""Those who read cases and mails."""
SUPERVISES = frozenset[str]({OfficerRole.HEAD, PRIVACY_OFFICER})
"""Those who see who read a case."""
EVERYBODY = DESK | frozenset[str](AssociateRole)
"""All whom the desk's configuration names."""


@dataclass(frozen=True, slots=True)
class Associate:
    """A person with the few views and commands of one role: never on call, never written to."""

    id: str
    name: str
    login: str
    role: AssociateRole


@dataclass(frozen=True, slots=True)
class Shift:
    """One officer (an id) on call from `begins_at` up to (not including) `ends_at`."""

    officer: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class WeeklyShift:
    """A weekly shift in wall time of the schedule's zone; a clock change makes it longer or shorter.

    It begins on `weekday` (Monday is 0) and ends at the next `ends`, on the following day unless that is later in the
    day.
    """

    officer: str
    weekday: int
    begins: time
    ends: time

    def on(self, day: date, zone: tzinfo) -> Shift:
        """Returns the shift that begins on that day; an hour that occurs twice counts as its first occurrence.

        A time that the clock skips is as much later; of a shift that would end before it begins, the instant at which
        the clock is put forward.
        """
        last = day + timedelta(days=self.ends <= self.begins)
        first, end = datetime.combine(day, self.begins, zone), datetime.combine(last, self.ends, zone)
        begins, ends = first.astimezone(UTC), end.astimezone(UTC)
        return Shift(self.officer, begins if begins < ends else _put_forward(first), ends)


def _put_forward(skipped: datetime) -> datetime:
    """Returns the instant at which the clock skips that time, which lies within an offset's change of it."""
    zone, after = skipped.tzinfo, skipped.replace(fold=1).utcoffset()
    earliest, latest = (skipped.replace(fold=fold).astimezone(UTC) for fold in (1, 0))
    minutes = (earliest + timedelta(minutes=minute) for minute in range((latest - earliest) // timedelta(minutes=1)))
    return next((at for at in minutes if at.astimezone(zone).utcoffset() == after), latest)


@dataclass(frozen=True, slots=True)
class Rota:
    """The officers, the dated and the weekly shifts, the fallback officer for all other times, and the associates."""

    officers: tuple[Officer, ...]
    shifts: tuple[Shift, ...] = ()
    fallback_officer: str | None = None
    weekly: tuple[WeeklyShift, ...] = ()
    zone: tzinfo = UTC
    associates: tuple[Associate, ...] = ()

    def officer(self, officer_id: str) -> Officer | None:
        """Returns the officer with that id."""
        return next((officer for officer in self.officers if officer.id == officer_id), None)

    def by_name(self, words: str) -> Officer | None:
        """Returns the only officer with that id, name or last part of a name, ignoring case; otherwise None."""
        wanted = " ".join(words.lower().split())
        if not wanted:
            return None
        exact = [o for o in self.officers if wanted in {o.id.lower(), o.name.lower()}]
        found = exact or [o for o in self.officers if o.name.lower().endswith(f" {wanted}")]
        return found[0] if len(found) == 1 else None

    def by_address(self, address: str) -> Officer | None:
        """Returns the officer with that mail address."""
        wanted = address.strip().lower()
        return next((officer for officer in self.officers if officer.address.lower() == wanted), None)

    def by_login(self, login: str) -> Officer | None:
        """Returns the officer with that operating-system user."""
        return next((officer for officer in self.officers if officer.login == login), None)

    def associate(self, associate_id: str) -> Associate | None:
        """Returns the associate with that id."""
        return next((person for person in self.associates if person.id == associate_id), None)

    def associate_by_login(self, login: str) -> Associate | None:
        """Returns the associate with that operating-system user."""
        return next((person for person in self.associates if person.login == login), None)

    def name_of(self, person: str) -> str:
        """Returns the name of an officer or associate by their id; the id of somebody who has left the desk."""
        found = self.officer(person) or self.associate(person)
        return person if found is None else found.name

    def officer_name(self, officer_id: str) -> str:
        """Returns the name of an officer by their id; of anybody else, such as one who has left the desk, the id."""
        found = self.officer(officer_id)
        return officer_id if found is None else found.name

    def roles_of(self, person: str) -> frozenset[str]:
        """Returns the roles of an officer or associate by their id; none if the desk knows no such person."""
        officer, associate = self.officer(person), self.associate(person)
        roles = frozenset[str]() if officer is None else frozenset[str](officer.roles)
        return roles if associate is None else roles | {associate.role}

    @property
    def heads(self) -> tuple[Officer, ...]:
        """The heads of the desk, who receive escalations."""
        return tuple(officer for officer in self.officers if OfficerRole.HEAD in officer.roles)

    def head(self) -> Officer | None:
        """Returns the first head, who receives what one person in charge must read."""
        return next(iter(self.heads), None)


def on_call(rota: Rota, overrides: Sequence[Shift], now: datetime) -> Officer | None:
    """Returns the officer on call at `now`: by the latest override, a dated shift, a weekly shift, or the fallback.

    An override of somebody who has left the desk counts for nothing.
    """
    for shift in (*reversed(overrides), *rota.shifts, *_of_the_week(rota, now, now)):
        if shift.begins_at <= now < shift.ends_at and (officer := rota.officer(shift.officer)) is not None:
            return officer
    return rota.officer(rota.fallback_officer) if rota.fallback_officer else None


def void_overrides(rota: Rota, overrides: Sequence[Shift], now: datetime) -> list[Shift]:
    """Returns the current and future overrides of officers who have left the desk; they have no effect."""
    return [shift for shift in overrides if now < shift.ends_at and rota.officer(shift.officer) is None]


def nobody_since(rota: Rota, overrides: Sequence[Shift], now: datetime) -> datetime | None:
    """Returns the start of the current gap in the schedule: `NEVER` if over a week ago, None without a gap."""
    if on_call(rota, overrides, now) is not None:
        return None
    past = changes(rota, overrides, now - _WEEK, now + timedelta(microseconds=1))
    return past[-1][0] if past else NEVER


def planned(rota: Rota, begins: datetime, ends: datetime) -> list[Shift]:
    """Returns the dated and weekly shifts that overlap the span, earliest first."""
    shifts = (*rota.shifts, *_of_the_week(rota, begins, ends))
    return sorted((s for s in shifts if s.begins_at < ends and begins < s.ends_at), key=lambda s: s.begins_at)


def edges(rota: Rota, overrides: Sequence[Shift], begins: datetime, ends: datetime) -> list[datetime]:
    """Returns the instants strictly inside the span at which a shift or override begins or ends, earliest first."""
    shifts = (*rota.shifts, *_of_the_week(rota, begins, ends), *overrides)
    return sorted({edge for s in shifts for edge in (s.begins_at, s.ends_at) if begins < edge < ends})


def changes(
    rota: Rota, overrides: Sequence[Shift], begins: datetime, ends: datetime
) -> list[tuple[datetime, Officer | None]]:
    """Returns each hand-over strictly inside the span: the instant and the officer on call from then on."""
    before, found = on_call(rota, overrides, begins), []
    for edge in edges(rota, overrides, begins, ends):
        after = on_call(rota, overrides, edge)
        if after != before:
            found.append((edge, after))
        before = after
    return found


def running(rota: Rota, overrides: Sequence[Shift], now: datetime) -> Shift | None:
    """Returns the current shift: the officer on call, from `now` to the next hand-over, at most twelve hours ahead."""
    officer = on_call(rota, overrides, now)
    following = changes(rota, overrides, now, now + AT_MOST)
    return Shift(officer.id, now, following[0][0] if following else now + AT_MOST) if officer else None


def _of_the_week(rota: Rota, begins: datetime, ends: datetime) -> Iterator[Shift]:
    """Returns the weekly shifts that may overlap the span; a shift of the day before can still be running."""
    day, last = ((at.astimezone(rota.zone)).date() for at in (begins - timedelta(days=2), ends + timedelta(days=1)))
    while rota.weekly and day <= last:
        yield from (shift.on(day, rota.zone) for shift in rota.weekly if shift.weekday == day.weekday())
        day += timedelta(days=1)


def gaps(
    rota: Rota, overrides: Sequence[Shift], begins: datetime, ends: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """Returns the spans from `begins` up to (not including) `ends` without an officer on call, earliest first."""
    instants = sorted({begins, *edges(rota, overrides, begins, ends), ends})
    found: list[tuple[datetime, datetime]] = []
    for start, end in pairwise(instants):
        if on_call(rota, overrides, start) is None:
            joined = found.pop()[0] if found and found[-1][1] == start else start
            found.append((joined, end))
    return tuple(found)
