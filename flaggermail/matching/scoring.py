# SPDX-License-Identifier: EUPL-1.2
"""Where a message may belong: clues, each with its points; their sum, at most 100, is the score of a case.

The points say how much a clue tells by itself. They are chosen so that no two weak clues together hold a referral back,
and that a score at which a mail may be placed without a person takes the same referral, and more than its subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HIGHEST = 100
HOLDS = 40  # from this score on a referral is no new case before a person has looked
MOST = 5  # cases that are named
_WRITTEN = re.compile(r"(\S+) \((\d{1,3})\): (.*)", re.DOTALL)
_BETWEEN = "; "


@dataclass(frozen=True, slots=True)
class Clue:
    """Something that speaks for a case. Only what is `firm` may let a mail be placed without a person."""

    why: str
    points: int
    firm: bool = False


ATTACHED = Clue("it was attached to mail of this case", 80, firm=True)
SAME_REFERRAL = Clue("the same referral was taken in before", 60, firm=True)
NUMBER = Clue("its number is named", 50)
STRAYED = Clue("answers its mail under another subject", 40)
WAITS = Clue("waits for an answer of this platform", 40)
SAME_TEXT = Clue("the texts agree", 20)
SAME_SUBJECT = Clue("the same subject and somebody in common", 25)
SAME_ADDRESS = Clue("the same web address in both", 25)
SAME_SENDER = Clue("this sender has a case that is open", 10)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A case in which a message may belong, how much speaks for it (0 to 100), and what."""

    case: str
    score: int
    why: tuple[str, ...]
    firm: bool = False

    @property
    def text(self) -> str:
        """As it is stored and shown: `VF-EP2024-0001 (85): the same referral was taken in before; ...`."""
        return f"{self.case} ({self.score}): {_BETWEEN.join(self.why)}"

    @property
    def document(self) -> dict[str, str | int | list[str]]:
        """As JSON shows it."""
        return {"case": self.case, "score": self.score, "why": list(self.why)}


def suggest(clues: Mapping[str, Iterable[Clue]]) -> tuple[Suggestion, ...]:
    """The cases by their score, the highest first; of equal ones the one that was named first."""
    found = [_suggestion(case, list(dict.fromkeys(those))) for case, those in clues.items()]
    return tuple(sorted(found, key=lambda one: -one.score)[:MOST])


def certain(suggestions: Sequence[Suggestion], threshold: int | None) -> Suggestion | None:
    """The only one that reaches `threshold`, where it rests on something firm; without a threshold a person decides."""
    reaching = [one for one in suggestions if threshold is not None and one.score >= threshold]
    return reaching[0] if len(reaching) == 1 and reaching[0].firm else None


def read(text: str) -> Suggestion:
    """The suggestion that was stored as `text`."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        case, _, why = text.partition(": ")
        return Suggestion(case, 0, (why,) if why else ())
    return Suggestion(found[1], int(found[2]), tuple(found[3].split(_BETWEEN)))


def _suggestion(case: str, clues: Sequence[Clue]) -> Suggestion:
    score = min(HIGHEST, sum(clue.points for clue in clues))
    return Suggestion(case, score, tuple(clue.why for clue in clues), any(clue.firm for clue in clues))
