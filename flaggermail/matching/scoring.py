# SPDX-License-Identifier: EUPL-1.2
"""Where a message may belong: clues with points; their sum, at most 100, is the score of a case.

The points rate how specific a clue is by itself. They are chosen so that no two weak clues together delay a referral,
and that filing without a person takes the same referral plus more than its subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flaggermail.wording.filing import Hint
from flaggermail.wording.said import Said

HIGHEST = 100
HOLDS = 40  # from this score a referral opens no new case until a person has looked
MOST = 5  # cases listed at most


@dataclass(frozen=True, slots=True)
class Clue:
    """Evidence for a case. Only a `firm` clue allows filing without a person."""

    why: Said
    points: int
    firm: bool = False


ATTACHED = Clue(Hint.ATTACHED(), 80, firm=True)
SAME_REFERRAL = Clue(Hint.SAME_REFERRAL(), 60, firm=True)
OUR_KEY = Clue(Hint.OUR_KEY(), 50)
SAME_THREAD = Clue(Hint.SAME_THREAD(), 50)
NUMBER = Clue(Hint.NUMBER(), 50)
TAIL = Clue(Hint.TAIL(), 50)
QUOTES = Clue(Hint.QUOTES(), 50)
PLACED_BEFORE = Clue(Hint.PLACED_BEFORE(), 50)
OTHER_SUBJECT = Clue(Hint.OTHER_SUBJECT(), 40)
WAITS = Clue(Hint.WAITS(), 40)
SAME_TEXT = Clue(Hint.SAME_TEXT(), 20)
SAME_SUBJECT = Clue(Hint.SAME_SUBJECT(), 25)
SAME_ADDRESS = Clue(Hint.SAME_ADDRESS(), 25)
SAME_SENDER = Clue(Hint.SAME_SENDER(), 10)

# Why a key only suggests: shown beside its clue, without points of its own.
NOT_TO_US = Clue(Hint.NOT_TO_US(), 0)
NOT_VERIFIED = Clue(Hint.NOT_VERIFIED(), 0)
OTHER_ADDRESS = Clue(Hint.OTHER_ADDRESS(), 0)
OTHER_HOST = Clue(Hint.OTHER_HOST(), 0)
OTHER_CASE_WAITS = Clue(Hint.OTHER_CASE_WAITS(), 0)
OTHER_RECIPIENT = Clue(Hint.OTHER_RECIPIENT(), 0)
CLOSED = Clue(Hint.CLOSED(), 0)
NOT_ENOUGH = Clue(Hint.NOT_ENOUGH(), 0)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A case to which a message may belong, its score (0 to 100), and the reasons."""

    case: str
    score: int
    why: tuple[Said, ...]
    firm: bool = False

    @property
    def said(self) -> Said:
        """The stored form, in words: `VF-EP2024-0001 (85): the same referral was taken in before; ...`."""
        return Hint.SUGGESTION(case=self.case, score=self.score, why=self.why)

    @property
    def document(self) -> dict[str, str | int | list[str]]:
        """The JSON form."""
        return {"case": self.case, "score": self.score, "why": [why.english for why in self.why]}


def suggest(clues: Mapping[str, Iterable[Clue]]) -> tuple[Suggestion, ...]:
    """Returns the cases by descending score; equal scores keep the order in which they were named."""
    found = [_suggestion(case, list(dict.fromkeys(those))) for case, those in clues.items()]
    return tuple(sorted(found, key=lambda one: -one.score)[:MOST])


def certain(suggestions: Sequence[Suggestion], threshold: int | None) -> Suggestion | None:
    """Returns the only suggestion that reaches `threshold`, if it rests on a firm clue; None without a threshold."""
    reaching = [one for one in suggestions if threshold is not None and one.score >= threshold]
    return reaching[0] if len(reaching) == 1 and reaching[0].firm else None


def read(said: Said) -> Suggestion:
    """Returns a suggestion as it was stored."""
    score = said.detail("score")
    return Suggestion(str(said.detail("case")), score if isinstance(score, int) else 0, said.sentences("why"))


def _suggestion(case: str, clues: Sequence[Clue]) -> Suggestion:
    score = min(HIGHEST, sum(clue.points for clue in clues))
    return Suggestion(case, score, tuple(clue.why for clue in clues), any(clue.firm for clue in clues))
