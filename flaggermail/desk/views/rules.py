# SPDX-License-Identifier: EUPL-1.2
"""The rules' outcome for a mail, and what other rules would change over the archive."""

from __future__ import annotations

import tempfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar

from flaggermail.desk.views.view import Document, View
from flaggermail.errors import ConfigurationError, NotFound, Refusal
from flaggermail.intake import facts
from flaggermail.intake.triage import judge
from flaggermail.mail.message import Json
from flaggermail.ports import RawMessage
from flaggermail.record.rows import StoredMessage
from flaggermail.rule_changes.comparison import Difference, RuleOutcome, compare_next, count
from flaggermail.rules.classifier import Evaluated, Explanation, explain
from flaggermail.rules.conditions import ConditionTrace, Context
from flaggermail.rules.configuration import load
from flaggermail.rules.findings import SAMPLES
from flaggermail.rules.rulebook import WHO, judge_samples, load_samples
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.settings.yaml_files.source import FileFault


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


def _looked(part: ConditionTrace) -> Json:
    plain: dict[str, Json] = {"condition": part.condition, "held": part.held}
    if part.within:
        return {**plain, "within": [_looked(inner) for inner in part.within]}
    return {**plain, "saw": part.saw, "where": part.where or None}


_AT_ONCE = 2_000  # messages compared in one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainMail(View):
    """The rules' outcome for one mail: a stored `message`, or the `octets` (Base64) of another. Nothing is stored.

    A sample is judged with the files beside it, `who` and, if there is one, `given` (Base64, YAML); any other mail with
    the current record. `name` is the sample's, for the faults found in those files.
    """

    MAY: ClassVar[frozenset[str]] = DESK

    message: str | None = None
    octets: str | None = None
    who: str | None = None
    given: str | None = None
    name: str = "sample"

    def show(self, work: UnitOfWork) -> Document:
        """Returns the explanation. Raises NotFound, Refusal."""
        if self.message is not None:
            stored = work.tx.get(StoredMessage, self.message)
            if stored is None:
                raise NotFound(f"message {self.message}: there is no such message; ids look like m00000001")
            return _live(work, self.message, work.env.octets.get(stored.digest))
        if self.octets is None:
            raise Refusal("rules test: takes a message, or the octets of a mail")
        if self.who is None:
            return _live(work, "", _octets(self.octets))
        return self._sample(work, self.octets, self.who)

    def _sample(self, work: UnitOfWork, mail: str, who: str) -> Document:
        files = {f"{SAMPLES}/{self.name}.eml": mail, f"{SAMPLES}/{WHO}": who}
        if self.given is not None:
            files[f"{SAMPLES}/{self.name}.yaml"] = self.given
        faults: list[FileFault] = []
        with written_folder("rules", files) as folder:
            samples = load_samples(folder, faults)
        if self.name not in samples.mails:
            raise ConfigurationError(*map(str, faults))
        one = judge_samples(work.env.settings.rules, samples, work.env.parser, work.env.matcher)[self.name]
        return document("", one.context, one.found)


def _live(work: UnitOfWork, name: str, octets: bytes) -> Document:
    """Explains a mail as if it arrived now."""
    raw = RawMessage(octets, work.now, work.env.settings.desk.mailbox.inbox, "", "")
    parsed = work.env.parser.parse(octets)
    message = replace(parsed, vouched=work.env.sender_check.verdict(octets, parsed))
    judged = judge(facts.facts_of(work, raw, message), facts.reading_of(work.env))
    found = explain(message, judged.context, work.env.settings.rules, work.env.matcher.find)
    becomes = f"{judged.decision.place}: {judged.decision.reason.english}"
    return document(name, judged.context, found, becomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRules(View):
    """The archived messages that other rules would judge differently from those in force.

    `files` maps each file's path in the folder `name` to its octets (Base64). One answer covers a part of the archive:
    the messages recorded after the event `after`.
    """

    MAY: ClassVar[frozenset[str]] = DESK

    name: str
    files: dict[str, str] = field(default_factory=dict)
    after: int = 0

    def show(self, work: UnitOfWork) -> Document:
        """Returns {"judged", "of", "next", "differences"}. Raises ConfigurationError with every fault in the new rules.

        `next` is the `after` of the next request, None at the end; `of` counts all messages, in the first answer.
        """
        old = work.env.settings.rules
        with written_folder(self.name, self.files) as folder:
            new = load(work.env.settings.directory, folder).rules
        page = compare_next(work, old, new, self.after, _AT_ONCE)
        find = work.env.matcher.find
        differences: list[Json] = []
        for one in page.differences:
            before, after = (explain(one.arrived.message, one.arrived.context, rules, find) for rules in (old, new))
            differences.append(_difference(work, one, before, after))
        return {
            "judged": page.judged,
            "of": None if self.after else count(work),
            "next": page.next,
            "differences": differences,
        }


def _difference(work: UnitOfWork, one: Difference, before: Explanation, after: Explanation) -> dict[str, Json]:
    row = one.arrived.stored
    return {
        "message": row.id,
        "message_id": row.message_id,
        "received_at": row.received_at.astimezone(work.env.settings.zone).isoformat(),
        "subject": row.subject,
        "case": row.case,
        "clocks": one.clocks,
        "cases": one.cases,
        "by_hand": one.arrived.by_hand,
        "old": _outcome(one.old, before),
        "new": _outcome(one.new, after),
    }


def _outcome(outcome: RuleOutcome, found: Explanation) -> dict[str, Json]:
    return {
        "kinds": [kind.value for kind in outcome.found.kinds],
        "place": outcome.place,
        "opens": outcome.opens,
        "rule": outcome.found.rule,
        "says": outcome.says,
        "made_by": made_by(found),
    }


@contextmanager
def written_folder(name: str, files: Mapping[str, str]) -> Iterator[Path]:
    """Yields a temporary folder `name` with the files handed in, for what reads a folder. Raises Refusal."""
    if not name or PurePosixPath(name).name != name or name == "..":
        raise Refusal(f"{name[:90]!a} is no name of a folder")
    with tempfile.TemporaryDirectory(prefix="flaggermail-") as outer:
        folder = Path(outer) / name
        try:
            folder.mkdir()
        except (OSError, ValueError) as fault:
            raise Refusal(f"{name[:90]!a} is no name of a folder") from fault
        for path, octets in files.items():
            steps = PurePosixPath(path)
            if steps.is_absolute() or ".." in steps.parts or not steps.parts:
                raise Refusal(f"{path[:90]!a} is no path in a folder")
            place = folder / steps
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(_octets(octets))
            except (OSError, ValueError) as fault:  # too long, of a folder that is a file, with a NUL
                raise Refusal(f"{path[:90]!a} cannot be written into a folder") from fault
        yield folder


def _octets(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as fault:
        raise Refusal("octets are written in Base64") from fault
