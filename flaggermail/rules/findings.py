# SPDX-License-Identifier: EUPL-1.2
"""Finds faults that no single value shows: contradictions, and names that are defined nowhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flaggermail.mail.machine_words import Languages
from flaggermail.mail.message import MechanicalKind
from flaggermail.record.kinds import Kind
from flaggermail.rules.classifier import STAGES, AnswerTemplate
from flaggermail.rules.conditions import All, Between, Condition, Either, Not, OneOf, Words, YesOrNo
from flaggermail.rules.models import KINDS_OF, RuleSettings, RulesFile, WhenSettings, is_everywhere
from flaggermail.rules.overlap import implies
from flaggermail.rules.statements import AnswerWords
from flaggermail.rules.written_conditions import condition_of
from flaggermail.settings.yaml_files.faults import nearest
from flaggermail.settings.yaml_files.plain import Key
from flaggermail.settings.yaml_files.source import FileFault, YamlSource

SAMPLES = "samples"
_ANSWERS = frozenset({"platform_ack", "substantive_reply"})
_SET_APART = frozenset(YesOrNo(name, wanted=True) for name in ("from_platform", "placed", "declined_before"))
_OF_ANYBODY = frozenset({"verdict", "language", "size"})  # facts that say nothing about who writes, or about what
_TEXTS = frozenset({"subject", "body", "reply"})  # that every mail has


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names defined in other files that a rule may use; None if the file could not be read."""

    labels: Collection[str] | None = None
    platforms: Collection[str] | None = None
    channels: Collection[str] | None = None


@dataclass(slots=True)
class RulesFolder:
    """Everything read from the rules folder."""

    directory: Path
    files: list[tuple[YamlSource, RulesFile]] = field(default_factory=list)
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    languages: Languages = field(default_factory=Languages)
    answers: AnswerWords = field(default_factory=AnswerWords)
    faults: list[FileFault] = field(default_factory=list)
    whole: bool = True  # every file could be read


def findings(folder: RulesFolder, known: KnownNames) -> Iterator[tuple[YamlSource, Key, str]]:
    """Yields each finding with its file and key."""
    names: dict[str, str] = {}
    latest = (STAGES[0], "")
    for source, file in folder.files:
        if STAGES.index(file.stage) < STAGES.index(latest[0]):
            words = (
                f"{file.stage.value!r} is asked before {latest[0].value!r}, the stage of {latest[1]}; give the file a "
                "number before that one's"
            )
            yield source, ("stage",), words
        latest = max(latest, (file.stage, source.file), key=lambda pair: STAGES.index(pair[0]))
        for index, rule in enumerate(file.rules):
            key: Key = ("rules", index)
            if rule.name in names:
                words = f"{rule.name!r} is a rule of {names[rule.name]} too; each needs its own name"
                yield source, (*key, "name"), words
            names[rule.name] = source.file
            for below, words in (*_contradictions(file, rule), *_unknown(folder, rule, known)):
                yield source, (*key, *below), words


def _contradictions(file: RulesFile, rule: RuleSettings) -> Iterator[tuple[Key, str]]:
    when, then = rule.when, rule.then
    kinds = kinds_of(rule)
    empty = tuple(_empty(when))
    for below in empty:
        yield ("when", *below), "is empty, so it would hold for every mail; write at least one condition"
    if then.kind and then.kinds:
        yield ("then",), "needs either `kind:` with one kind or `kinds:` with a list"
    if not (kinds or then.labels or then.priority):
        yield ("then",), "says nothing; write `kind:`, `labels:` or `priority:`"
    for kind in kinds:
        if kind not in KINDS_OF[file.stage]:
            allowed = ", ".join(sorted(KINDS_OF[file.stage])) or "none: this stage only labels"
            yield ("then",), f"{kind!r} is not for the stage {file.stage.value!r} to say; it may say {allowed}"
    if _ANSWERS & set(kinds) and not _only_platforms(condition_of(when)):
        yield ("when",), "would let anybody answer for a platform; add `from_platform: true`"
    hides = Kind.NOISE in kinds or then.template is AnswerTemplate.DECLINE
    if hides and not empty and _fits_anybody(condition_of(when)):
        yield ("when",), f"would make {kinds[0]} of anybody's mail; add words, a sender or a domain"
    if then.template is AnswerTemplate.DECLINE and set(kinds) != {Kind.CITIZEN_REPORT}:
        yield ("then", "template"), "'decline' answers a citizen; it needs `kind: citizen_report`"
    if then.template is AnswerTemplate.INTAKE_CONFIRMATION and set(kinds) != {Kind.REFERRAL}:
        yield ("then", "template"), "'intake_confirmation' answers a referral; it needs `kind: referral`"


