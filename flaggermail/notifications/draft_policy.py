# SPDX-License-Identifier: EUPL-1.2
"""What a draft to a platform lacks, or must not say: a request to check, never a demand; the platform decides.

The words themselves are configuration (`rules/drafts.yaml`); what has to be there, and what may not, is fixed here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from flaggermail.mail.invisible import is_unseen

Search = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class LanguagePatterns:
    """The patterns of one language (RE2 syntax, capitals ignored); one hit is enough."""

    months: tuple[str, ...]  # January first
    must: Mapping[str, tuple[str, ...]]  # check, decides, confirmation
    must_not: Mapping[str, tuple[str, ...]]  # removal, illegality, deadline, power, status


@dataclass(frozen=True, slots=True)
class DraftPatterns:
    """The patterns by language code."""

    languages: Mapping[str, LanguagePatterns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What this draft in particular has to name."""

    language: str
    number: str
    policy_title: str
    policy_url: str
    policy_read_on: date
    can_confirm: bool = True  # the channel's: without it no confirmation is asked for
    follow_up: bool = False  # adds to an earlier mail: only the number and who decides are needed


MISSING = {
    "check": "body: no request to check; ask the platform to check, to review, to look at it or to pay attention to it",
    "decides": "body: does not say that the platform decides; say that the decision is the platform's own",
    "confirmation": "body: no request to confirm receipt; ask for it, quoting the case number",
}

FORBIDDEN = {
    "removal": "speaks of removal; ask to check, and leave open what follows from it",
    "illegality": "speaks of illegality; name the rule of the platform and the risk for the election process",
    "deadline": "sets a deadline or presses for time; leave out when an answer is wanted",
    "power": "claims a legal power or duty; this is a request under the platform's own rules",
    "status": "claims the status of another arrangement; write election flagger (Dutch: verkiezingen flagger)",
}

WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def faults(
    subject: str, body: str, requirements: Requirements, patterns: DraftPatterns, search: Search
) -> tuple[str, ...]:
    """One line a fault, naming what would be right; empty when the draft may be shown for approval.

    White space is folded before anything is looked for, so that it does not matter where a line is broken. What must
    be said is looked for in the language of the draft, what must not be said in every language.
    """
    text = _folded(body)
    return (
        *_unsaid(text, requirements, patterns.languages[requirements.language], search),
        *_unnamed(text, requirements, patterns.languages[requirements.language]),
        *_said("subject", _folded(subject), requirements, patterns, search),
        *_said("body", text, requirements, patterns, search),
        *_unseen("subject", subject, allowed=""),
        *_unseen("body", body, allowed="\n\t"),
    )


def _unsaid(text: str, wanted: Requirements, patterns: LanguagePatterns, search: Search) -> Iterator[str]:
    """The sentences that are not there."""
    for what, expected in (
        ("check", not wanted.follow_up),
        ("decides", True),
        ("confirmation", wanted.can_confirm and not wanted.follow_up),
    ):
        if expected and not any(search(pattern, text) for pattern in patterns.must[what]):
            yield MISSING[what]


def _unnamed(text: str, wanted: Requirements, patterns: LanguagePatterns) -> Iterator[str]:
    """What the draft has to quote to the letter, and does not."""
    if not _stands(wanted.number, text):
        yield f"body: the case number is missing; quote {wanted.number}"
    if wanted.follow_up:
        return
    if not _stands(wanted.policy_title, text):
        yield f"body: the policy is not named; write its title {wanted.policy_title!r}"
    if not _stands(wanted.policy_url, text):
        yield f"body: the policy's address is missing; write {wanted.policy_url}"
    day = wanted.policy_read_on
    written = f"{day.day} {patterns.months[day.month - 1]} {day.year}"
    if not (_stands(written, text) or _stands(day.isoformat(), text)):
        yield f"body: the day on which the policy was read is missing; write {written}"


def _said(where: str, text: str, wanted: Requirements, patterns: DraftPatterns, search: Search) -> Iterator[str]:
    """What may not be said. The platform's own title and addresses are no words of ours."""
    ours = WEB_ADDRESS.sub(" ", text.replace(_folded(wanted.policy_title), " "))
    for what, text_of_fault in FORBIDDEN.items():
        every = (pattern for language in patterns.languages.values() for pattern in language.must_not[what])
        found = next((hit for pattern in every if (hit := search(pattern, ours))), None)
        if found is not None:
            yield f"{where}: {found!r} {text_of_fault}"


def _unseen(where: str, text: str, allowed: str) -> Iterator[str]:
    """Characters a reader does not see, or that turn the direction of what he sees."""
    lines: dict[str, int] = {}
    for line, content in enumerate(text.split("\n"), start=1):
        for char in content:
            if char not in allowed and is_unseen(char):
                lines.setdefault(char, line)
    if "\n" in text and "\n" not in allowed:
        lines.setdefault("\n", 1)
    for char, line in lines.items():
        name = f"U+{ord(char):04X} {unicodedata.name(char, '')}".strip()
        yield f"{where}, line {line}: the character {name} cannot be seen; write the text without it"


def _folded(text: str) -> str:
    """Runs of white space as one space, compatibility forms (full-width letters, ligatures) as the usual ones."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _stands(phrase: str, text: str) -> bool:
    """Whether `phrase` stands there as a whole: neither 16 June for 6 June, nor an address that goes on."""
    folded = _folded(phrase)
    return bool(folded) and re.search(rf"(?<![\w-]){re.escape(folded)}(?!\w|[/?#&=-]\w)", text) is not None
