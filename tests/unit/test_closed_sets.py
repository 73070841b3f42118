# SPDX-License-Identifier: EUPL-1.2
"""A value of a closed set is written as a member of its StrEnum, and no sentence is read back."""

from __future__ import annotations

import ast
from enum import StrEnum
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from flaggermail.record.rows import RECORDS
from tests.corpus import each
from tests.tools.closed_sets import literals, members, searches

pytestmark = pytest.mark.xdist_group("closed sets")  # one worker reads the code for all of them

PACKAGE = Path(__file__).parents[2] / "flaggermail"

ELSEWHERE: dict[str, frozenset[str]] = {
    # words of mail and of the web, which are the same as ours by accident
    "adapters/parsing/parser.py": frozenset({"attachment", "yes"}),  # Content-Disposition (RFC 2183), DelSp (3676)
    "mail/authentication/authres.py": frozenset({"pass", "fail"}),  # results of RFC 8601
    "adapters/parsing/unpacking.py": frozenset({"recipients[name]"}),
    "mail/automated/mechanical_kind.py": frozenset(
        {"junk", "auto-reply", "auto_reply", "feedback-report", "whole", "reply", "no"}
    ),
    "mail/automated/evidence.py": frozenset({"null"}),
    "mail/automated/out_of_office.py": frozenset({"whole"}),
    "wording/said.py": frozenset({"instant"}),  # a form of formatting
    "mail/css_values.py": frozenset({"none", "normal"}),
    "mail/forwards/forwarded.py": frozenset({"reply"}),
    "mail/forwards/header_blocks.py": frozenset({"other", "from", "subject"}),  # fields of the vocabulary
    "mail/hidden_html.py": frozenset({"none", "body", "html"}),
    "mail/html_page.py": frozenset({"body", "head"}),
    "mail/vocabulary.py": frozenset({"other", "cc"}),
    # names in files that people write; mypy knows each as a Literal
    "adapters/tls.py": frozenset({"none"}),
    "settings/yaml_files/kinds.py": frozenset({"none"}),  # of what has no end
    "settings/yaml_files/faults.py": frozenset({"missing"}),  # a type of fault of pydantic's
    "commands/requests.py": frozenset({"missing"}),
    "settings/yaml_files/composing.py": frozenset({"null"}),
    "settings/checks.py": frozenset({"none"}),
    "rules/conditions.py": frozenset(
        {"attachment", "subject", "body", "reply", "{'subject': 2, 'attachment': 2, 'reply': 3, 'body': 4}[self.place]"}
    ),
    "rules/findings.py": frozenset({"platform"}),
    "desk/sample_mail.py": frozenset({"yes"}),
    "rules/rulebook.py": frozenset({"nobody"}),
    # names of templates, of tables and of fields
    "adapters/db/sealed.py": frozenset({"row[name]"}),
    "commands/assess.py": frozenset({"case"}),
    "record/audit.py": frozenset({"message"}),
}
"""Words that are compared and are a member of a closed set by accident."""


def closed(hint: object) -> bool:
    """Returns whether a field's type is a StrEnum, or a tuple or an optional value of one."""
    return issubclass(hint, StrEnum) if isinstance(hint, type) else any(map(closed, get_args(hint)))


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    """Returns the syntax tree of each module of the product. Not made on import: they are 120 MB and seconds."""
    files = sorted(PACKAGE.rglob("*.py"))
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8")) for path in files}


@pytest.fixture(scope="module")
def words(trees: dict[str, ast.Module]) -> frozenset[str]:
    """Returns the values of all closed sets."""
    return frozenset(word for values in members(trees.values()).values() for word in values)


FIELDS = {
    record.__name__: frozenset(name for name, hint in get_type_hints(record).items() if closed(hint))
    for record in RECORDS
}


def test_values_of_closed_sets_are_members(trees: dict[str, ast.Module], words: frozenset[str]) -> None:
    """No comparison, `match`, table or query of the product names a value of a closed set as a text."""
    found = [
        f"{name}:{line}: {what}"
        for name, tree in trees.items()
        for line, what in literals(tree, words, FIELDS)
        if what.removeprefix("case ").strip("'") not in ELSEWHERE.get(name, ())
    ]
    assert found == []


def test_no_sentence_is_read_back(trees: dict[str, ast.Module]) -> None:
    """Nothing looks for a beginning, an end or a word of a stored sentence."""
    found = [f"{name}:{line}: {what}" for name, tree in trees.items() for line, what in searches(tree)]
    assert found == []


def test_no_exception_is_without_use(trees: dict[str, ast.Module], words: frozenset[str]) -> None:
    """Each word that is excepted is still there."""
    for name, excepted in ELSEWHERE.items():
        there = {what.removeprefix("case ").strip("'") for _, what in literals(trees[name], words, FIELDS)}
        assert excepted <= there, name


@each(
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
def test_a_literal_is_found(words: frozenset[str], source: str) -> None:
    """Every way of naming a value as a text is found."""
    assert list(literals(ast.parse(source), words, FIELDS))


@each(
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
def test_other_literals_pass(words: frozenset[str], source: str) -> None:
    """Members, other words, and documents with such keys pass."""
    assert not list(literals(ast.parse(source), words, FIELDS))


@each(
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