def _only_platforms(condition: Condition) -> bool:
    """True if the condition holds only for mail from platforms."""
    if isinstance(condition, All):
        return any(_only_platforms(part) for part in condition.of)
    if isinstance(condition, Either):
        return all(_only_platforms(part) for part in condition.of)
    return implies(condition, YesOrNo("from_platform", wanted=True)) or (
        isinstance(condition, OneOf) and condition.name == "platform"
    )


def _fits_anybody(condition: Condition) -> bool:
    """True if the condition looks at nothing that sets a mail apart: neither at who sent it nor at its words."""
    if isinstance(condition, All):
        return all(_fits_anybody(part) for part in condition.of)
    if isinstance(condition, Either):
        return any(_fits_anybody(part) for part in condition.of)
    if isinstance(condition, Not):
        return not isinstance(condition.of, Not) or _fits_anybody(condition.of.of)
    if isinstance(condition, OneOf | Between):
        human = isinstance(condition, OneOf) and MechanicalKind.HUMAN in condition.lower
        return human or condition.name in _OF_ANYBODY
    if isinstance(condition, Words):
        return condition.place in _TEXTS and any(map(is_everywhere, condition.entries))
    return isinstance(condition, YesOrNo) and condition not in _SET_APART


def _empty(when: WhenSettings) -> Iterator[Key]:
    """Yields the keys at which conditions are expected but none is written."""
    if not when.model_fields_set:
        yield ()
    for name, parts in (("all", when.all), ("any", when.any)):
        for index, part in enumerate(parts or ()):
            yield from ((name, index, *below) for below in _empty(part))
    if when.not_ is not None:
        yield from (("not", *below) for below in _empty(when.not_))


def _unknown(folder: RulesFolder, rule: RuleSettings, known: KnownNames) -> Iterator[tuple[Key, str]]:
    """Yields the names in a rule that are defined nowhere."""
    for below, when in _levels(rule.when):
        for name, index, words in _unknown_in_level(folder, when, known):
            yield ("when", *below, name, index), words
    for index, label in enumerate(rule.then.labels):
        if known.labels is not None and label not in known.labels:
            words = "is not on the closed list of tags.labels in flaggermail.yaml"
            yield ("then", "labels", index), f"{label!r} {words}; {nearest(label, known.labels)}"
    for name in ("match", "not_match"):
        for index, sample in enumerate(getattr(rule.samples, name)):
            if "/" in sample or not (folder.directory / SAMPLES / f"{sample}.eml").is_file():
                words = f"there is no {SAMPLES}/{sample}.eml; write that mail, or mend the name"
                yield ("samples", name, index), words


def _unknown_in_level(folder: RulesFolder, when: WhenSettings, known: KnownNames) -> Iterator[tuple[str, int, str]]:
    """Yields the unknown names in the conditions of one level, as (condition, index, message)."""
    lists = [value for value in when.domain or () if "." not in value]
    named: tuple[tuple[str, Collection[str], Collection[str] | None], ...] = (
        ("platform", when.platform or (), known.platforms),
        ("channel", when.channel or (), known.channels),
        ("language", when.language or (), folder.languages.words),
    )
    for value in lists:
        if value not in folder.lists:
            yield "domain", (when.domain or ()).index(value), f"{value!r} is no list; {nearest(value, folder.lists)}"
    for name, values, there in named:
        for index, value in enumerate(values):
            if there is not None and value not in there:
                yield name, index, f"{value!r} is no {name}; {nearest(value, there)}"


def _levels(when: WhenSettings) -> Iterator[tuple[Key, WhenSettings]]:
    """Yields the conditions and, recursively, those nested in them."""
    yield (), when
    for name, parts in (("all", when.all), ("any", when.any)):
        for index, part in enumerate(parts or ()):
            yield from (((name, index, *below), inner) for below, inner in _levels(part))
    if when.not_ is not None:
        yield from ((("not", *below), inner) for below, inner in _levels(when.not_))


def kinds_of(rule: RuleSettings) -> tuple[str, ...]:
    """Returns the kinds a rule sets, written as `kind` or `kinds`."""
    return (rule.then.kind,) if rule.then.kind else rule.then.kinds
