# SPDX-License-Identifier: EUPL-1.2
"""A rule set's outcome for a mail as a document: the rules that decided, and those passed over."""

from __future__ import annotations

from dataclasses import asdict

from flaggermail.mail.message import Json
from flaggermail.rules.classifier import Evaluated, Explanation
from flaggermail.rules.conditions import Context, Looked


def document(name: str, context: Context, found: Explanation, becomes: str = "") -> dict[str, Json]:
    """Returns the explanation of the mail `name`; `becomes` says where it is placed, nothing for a sample."""
    outcome = found.outcome
    return {
        "file": name,
        "kinds": [kind.value for kind in outcome.kinds],
        "rule": outcome.rule,
        "becomes": becomes or None,
        "known": asdict(context),
        "source": outcome.source,
        "case_type": outcome.case_type,
        "template": outcome.template,
        "references": list(outcome.references),
        "priority": outcome.priority,
        "labels": list(outcome.labels),
        "made_by": made_by(found),
        "next_best": tried_as_json(found.next_best) if found.next_best else None,
        "passed_over": [tried_as_json(tried) for tried in found.passed_over],
    }


def made_by(found: Explanation) -> list[Json]:
    """Returns the rules that produced the outcome, with the result of each condition."""
    return [tried_as_json(tried) for tried in found.made_by]


def tried_as_json(tried: Evaluated) -> dict[str, Json]:
    """Returns a tried rule with the result of each condition; `decides` is False if it only marks."""
    rule = tried.rule
    return {
        "rule": rule.name, "file": rule.file, "line": rule.line, "stage": rule.stage.value, "held": tried.looked.held,
        "decides": bool(rule.then.kinds), "asked": tried.reached, "share": round(tried.share, 2),
        "trace": [_looked(part) for part in tried.parts],
    }  # fmt: skip


def _looked(part: Looked) -> Json:
    plain: dict[str, Json] = {"condition": part.condition, "held": part.held}
    if part.within:
        return {**plain, "within": [_looked(inner) for inner in part.within]}
    return {**plain, "saw": part.saw, "where": part.where or None}
