# SPDX-License-Identifier: EUPL-1.2
"""The JSON Schemas for editors accept the shipped files, and rules have no word that sends or drops mail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from click.testing import CliRunner
from pydantic import BaseModel
from ruamel.yaml import YAML

from flaggermail.cli import commands
from flaggermail.cli.rules import SCHEMAS
from flaggermail.rules.models import KINDS_OF, RulesFile
from flaggermail.shipped import shipped
from tests.corpus import each

RULES = shipped("rules")
FILES = [
    *(("rules", path) for path in sorted(RULES.glob("[0-9][0-9]-*.yaml"))),
    *(("sample", path) for path in sorted((RULES / "samples").glob("*.yaml")) if path.name != "who.yaml"),
    ("who", RULES / "samples" / "who.yaml"),
    ("languages", RULES / "languages.yaml"),
]
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None),
}  # fmt: skip
JUDGED = {"type", "enum", "const", "pattern", "minimum", "minItems", "minLength", "minProperties", "anyOf", "$ref",
          "items", "properties", "required", "additionalProperties", "propertyNames"}  # fmt: skip
TOLD = {"$defs", "title", "description", "default"}


def schema(name: str) -> dict[str, object]:
    """Returns a schema as the command line prints it."""
    result = CliRunner().invoke(commands, ["rules", "schema", name])
    assert result.exit_code == 0
    document: dict[str, object] = json.loads(result.stdout)
    return document


def faults(root: dict[str, object], at: object, value: object) -> Iterator[str]:
    """Yields the faults of a value against the schema `at` (JSON Schema 2020-12, only the keywords in use)."""
    assert isinstance(at, dict)
    assert set(at) <= JUDGED | TOLD, "a keyword that this does not judge"
    if "$ref" in at:
        defined = root["$defs"]
        assert isinstance(defined, dict)
        yield from faults(root, defined[at["$ref"].removeprefix("#/$defs/")], value)
    if "anyOf" in at and not any(not list(faults(root, one, value)) for one in at["anyOf"]):
        yield f"{value!r} is none of {at['anyOf']}"
    yield from _plain(at, value)
    if isinstance(value, list):
        yield from (fault for entry in value for fault in faults(root, at.get("items", {}), entry))
    if isinstance(value, dict):
        yield from _members(root, at, value)


def _plain(at: dict[str, object], value: object) -> Iterator[str]:
    named = at.get("type", [])
    kinds = [named] if isinstance(named, str) else list(named) if isinstance(named, list) else []
    wrong_bool = isinstance(value, bool) and "boolean" not in kinds
    if kinds and (wrong_bool or not any(isinstance(value, TYPES[kind]) for kind in kinds)):
        yield f"{value!r} is no {named}"
    allowed = at.get("enum", [at["const"]] if "const" in at else None)
    if isinstance(allowed, list) and value not in allowed:
        yield f"{value!r} is not one of {allowed}"
    if isinstance(value, str) and re.search(str(at.get("pattern", "")), value) is None:
        yield f"{value!r} does not fit {at['pattern']}"
    for bound, size in (("minItems", list), ("minLength", str), ("minProperties", dict)):
        if isinstance(value, size) and len(value) < int(str(at.get(bound, 0))):
            yield f"{value!r} is too short"
    if isinstance(value, int) and not isinstance(value, bool) and value < int(str(at.get("minimum", value))):
        yield f"{value!r} is too small"


def _members(root: dict[str, object], at: dict[str, object], value: dict[str, object]) -> Iterator[str]:
    properties, required, other = at.get("properties", {}), at.get("required", []), at.get("additionalProperties", True)
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    yield from (f"{name} is missing" for name in required if name not in value)
    for name, entry in value.items():
        if name in properties:
            yield from faults(root, properties[name], entry)
        elif other is False:
            yield f"{name} is unknown"
        elif isinstance(other, dict):
            yield from faults(root, other, entry)


def read(path: Path) -> object:
    """Returns a YAML file as plain values."""
    value: object = YAML(typ="safe").load(path)
    return value


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_shipped_fits_its_schema(name: str) -> None:
    """Every shipped file in the rules folder that has a schema fits it."""
    root, checked = schema(name), 0
    for kind, path in FILES:
        if kind == name:
            assert list(faults(root, root, read(path))) == [], path.name
            checked += 1
    assert checked >= (150 if name == "sample" else 6 if name == "rules" else 1)


@each(
    ("name", "text"),
    [
        ("rules", "rules: []"),
        ("rules", "stage: noise\nrules: [{name: a, when: {placed: yes please}, then: {kind: noise}}]"),
        ("rules", "stage: noise\nrules: [{name: a, when: {subjects: [x]}, then: {kind: noise}}]"),
        ("rules", "stage: noise\nrules: [{name: a, when: {subject: []}, then: {kind: noise}}]"),
        ("rules", "stage: noise\nrules: [{name: a, when: {size: {at_least: 5 TB}}, then: {kind: noise}}]"),
        ("rules", "stage: noise\nrules: [{name: a, when: {placed: true}, then: {kind: reminder}}]"),
        ("rules", "stage: noise\nrules: [{name: a, when: {placed: true}, then: {send: x}}]"),
        ("rules", "stage: nowhere\nrules: []"),
        ("sample", "given: {period: true}"),
        ("sample", "about: x\ngiven: {verdict: probably}"),
        ("sample", "about: x\ndecided_by: everybody"),
        ("who", "lists: {}"),
        ("languages", "languages: {}"),
    ],
)
def test_a_bad_file_does_not_fit(name: str, text: str) -> None:
    """A file with a mistake does not fit its schema."""
    root = schema(name)
    assert list(faults(root, root, YAML(typ="safe").load(text)))


def test_a_size_may_have_a_unit() -> None:
    """A size may have a unit."""
    root = schema("rules")
    text = "stage: noise\nrules: [{name: a, when: {size: {at_least: 5 MB, at_most: 90}}, then: {kind: noise}}]"
    assert list(faults(root, root, YAML(typ="safe").load(text))) == []


def test_the_shipped_schema_is_the_exported_one() -> None:
    """The shipped schema equals the exported one, and every rule file names it on its first line."""
    assert json.loads((RULES / "rules.schema.json").read_text("utf-8")) == schema("rules")
    for kind, path in FILES:
        if kind == "rules":
            assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=rules.schema.json\n"), path.name


# ---- what no rule can do

INCOMING = frozenset({
    "referral", "platform_ack", "substantive_reply", "auto_reply", "bounce", "delivered", "feedback_report",
    "citizen_report", "noise", "officer_reply",
})  # fmt: skip
OUTGOING = frozenset({
    "notification", "reminder", "escalation", "decision_notice", "follow_up", "approval_request", "officer_notice",
    "alarm", "digest", "contact_note", "information_request",
})  # fmt: skip
OUTCOMES = frozenset({"removed", "labelled", "limited", "no_action", "restored", "not_violating", "outcome"})
ACTS = frozenset({
    "send", "notify", "approve", "forward", "reply_to", "mail", "to", "cc", "address", "url", "run", "command", "drop",
    "delete", "discard", "move", "folder", "decide", "assess", "close", "open", "case", "notification", "clock", "stop",
    "script", "python", "exec",
})  # fmt: skip


def words_of(annotation: object) -> Iterator[str]:
    """Yields every key and every closed word that a model allows in a file."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield field.alias or name
            if field.annotation is not annotation:
                yield from words_of(field.annotation)
    elif get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, StrEnum):
        yield from annotation
    else:
        yield from (word for part in get_args(annotation) for word in words_of(part))


