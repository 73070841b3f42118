# SPDX-License-Identifier: EUPL-1.2
"""Where a message belongs: its most specific key decides.

Unguessable tokens come first, then messages we hold, then thread keys learned from verified mail (the platform's own
reference, a Message-ID we do not hold that others refer to), then a case number from a fitting sender. A subject alone,
or being the only open case, never files a mail: it only suggests, and a person confirms. The same holds for a token of
ours under a different subject. A score files only repeated referrals (`scoring`), never a platform's mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flaggermail.mail.message import Message
from flaggermail.matching import scoring
from flaggermail.matching.scoring import Clue, Suggestion


@dataclass(frozen=True, slots=True)
class Anchor:
    """The case and notification that a token or Message-ID refers to."""

    case: str | None = None
    notification: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A notification of a case, reduced to what placing needs."""

    notification: str
    case: str
    platform: str
    open: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows about the keys of a message."""

    tokens: Mapping[str, Anchor] = field(default_factory=dict)
    messages: Mapping[str, Anchor] = field(default_factory=dict)
    learned: Mapping[str, Anchor] = field(default_factory=dict)  # thread keys, by their description
    numbers: Mapping[str, frozenset[str]] = field(default_factory=dict)  # case number -> addresses of fitting senders
    sender_platform: str | None = None
    uses: Sequence[Use] = ()  # of the cases above, and every open one of the sender's platform
    clues: Mapping[str, Sequence[Clue]] = field(default_factory=dict)  # other evidence for a case
    other_subject: frozenset[str] = frozenset()  # of the cases above, those with a different subject than this mail
    threshold: int | None = None  # the score from which this mail is filed without a person; None: never


@dataclass(frozen=True, slots=True)
class Placement:
    """The case (and which notification in it), or suggestions; `basis` names the key that decided.

    `hints` are suggestions too weak to keep a referral from opening a new case; `by_score` is the suggestion that filed
    it.
    """

    case: str | None
    notification: str | None
    basis: str
    suggestions: tuple[Suggestion, ...] = ()
    hints: tuple[Suggestion, ...] = ()
    by_score: Suggestion | None = None


def place(message: Message, known: Known, tokens: Sequence[str]) -> Placement:
    """Places `message`, whose headers carry `tokens`, by the known facts."""
    found = _by_its_keys(message, known, tokens)
    if found is not None and found.case not in known.other_subject:
        return found
    suggestions = scoring.suggest(_clues(known, found.case if found else None))
    sure = scoring.certain(suggestions, known.threshold)
    if sure is not None:
        return Placement(sure.case, None, f"score {sure.score}", suggestions=suggestions, by_score=sure)
    strong = tuple(one for one in suggestions if one.score >= scoring.HOLDS)
    return Placement(None, None, "", suggestions=strong, hints=suggestions[len(strong) :])


def _by_its_keys(message: Message, known: Known, tokens: Sequence[str]) -> Placement | None:
    for token in tokens:
        anchor = known.tokens.get(token)
        if anchor is not None and anchor.case is not None:
            return _placed(anchor, known, "token of ours")
    for message_id in (*message.in_reply_to, *reversed(message.references), message.original_message_id):
        anchor = known.messages.get(message_id) if message_id else None
        if anchor is not None and anchor.case is not None:
            return _placed(anchor, known, f"refers to <{message_id}>")
    for words, anchor in known.learned.items():
        if anchor.case is not None:
            return _placed(anchor, known, words)
    sender = message.sender.key if message.sender else ""
    for number, fitting in known.numbers.items():
        if sender in fitting or any(use.case == number and use.platform == known.sender_platform for use in known.uses):
            return _placed(Anchor(number), known, f"names {number}, sender fits")
    return None


def _placed(anchor: Anchor, known: Known, basis: str) -> Placement:
    return Placement(anchor.case, _notification(anchor, known), basis)


def _notification(anchor: Anchor, known: Known) -> str | None:
    """Returns the notification that a platform's mail answers; the key selects only among those to that platform.

    A platform never stops another platform's clock, whatever key its mail carries.
    """
    if known.sender_platform is None:
        return anchor.notification  # a bounce or a colleague's mail: it stops no clock
    own = [use.notification for use in known.uses if use.case == anchor.case and use.platform == known.sender_platform]
    if anchor.notification in own:
        return anchor.notification
    return own[0] if len(own) == 1 else None


def _clues(known: Known, other_subject: str | None) -> dict[str, list[Clue]]:
    """Returns the clues for each case, the most specific kind first."""
    waiting = (use.case for use in known.uses if use.open and use.platform == known.sender_platform)
    found: dict[str, list[Clue]] = {other_subject: [scoring.OTHER_SUBJECT]} if other_subject else {}
    for case in known.numbers:
        found.setdefault(case, []).append(scoring.NUMBER)
    for case, those in known.clues.items():
        found.setdefault(case, []).extend(those)
    for case in waiting:
        found.setdefault(case, []).append(scoring.WAITS)
    return found
