# SPDX-License-Identifier: EUPL-1.2
"""Numbers as people write them in a Dutch or English report: in digits, in words, with halves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from fractions import Fraction

_HALF = Fraction(1, 2)
_SIGNS: Mapping[str, Fraction] = {"½": _HALF, "¼": Fraction(1, 4), "¾": Fraction(3, 4)}
_DUTCH = (
    "nul", "één", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf", "dertien",
    "veertien", "vijftien", "zestien", "zeventien", "achttien", "negentien",
)  # fmt: skip
_DUTCH_TENS = ("twintig", "dertig", "veertig", "vijftig", "zestig", "zeventig", "tachtig", "negentig")
_ENGLISH = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_ENGLISH_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = (
    ("eerste", "first"), ("tweede", "second"), ("derde", "third"), ("vierde", "fourth"), ("vijfde", "fifth"),
    ("zesde", "sixth"), ("zevende", "seventh"), ("achtste", "eighth"), ("negende", "ninth"), ("tiende", "tenth"),
    ("elfde", "eleventh"), ("twaalfde", "twelfth"),
)  # fmt: skip
_MONTHS = (
    "januari january jan", "februari february feb", "maart march mrt mar", "april apr", "mei may", "juni june jun",
    "juli july jul", "augustus august aug", "september sept sep", "oktober october okt oct", "november nov",
    "december dec",
)  # fmt: skip


def bare(text: str) -> str:
    """Returns a text in lower case without accents, so that "één" and "eén" are one word."""
    kept = unicodedata.normalize("NFD", text.casefold())
    return "".join(sign for sign in kept if not unicodedata.combining(sign))


def _cardinals() -> dict[str, Fraction]:
    found = {word: value for words in (_DUTCH, _ENGLISH) for value, word in enumerate(words)}
    for at, (dutch, english) in enumerate(zip(_DUTCH_TENS, _ENGLISH_TENS, strict=True), start=2):
        found |= {dutch: at * 10, english: at * 10}
        for unit in range(1, 10):
            found[_joined(_DUTCH[unit], dutch)] = at * 10 + unit
            found[f"{english}-{_ENGLISH[unit]}"] = found[f"{english} {_ENGLISH[unit]}"] = at * 10 + unit
    found |= {"honderd": 100, "hundred": 100, "one hundred": 100, "a hundred": 100}
    return {word: Fraction(value) for word, value in found.items()}


def _joined(unit: str, end: str) -> str:
    """Returns a compound: `vierentwintig`, `tweeëntwintig`."""
    unit = unit.replace("é", "e")
    return f"{unit}{'ën' if unit.endswith('e') else 'en'}{end}"


def _halves() -> dict[str, Fraction]:
    found = {"anderhalf": 1 + _HALF, "anderhalve": 1 + _HALF}
    for value in range(1, 13):
        for half in ("half", "halve", "eenhalf"):
            found[_joined(_DUTCH[value], half)] = value + _HALF
        found[f"{_DUTCH[value].replace('é', 'e')} en een half"] = value + _HALF
        found[f"{_ENGLISH[value]} and a half"] = value + _HALF
    return found


CARDINALS: Mapping[str, Fraction] = _cardinals()
"""Numbers in words, as they are spelt; "een" is left out, which is an article as well."""
HALVES: Mapping[str, Fraction] = _halves()
_VALUES: Mapping[str, Fraction] = {bare(word): value for word, value in (*CARDINALS.items(), *HALVES.items())}
_SINGLE: Mapping[str, Fraction] = {"een": Fraction(1), "a": Fraction(1), "an": Fraction(1)}
ORDINALS: Mapping[str, int] = {word: at for at, words in enumerate(_ORDINALS, start=1) for word in words}
MONTHS: Mapping[str, int] = {name: at for at, names in enumerate(_MONTHS, start=1) for name in names.split()}


def any_of(words: Iterable[str]) -> str:
    """Returns a pattern for one of the words, the longest first, with or without its accents."""
    spelt = {form for word in words for form in (word, bare(word))} - {"een"}
    spelt |= {form for word in spelt if word == "één" for form in ("eén", "éen")}
    return "|".join(re.escape(word).replace(r"\ ", " ") for word in sorted(spelt, key=lambda word: (-len(word), word)))


# "ten" is a Dutch preposition too, and "een van de" counts nothing.
_NO_NUMBER = (
    r"ten (?:aanzien|behoeve|dele|einde|eerste|gevolge|gunste|koste|laatste|laste|minste|name|onrechte|opzichte|slotte"
    r"|tijde|tweede)\b|(?:één|eén|éen|one) (?:van|of)\b"
)
WORD = rf"(?!{_NO_NUMBER})(?:{any_of([*HALVES, *CARDINALS])})"
"""A number in words, as a pattern for `re.IGNORECASE`."""
DIGITS = r"(?:[1-9][0-9]{0,2}(?: [0-9]{3}){1,4}(?![0-9])|[0-9]{1,15}(?:[.,][0-9]{1,15}){0,3}(?![0-9])[½¼¾]?|[½¼¾])"
"""A number in digits, as a pattern."""
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:[ .,][0-9]{3})+")
_DECIMAL = re.compile(r"([0-9]+)[.,]([0-9]+)")
_WITH_SIGN = re.compile(r"([0-9]*)([½¼¾])")


def amount(text: str) -> Fraction | None:
    """Returns the number that a text is, in digits or in words; None if it is none, as in `1.2.3`."""
    if text.isascii() and text.isdigit():
        return Fraction(int(text))
    if _GROUPED.fullmatch(text):
        return Fraction(int(re.sub(r"[ .,]", "", text)))
    if found := _DECIMAL.fullmatch(text):
        return Fraction(int(found[1] + found[2]), 10 ** len(found[2]))
    if found := _WITH_SIGN.fullmatch(text):
        return Fraction(found[1] or 0) + _SIGNS[found[2]]
    word = bare(" ".join(text.split()))
    return _VALUES.get(word) or _SINGLE.get(word) or (Fraction(0) if word in {"nul", "zero"} else None)


def decimals(text: str) -> int:
    """Returns the number of decimals; 1 for halves and quarters, in signs or in words."""
    if _GROUPED.fullmatch(text):
        return 0
    if found := _DECIMAL.fullmatch(text):
        return len(found[2])
    found_value = amount(text)
    return 0 if found_value is None or found_value.denominator == 1 else 1
