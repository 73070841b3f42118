# SPDX-License-Identifier: EUPL-1.2
"""The list of cases, which officers ask for most: it imports little."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from flaggermail.commands.requests import Day
from flaggermail.desk.answers import FLAT, ViewAnswer
from flaggermail.desk.views.view import ListView, at_most, stamp
from flaggermail.errors import Refusal
from flaggermail.mail.case_numbers import fits_number
from flaggermail.mail.fields import in_domains
from flaggermail.record.definition import FieldCondition, in_sequence, where
from flaggermail.record.rows import Case, Channel, ClockRow, Notification, Platform
from flaggermail.record.states import CLOCKS, CaseState, ClockKind, ClockState
from flaggermail.settings.rota import READERS
from flaggermail.wording.refusals import CommandRefusal

if TYPE_CHECKING:
    from flaggermail.ports import Transaction
    from flaggermail.services import UnitOfWork

LONGEST_ASKED = 200  # characters of a number or correspondent
_JUST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningClock(ViewAnswer):
    """A clock of a case that runs."""

    notification: str
    platform: str  # its name
    clock: ClockKind
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCase(ViewAnswer):
    """A case; `waits` holds its running clocks where those are asked for, else null."""

    row: Annotated[Case, FLAT]
    waits: tuple[RunningClock, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseList(ViewAnswer):
    """Cases in the order in which they were opened."""

    cases: tuple[ListedCase, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCases(ListView):
    """Cases that fit everything that is asked.

    `number` may be a part of one, or its last digits. `correspondent` is an address, a domain or a part of the name of
    the referrer or of a notified platform. `since` and `until` are days of the opening, both included.
    """

    MAY: ClassVar[frozenset[str]] = READERS

    election: str | None = None
    state: CaseState | None = None
    tag: str | None = None
    waiting: bool = False
    officer: str | None = None  # whose it is, by id
    platform: str | None = None  # that was notified, or is to be, by its code
    number: Annotated[str | None, at_most(LONGEST_ASKED)] = None
    correspondent: Annotated[str | None, at_most(LONGEST_ASKED)] = None
    since: Day | None = None
    until: Day | None = None

    def show(self, work: UnitOfWork) -> CaseList:
        """Returns the cases in the order in which they were opened; with `waiting`, each with its running clocks.

        Raises Refusal for days that are backwards, or a cursor of another list.
        """
        waits = _running(work.tx) if self.waiting else None
        if waits is None and not self._is_searched:
            found = self.ordered(work, Case, Case.opened_at, *self._conditions(work))
            return CaseList(cases=tuple(ListedCase(row=row, waits=None) for row in found.lines), next=found.next)
        fields = (Case.opened_at, Case.number, Case.narratives, Case.referrer_address, Case.referrer_name)
        each = (_Candidate(*one) for one in work.tx.columns(Case, fields, *self._conditions(work, waits)))
        cut = self.cut(sorted(filter(self._fitting(work), each), key=_order), _order)
        shown = where(Case.number).in_([one.number for one in cut.lines])
        rows = {row.number: row for row in work.tx.find(Case, shown)}
        lines = (
            ListedCase(row=rows[one.number], waits=None if waits is None else waits[one.number]) for one in cut.lines
        )
        return CaseList(cases=tuple(lines), next=cut.next)

    @property
    def _is_searched(self) -> bool:
        """Whether a case must fit what the database cannot tell."""
        return any(one is not None for one in (self.tag, self.number, self.correspondent, self.platform))

    def _conditions(self, work: UnitOfWork, waits: Collection[str] | None = None) -> list[FieldCondition]:
        """Returns what the database can tell; the days are those of the desk's zone, `waits` numbers of cases."""
        if self.since is not None and self.until is not None and self.until < self.since:
            raise Refusal(CommandRefusal.DAYS_BACKWARDS(since=self.since.isoformat(), until=self.until.isoformat()))
        found = [where(Case.election).is_(self.election)] if self.election is not None else []
        found += [where(Case.state).is_(self.state)] if self.state is not None else []
        found += [where(Case.assigned_to).is_(self.officer)] if self.officer is not None else []
        found += [where(Case.number).in_(waits)] if waits is not None else []
        zone = work.env.settings.zone
        if self.since is not None:
            found.append(where(Case.opened_at).after(datetime.combine(self.since, time.min, zone) - _JUST))
        if self.until is not None:
            after = self.until + timedelta(days=1)
            found.append(where(Case.opened_at).before(datetime.combine(after, time.min, zone)))
        return found

    def _fitting(self, work: UnitOfWork) -> Callable[[_Candidate], bool]:
        """Returns whether a case fits what the database cannot tell."""
        wanted = self.correspondent.strip().casefold() if self.correspondent is not None else None
        named = _notified(work.tx, _meant(work.tx, wanted)) if wanted else frozenset[str]()
        to_platform = _notified(work.tx, {self.platform}) if self.platform is not None else None

        def fits(case: _Candidate) -> bool:
            return (
                (self.tag is None or self.tag in case.narratives)
                and (self.number is None or fits_number(case.number, self.number))
                and (to_platform is None or case.number in to_platform)
                and (not wanted or case.number in named or _is_of(wanted, case.address, case.name))
            )

        return fits


