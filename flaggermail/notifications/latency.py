# SPDX-License-Identifier: EUPL-1.2
"""How long a platform took to answer, rounded so that subtracting the printed times gives the printed figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flaggermail.record.contacts import LanguageCode

UNITS: Mapping[str, tuple[str, ...]] = {
    LanguageCode.NL: ("uur", "uur", "minuut", "minuten", "en", ","),
    LanguageCode.EN: ("hour", "hours", "minute", "minutes", "and", "."),
}
_NO_MINUTE: Mapping[str, str] = {LanguageCode.NL: "minder dan een minuut", LanguageCode.EN: "less than a minute"}
_DAYS: Mapping[str, str] = {LanguageCode.NL: "dagen", LanguageCode.EN: "days"}
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
    return f"{whole}{sign or UNITS[language][-1]}{part}"


def spoken(count: int, language: str, sign: str | None = None) -> str:
    """Returns hours with one decimal, followed by the exact time: "2,5 uur (2 uur en 32 minuten)"."""
    return f"{hours(count, language, sign)} {UNITS[language][1]} ({exact(count, language)})"


def in_sentence(count: int, language: str, sign: str | None = None) -> str:
    """Returns a wait as running text has it: "2,5 uur (2 uur en 32 minuten)".

    The exact time alone if there is not one tenth of an hour; from two days on no hours: "9 dagen en 3 uur (13140
    minuten)".
    """
    if days(count):
        return f"{exact(count, language)} ({count} {UNITS[language][3]})"
    return spoken(count, language, sign) if tenths(count) else exact(count, language)


def rounded(count: int, language: str, sign: str | None = None) -> str:
    """Returns one figure with its unit: "2,5 uur", from two days on "9 dagen", below a tenth of an hour "2 minuten"."""
    if days(count):
        return f"{days(count)} {_DAYS[language]}"
    return f"{hours(count, language, sign)} {UNITS[language][1]}" if tenths(count) else exact(count, language)


def exact(count: int, language: str) -> str:
    """Returns the exact time: "2 uur en 32 minuten"; from two days on with days of 24 hours: "9 dagen en 3 uur"."""
    if count == 0:
        return _NO_MINUTE[language]
    one_hour, more_hours, one_minute, more_minutes, joined, _ = UNITS[language]
    whole, rest = divmod(count, 60)
    parts = []
    if days(count):
        parts.append(f"{days(count)} {_DAYS[language]}")
        whole %= _HOURS_A_DAY
    if whole:
        parts.append(f"{whole} {one_hour if whole == 1 else more_hours}")
    if rest:
        parts.append(f"{rest} {one_minute if rest == 1 else more_minutes}")
    return f" {joined} ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def days(count: int) -> int:
    """Returns whole days of 24 hours in `count` minutes, from two on; 0 below, where hours are read more easily."""
    whole = count // (60 * _HOURS_A_DAY)
    return whole if whole >= _FEWEST_DAYS else 0


def in_minutes(count: int, language: str) -> str:
    """Returns the minutes, with whole days from two on: "13140 minuten (9 dagen)"; "minder dan een minuut" for none."""
    if count == 0:
        return _NO_MINUTE[language]
    unit = UNITS[language][2 if count == 1 else 3]
    return f"{count} {unit}{in_days(count, language)}"


def in_days(count: int, language: str) -> str:
    """Returns whole days, said after minutes that are hard to read: " (9 dagen)"; empty below two days."""
    return f" ({days(count)} {_DAYS[language]})" if days(count) else ""
