# SPDX-License-Identifier: EUPL-1.2
"""What `flaggermail archive find` may be asked across cases: numbers, correspondents, dates and tags, nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from flaggermail.errors import Refusal
from flaggermail.record.instants import TOO_FAR, YEARS

_DAY = r"\d{4}-\d{2}(?:-\d{2})?"
_DATE = re.compile(rf"({_DAY})?(\.\.)?({_DAY})?")
_ADDRESS = re.compile(r"[^\s@/\\<>()]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}")
_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}")
_NUMBER = re.compile(r"[\w-]{0,60}\d[\w-]{0,60}")
_UNDERSTOOD = "a case number, an address or domain, a date (2024-06, 2024-06-06..2024-06-30) or a tag"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` up to and including `last`; None: no limit."""

    first: date | None
    last: date | None

    def holds(self, at: datetime, zone: tzinfo) -> bool:
        """True if that instant's day in `zone` is one of them."""
        day = at.astimezone(zone).date()
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a mail must fulfil, all of it."""

    numbers: list[str] = field(default_factory=list)
    correspondents: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def add_word(self, word: str, tags: Collection[str]) -> None:
        """Takes a word for what its form says. Raises Refusal."""
        if word in tags:
            self.tags.append(word)
        elif _DATE.fullmatch(word):
            self.add_date(word)
        elif _ADDRESS.fullmatch(word) or _DOMAIN.fullmatch(word):
            self.add_correspondent(word)
        elif _NUMBER.fullmatch(word):
            self.numbers.append(word)
        else:
            raise Refusal(
                f"{word[:60]!a}: is not {_UNDERSTOOD}; the text of mails is searched within one case only: "
                "--case CASE --text WORDS"
            )

    def add_correspondent(self, word: str) -> None:
        """Takes an address or domain. Raises Refusal for anything else, such as a handle or the address of a page."""
        if not (_ADDRESS.fullmatch(word) or _DOMAIN.fullmatch(word)):
            raise Refusal(f"correspondent: {word[:60]!a} is no mail address or domain; write name@domain or domain")
        self.correspondents.append(word.lower())

    def add_date(self, word: str) -> None:
        """Takes a day, a month, or two of them with `..` between. Raises Refusal."""
        found = _DATE.fullmatch(word)
        if found is None or not (found[1] or found[3]):
            raise Refusal(f"date: {word[:60]!a} is no date; write FROM..TO, as in 2024-06-01..2024-06-30, or 2024-06")
        first = _first(found[1]) if found[1] else None
        until = found[3] if found[2] else found[1]
        last = _last(until) if until else None
        if first and last and last < first:
            raise Refusal(f"date: {last} lies before {first}; exchange them")
        self.spans.append(Span(first, last))

    def add_tag(self, word: str, tags: Collection[str]) -> None:
        """Takes a narrative or label from the closed lists. Raises Refusal, naming them."""
        if word not in tags:
            raise Refusal(f"tag: {word[:60]!a} is none; there are: {', '.join(sorted(tags)) or 'no tags'}")
        self.tags.append(word)

    @property
    def is_empty(self) -> bool:
        """True if nothing is asked."""
        return not (self.numbers or self.correspondents or self.spans or self.tags)


def is_correspondent(wanted: str, address: str) -> bool:
    """True if the address is the wanted one, or of the wanted domain or below it; `wanted` is in lower case."""
    known = address.lower()
    domain = known.rpartition("@")[2]
    return known == wanted if "@" in wanted else domain == wanted or domain.endswith(f".{wanted}")


def _first(text: str) -> date:
    return _day(text if len(text) > len("2024-06") else f"{text}-01")


def _last(text: str) -> date:
    if len(text) > len("2024-06"):
        return _day(text)
    return (_day(f"{text}-01").replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as fault:
        raise Refusal(f"date: {text} is no day; write it as 2024-06-06") from fault
    if found.year not in YEARS:
        raise Refusal(f"date: {text} {TOO_FAR}")
    return found
