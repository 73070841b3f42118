# SPDX-License-Identifier: EUPL-1.2
"""Quantities in a Dutch or English text: counts, times a thing was done, durations, dates, times, percentages, numbers.

Two quantities are the same if they mean the same, however they are written: `2,5 uur`, `2½ hours` and `tweeënhalf uur`.
Where one spelling can mean two things (`10.34 uur` is a time of day, or hours in decimals), both are kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import product

from flaggermail.wording.number_words import DIGITS, MONTHS, ORDINALS, WORD, amount, any_of, bare, decimals

_MINUTES_AN_HOUR, _MINUTES_A_DAY = 60, 24 * 60
_NOON = 12
_CENTURY = 2000
_SAID_NOT = -1


class QuantityKind(StrEnum):
    """What a quantity is of."""

    COUNT = "whole or decimal number"  # a number without a unit: dossier and document numbers and years too
    TIMES = "number of times"  # how often: once, twice
    ORDINAL = "ordinal"
    DURATION = "duration"
    DATE = "calendar day"
    TIME = "time of day"
    OFFSET = "offset from utc"  # from universal time
    PERCENT = "percentage"
    NUMBER = "case number"  # of a case or a notification


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a quantity can mean.

    `value`: a number; minutes of a duration; year, month and day (-1 if it is not said); hour and minute; or the number
    of a case. `step` is the fineness of a duration in minutes: 6 if it is in tenths of an hour, 0 if it is exact.
    """

    kind: QuantityKind
    value: Fraction | str | tuple[int, ...]
    step: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in a text, from `start` up to `end`, with what it can mean; the likeliest first."""

    meanings: tuple[Meaning, ...]
    start: int
    end: int

    @property
    def kind(self) -> QuantityKind:
        """The likeliest kind."""
        return self.meanings[0].kind


_SPACES = re.compile(r"\s+")
_SIGNS = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff")),  # invisible
}


def plain(text: str) -> str:
    """Returns a text with one kind of space, dash and apostrophe, and nothing invisible; the input of `read`."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text).translate(_SIGNS)).strip()


def read(text: str) -> tuple[Quantity, ...]:
    """Returns the quantities of a text that `plain` gave, in their order. Digits in a web address are none."""
    return tuple(_joined(text, list(_each(text))))


def whole(text: str) -> tuple[Quantity, ...]:
    """Returns the quantities of a text that is a figure, or a cell, and nothing else: there "een" and "geen" count."""
    value = _ALONE.get(bare(text.strip(" .")))
    if value is None:
        return read(text)
    return (Quantity((Meaning(QuantityKind.COUNT, Fraction(value)),), 0, len(text)),)


def within(quantities: Sequence[Quantity], start: int, end: int) -> tuple[int, ...]:
    """Returns which quantities reach into a part of their text."""
    return tuple(at for at, one in enumerate(quantities) if one.start < end and one.end > start)


_ALONE: Mapping[str, int] = {"geen": 0, "none": 0, "no": 0, "een": 1, "a": 1, "an": 1}


# ---------------------------------------------------------------- the same


def same(one: Quantity, other: Quantity) -> bool:
    """True if the two can mean the same."""
    return any(_mean_the_same(*pair) for pair in product(one.meanings, other.meanings))


_NUMBERS = frozenset({QuantityKind.COUNT, QuantityKind.TIMES})


def _mean_the_same(one: Meaning, other: Meaning) -> bool:
    if {one.kind, other.kind} <= _NUMBERS:
        return one.value == other.value
    if one.kind is not other.kind:
        return False
    if one.kind is QuantityKind.DATE and isinstance(one.value, tuple) and isinstance(other.value, tuple):
        return all(
            mine == yours or _SAID_NOT in {mine, yours} for mine, yours in zip(one.value, other.value, strict=True)
        )
    if one.kind is QuantityKind.DURATION:
        return one.value == other.value or _rounds(one, other) or _rounds(other, one)
    return one.value == other.value


