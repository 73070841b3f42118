# SPDX-License-Identifier: EUPL-1.2
"""Prints the rules' outcome for a mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flaggermail.cli.documents import part, parts, text, texts
from flaggermail.wording.said import countable

if TYPE_CHECKING:
    from flaggermail.mail.message import Json

_NEAREST = 5  # rules passed over that are shown by default
_CONDITION_WIDTH = 60  # characters shown of a condition; a word list can fill a page
_USUAL = "normal"  # the priority of most mail


def as_text(one: Mapping[str, Json], *, whole: bool) -> str:
    """Returns outcome, deciding rule with file and line, matches, the next-best rule and rules passed over."""
    lines = [text(one, "file"), f"  is           {' + '.join(texts(one, 'kinds'))}"]
    if one["becomes"]:
        lines.append(f"  becomes      {one['becomes']}")
    lines.append(f"  known        {_describe_context(part(one, 'known') or {})}")
    lines += [f"  {line}" for line in made_by(one)]
    given = [
        ("source", text(one, "source")),
        ("case type", text(one, "case_type")),
        ("answered", text(one, "template")),
    ]
    given += [("reference", ", ".join(texts(one, "references"))), ("labels", ", ".join(texts(one, "labels")))]
    given += [("priority", text(one, "priority") if one["priority"] != _USUAL else "")]
    lines += [f"  {name.ljust(12)} {value}" for name, value in given if value]
    next_best = part(one, "next_best")
    if next_best:
        lines.append(f"  next best    {_describe_rule(next_best)}")
    lines += _passed_over_lines(parts(one, "passed_over"), next_best, whole=whole)
    return "\n".join(lines)


def made_by(found: Mapping[str, Json]) -> list[str]:
    """Returns the rules that produced the outcome, with the result of each condition."""
    made = parts(found, "made_by")
    lines: list[str] = []
    for tried in made:
        says = "decided by" if tried["decides"] else "marked by "
        lines.append(f"{says}   {_rule(tried)}")
        lines += [f"               {_condition(looked)}" for looked in parts(tried, "trace")]
    if not any(tried["decides"] for tried in made):
        lines.append("decided by   no rule: it goes to the officer's list")
    return lines


def _passed_over_lines(
    passed: Sequence[Mapping[str, Json]], next_best: Mapping[str, Json], *, whole: bool
) -> list[str]:
    """Returns the rules passed over, in order: those closest to a match, or all of them."""
    others = [tried for tried in passed if not next_best or _rule(tried) != _rule(next_best)]
    nearest = sorted(others, key=_nearness, reverse=True)[: None if whole else _NEAREST]
    lines = [f"  passed over  {_describe_rule(tried)}" for tried in others if tried in nearest]
    left = len(others) - len(lines)
    return [*lines, f"  and {left} more that missed more (--all shows them)"] if left else lines


def _nearness(tried: Mapping[str, Json]) -> tuple[int, float]:
    """Sort key: fewer failed conditions first; among equals, the larger share that held."""
    trace = parts(tried, "trace")
    failed = sum(not looked["held"] for looked in trace)
    return -failed, 1 - failed / len(trace)


def _describe_rule(tried: Mapping[str, Json]) -> str:
    if tried["held"]:
        return f"{_rule(tried)}: would match, and comes later"
    failed = (_condition(looked) for looked in parts(tried, "trace") if not looked["held"])
    return f"{_rule(tried)}: not {'; not '.join(failed)}"


def _rule(tried: Mapping[str, Json]) -> str:
    return f"{tried['file']}:{tried['line']} {tried['rule']}"


def _condition(looked: Mapping[str, Json]) -> str:
    condition = text(looked, "condition")
    if "within" in looked:
        return f"{condition} ({'; '.join(map(_condition, parts(looked, 'within')))})"
    written = condition if len(condition) <= _CONDITION_WIDTH else f"{condition[:_CONDITION_WIDTH]}..."
    where = f" at {looked['where']}" if looked["where"] else ""
    return f"{written} ({text(looked, 'saw')}{where})"


def _describe_context(known: Mapping[str, Json]) -> str:
    """Describes the context of the mail."""
    words = [f"sender {known['verdict']}", "an officer's address" if known["from_officer"] else ""]
    words.append(f"platform {known['platform']}" if known["platform"] else "")
    words.append(
        "belongs to a case" if known["placed"] else "may belong to a case" if known["suggested"] else "no case"
    )
    words.append(
        f"answers {known['channel']} after {countable(known['minutes']):minute|minutes}" if known["channel"] else ""
    )
    words.append("election period" if known["period"] else "no election period")
    return ", ".join(word for word in words if word)
