# SPDX-License-Identifier: EUPL-1.2
"""Where a message may belong: clues with points; their sum, at most 100, is the score of a case.

The points rate how specific a clue is by itself. They are chosen so that no two weak clues together delay a referral,
and that filing without a person takes the same referral plus more than its subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HIGHEST = 100
HOLDS = 40  # from this score a referral opens no new case until a person has looked
MOST = 5  # cases listed at most
_WRITTEN = re.compile(r"(\S+) \((\d{1,3})\): (.*)", re.DOTALL)
_BETWEEN = "; "


@dataclass(frozen=True, slots=True)
class Clue:
    """Evidence for a case. Only a `firm` clue allows filing without a person."""

    why: str
    points: int
    firm: bool = False


ATTACHED = Clue("it was attached to mail of this case", 80, firm=True)
SAME_REFERRAL = Clue("the same referral was taken in before", 60, firm=True)
OUR_KEY = Clue("answers mail of ours in this case", 50)
SAME_THREAD = Clue("refers to something that mail of this case named", 50)
NUMBER = Clue("its number is named", 50)
TAIL = Clue("it bears the number as we sent it there", 50)
QUOTES = Clue("it quotes words of ours", 50)
OTHER_SUBJECT = Clue("answers its mail under another subject", 40)
WAITS = Clue("waits for an answer of this platform", 40)
SAME_TEXT = Clue("the texts agree", 20)
SAME_SUBJECT = Clue("the same subject and somebody in common", 25)
SAME_ADDRESS = Clue("the same web address in both", 25)
SAME_SENDER = Clue("this sender has a case that is open", 10)

# Why a key only suggests: shown beside its clue, without points of its own.
NOT_TO_US = Clue("it was not addressed to us", 0)
NOT_VERIFIED = Clue("nobody vouches for its sender", 0)
OTHER_ADDRESS = Clue("it comes from another address than was known there", 0)
OTHER_RECIPIENT = Clue("that mail went to somebody else", 0)
CLOSED = Clue("the case is closed", 0)
NOT_ENOUGH = Clue("that alone places no mail", 0)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A case to which a message may belong, its score (0 to 100), and the reasons."""

    case: str
    score: int
    why: tuple[str, ...]
    firm: bool = False

    @property
    def text(self) -> str:
        """The stored and displayed form: `VF-EP2024-0001 (85): the same referral was taken in before; ...`."""
        return f"{self.case} ({self.score}): {_BETWEEN.join(self.why)}"

    @property
    def document(self) -> dict[str, str | int | list[str]]:
        """The JSON form."""
        return {"case": self.case, "score": self.score, "why": list(self.why)}


def suggest(clues: Mapping[str, Iterable[Clue]]) -> tuple[Suggestion, ...]:
    """Returns the cases by descending score; equal scores keep the order in which they were named."""
    found = [_suggestion(case, list(dict.fromkeys(those))) for case, those in clues.items()]
    return tuple(sorted(found, key=lambda one: -one.score)[:MOST])


def certain(suggestions: Sequence[Suggestion], threshold: int | None) -> Suggestion | None:
    """Returns the only suggestion that reaches `threshold`, if it rests on a firm clue; None without a threshold."""
    reaching = [one for one in suggestions if threshold is not None and one.score >= threshold]
    return reaching[0] if len(reaching) == 1 and reaching[0].firm else None


def read(text: str) -> Suggestion:
    """Parses a suggestion stored as `text`."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        case, _, why = text.partition(": ")
        return Suggestion(case, 0, (why,) if why else ())
    return Suggestion(found[1], int(found[2]), tuple(found[3].split(_BETWEEN)))


def _suggestion(case: str, clues: Sequence[Clue]) -> Suggestion:
    score = min(HIGHEST, sum(clue.points for clue in clues))
    return Suggestion(case, score, tuple(clue.why for clue in clues), any(clue.firm for clue in clues))
