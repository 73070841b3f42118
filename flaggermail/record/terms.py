# SPDX-License-Identifier: EUPL-1.2
"""Retention terms: calendar arithmetic of ISO 8601 periods, and the closed sets of a retention class."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from flaggermail.record.case_values import LanguageCode
from flaggermail.wording.catalogues import locale

_TERM = re.compile(r"P(?=[0-9])(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?|P([0-9]{1,4})W")
_MONTHS, _WEEK = 12, 7
_UNITS = ("years", "months", "weeks", "days")


class Appraisal(StrEnum):
    """What happens at the end of a term (MDTO `waardering`, the letters of a Dutch selection list)."""

    KEEP = "B"  # kept for good; transferred to an archive at the end
    DESTROY = "V"  # destroyed at the end, by people


class TermStart(StrEnum):
    """The day on which a term begins. Mail without a case, or without an election, counts from its arrival."""

    CLOSING = "closing"  # of the case
    ELECTION = "election"  # the last day of its period
    ARRIVAL = "arrival"


class Standing(StrEnum):
    """The retention status of a case or message on a day."""

    OPEN = "open"  # its term has not begun: the case is not closed, or the mail waits for a person
    RUNNING = "running"
    HELD = "held"  # its term is over, and a legal hold keeps it
    TRANSFER = "transfer"  # its term is over, and it is kept for good
    DUE = "due"  # its term is over: it stands on the destruction list


@dataclass(frozen=True, slots=True)
class Term:
    """A period of ISO 8601 in whole days or more: `P10Y`, `P1Y6M`, `P10W`, `P70D`."""

    months: int = 0
    days: int = 0
    written: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the term written so. Raises ValueError for other text, and for a term of nothing."""
        found = _TERM.fullmatch(text)
        years, months, days, weeks = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
        term = cls(years * _MONTHS + months, days + weeks * _WEEK, text)
        if not term.months and not term.days:
            raise ValueError("is no period of ISO 8601 above zero; write P10Y, P6M, P10W or P70D")
        return term

    @property
    def duration(self) -> str:
        """The term as an `xs:duration` (XML Schema 1.1 part 2, section 3.3.6), which knows no weeks."""
        return f"P{self.days}D" if self.written.endswith("W") else self.written

    def spoken(self, language: LanguageCode) -> str:
        """Returns the term in words: `10 jaar`, `1 year and 6 months`, `70 days`."""
        years, months = divmod(self.months, _MONTHS)
        weeks, days = divmod(self.days, _WEEK) if self.written.endswith("W") else (0, self.days)
        written = locale(language)
        parts = zip((years, months, weeks, days), _UNITS, strict=True)
        return f" {written.conjunction} ".join(written.span(number, unit) for number, unit in parts if number)

    def last_day(self, start: date) -> date:
        """Returns the last day of the term that begins at `start`: the same day that many months later, plus the days.

        A month without that day ends the term on its own last day (Regulation (EEC, Euratom) No 1182/71, article 3);
        the end of the calendar is the latest.
        """
        year, month = divmod(start.year * _MONTHS + start.month - 1 + self.months, _MONTHS)
        if year > MAXYEAR:
            return date.max
        day = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
        return day + timedelta(days=min(self.days, (date.max - day).days))


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """Returns the calendar day of an instant in `zone`; near the ends of the calendar, its day in UTC."""
    try:
        return at.astimezone(zone).date()
    except OverflowError:
        return at.date()
