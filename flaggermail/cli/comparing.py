# SPDX-License-Identifier: EUPL-1.2
"""Prints the messages on which two rule sets differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flaggermail.cli.documents import minute, part, text
from flaggermail.cli.explaining import made_by
from flaggermail.wording.said import counted

if TYPE_CHECKING:
    from flaggermail.mail.message import Json


@dataclass
class Tally:
    """Counts the judged messages and the changes in their outcome."""

    judged: int = 0
    changed: int = 0
    clocks: int = 0
    cases: int = 0

    def add(self, difference: Mapping[str, Json]) -> None:
        """Counts a message whose outcome would change."""
        self.changed += 1
        self.clocks += bool(difference["clocks"])
        self.cases += bool(difference["cases"])

    @property
    def line(self) -> str:
        """The counts in one line."""
        return (
            f"{counted(self.judged, 'message', 'messages')} judged by both, {self.changed} otherwise: "
            f"clocks of {self.clocks}, cases of {self.cases}"
        )


def as_text(one: Mapping[str, Json]) -> str:
    """Returns a message that differs: what the rules in force say of it, and what the others would."""
    marks = [word for word in ("clocks", "cases") if one[word]]
    marks += ["stands by hand"] if one["by_hand"] else []
    head = f"{one['message']}  {minute(one, 'received_at')}  {text(one, 'subject')}"
    lines = [f"{head}{f'  [{chr(44).join(marks)}]' if marks else ''}"]
    for sign, name in (("-", "old"), ("+", "new")):
        outcome = part(one, name)
        lines += [f"  {sign} {outcome['says']}", *(f"      {line}" for line in made_by(outcome))]
    return "\n".join(lines)