def _rounds(fine: Meaning, coarse: Meaning) -> bool:
    """True if the coarse duration is the fine one, rounded half up to a tenth or a hundredth of an hour."""
    if not isinstance(fine.value, Fraction) or not isinstance(coarse.value, Fraction):
        return False
    if not fine.step < coarse.step < _MINUTES_AN_HOUR:
        return False
    return (fine.value / coarse.step + Fraction(1, 2)) // 1 * coarse.step == coarse.value


# ---------------------------------------------------------------- reading

_AMOUNT = rf"(?:{DIGITS}|{WORD})"
_MONTH = rf"(?:{any_of(MONTHS)})\b\.?"
_NTH = r"(?:ste|de|e|st|nd|rd|th)"
_FREE = r"(?<![^\W_])"  # no letter or digit before it
_END = r"(?![^\W_])"
_CLOCK_END = rf"(?: ?(?P<half>[ap])\.?m\b\.?| ?(?P<oclock>uur|u\.|hrs|hours){_END})"
_UNIT = (
    rf"(?P<unit>dagen|dag|days?|uren|uur|hours?|hrs?|u|h|minuten|minuut|minutes?|mins?){_END}"
    r"(?! (?:van de dag|of the day))"
)
_DAY = frozenset({"dag", "dagen", "day", "days"})
_HOUR = frozenset({"uur", "uren", "u", "hour", "hours", "hr", "hrs", "h"})

_PATTERNS: Mapping[str, str] = {
    "address": r"https?://\S+|www\.\S+|\S+@\S+",
    "number": r"(?-i:[A-Z][A-Z0-9]*-[A-Z0-9]+-[0-9]{2,6}(?:-[A-Z2-9]{4})?)(?:/[0-9]{1,4})?" + _END,
    "iso": r"(?P<y1>[0-9]{4})-(?P<m1>[0-9]{1,2})-(?P<d1>[0-9]{1,2})(?![0-9])(?:T(?=[0-9]{2}:))?",
    "digits": r"(?P<d2>[0-9]{1,2})(?P<sign>[-/.])(?P<m2>[0-9]{1,2})(?P=sign)(?P<y2>[0-9]{4}|[0-9]{2})(?![0-9-])",
    "named": rf"(?P<d3>[0-9]{{1,2}})(?:{_NTH}\b)?(?: of)?[ -](?P<m3>{_MONTH})(?:,? ?-?(?P<y3>[0-9]{{4}})(?![0-9]))?",
    "english": (
        rf"(?P<m4>{_MONTH}) (?:the )?(?P<d4>[0-9]{{1,2}})(?:{_NTH}\b)?(?![0-9.:])(?:,? (?P<y4>[0-9]{{4}})(?![0-9]))?"
    ),
    "month": rf"(?P<m5>{_MONTH}) (?P<y5>[0-9]{{4}})(?![0-9])",
    "clock": rf"(?P<h1>[0-9]{{1,2}})(?P<colon>[:.])(?P<n1>[0-9]{{2}})(?::[0-9]{{2}})?(?![0-9])(?:{_CLOCK_END})?",
    "hands": rf"(?P<h2>[0-9]{{1,2}}) ?(?:u|h)(?P<n2>[0-9]{{2}}){_END}",
    "quarter": r"(?:(?P<quarters>drie|3|three) ?|een |one |a )?(?:kwartier|quarters? of an hour)\b",
    "half": r"(?:een |a )?half(?: an)? ?(?:uur|hour)\b|an? hour and a half\b|(?P<whole>an?|één|een) (?:uur|hour)\b",
    "moment": r"(?:minder|korter) dan (?:een|één|1) minuut\b|(?:less than|under) (?:a|one|1) minute\b",
    "rate": rf"(?P<rate>{_AMOUNT}) ?(?:%|procent\b|percent\b|per cent\b)",
    "never": r"(?:geen enkele (?:keer|maal)|geen keer|nooit|never|not once)\b",
    "latin": r"(?<!at )(?P<latin>once|twice|thrice)\b(?! (?:the|it|they|we|this|these|that|all|an?)\b)",
    "times": (
        rf"(?<!\bnu )(?P<times>{_AMOUNT}|een|a)(?: enkele| single)?"
        rf"(?: ?(?:maal|malen|malige?|keren|keer|times?)| ?[x\u00d7]){_END}"
    ),
    "long": rf"(?P<long>{_AMOUNT})[ -]?{_UNIT}",
    "nth": rf"(?P<nth>[0-9]{{1,3}}{_NTH}|{any_of(ORDINALS)})\b(?! Kamer)",
    "mixed": r"(?:[^\W\d_]+[0-9]|[0-9]+(?![½¼¾])[^\W\d_])\w*",
    "count": rf"(?P<count>{_AMOUNT}){_END}",
    "endless": r"[0-9]+",
}
_OFFSET = r"(?:(?<=[0-9])|\(?UTC ?)[+-][0-9]{2}:[0-9]{2}\)?(?![0-9])"
_EACH = "|".join(f"(?P<_{name}>{pattern})" for name, pattern in _PATTERNS.items())
_ANY = re.compile(rf"(?P<_offset>{_OFFSET})|{_FREE}(?:{_EACH})", re.IGNORECASE)
Match = re.Match[str]


