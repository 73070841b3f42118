# SPDX-License-Identifier: EUPL-1.2
"""How long a platform took to answer, rounded so that subtracting the printed times gives the printed figure."""

from __future__ import annotations

from datetime import UTC, datetime

from flaggermail.record.contacts import LanguageCode
from flaggermail.wording.catalogues import locale

_HOURS_A_DAY, _FEWEST_DAYS = 24, 2


def minutes(sent: datetime, received: datetime) -> int:
    """Returns whole minutes from `sent` to `received`, both truncated to the minute; negative if received first."""
    cut_sent, cut_received = (instant.astimezone(UTC).replace(second=0, microsecond=0) for instant in (sent, received))
    return int((cut_received - cut_sent).total_seconds()) // 60


def tenths(count: int) -> int:
    """Returns tenths of an hour in `count` minutes, half a tenth rounded up, in integers only: 15 minutes give 3."""
    return (count * 10 + 30) // 60


def hours(count: int, language: str = LanguageCode.EN, sign: str | None = None) -> str:
    """Returns the hours in `count` minutes with one decimal: 152 is "2.5", in Dutch "2,5", unless `sign` says how."""
    whole, part = divmod(tenths(count), 10)
    return f"{whole}{sign or locale(language).decimal}{part}"


def spoken(count: int, language: str, sign: str | None = None) -> str:
    """Returns hours with one decimal, followed by the exact time: "2,5 uur (2 uur en 32 minuten)"."""
    return f"{in_hours(count, language, sign)} ({exact(count, language)})"


def in_hours(count: int, language: str, sign: str | None = None) -> str:
    """Returns hours with one decimal and their unit: "2,5 uur"."""
    return f"{hours(count, language, sign)} {locale(language).units['hours'][-1]}"


def in_sentence(count: int, language: str, sign: str | None = None) -> str:
    """Returns a wait as running text has it: "2,5 uur (2 uur en 32 minuten)".

    The exact time alone if there is not one tenth of an hour; from two days on no hours: "9 dagen en 3 uur (13140
    minuten)".
    """
    if days(count):
        return f"{exact(count, language)} ({locale(language).span(count, 'minutes')})"
    return spoken(count, language, sign) if tenths(count) else exact(count, language)


def rounded(count: int, language: str, sign: str | None = None) -> str:
    """Returns one figure with its unit: "2,5 uur", from two days on "9 dagen", below a tenth of an hour "2 minuten"."""
    if days(count):
        return locale(language).span(days(count), "days")
    return in_hours(count, language, sign) if tenths(count) else exact(count, language)


def exact(count: int, language: str) -> str:
    """Returns the exact time: "2 uur en 32 minuten"; from two days on with days of 24 hours: "9 dagen en 3 uur"."""
    written = locale(language)
    if count == 0:
        return written.no_minute
    whole, rest = divmod(count, 60)
    if days(count):
        whole %= _HOURS_A_DAY
    parts = ((days(count), "days"), (whole, "hours"), (rest, "minutes"))
    return written.joined([written.span(number, unit) for number, unit in parts if number])


def days(count: int) -> int:
    """Returns whole days of 24 hours in `count` minutes, from two on; 0 below, where hours are read more easily."""
    whole = count // (60 * _HOURS_A_DAY)
    return whole if whole >= _FEWEST_DAYS else 0


def in_minutes(count: int, language: str) -> str:
    """Returns the minutes, with whole days from two on: "13140 minuten (9 dagen)"; "minder dan een minuut" for none."""
    if count == 0:
        return locale(language).no_minute
    return f"{locale(language).span(count, 'minutes')}{in_days(count, language)}"


def in_days(count: int, language: str) -> str:
    """Returns whole days, said after minutes that are hard to read: " (9 dagen)"; empty below two days."""
    return f" ({locale(language).span(days(count), 'days')})" if days(count) else ""
