# SPDX-License-Identifier: EUPL-1.2
"""What an officer's reply says: text in, act or explanation out."""

from __future__ import annotations

from dataclasses import dataclass

from flaggermail.core.acts import Acknowledge, Act

ACKNOWLEDGE = "ok"
UNDERSTOOD_BY = {"reminder": (ACKNOWLEDGE,)}


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Nothing is done; these are the words that would have been understood."""

    would_work: tuple[str, ...]


def read(reply: str, reminder: str) -> Act | NotUnderstood:
    """The act in the first line of `reply`, an answer to `reminder`; capitals and punctuation do not matter."""
    first = next((line for line in reply.splitlines() if line.strip()), "")
    word = first.strip().strip(".,!;:-*_ ").lower()
    if word == ACKNOWLEDGE:
        return Acknowledge(reminder=reminder)
    return NotUnderstood(UNDERSTOOD_BY["reminder"])
