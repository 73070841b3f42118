# SPDX-License-Identifier: EUPL-1.2
"""The rules' outcome for a mail, and what other rules would change over the archive."""

from __future__ import annotations

import tempfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar

from flaggermail.commands.requests import shown
from flaggermail.desk.answers import ViewAnswer
from flaggermail.desk.rule_comparison import Difference, RuleOutcome, compare_next, count
from flaggermail.desk.views.message import kept
from flaggermail.desk.views.view import View, at_most
from flaggermail.errors import ConfigurationError, Refusal
from flaggermail.intake import facts
from flaggermail.intake.triage import judge
from flaggermail.ports import RawMessage
from flaggermail.record.case_values import CaseType, Priority, Source
from flaggermail.record.kinds import Kind, Place
from flaggermail.rules.classifier import AnswerTemplate, Evaluated, Explanation, Stage, explain
from flaggermail.rules.conditions import ConditionTrace, Context
from flaggermail.rules.configuration import load
from flaggermail.rules.findings import SAMPLES
from flaggermail.rules.rulebook import WHO, judge_samples, load_samples
from flaggermail.services import UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.settings.yaml_files.source import FileFault
from flaggermail.wording.said import StoredText
from flaggermail.wording.sheets import PlaceWord, RuleText, SentFileRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedCondition(ViewAnswer):
    """A condition: whether it held, and what it saw where, or the conditions within it."""

    condition: str
    held: bool
    saw: str
    where: str | None
    within: tuple[TracedCondition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRule(ViewAnswer):
    """A rule with the trace of its conditions and the share of them that held, from 0 to 1.

    `decides` is False if it only marks, `asked` if an earlier rule made the outcome.
    """

    rule: str
    file: str
    line: int
    stage: Stage
    held: bool
    decides: bool
    asked: bool
    share: float
    trace: tuple[TracedCondition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedMail(ViewAnswer):
    """What a mail means, and which rules say so; `becomes` says where it is placed, and nothing of a sample."""

    file: str
    kinds: tuple[Kind, ...]
    rule: str | None
    becomes: StoredText | None
    known: Context
    source: Source | None
    case_type: CaseType | None
    template: AnswerTemplate | None
    references: tuple[str, ...]
    priority: Priority
    labels: tuple[str, ...]
    made_by: tuple[TriedRule, ...]
    next_best: TriedRule | None
    passed_over: tuple[TriedRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledOutcome(ViewAnswer):
    """What a rule set makes of a mail; `opens` says that it opens a case."""

    kinds: tuple[Kind, ...]
    place: Place
    opens: bool
    rule: str | None
    says: StoredText
    made_by: tuple[TriedRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedOutcome(ViewAnswer):
    """A message that two rule sets judge differently, and whether a clock or a case would change by it."""

    message: str
    message_id: str | None
    received_at: datetime
    subject: str | None
    case: str | None
    clocks: bool
    cases: bool
    by_hand: bool
    old: RuledOutcome
    new: RuledOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRules(ViewAnswer):
    """The differences in a part of the archive, of `judged` messages.

    `next` is the `after` of the next request, null at the end; `of` counts all messages, in the first answer.
    """

    judged: int
    of: int | None
    next: int | None
    differences: tuple[ChangedOutcome, ...]


def _explained(name: str, context: Context, found: Explanation, becomes: StoredText | None = None) -> ExplainedMail:
    return ExplainedMail.from_fields(
        found.outcome,
        file=name,
        becomes=becomes,
        known=context,
        made_by=tuple(map(_tried, found.made_by)),
        next_best=_tried(found.next_best) if found.next_best else None,
        passed_over=tuple(map(_tried, found.passed_over)),
    )


def _tried(tried: Evaluated) -> TriedRule:
    rule = tried.rule
    return TriedRule(
        rule=rule.name, file=rule.file, line=rule.line, stage=rule.stage, held=tried.looked.held,
        decides=bool(rule.then.kinds), asked=tried.reached, share=round(tried.share, 2),
        trace=tuple(map(_traced, tried.parts)),
    )  # fmt: skip


def _traced(part: ConditionTrace) -> TracedCondition:
    return TracedCondition.from_fields(part, where=part.where or None, within=tuple(map(_traced, part.within)))


_AT_ONCE = 2_000  # messages compared in one answer
_LONGEST_MAIL = 64 << 20  # characters of a mail in Base64
_LONGEST_BESIDE = 1 << 20  # of a file beside it
MOST_FILES, LONGEST_FILES = 2_000, 16 << 20
"""The files of a folder that a request may hold, and their characters in Base64."""
_LONGEST_NAME = 255  # octets of a name in a folder, as on most file systems
_DEEPEST = 2  # names in a path: a rules folder has folders, which have none

_Mail = Annotated[str, at_most(_LONGEST_MAIL)]
_Beside = Annotated[str, at_most(_LONGEST_BESIDE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainMail(View):
    """The rules' outcome for one mail: a stored `message`, or the `octets` (Base64) of another. Nothing is stored.

    A sample is judged with the files beside it, `who` and, if there is one, `given` (Base64, YAML); any other mail with
    the current record. `name` is the sample's, for the faults found in those files.
    """

    MAY: ClassVar[frozenset[str]] = DESK

    message: str | None = None
    octets: _Mail | None = None
    who: _Beside | None = None
    given: _Beside | None = None
    name: str = "sample"

    def show(self, work: UnitOfWork) -> ExplainedMail:
        """Returns the explanation. Raises NotFound, Refusal, ConfigurationError, ArchiveFailure."""
        if self.message is not None:
            return _live(work, self.message, work.env.octets.get(kept(work, self.message).digest))
        if self.octets is None:
            raise Refusal(SentFileRefusal.NO_MAIL())
        if self.who is None:
            return _live(work, "", _octets(self.octets))
        return self._sample(work, self.octets, self.who)

    def _sample(self, work: UnitOfWork, mail: str, who: str) -> ExplainedMail:
        files = {f"{SAMPLES}/{self.name}.eml": mail, f"{SAMPLES}/{WHO}": who}
        if self.given is not None:
            files[f"{SAMPLES}/{self.name}.yaml"] = self.given
        faults: list[FileFault] = []
        with written_folder("rules", files) as folder:
            samples = load_samples(folder, faults)
        if not faults and self.name not in samples.mails:
            raise Refusal(SentFileRefusal.PATH(path=shown(self.name)))
        if self.name not in samples.mails:
            raise ConfigurationError(*map(str, faults))
        one = judge_samples(work.env.settings.rules, samples, work.env.parser, work.env.matcher)[self.name]
        return _explained("", one.context, one.explain())


def _live(work: UnitOfWork, name: str, octets: bytes) -> ExplainedMail:
    """Explains a mail as if it arrived now."""
    raw = RawMessage(octets, work.now, work.env.settings.desk.mailbox.inbox, "", "")
    parsed = work.env.parser.parse(octets)
    message = replace(parsed, vouched=work.env.sender_check.verdict(octets, parsed))
    judged = judge(facts.facts_of(work, raw, message), facts.reading_of(work.env))
    found = explain(message, judged.context, work.env.settings.rules, work.env.matcher.find)
    becomes = RuleText.BECOMES(place=PlaceWord[judged.decision.place.name](), reason=judged.decision.reason)
    return _explained(name, judged.context, found, becomes)


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

    def show(self, work: UnitOfWork) -> ComparedRules:
        """Returns the differences. Raises Refusal, and ConfigurationError with every fault in the new rules."""
        old = work.env.settings.rules
        with written_folder(self.name, self.files) as folder:
            new = load(work.env.settings.directory, folder).rules
        page = compare_next(work, old, new, self.after, _AT_ONCE)
        find = work.env.matcher.find
        differences = list[ChangedOutcome]()
        for one in page.differences:
            before, after = (explain(one.arrived.message, one.arrived.context, rules, find) for rules in (old, new))
            differences.append(_changed(one, before, after))
        return ComparedRules(
            judged=page.judged,
            of=None if self.after else count(work),
            next=page.next,
            differences=tuple(differences),
        )


def _changed(one: Difference, before: Explanation, after: Explanation) -> ChangedOutcome:
    row = one.arrived.stored
    return ChangedOutcome.from_fields(
        row,
        message=row.id,
        clocks=one.clocks,
        cases=one.cases,
        by_hand=one.arrived.by_hand,
        old=_ruled(one.old, before),
        new=_ruled(one.new, after),
    )


def _ruled(outcome: RuleOutcome, found: Explanation) -> RuledOutcome:
    return RuledOutcome(
        kinds=outcome.found.kinds,
        place=outcome.place,
        opens=outcome.opens,
        rule=outcome.found.rule,
        says=outcome.says,
        made_by=tuple(map(_tried, found.made_by)),
    )


@contextmanager
def written_folder(name: str, files: Mapping[str, str]) -> Iterator[Path]:
    """Yields a temporary folder `name` with the files that were sent, for what reads a folder.

    Nothing outside it is written or read, and no file is a link. Raises Refusal for a name or path that could lead
    elsewhere, for two paths of which one lies below the other, and for files that are too many or too large.
    """
    if not _is_name(name):
        raise Refusal(SentFileRefusal.FOLDER(name=shown(name)))
    if len(files) > MOST_FILES:
        raise Refusal(SentFileRefusal.TOO_MANY(count=len(files), most=MOST_FILES))
    if (length := sum(map(len, files.values()))) > LONGEST_FILES:
        raise Refusal(SentFileRefusal.TOO_LONG(count=length, most=LONGEST_FILES))
    with tempfile.TemporaryDirectory(prefix="flaggermail-") as outer:
        folder = Path(outer) / name
        try:
            folder.mkdir()
        except (OSError, ValueError) as fault:
            raise Refusal(SentFileRefusal.FOLDER(name=shown(name))) from fault
        for path, octets in files.items():
            _write(folder, path, _octets(octets))
        yield folder


def _write(folder: Path, path: str, octets: bytes) -> None:
    steps = path.split("/")
    if len(steps) > _DEEPEST or not all(map(_is_name, steps)):
        raise Refusal(SentFileRefusal.PATH(path=shown(path)))
    place = folder.joinpath(*steps)
    try:
        place.parent.mkdir(exist_ok=True)
        with place.open("xb") as file:
            file.write(octets)
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as fault:
        raise Refusal(SentFileRefusal.PATH(path=shown(path))) from fault


def _is_name(text: str) -> bool:
    """True for the name of one file or folder: no path, no way up, nothing that no file system takes."""
    octets = text.encode("utf-8", "replace")
    is_whole = octets.decode("utf-8") == text  # JSON may hold half of a pair of surrogates
    return is_whole and 0 < len(octets) <= _LONGEST_NAME and text not in {".", ".."} and not {"/", "\0"} & set(text)


def _octets(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as fault:
        raise Refusal(SentFileRefusal.NO_BASE64()) from fault
