# SPDX-License-Identifier: EUPL-1.2
"""Lists the messages on which two rule sets differ, as text and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flaggermail.cli.explaining import made_by, tried_as_json
from flaggermail.cli.instants import shown
from flaggermail.cli.terminal import safe, safe_json

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json
    from flaggermail.rule_changes.comparison import Difference, RuleOutcome
    from flaggermail.rules.classifier import Explanation
    from flaggermail.services import UnitOfWork


@dataclass
class Tally:
    """Counts the judged messages and the changes in their outcome."""

    judged: int = 0
    changed: int = 0
    clocks: int = 0
    cases: int = 0

    @property
    def line(self) -> str:
        """The counts in one line."""
        return (
            f"{self.judged} messages judged by both, {self.changed} otherwise: clocks of {self.clocks}, "
            f"cases of {self.cases}"
        )


def compared(work: UnitOfWork, directory: Path, tally: Tally, *, as_json: bool) -> Iterator[str]:
    """Yields a text for each message that differs. Raises ConfigurationError with every fault in the new rules."""
    from flaggermail.rule_changes.comparison import compare, count
    from flaggermail.rules.classifier import explain
    from flaggermail.settings.reading import load

    old = work.env.settings.rules
    new = load(work.env.settings.directory, directory).rules
    tally.judged = count(work)
    shows = sys.stderr.isatty() and not as_json
    with click.progressbar(length=tally.judged, label="judging", file=sys.stderr, hidden=not shows) as bar:
        for one in compare(work, old, new, bar.update):
            tally.changed += 1
            tally.clocks += one.clocks
            tally.cases += one.cases
            find = work.env.matcher.find
            before, after = (explain(one.arrived.message, one.arrived.context, rules, find) for rules in (old, new))
            yield _as_json(work, one, before, after) if as_json else safe(_as_text(work, one, before, after))


def _as_text(work: UnitOfWork, one: Difference, before: Explanation, after: Explanation) -> str:
    row = one.arrived.stored
    marks = [word for word, holds in (("clocks", one.clocks), ("cases", one.cases)) if holds]
    marks += ["stands by hand"] if one.arrived.by_hand else []
    head = f"{row.id}  {shown(row.received_at, work.env.settings.zone)}  {row.subject or ''}"
    lines = [f"{head}{f'  [{chr(44).join(marks)}]' if marks else ''}"]
    for sign, outcome, found in (("-", one.old, before), ("+", one.new, after)):
        lines += [f"  {sign} {outcome.says}", *(f"      {line}" for line in made_by(found))]
    return "\n".join(lines)


def _as_json(work: UnitOfWork, one: Difference, before: Explanation, after: Explanation) -> str:
    row = one.arrived.stored
    document = {
        "message": row.id,
        "message_id": row.message_id,
        "received_at": row.received_at.astimezone(work.env.settings.zone).isoformat(),
        "case": row.case,
        "clocks": one.clocks,
        "cases": one.cases,
        "by_hand": one.arrived.by_hand,
        "old": _outcome(one.old, before),
        "new": _outcome(one.new, after),
    }
    return safe_json(json.dumps(document, ensure_ascii=False))


def _outcome(outcome: RuleOutcome, found: Explanation) -> dict[str, Json]:
    return {
        "kinds": [kind.value for kind in outcome.found.kinds],
        "place": outcome.place,
        "opens": outcome.opens,
        "rule": outcome.found.rule,
        "says": outcome.says,
        "made_by": [tried_as_json(tried) for tried in found.made_by],
    }
