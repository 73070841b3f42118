# SPDX-License-Identifier: EUPL-1.2
"""Tests a rule set: classifies its sample mails as live mail is classified, and compares its rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from flaggermail.mail.message import Message
from flaggermail.ports import Matcher, Parser
from flaggermail.record.rows import Platform
from flaggermail.rules import overlap
from flaggermail.rules.classifier import (
    CitedSample,
    Context,
    Evaluated,
    Explanation,
    Rule,
    RuleSet,
    explain,
    holding,
    platform_of,
)
from flaggermail.rules.conditions import ConditionTrace
from flaggermail.rules.findings import SAMPLES
from flaggermail.rules.models import Placed, SampleFile, WhoFile
from flaggermail.settings.yaml_files.faults import checked, nearest
from flaggermail.settings.yaml_files.source import FileFault, read

WHO = "who.yaml"


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample mail: its octets and the content of its YAML. `file` is the mail's path as shown in messages."""

    name: str
    file: str
    octets: bytes
    beside: SampleFile


@dataclass(frozen=True, slots=True)
class SampleMails:
    """All sample mails by name. `who` assigns the domains in them, independent of the desk's own lists."""

    mails: Mapping[str, Sample] = field(default_factory=dict)
    who: WhoFile | None = None


def load_samples(rules: Path, faults: list[FileFault]) -> SampleMails:
    """Loads the samples of the folder `rules`; appends problems to `faults`. A mail may have no YAML beside it."""
    folder = rules / SAMPLES
    named = f"{rules.name}/{SAMPLES}"
    if not folder.is_dir():
        return SampleMails()
    source = read(folder / WHO, f"{named}/{WHO}")
    who = checked(WhoFile, source)
    faults += source.faults
    mails: dict[str, Sample] = {}
    for path in sorted(folder.glob("*.eml")):
        beside = _beside(path, named, faults)
        if beside is not None:
            mails[path.stem] = Sample(path.stem, f"{named}/{path.name}", path.read_bytes(), beside)
    there = {mail.stem for mail in folder.glob("*.eml")}
    for path in sorted(folder.glob("*.yaml")):
        if path.name != WHO and path.stem not in there:
            words = f"stands beside no mail; write {path.stem}.eml, or take it away"
            faults.append(FileFault(f"{named}/{path.name}", 1, 1, "", words))
    if who is not None:
        faults += [fault for mail in mails.values() for fault in _unknown_channel(folder, named, mail, who)]
    return SampleMails(mails, who)


def _beside(path: Path, named: str, faults: list[FileFault]) -> SampleFile | None:
    written = path.with_suffix(".yaml")
    if not written.is_file():
        return SampleFile(about="-")
    source = read(written, f"{named}/{written.name}")
    beside = checked(SampleFile, source)
    faults += source.faults
    return beside


def _unknown_channel(folder: Path, named: str, mail: Sample, who: WhoFile) -> list[FileFault]:
    channel = mail.beside.given.channel
    if channel is None or channel in who.channels:
        return []
    source = read(folder / f"{mail.name}.yaml", f"{named}/{mail.name}.yaml")
    return [source.fault(("given", "channel"), f"{channel!r} is no channel of {WHO}; {nearest(channel, who.channels)}")]


@dataclass(frozen=True, slots=True, order=True)
class RuleFinding:
    """A finding about a rule set at one place. A fault prevents its use, a warning does not."""

    file: str
    line: int
    column: int
    text: str
    fault: bool = True

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {'' if self.fault else 'warning: '}{self.text}"


@dataclass(frozen=True, slots=True)
class SampleVerdict:
    """A sample mail as classified by the rules; `made_by` and `others` are what `classifier.holding` returns."""

    sample: Sample
    message: Message
    context: Context
    made_by: tuple[Rule, ...]
    others: tuple[Rule, ...]
    explain: Callable[[], Explanation]

    @property
    def decided_by(self) -> frozenset[str]:
        """The names of the rules that made the result."""
        return frozenset(rule.name for rule in self.made_by)


def check(rules: RuleSet, samples: SampleMails, parser: Parser, matcher: Matcher) -> list[RuleFinding]:
    """Returns all faults and warnings of a rule set that was read without faults, in the order of the files."""
    judged = judge_samples(rules, samples, parser, matcher)
    return sorted({*_conditions(rules), *_samples(rules, judged), *_uncited(rules, judged), *_order_dependent(judged)})


def judge_samples(
    rules: RuleSet, samples: SampleMails, parser: Parser, matcher: Matcher, *, only: str | None = None
) -> dict[str, SampleVerdict]:
    """Classifies every sample mail by `rules`, with the domain lists of the samples instead of the desk's."""
    own = replace(rules, lists={**rules.lists, **who_lists(samples)})
    mails = [mail for mail in samples.mails.values() if only in {None, mail.name}]
    messages = parser.parse_all([mail.octets for mail in mails])
    judged: dict[str, SampleVerdict] = {}
    for mail, message in zip(mails, messages, strict=True):
        context = context_of(mail, samples, message)
        asked = (message, context, own, matcher.find)
        judged[mail.name] = SampleVerdict(mail, message, context, *holding(*asked), partial(explain, *asked))
    return judged


def who_lists(samples: SampleMails) -> dict[str, frozenset[str]]:
    """Returns the domain lists that apply to sample mails."""
    return {name: frozenset(domains) for name, domains in samples.who.lists.items()} if samples.who else {}


