# SPDX-License-Identifier: EUPL-1.2
"""A value of a closed set is written as a member of its StrEnum, and no sentence is read back."""

from __future__ import annotations

import ast
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from flaggermail.record.rows import RECORDS
from tests.tools.closed_sets import literals, members, searches

PACKAGE = Path(__file__).parents[2] / "flaggermail"
TREES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))
}
WORDS = frozenset(word for values in members(TREES.values()).values() for word in values)
OLD_SENTENCES = ("record/event_codec.py", "record/sentences.py", "adapters/db/migrations/")

ELSEWHERE: dict[str, frozenset[str]] = {
    # words of mail and of the web, which are the same as ours by accident
    "adapters/parsing/parser.py": frozenset({"attachment"}),  # Content-Disposition (RFC 2183)
    "mail/authentication/authres.py": frozenset({"pass", "fail"}),  # results of RFC 8601
    "mail/automated/mechanical_kind.py": frozenset({"junk", "auto-reply", "auto_reply", "feedback-report", "whole"}),
    "mail/automated/evidence.py": frozenset({"null"}),
    "mail/css_values.py": frozenset({"none", "normal"}),
    "mail/forwards/header_blocks.py": frozenset({"other"}),  # a field of the vocabulary
    "mail/vocabulary.py": frozenset({"other"}),
    # names in files that people write; mypy knows each as a Literal
    "adapters/tls.py": frozenset({"none"}),
    "yaml_files/source.py": frozenset({"null"}),
    "settings/checks.py": frozenset({"none"}),
    "rules/conditions.py": frozenset({"attachment"}),
    "rules/findings.py": frozenset({"platform"}),
    "rules/rulebook.py": frozenset({"nobody"}),
    # names of templates, of tables and of fields
    "adapters/db/sealed.py": frozenset({"row[name]"}),
    "commands/assess.py": frozenset({"case"}),
    "letters/strangers_words.py": frozenset({"alarm"}),
    "record/audit.py": frozenset({"message"}),
    "record/sentences.py": frozenset({"alarm", "message", "CODED[table]"}),
}
"""Words that are compared and are a member of a closed set by accident."""


def closed(hint: object) -> bool:
    """Returns whether a field's type is a StrEnum, or a tuple or an optional value of one."""
    return issubclass(hint, StrEnum) if isinstance(hint, type) else any(map(closed, get_args(hint)))


FIELDS = {
    record.__name__: frozenset(name for name, hint in get_type_hints(record).items() if closed(hint))
    for record in RECORDS
}


def test_values_of_closed_sets_are_members() -> None:
    """No comparison, `match`, table or query of the product names a value of a closed set as a text."""
    found = [
        f"{name}:{line}: {what}"
        for name, tree in TREES.items()
        for line, what in literals(tree, WORDS, FIELDS)
        if what.removeprefix("case ").strip("'") not in ELSEWHERE.get(name, ())
    ]
    assert found == []


def test_no_sentence_is_read_back() -> None:
    """Only the codec of old events and the migrations look for a beginning, an end or a word of a stored sentence."""
    found = [
        f"{name}:{line}: {what}"
        for name, tree in TREES.items()
        if not name.startswith(OLD_SENTENCES)
        for line, what in searches(tree)
    ]
    assert found == []


def test_no_exception_is_without_use() -> None:
    """Each word that is excepted is still there."""
    for name, words in ELSEWHERE.items():
        there = {what.removeprefix("case ").strip("'") for _, what in literals(TREES[name], WORDS, FIELDS)}
        assert words <= there, name


@pytest.mark.parametrize(
    "source",
    [
        "case.state == 'open'",
        "'open' != case.state",
        "mail.state in {'queued', other}",
        "mail.state not in ('queued',)",
        "match state:\n    case 'open':\n        pass",
        "TABLE = {'nl': 1, 'en': 2}\nTABLE[case.language]",
        "TABLE: Mapping[str, int] = MappingProxyType({'nl': 1})\nTABLE.get(language)",
        "{'nl': 1, 'en': 2}[language]",
        "tx.find(Case, state='open')",
        "tx.exists(Case, state=['open', 'decided'])",
        "tx.count(StoredMessage, since, place=('quarantine' if x else 'noise'))",
    ],
)
def test_a_literal_is_found(source: str) -> None:
    """Every way of naming a value as a text is found."""
    assert list(literals(ast.parse(source), WORDS, FIELDS))


@pytest.mark.parametrize(
    "source",
    [
        "case.state == CaseState.OPEN",
        "name == 'nothing of ours'",
        "values = {'case': 1, 'notification': 2}\nvalues['case']",
        "tx.find(Case, number='open')",
        "log('open')",
        "NAMES = {'nl': 1, 'other name': 2}\nNAMES[key]",
    ],
)
def test_other_literals_pass(source: str) -> None:
    """Members, other words, and documents with such keys pass."""
    assert not list(literals(ast.parse(source), WORDS, FIELDS))


@pytest.mark.parametrize(
    "source",
    [
        "row.match_basis.startswith('forwarded in ')",
        "reason.endswith(X)",
        "text.removeprefix('own attempts')",
        "mail.dedupe.partition('/')",
        "'; in the junk folder' in message.reason",
        "'junk' not in basis",
    ],
)
def test_a_search_is_found(source: str) -> None:
    """Every way of searching a sentence is found."""
    assert list(searches(ast.parse(source)))


def test_other_searches_pass() -> None:
    """Other names, and lines of a mail's text, pass."""
    source = "name.startswith('a')\ntext.split('\\n')\n'x' in text\nreason.replace('a', 'b')"
    assert not list(searches(ast.parse(source)))
