# SPDX-License-Identifier: EUPL-1.2
"""Explains the rules' outcome for a mail, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flaggermail.rules.classifier import Evaluated, Explanation
from flaggermail.rules.conditions import Context, Looked

if TYPE_CHECKING:
    from flaggermail.mail.message_json import Json
    from flaggermail.ports import RawMessage
    from flaggermail.services import UnitOfWork

_NEAREST = 5  # rules passed over that are shown by default
_CONDITION_WIDTH = 60  # characters shown of a condition; a word list can fill a page


@dataclass(frozen=True, slots=True)
class Explained:
    """A mail, its context, the rules' outcome, and where it is placed (empty for a sample)."""

    name: str
    context: Context
    found: Explanation
    becomes: str = ""


def explained_samples(
    work: UnitOfWork, files: Sequence[Path], octets_of: Callable[[Path], bytes]
) -> Iterator[Explained]:
    """Explains the mails in `files`; a mail in a folder of samples is judged with the context stated there."""
    from flaggermail.rules.rulebook import judge_samples
    from flaggermail.rules.samples import WHO, load_samples

    for path in files:
        if (path.parent / WHO).is_file():
            samples = load_samples(path.absolute().parent.parent, [])
            one = judge_samples(work.env.settings.rules, samples, work.env.parser, work.env.matcher, only=path.stem)
            yield Explained(str(path), one[path.stem].context, one[path.stem].found)
        else:
            yield _explain_live(work, str(path), _raw(work, octets_of(path)))


def explained_message(work: UnitOfWork, key: str) -> Explained:
    """Explains a stored message, judged as if it arrived now."""
    from flaggermail.record.rows import StoredMessage

    stored = work.tx.get(StoredMessage, key)
    assert stored is not None, key  # noqa: S101 - the caller has checked that it exists
    return _explain_live(work, key, _raw(work, work.env.octets.get(stored.digest)))


def _raw(work: UnitOfWork, octets: bytes) -> RawMessage:
    from flaggermail.ports import RawMessage

    return RawMessage(octets, work.now, work.env.settings.desk.mailbox.inbox, 0, 0)


def _explain_live(work: UnitOfWork, name: str, raw: RawMessage) -> Explained:
    from flaggermail.intake.triage import judge
    from flaggermail.rules.classifier import explain

    parsed = work.env.parser.parse(raw.octets)
    message = replace(parsed, vouched=work.env.sender_check.verdict(raw.octets, parsed))
    judged = judge(work, raw, message)
    found = explain(message, judged.context, work.env.settings.rules, work.env.matcher.find)
    return Explained(name, judged.context, found, f"{judged.decision.place}: {judged.decision.reason}")


# ---- as text


def as_text(one: Explained, *, whole: bool) -> str:
    """Returns outcome, deciding rule with file and line, matches, the next-best rule and rules passed over."""
    outcome = one.found.outcome
    lines = [one.name, f"  is           {' + '.join(outcome.kinds)}"]
    if one.becomes:
        lines.append(f"  becomes      {one.becomes}")
    lines.append(f"  known        {_describe_context(one.context)}")
    lines += [f"  {line}" for line in made_by(one.found)]
    given: list[tuple[str, str | None]] = [
        ("source", outcome.source),
        ("case type", outcome.case_type),
        ("answered", outcome.template),
    ]
    given += [("reference", ", ".join(outcome.references)), ("labels", ", ".join(outcome.labels))]
    given += [("priority", outcome.priority if outcome.priority != "normal" else None)]
    lines += [f"  {name.ljust(12)} {value}" for name, value in given if value]
    if one.found.next_best is not None:
        lines.append(f"  next best    {_describe_rule(one.found.next_best)}")
    lines += _passed_over_lines(one, whole=whole)
    return "\n".join(lines)


def made_by(found: Explanation) -> list[str]:
    """Returns the rules that produced the outcome, with the result of each condition."""
    lines: list[str] = []
    for tried in found.made_by:
        says = "decided by" if tried.rule.then.kinds else "marked by "
        lines.append(f"{says}   {tried.rule.place} {tried.rule.name}")
        lines += [f"               {_condition(part)}" for part in tried.parts]
    if not any(tried.rule.then.kinds for tried in found.made_by):
        lines.append("decided by   no rule: it goes to the officer's list")
    return lines


def _passed_over_lines(one: Explained, *, whole: bool) -> list[str]:
    """Returns the rules passed over, in order: those closest to a match, or all of them."""
    others = [tried for tried in one.found.passed_over if tried is not one.found.next_best]
    nearest = sorted(others, key=lambda tried: tried.nearness, reverse=True)[: None if whole else _NEAREST]
    lines = [f"  passed over  {_describe_rule(tried)}" for tried in others if tried in nearest]
    left = len(others) - len(lines)
    return [*lines, f"  and {left} more that missed more (--all shows them)"] if left else lines


def _describe_rule(tried: Evaluated) -> str:
    rule = f"{tried.rule.place} {tried.rule.name}"
    if tried.looked.held:
        return f"{rule}: would match, and comes later"
    failed = (_condition(part) for part in tried.parts if not part.held)
    return f"{rule}: not {'; not '.join(failed)}"


def _condition(part: Looked) -> str:
    if part.within:
        return f"{part.condition} ({'; '.join(map(_condition, part.within))})"
    written = part.condition if len(part.condition) <= _CONDITION_WIDTH else f"{part.condition[:_CONDITION_WIDTH]}..."
    return f"{written} ({part.saw}{f' at {part.where}' if part.where else ''})"


def _describe_context(context: Context) -> str:
    """Describes the context of the mail."""
    words = [f"sender {context.verdict}", "an officer's address" if context.from_officer else ""]
    words.append(f"platform {context.platform}" if context.platform else "")
    words.append("belongs to a case" if context.placed else "may belong to a case" if context.suggested else "no case")
    words.append(f"answers {context.channel} after {context.minutes} minutes" if context.channel else "")
    words.append("election period" if context.period else "no election period")
    return ", ".join(word for word in words if word)


# ---- as JSON


def document(one: Explained) -> dict[str, Json]:
    """Returns the explanation for JSON."""
    outcome = one.found.outcome
    return {
        "file": one.name,
        "kinds": [kind.value for kind in outcome.kinds],
        "rule": outcome.rule,
        "becomes": one.becomes or None,
        "known": asdict(one.context),
        "source": outcome.source,
        "case_type": outcome.case_type,
        "template": outcome.template,
        "references": list(outcome.references),
        "priority": outcome.priority,
        "labels": list(outcome.labels),
        "made_by": [tried_as_json(tried) for tried in one.found.made_by],
        "next_best": tried_as_json(one.found.next_best) if one.found.next_best else None,
        "passed_over": [tried_as_json(tried) for tried in one.found.passed_over],
    }


def tried_as_json(tried: Evaluated) -> Json:
    """Returns a tried rule with the result of each condition."""
    rule = tried.rule
    return {
        "rule": rule.name, "file": rule.file, "line": rule.line, "stage": rule.stage.value, "held": tried.looked.held,
        "asked": tried.reached, "share": round(tried.share, 2), "trace": [_looked(part) for part in tried.parts],
    }  # fmt: skip


def _looked(part: Looked) -> Json:
    plain: dict[str, Json] = {"condition": part.condition, "held": part.held}
    if part.within:
        return {**plain, "within": [_looked(inner) for inner in part.within]}
    return {**plain, "saw": part.saw, "where": part.where or None}
