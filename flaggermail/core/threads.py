# SPDX-License-Identifier: EUPL-1.2
"""Where a message belongs: the most telling of its keys decides.

Unguessable keys come first, then messages we hold, then what verified mail of a case taught (the platform's own
reference, a mail we never saw that others answer too), then a case number with a fitting sender. Subject text alone, or
"the only open case", never places a mail: it only suggests, and a person confirms. So does a key of ours under which
somebody writes about something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flaggermail.core.message import Message


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a token or a Message-ID of ours stands for."""

    case: str | None = None
    notification: str | None = None
    reminder: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A notification of a case, as far as placing needs it."""

    notification: str
    case: str
    platform: str
    open: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds about the keys that a message carries."""

    tokens: Mapping[str, Anchor] = field(default_factory=dict)
    messages: Mapping[str, Anchor] = field(default_factory=dict)
    learned: Mapping[str, Anchor] = field(default_factory=dict)  # what verified mail of a case is known by, in words
    numbers: Mapping[str, frozenset[str]] = field(default_factory=dict)  # case number -> addresses that fit
    sender_platform: str | None = None
    uses: Sequence[Use] = ()  # of the cases above, and every open one of the sender's platform
    twins: Sequence[str] = ()  # cases whose first message is what this one forwards
    strayed: frozenset[str] = frozenset()  # of the cases above, those whose subject is not that of this mail


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A case in which a message may belong, and why."""

    case: str
    why: str


@dataclass(frozen=True, slots=True)
class Placement:
    """The case (and which notification in it), or suggestions; `basis` names the key that decided."""

    case: str | None
    notification: str | None
    basis: str
    reminder: str | None = None
    suggestions: tuple[Suggestion, ...] = ()


def place(message: Message, known: Known, tokens: Sequence[str]) -> Placement:
    """Place `message`, whose headers carry `tokens`, by what is known."""
    found = _by_its_keys(message, known, tokens)
    if found is None:
        return Placement(None, None, "", suggestions=_suggestions(known))
    if found.case in known.strayed:
        strayed = Suggestion(found.case, "answers its mail under another subject")
        others = (other for other in _suggestions(known) if other.case != found.case)
        return Placement(None, None, "", suggestions=(strayed, *others))
    return found


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
    return Placement(anchor.case, _notification(anchor, known), basis, anchor.reminder)


def _notification(anchor: Anchor, known: Known) -> str | None:
    """Which notification of the case a platform's mail is about: the sender decides, the key only among his own.

    A platform never stops another platform's clock, whatever key its mail carries.
    """
    if known.sender_platform is None:
        return anchor.notification  # a bounce, or a colleague: no clock hangs on it
    own = [use.notification for use in known.uses if use.case == anchor.case and use.platform == known.sender_platform]
    if anchor.notification in own:
        return anchor.notification
    return own[0] if len(own) == 1 else None


def _suggestions(known: Known) -> tuple[Suggestion, ...]:
    found = dict.fromkeys(known.numbers, "its number is named")
    for case in known.twins:
        found.setdefault(case, "the same referral was taken in before")
    for use in known.uses:
        if use.open and use.platform == known.sender_platform:
            found.setdefault(use.case, "waits for an answer of this platform")
    return tuple(Suggestion(case, why) for case, why in found.items())
