# SPDX-License-Identifier: EUPL-1.2
"""`rules/NN-name.yaml`, in the order of their names, as one rule set.

Other YAML files of the folder belong to others and are not read here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import re2
from pydantic import AfterValidator, Field

from flaggermail.core.message import MechanicalKind
from flaggermail.core.rules import Kind, Rule, RuleSet, When
from flaggermail.settings import Code, Domain, Model, Text
from flaggermail.settings_files.words import checked, nearest
from flaggermail.yaml_source import Fault, Key, Source, read

_NAME = re.compile(r"\d\d-[a-z0-9-]+\.yaml")
_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.log_errors = False  # RE2 would write its own line to standard error


def _compiles(pattern: str) -> str:
    try:
        compiled = re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"is refused by RE2 ({said}); RE2 has no look-around and no back-references") from None
    if compiled.search("") is not None:
        raise ValueError("matches the empty text, so it would match every mail; ask for at least one letter")
    return pattern


Pattern = Annotated[Text, AfterValidator(_compiles)]

# What a mail that came in can be. There is no word here for mail that goes out: no rule can send to a platform.
Incoming = Literal[
    "referral", "platform_ack", "substantive_reply", "auto_reply", "bounce", "delivered", "feedback_report",
    "citizen_report", "noise", "officer_reply",
]  # fmt: skip


class WhenSettings(Model):
    """The conditions of a rule; all that are written must hold."""

    mechanical: frozenset[Literal["human", "auto-reply", "bounce", "delivered", "feedback-report"]] = frozenset()
    sender_list: Code | None = None
    from_platform: bool | None = None
    from_officer: bool | None = None
    forwarded: bool | None = None
    has_attachment: bool | None = None
    placed: bool | None = None
    verified: bool | None = None
    subject: tuple[Pattern, ...] = ()
    body: tuple[Pattern, ...] = ()
    reply: tuple[Pattern, ...] = ()
    not_body: tuple[Pattern, ...] = ()


class ThenSettings(Model):
    """What a mail is when all conditions of its rule hold."""

    kind: Incoming | None = None
    kinds: tuple[Incoming, ...] = ()
    source: Literal["media", "fact_checker", "government_body", "fellow_authority"] | None = None
    case_type: Literal["A_content", "B_channel", "C_advert", "D_general_warning", "other"] | None = None
    template: Literal["intake_confirmation", "decline"] | None = None
    reference: Pattern | None = None


class RuleSettings(Model):
    """One rule."""

    name: Text
    when: WhenSettings
    then: ThenSettings


class RulesFile(Model):
    """One file of rules and domain lists."""

    lists: dict[Code, tuple[Domain, ...]] = Field(default_factory=dict)
    rules: tuple[RuleSettings, ...] = ()


def load_rules(directory: Path, faults: list[Fault]) -> RuleSet:
    """The rule set of `directory`; what is wrong is added to `faults`."""
    paths = sorted(path for path in directory.glob("*") if _NAME.fullmatch(path.name))
    for path in sorted(directory.glob("[0-9]*.y*ml")):
        if not _NAME.fullmatch(path.name):
            words = "would not be read; name it NN-name.yaml: two digits, then small letters, digits and -"
            faults.append(Fault(_name(path), 1, 1, "", words))
    if not paths:
        words = "the folder is missing or holds no NN-name.yaml; `flaggermail init DIR` writes rules to start from"
        faults.append(Fault(directory.name, 1, 1, "", words))
    read_files = [(source, checked(RulesFile, source)) for source in (read(path, _name(path)) for path in paths)]
    files = [(source, file) for source, file in read_files if file is not None]
    lists = _lists(file for _, file in files)
    if len(files) == len(read_files):  # else a list may be missing only because its file has a fault
        for source, key, words in _findings(files, frozenset(lists)):
            source.faults.append(source.fault(key, words))
    faults += [fault for source, _ in read_files for fault in source.faults]
    rules = tuple(_rule(source, index, rule) for source, file in files for index, rule in enumerate(file.rules))
    return RuleSet(rules, lists, _version(paths))


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _version(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _lists(files: Iterator[RulesFile]) -> dict[str, frozenset[str]]:
    """The domain lists; a list that stands in several files is all of them together."""
    lists: dict[str, frozenset[str]] = {}
    for file in files:
        for name, domains in file.lists.items():
            lists[name] = lists.get(name, frozenset()) | frozenset(domains)
    return lists


def _findings(files: list[tuple[Source, RulesFile]], lists: frozenset[str]) -> Iterator[tuple[Source, Key, str]]:
    names: dict[str, str] = {}
    for source, file in files:
        for index, rule in enumerate(file.rules):
            key: Key = ("rules", index)
            if rule.name in names:
                words = f"{rule.name!r} is a rule of {names[rule.name]} too; each needs its own name"
                yield source, (*key, "name"), words
            names[rule.name] = source.file
            if rule.when.sender_list is not None and rule.when.sender_list not in lists:
                wanted = rule.when.sender_list
                yield source, (*key, "when", "sender_list"), f"{wanted!r} is no list; {nearest(wanted, lists)}"
            for below, words in _contradictions(rule):
                yield source, (*key, *below), words


def _contradictions(rule: RuleSettings) -> Iterator[tuple[Key, str]]:
    when, then = rule.when, rule.then
    kinds = _kinds(then)
    if not when.model_fields_set:
        yield ("when",), "is empty, so the rule would match every mail; write at least one condition"
    if not kinds or (then.kind and then.kinds):
        yield ("then",), "needs either `kind:` with one kind or `kinds:` with a list"
    if {"platform_ack", "substantive_reply"} & set(kinds) and when.from_platform is not True:
        yield ("when",), "would let anybody answer for a platform; add `from_platform: true`"
    if then.template == "decline" and set(kinds) != {"citizen_report"}:
        yield ("then", "template"), "'decline' answers a citizen; it needs `kind: citizen_report`"
    if then.template == "intake_confirmation" and set(kinds) != {"referral"}:
        yield ("then", "template"), "'intake_confirmation' answers a referral; it needs `kind: referral`"


def _kinds(then: ThenSettings) -> tuple[str, ...]:
    return (then.kind,) if then.kind else then.kinds


def _rule(source: Source, index: int, rule: RuleSettings) -> Rule:
    when, then = rule.when, rule.then
    line = source.places["rules", index, "name"][0]
    return Rule(
        name=rule.name,
        place=f"{Path(source.file).name}:{line}",
        when=When(
            mechanical=frozenset(MechanicalKind(kind) for kind in when.mechanical),
            sender_list=when.sender_list,
            from_platform=when.from_platform,
            from_officer=when.from_officer,
            forwarded=when.forwarded,
            has_attachment=when.has_attachment,
            placed=when.placed,
            verified=when.verified,
            subject=when.subject,
            body=when.body,
            reply=when.reply,
            not_body=when.not_body,
        ),
        kinds=tuple(Kind(kind) for kind in _kinds(then)),
        source=then.source,
        case_type=then.case_type,
        template=then.template,
        reference=then.reference,
    )