class _Candidate(NamedTuple):
    """Of the row of a case what a search looks at."""

    opened_at: datetime
    number: str
    narratives: tuple[str, ...]
    address: str | None  # of the referrer
    name: str | None


def _order(case: _Candidate) -> tuple[str, int, str]:
    return stamp(case.opened_at), *in_sequence(case.number)


def _is_of(wanted: str, address: str | None, name: str | None) -> bool:
    """True if an address or a name is what was asked: the address, its domain or one above, or a part of the name.

    A word without a dot may be a part of the domain, such as the town in the domain of its clerk.
    """
    known = (address or "").lower()
    domain = known.rpartition("@")[2]
    if "@" in wanted:
        return known == wanted
    of_domain = in_domains(domain, frozenset({wanted})) if "." in wanted else wanted in domain
    return of_domain or wanted in (name or "").casefold()


def _meant(tx: Transaction, wanted: str) -> frozenset[str]:
    """Returns the codes of the platforms that are meant, by names, domains and the addresses of their channels."""
    found = [(one.code, f"@{domain}", one.name) for one in tx.find(Platform) for domain in (*one.domains, "")]
    found += [(one.platform, address, "") for one in tx.find(Channel) for address in (*one.to, *one.cc)]
    return frozenset(code for code, address, name in found if _is_of(wanted, address, name))


def _notified(tx: Transaction, platforms: Collection[str]) -> frozenset[str]:
    """Returns the cases with a notification to one of these platforms, a draft too."""
    found = tx.columns(Notification, (Notification.case,), where(Notification.platform).in_(platforms))
    return frozenset(case for (case,) in found)


def _running(tx: Transaction) -> Mapping[str, tuple[RunningClock, ...]]:
    """Returns, by case, its running clocks: those of each notification in the order receipt, human, substance."""
    clocks = tx.find(ClockRow, where(ClockRow.state).is_(ClockState.RUNNING))
    uses = {row.id: row for row in tx.find(Notification, where(Notification.id).in_([c.notification for c in clocks]))}
    names = {row.code: row.name for row in tx.find(Platform)}
    found: dict[str, tuple[RunningClock, ...]] = {}
    for clock in sorted(clocks, key=lambda one: (one.notification, CLOCKS.index(one.kind))):
        if (use := uses.get(clock.notification)) is not None:
            platform = names.get(use.platform, use.platform)
            line = RunningClock(notification=use.id, platform=platform, clock=clock.kind, since=clock.started_at)
            found[use.case] = (*found.get(use.case, ()), line)
    return found
