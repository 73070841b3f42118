# SPDX-License-Identifier: EUPL-1.2
"""Instants and numbers as a letter or a report prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flaggermail.wording.catalogues import locale


class DateForm(StrEnum):
    """How an instant is printed beside a mail."""

    ISO = "iso"  # 2024-06-06 13:06+02:00
    WORDS = "words"  # 6 June 2024 at 13:06
    ABBREVIATED = "abbreviated"  # Thu 06-Jun-2024 13:06, in English whatever the language


class DecimalSign(StrEnum):
    """The sign before the tenths of an hour."""

    LANGUAGE = "language"  # that of the language: a comma in Dutch, a point in English
    COMMA = "comma"
    POINT = "point"


SIGNS: Mapping[DecimalSign, str | None] = {
    DecimalSign.LANGUAGE: None, DecimalSign.COMMA: ",", DecimalSign.POINT: "."
}  # fmt: skip
"""Each sign; None: that of the language."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The words of a language for an instant; `months` begins with January."""

    months: tuple[str, ...]
    language: str

    def in_words(self, at: datetime) -> str:
        """Returns an instant in its own zone: `6 juni 2024 om 13.06 uur`, or `6 June 2024 at 13:06`.

        With the offset on a day on which the clock changes, since an hour of it comes twice.
        """
        day = f"{at.day} {self.months[at.month - 1]} {at.year}"
        form = locale(self.language).formal_instant
        return form.format(day=day, hour=f"{at:%H}", minute=f"{at:%M}", offset=_offset(at))

    def shown(self, at: datetime, form: DateForm) -> str:
        """Returns an instant in its own zone, in that form, to the minute."""
        if form is DateForm.ISO:
            return at.isoformat(sep=" ", timespec="minutes")
        if form is DateForm.WORDS:
            return self.in_words(at)
        return f"{_DAYS[at.weekday()]} {at.day:02}-{_MONTHS[at.month - 1]}-{at.year} {at:%H:%M}{_offset(at)}"


def _offset(at: datetime) -> str:
    """Returns the offset in brackets if the clock changes on that day; else nothing."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    changes = midnight.utcoffset() != (midnight + timedelta(days=1)).utcoffset()
    return f" (UTC{at.isoformat()[-6:]})" if changes else ""