def _each(text: str) -> Iterator[Quantity]:
    for found in _ANY.finditer(text):
        name = next(name for name in ("offset", *_PATTERNS) if found[f"_{name}"] is not None)
        meanings = tuple(_MEANINGS[name](found)) if name in _MEANINGS else ()
        if meanings:
            yield Quantity(meanings, found.start(), found.end())


def _number(found: Match) -> Iterator[Meaning]:
    # A tail of four letters belongs to one mail and not to the case.
    yield Meaning(QuantityKind.NUMBER, re.sub(r"(-[0-9]+)-[A-Z2-9]{4}", r"\1", found.group()))


def _date(found: Match) -> Iterator[Meaning]:
    given = found.groupdict()
    year, month, day = (
        next((given[f"{part}{at}"] for at in "12345" if given.get(f"{part}{at}")), str(_SAID_NOT)) for part in "ymd"
    )
    at = int(year) + (_CENTURY if len(year) == len("24") and int(year) >= 0 else 0), _month(month), int(day)
    yield Meaning(QuantityKind.DATE, at)
    if given["sign"] == "/":  # month first, as in American English
        yield Meaning(QuantityKind.DATE, (at[0], at[2], at[1]))


def _month(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() else MONTHS[bare(text).rstrip(".")]


def _clock(found: Match) -> Iterator[Meaning]:
    hour, minute, half = int(found["h1"]), int(found["n1"]), (found["half"] or "").casefold()
    if half:
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    bare_point = found["colon"] == "." and not half
    if bare_point and not found["oclock"]:
        yield Meaning(QuantityKind.COUNT, Fraction(hour * 100 + minute, 100))
    yield Meaning(QuantityKind.TIME, (hour, minute))
    if bare_point and found["oclock"]:
        hours = Fraction(hour * 100 + minute, 100)
        yield Meaning(QuantityKind.DURATION, hours * _MINUTES_AN_HOUR, Fraction(_MINUTES_AN_HOUR, 100))
    elif found["colon"] == ":" and not half:
        yield Meaning(QuantityKind.DURATION, Fraction(hour * _MINUTES_AN_HOUR + minute))


def _hands(found: Match) -> Iterator[Meaning]:
    hour, minute = int(found["h2"]), int(found["n2"])
    yield Meaning(QuantityKind.DURATION, Fraction(hour * _MINUTES_AN_HOUR + minute))
    yield Meaning(QuantityKind.TIME, (hour, minute))


def _half(found: Match) -> Iterator[Meaning]:
    an_hour_and_a_half = found.group().casefold().endswith("and a half")
    minutes = 90 if an_hour_and_a_half else 60 if found["whole"] else 30
    yield Meaning(QuantityKind.DURATION, Fraction(minutes), Fraction(0 if found["whole"] else 6))


def _long(found: Match) -> Iterator[Meaning]:
    count, unit = amount(found["long"]), found["unit"].casefold()
    if count is None:
        return
    minutes = _MINUTES_A_DAY if unit in _DAY else _MINUTES_AN_HOUR if unit in _HOUR else 1
    step = Fraction(minutes, 10 ** decimals(found["long"])) if minutes > 1 else Fraction(0)
    yield Meaning(QuantityKind.DURATION, count * minutes, step)
    if unit in {"uur", "u"} and count.denominator == 1 and count <= 2 * _NOON:
        yield Meaning(QuantityKind.TIME, (int(count), 0))


def _numeral(kind: QuantityKind, group: str) -> Callable[[Match], Iterator[Meaning]]:
    def meaning(found: Match) -> Iterator[Meaning]:
        count = amount(found[group])
        yield Meaning(kind, found[group] if count is None else count)

    return meaning


def _nth(found: Match) -> Iterator[Meaning]:
    digits = re.match(r"[0-9]+", found["nth"])
    yield Meaning(QuantityKind.ORDINAL, Fraction(int(digits[0]) if digits else ORDINALS[bare(found["nth"])]))


def _offset(found: Match) -> Iterator[Meaning]:
    yield Meaning(QuantityKind.OFFSET, found.group().strip("()").upper().removeprefix("UTC").strip())


def _only(kind: QuantityKind, value: Callable[[Match], int]) -> Callable[[Match], Iterator[Meaning]]:
    return lambda found: iter([Meaning(kind, Fraction(value(found)))])


_MEANINGS: Mapping[str, Callable[[Match], Iterator[Meaning]]] = {
    "number": _number, "iso": _date, "digits": _date, "named": _date, "english": _date, "month": _date,
    "offset": _offset, "clock": _clock, "hands": _hands, "half": _half, "long": _long, "nth": _nth,
    "quarter": _only(QuantityKind.DURATION, lambda found: 45 if found["quarters"] else 15),
    "moment": _only(QuantityKind.DURATION, lambda _: 0),
    "rate": _numeral(QuantityKind.PERCENT, "rate"),
    "never": _only(QuantityKind.TIMES, lambda _: 0),
    "latin": _only(QuantityKind.TIMES, lambda found: {"once": 1, "twice": 2, "thrice": 3}[found["latin"].casefold()]),
    "times": _numeral(QuantityKind.TIMES, "times"),
    "count": _numeral(QuantityKind.COUNT, "count"),
}  # fmt: skip
_BETWEEN = re.compile(r",? ?(?:en |and )?")


def _joined(text: str, found: Sequence[Quantity]) -> Iterator[Quantity]:
    """Yields the quantities; days, hours and minutes that follow each other are one duration."""
    held: Quantity | None = None
    for one in found:
        longer = None if held is None else _sum(held, one, text[held.end : one.start])
        if longer is not None:
            held = longer
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held


def _sum(one: Quantity, other: Quantity, between: str) -> Quantity | None:
    """Returns two durations as one; None if the second is not finer than the first, or words stand between."""
    whole_, rest = one.meanings[0], other.meanings[0]
    if whole_.kind is not QuantityKind.DURATION or not _BETWEEN.fullmatch(between):
        return None
    if not isinstance(whole_.value, Fraction) or not isinstance(rest.value, Fraction):
        return None
    bare_minutes = rest.kind is QuantityKind.COUNT and between == " " and whole_.step == _MINUTES_AN_HOUR
    if not bare_minutes and (rest.kind is not QuantityKind.DURATION or rest.step >= whole_.step):
        return None
    if rest.value >= max(whole_.step, Fraction(1)) or rest.value.denominator != 1:
        return None
    minutes = whole_.value + rest.value
    return Quantity((Meaning(QuantityKind.DURATION, minutes, rest.step),), one.start, other.end)
