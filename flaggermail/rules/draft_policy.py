# SPDX-License-Identifier: EUPL-1.2
"""What a draft to a platform must and must not say: it requests a check and demands nothing; the platform decides.

The patterns are configuration (`rules/drafts.yaml`); which statements are required or forbidden is fixed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from flaggermail.mail.vocabulary import is_invisible, visible
from flaggermail.wording.refusals import DraftFault
from flaggermail.wording.said import StoredText

Search = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class LanguagePatterns:
    """The patterns of one language (RE2 syntax, case-insensitive); one match is enough."""

    months: tuple[str, ...]  # January first
    must: Mapping[str, tuple[str, ...]]  # check, decides, confirmation
    must_not: Mapping[str, tuple[str, ...]]  # removal, illegality, deadline, power, status


@dataclass(frozen=True, slots=True)
class DraftPatterns:
    """The patterns by language code."""

    languages: Mapping[str, LanguagePatterns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """The case-specific details that this draft must name."""

    language: str
    number: str
    policy_title: str
    policy_url: str
    policy_read_on: date
    drafted_on: date  # by the desk's clock, in its zone
    can_confirm: bool = True  # of the channel; without it the draft requests no confirmation
    follow_up: bool = False  # adds to an earlier mail; needs only the number and who decides


STALE_DAYS = 180  # since a policy was read, from which an approver is told so first

MISSING = {"check": DraftFault.CHECK, "decides": DraftFault.DECIDES, "confirmation": DraftFault.CONFIRMATION}

FORBIDDEN = {
    "removal": DraftFault.REMOVAL,
    "illegality": DraftFault.ILLEGALITY,
    "deadline": DraftFault.DEADLINE,
    "power": DraftFault.POWER,
    "status": DraftFault.STATUS,
}

WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def faults(
    subject: str, body: str, requirements: Requirements, patterns: DraftPatterns, search: Search
) -> tuple[StoredText, ...]:
    """Returns the faults, each with its correction; empty if the draft may be submitted for approval.

    White space is normalized first, so line breaks do not matter. Required statements are searched in the draft's
    language, forbidden ones in every language.
    """
    text = _folded(body)
    return (
        *_missing_statements(text, requirements, patterns.languages[requirements.language], search),
        *_missing_details(text, requirements, patterns.languages[requirements.language]),
        *_forbidden_statements(DraftFault.SUBJECT_LINE(), _folded(subject), requirements, patterns, search),
        *_forbidden_statements(DraftFault.BODY(), text, requirements, patterns, search),
        *_invisible_characters(DraftFault.SUBJECT_LINE(), subject, allowed=""),
        *_invisible_characters(DraftFault.BODY(), body, allowed="\n\t"),
    )


def title_faults(title: str) -> tuple[StoredText, ...]:
    """Returns the first invisible character in a title, with the title to write instead; empty without one.

    A line break or a tab is none: a subject has a space in its place.
    """
    seen = enumerate(title, start=1)
    found = next(((place, char) for place, char in seen if char not in "\t\r\n" and is_invisible(char)), None)
    if found is None:
        return ()
    return (DraftFault.TITLE_UNSEEN(place=found[0], character=_name_of(found[1]), clean=visible(title)),)


def days_since(read_on: date | None, today: date) -> int | None:
    """Returns how many days ago a policy was read; None without a day."""
    return (today - read_on).days if read_on is not None else None


def is_stale(read_on: date | None, today: date) -> bool:
    """True if a policy was read so long ago that it may read otherwise today."""
    return (days_since(read_on, today) or 0) > STALE_DAYS


def _missing_statements(
    text: str, wanted: Requirements, patterns: LanguagePatterns, search: Search
) -> Iterator[StoredText]:
    """Yields a fault for each required statement that is missing."""
    for what, expected in (
        ("check", not wanted.follow_up),
        ("decides", True),
        ("confirmation", wanted.can_confirm and not wanted.follow_up),
    ):
        if expected and not any(search(pattern, text) for pattern in patterns.must[what]):
            yield MISSING[what]()


def _missing_details(text: str, wanted: Requirements, patterns: LanguagePatterns) -> Iterator[StoredText]:
    """Yields a fault for each detail that the draft must quote literally and does not."""
    if not _occurs(wanted.number, text):
        yield DraftFault.NUMBER(number=wanted.number)
    if wanted.follow_up:
        return
    if not _occurs(wanted.policy_title, text):
        yield DraftFault.POLICY(title=wanted.policy_title)
    if not _occurs(wanted.policy_url, text):
        yield DraftFault.POLICY_ADDRESS(url=wanted.policy_url)
    day = wanted.policy_read_on
    written = f"{day.day} {patterns.months[day.month - 1]} {day.year}"
    if day > wanted.drafted_on:
        yield DraftFault.POLICY_AHEAD(day=written)
    if not (_occurs(written, text) or _occurs(day.isoformat(), text)):
        yield DraftFault.POLICY_DAY(day=written)


def _forbidden_statements(
    where: StoredText, text: str, wanted: Requirements, patterns: DraftPatterns, search: Search
) -> Iterator[StoredText]:
    """Yields a fault for each forbidden statement, ignoring the platform's own policy title and web addresses."""
    ours = WEB_ADDRESS.sub(" ", text.replace(_folded(wanted.policy_title), " "))
    for what, fault in FORBIDDEN.items():
        every = (pattern for language in patterns.languages.values() for pattern in language.must_not[what])
        found = next((hit for pattern in every if (hit := search(pattern, ours))), None)
        if found is not None:
            yield fault(where=where, words=found)


def _invisible_characters(where: StoredText, text: str, allowed: str) -> Iterator[StoredText]:
    """Yields a fault for each character that is invisible or changes the text direction."""
    lines: dict[str, int] = {}
    for line, content in enumerate(text.split("\n"), start=1):
        for char in content:
            if char not in allowed and is_invisible(char):
                lines.setdefault(char, line)
    if "\n" in text and "\n" not in allowed:
        lines.setdefault("\n", 1)
    for char, line in lines.items():
        yield DraftFault.INVISIBLE(where=where, line=line, character=_name_of(char))


def _name_of(char: str) -> str:
    """Returns the code point; the name that Unicode gives it is English."""
    return f"U+{ord(char):04X}"


def _folded(text: str) -> str:
    """Collapses white space and normalizes compatibility forms such as full-width letters and ligatures (NFKC)."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _occurs(phrase: str, text: str) -> bool:
    """True if `phrase` occurs as a whole: neither 16 June for 6 June, nor a longer web address."""
    folded = _folded(phrase)
    return bool(folded) and re.search(rf"(?<![\w-]){re.escape(folded)}(?!\w|[/?#&=-]\w)", text) is not None
