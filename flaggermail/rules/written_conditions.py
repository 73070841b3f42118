# SPDX-License-Identifier: EUPL-1.2
"""Converts the conditions of a rule file to Condition values."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flaggermail.rules.conditions import All, Between, Condition, Domain, Either, Not, OneOf, Words, YesOrNo, wording
from flaggermail.rules.models import MinutesBetween, OctetsBetween, WhenSettings


def condition_of(when: WhenSettings) -> Condition:
    """Combines all written conditions, cheapest first."""
    parts: list[Condition] = [
        YesOrNo(name, value) for name, value in _given(when, _YES_OR_NO) if isinstance(value, bool)
    ]
    parts += [OneOf(name, value) for name, value in _given(when, _ONE_OF) if isinstance(value, tuple)]
    parts += [Domain(when.domain)] if when.domain else []
    for name, value in _given(when, ("size", "minutes_since_notification")):
        if isinstance(value, OctetsBetween | MinutesBetween):
            parts.append(Between(name, value.at_least, value.at_most))
    parts += [_words(name, value) for name, value in _given(when, _TEXTS) if isinstance(value, tuple)]
    parts += [_words(f"header {name.lower()}", entries) for name, entries in (when.header or {}).items()]
    parts += [All(tuple(map(condition_of, when.all)))] if when.all else []
    parts += [Either(tuple(map(condition_of, when.any)))] if when.any else []
    parts += [Not(condition_of(when.not_))] if when.not_ else []
    return parts[0] if len(parts) == 1 else All(tuple(parts))


_YES_OR_NO = (
    "from_platform", "from_officer", "placed", "suggested", "election_period", "declined_before", "forwarded",
    "has_attachment",
)  # fmt: skip
_ONE_OF = ("mechanical", "no_receipt", "verdict", "sender", "platform", "channel", "language", "states")
_TEXTS = ("attachment", "subject", "reply", "body")


def _given(when: WhenSettings, names: Collection[str]) -> Iterator[tuple[str, object]]:
    return ((name, value) for name in names if (value := getattr(when, name)) is not None)


def _words(place: str, entries: tuple[str, ...]) -> Words:
    return Words(place, tuple(wording(entry) for entry in entries))
