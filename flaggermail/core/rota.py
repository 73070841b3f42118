# SPDX-License-Identifier: EUPL-1.2
"""Who is on call: a pure function of an instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from flaggermail.core.paging import Pager


@dataclass(frozen=True, slots=True)
class Officer:
    """A person of the desk; `login` is the operating system's user that acts in this person's name."""

    id: str
    name: str
    address: str
    phone: str | None = None
    login: str | None = None
    roles: frozenset[str] = frozenset()  # officer | assessor | approver | head
    pagers: tuple[Pager, ...] = ()  # in the order in which they are called


@dataclass(frozen=True, slots=True)
class Shift:
    """From one instant up to (not including) another, `officer` (an id) is on call."""

    officer: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Rota:
    """The shifts of the file, the overrides made since, and who is on call when neither says anybody."""

    officers: tuple[Officer, ...]
    shifts: tuple[Shift, ...] = ()
    otherwise: str | None = None

    def officer(self, officer_id: str) -> Officer | None:
        """The officer with that id."""
        return next((officer for officer in self.officers if officer.id == officer_id), None)

    def by_address(self, address: str) -> Officer | None:
        """The officer who writes from that address."""
        wanted = address.strip().lower()
        return next((officer for officer in self.officers if officer.address.lower() == wanted), None)

    def by_login(self, login: str) -> Officer | None:
        """The officer behind that user of the operating system."""
        return next((officer for officer in self.officers if officer.login == login), None)

    def head(self) -> Officer | None:
        """Who is told when the officer on call got no answer."""
        return next((officer for officer in self.officers if "head" in officer.roles), None)


def on_call(rota: Rota, overrides: Sequence[Shift], now: datetime) -> Officer | None:
    """The officer on call at `now`: the latest override wins, then the shift, then the standing officer."""
    for shift in (*reversed(overrides), *rota.shifts):
        if shift.begins_at <= now < shift.ends_at:
            return rota.officer(shift.officer)
    return rota.officer(rota.otherwise) if rota.otherwise else None


def gaps(
    rota: Rota, overrides: Sequence[Shift], begins: datetime, ends: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """The spans from `begins` up to (not including) `ends` in which nobody is on call, earliest first."""
    edges = {edge for shift in (*rota.shifts, *overrides) for edge in (shift.begins_at, shift.ends_at)}
    instants = sorted({begins, ends, *(edge for edge in edges if begins < edge < ends)})
    found: list[tuple[datetime, datetime]] = []
    for start, end in pairwise(instants):
        if on_call(rota, overrides, start) is None:
            joined = found.pop()[0] if found and found[-1][1] == start else start
            found.append((joined, end))
    return tuple(found)
