# SPDX-License-Identifier: EUPL-1.2
"""Catalogues: the words of every sentence by its code, a folder a language and a file a set of sentences.

`nl/refusals.toml` holds the Dutch words of the enumerations in `refusals.py`; `nl/locale.toml` says how Dutch writes
days, numbers and plurals. A file is read when the first of its sentences is worded, the English one with a set of
sentences that it lists (`said.of_catalogue`). Nothing is ever worded in another language than the one that was asked
for.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from string import Formatter
from typing import Any

LOCALE = "locale"
FOLDERS = [Path(__file__).parent]
"""Where languages have their folders: those of the program, and what a test adds."""


class NotWorded(LookupError):
    """A catalogue, a sentence in it, or a detail of a sentence is missing, or there is one too many."""


@dataclass(frozen=True)
class Locale:
    """How a language writes numbers, days and spans of time: the table `locale.toml`.

    `plural` is the rule of the header Plural-Forms in GNU gettext (manual, section 11.2.6), an expression in `n` that
    gives the index of the form; `forms` is how many there are.
    """

    forms: int
    plural: str
    decimal: str  # the sign before tenths
    months: Sequence[str]  # from January on
    day: str  # of day, month, year
    instant: str  # of day, hour, minute
    formal_instant: str  # the same in a letter or a report, and an offset, which is empty on most days
    conjunction: str  # before the last of several
    no_minute: str  # less than one
    units: Mapping[str, Sequence[str]]  # the forms of hours, minutes, days, weeks, months, years

    @cached_property
    def index(self) -> Callable[[int], int]:
        """The rule of the plural as a function."""
        return gettext.c2py(self.plural)

    def counted(self, number: int, *forms: str) -> str:
        """Returns a number with the noun that fits it: `1 minuut`, `2 minuten`. Raises NotWorded for other forms."""
        if len(forms) != self.forms:
            raise NotWorded(f"{'|'.join(forms)}: {len(forms)} forms of a plural, of {self.forms}")
        return f"{number} {forms[self.index(abs(number))]}"

    def span(self, number: int, unit: str) -> str:
        """Returns so many hours, minutes, days, weeks, months or years: `2 minuten`."""
        return self.counted(number, *self.units[unit])

    def joined(self, parts: Sequence[str]) -> str:
        """Returns parts in a row: `a, b en c`."""
        *first, last = parts
        return f"{', '.join(first)} {self.conjunction} {last}" if first else last

    def dated(self, day: date) -> str:
        """Returns a day in words: `6 juni 2024`."""
        return self.day.format(day=day.day, month=self.months[day.month - 1], year=day.year)

    def timed(self, at: datetime) -> str:
        """Returns an instant in words: `6 juni 2024 om 10:34`."""
        return self.instant.format(day=self.dated(at), hour=f"{at:%H}", minute=f"{at:%M}")


def languages() -> tuple[str, ...]:
    """Returns the languages that have a folder, by their codes (ISO 639-1)."""
    return tuple(sorted({path.parent.name for folder in FOLDERS for path in folder.glob(f"*/{LOCALE}.toml")}))


def sets() -> tuple[str, ...]:
    """Returns the names of the sets of sentences: each is a module here, and a file of every language."""
    return tuple(sorted(path.stem for path in (FOLDERS[0] / "en").glob("*.toml") if path.stem != LOCALE))


@cache
def catalogue(language: str, of: str) -> Mapping[str, str]:
    """Returns the words of a set of sentences by their codes. Raises NotWorded if the language does not have it."""
    return _read(language, of)


@cache
def locale(language: str) -> Locale:
    """Returns how a language writes numbers and days. Raises NotWorded for an unknown language."""
    return Locale(**_read(language, LOCALE))


@cache
def details_of(text: str) -> frozenset[str]:
    """Returns the names of the details in words."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def text_of(language: str, name: str) -> str:
    """Returns a whole text, such as the page of a dossier: `dossier_readme.txt`. Raises NotWorded if it is missing."""
    for folder in FOLDERS:
        path = folder / language / f"{name}.txt"
        if path.is_file():
            return path.read_text("utf-8")
    raise NotWorded(f"no text in {language!r} for {name}")


def _read(language: str, name: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - many commands word nothing

    for folder in FOLDERS:
        path = folder / language / f"{name}.toml"
        if path.is_file():
            return tomllib.loads(path.read_text("utf-8"))
    raise NotWorded(f"no words in {language!r} for {name}")