def context_of(mail: Sample, samples: SampleMails, message: Message) -> Context:
    """Returns what was known when this sample mail came in."""
    given, who = mail.beside.given, samples.who
    platforms = [Platform(code=code, name=code, domains=of) for code, of in who.platforms.items()] if who else []
    officers = {address.lower() for address in who.officers} if who else set[str]()
    return Context(
        platform=platform_of(message, platforms),
        from_officer=message.sender is not None and message.sender.key in officers,
        placed=given.placed is not None,
        suggested=given.suggested,
        channel=given.channel if given.placed is Placed.NOTIFICATION else None,
        minutes=given.minutes if given.placed is Placed.NOTIFICATION else None,
        verdict=given.verdict,
        period=given.period,
        declined_before=given.declined_before,
    )


def _conditions(rules: RuleSet) -> Iterator[RuleFinding]:
    for rule in overlap.never_matching(rules):
        yield _at(rule, f"{rule.name!r} can match no mail: two of its conditions contradict each other")
    for rule, before in overlap.unreachable(rules):
        yield _at(
            rule, f"{rule.name!r} is never asked: {before.name!r} ({before.place}) takes every mail that it would"
        )


def _at(rule: Rule, text: str, *, fault: bool = True) -> RuleFinding:
    return RuleFinding(f"rules/{rule.file}", rule.line, rule.column, text, fault)


def _cited(rule: Rule, cited: CitedSample, text: str) -> RuleFinding:
    return RuleFinding(f"rules/{rule.file}", cited.line, cited.column, f"{cited.name}: {text}")


def _samples(rules: RuleSet, judged: Mapping[str, SampleVerdict]) -> Iterator[RuleFinding]:
    """Compares each sample that a rule names with its result."""
    for rule in rules.rules:
        for cited in rule.samples.match:
            mail = judged.get(cited.name)
            if mail is not None and rule.name not in mail.decided_by:
                yield _cited(rule, cited, f"is not matched by {rule.name!r}: {why_not(rule, mail.explain())}")
        for cited in rule.samples.not_match:
            mail = judged.get(cited.name)
            if mail is not None and rule.name in mail.decided_by:
                yield _cited(rule, cited, f"is matched by {rule.name!r} and must not be")
        if not rule.samples.match:
            yield _at(rule, f"{rule.name!r} has no sample mail that it must match", fault=False)
        if not rule.samples.not_match:
            yield _at(
                rule, f"{rule.name!r} has no sample mail that looks alike and that it must not match", fault=False
            )


def why_not(rule: Rule, found: Explanation) -> str:
    """Describes why `rule` did not make the result."""
    tried = next(tried for tried in found.passed_over if tried.rule.name == rule.name)
    if tried.looked.held:
        other = _decider(rule, found)
        return f"{other.rule.name!r} ({other.rule.place}) comes first" if other else "another rule comes first"
    return "; ".join(_described(part) for part in tried.parts if not part.held)


def _described(part: ConditionTrace) -> str:
    """Describes a condition that did not hold and what it found, including nested conditions."""
    within = f"({'; '.join(map(_described, part.within))})" if part.within else part.saw
    return f"`{part.condition}` {within}"


def _decider(rule: Rule, found: Explanation) -> Evaluated | None:
    """Returns the rule that took the mail before `rule` was reached."""
    same = [tried for tried in found.made_by if tried.rule.stage is rule.stage or tried.rule.then.kinds]
    return same[0] if same else None


def _uncited(rules: RuleSet, judged: Mapping[str, SampleVerdict]) -> Iterator[RuleFinding]:
    """Yields remarks on sample mails that no rule names, and on those that a rule decides against their YAML."""
    cited = Counter(cited.name for rule in rules.rules for cited in (*rule.samples.match, *rule.samples.not_match))
    for name, mail in judged.items():
        by = next((rule for rule in mail.made_by if rule.then.kinds), None)
        if mail.sample.beside.decided_by == "nobody":
            if by is not None:
                words = f"is decided by {by.name!r} ({by.place}), and its YAML says that nobody decides it"
                yield RuleFinding(mail.sample.file, 1, 1, words)
        elif name not in cited:
            words = "is named by no rule; name it in `samples:`, or write `decided_by: nobody` beside it"
            yield RuleFinding(mail.sample.file, 1, 1, words, fault=False)


def _order_dependent(judged: Mapping[str, SampleVerdict]) -> Iterator[RuleFinding]:
    """Yields pairs of rules that both match one sample, so that only their order decides.

    If the later rule lists such a sample under `not_match`, the order is intended, and the sample proves it.
    """
    found: dict[tuple[str, str], RuleFinding | None] = {}
    for mail in judged.values():
        taken = {rule.stage: rule for rule in mail.made_by}
        for other in mail.others:
            first = taken.get(other.stage)
            if first is None or not overlap.overlapping(first, other):
                continue
            words = (
                f"{other.name!r} fits {mail.sample.name} too, which {first.name!r} ({first.place}) takes: their order "
                "decides; if that is meant, name the mail under `not_match` here"
            )
            meant = any(cited.name == mail.sample.name for cited in other.samples.not_match)
            pair = (first.name, other.name)
            found[pair] = None if meant else found.get(pair, _at(other, words, fault=False))
    return filter(None, found.values())