def test_no_word_of_a_rule_sends_records_an_outcome_or_drops_a_message() -> None:
    """No key or closed word of a rule sends mail, records an outcome or drops a message."""
    assert then_words() == INCOMING | {
        "kind", "kinds", "source", "case_type", "template", "reference", "priority", "labels",
        "media", "fact_checker", "government_body", "fellow_authority",
        "A_content", "B_channel", "C_advert", "D_general_warning", "other",
        "intake_confirmation", "decline", "urgent", "normal", "says", "question", "promise", "answer", "ticket",
    }  # fmt: skip
    said = then_words() | {"name", "when", "then", "samples", "stage", "rules", "match", "not_match"}
    assert not said & (OUTGOING | OUTCOMES | ACTS)


def then_words() -> set[str]:
    """Returns the words allowed below `then`."""
    rule = RulesFile.model_fields["rules"].annotation
    (settings,) = (part for part in get_args(rule) if part is not Ellipsis)
    return set(words_of(settings.model_fields["then"].annotation))


def test_the_kinds_of_rules_are_those_of_mail_that_comes_in() -> None:
    """No stage can give a mail one of the kinds of our own mail."""
    of_mail_in = {kind for kinds in KINDS_OF.values() for kind in kinds}
    assert not of_mail_in & OUTGOING
    assert of_mail_in == INCOMING
