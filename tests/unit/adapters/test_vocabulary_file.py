# SPDX-License-Identifier: EUPL-1.2
"""The word tables have a fast reader for the shipped form and a full YAML reader; both give the same result."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaggermail.adapters.parsing.vocabulary_file import as_shipped, checked, read_language
from flaggermail.errors import ConfigurationError
from flaggermail.mail.machine_words import MACHINE_KEYS
from flaggermail.mail.vocabulary import KEYS
from flaggermail.settings.yaml_files.source import read
from flaggermail.shipped import shipped
from tests.pace import within

TABLE = """# remark
nl:
  closings: [met groet, "a, b", 'c: d', -x]
  banners:
    [één,
     don't, "no"]

"no":
  closings: [yes no,
    b]
"""
SIGNS = (
    *(":", ": ", "[", "]", ",", "\n", " ", "  ", "#", " #", "'", '"', "-", "- ", "true", "12", "\t", "\r\n", "---\n"),
    *("...\n", "&a ", "*a", "!x ", "null", "\\", "{", "}", "?", "|", "\u2028", "\ufeff", "%", "@", "~", "=", "<<"),
    *("1e3", "_", "2001-01-01", "\nnl:\n", "\n  closings: [x]\n", "\n  closing: [x]\n", "\0", "[]", '""'),
)


@pytest.mark.parametrize(("name", "keys"), [("mail-language.yaml", KEYS), ("mail-machines.yaml", MACHINE_KEYS)])
def test_what_is_shipped_is_read_fast_and_as_yaml_has_it(name: str, keys: tuple[str, ...]) -> None:
    """The shipped tables are in the form of the fast reader, and it gives the same result as YAML.

    Another form would cost every command a fifth of a second.
    """
    path = shipped("rules") / name
    source = read(path, name)
    assert as_shipped(path, keys) == list(checked(source, keys))
    assert source.faults == []


@settings(
    max_examples=settings().max_examples * 3,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(at=st.integers(0, len(TABLE)), cut=st.integers(0, 2), sign=st.sampled_from(SIGNS))
def test_whatever_is_read_fast_is_what_yaml_has_and_without_fault(tmp_path: Path, at: int, cut: int, sign: str) -> None:
    """After any small edit the fast reader either refuses the file or gives the same result as YAML."""
    path = tmp_path / "words.yaml"
    path.write_bytes((TABLE[:at] + sign + TABLE[at + cut :]).encode())
    tables = as_shipped(path, KEYS)
    if tables is not None:
        source = read(path, "words.yaml")
        assert tables == list(checked(source, KEYS))
        assert source.faults == []


@pytest.mark.parametrize(
    "text",
    [
        "nl:\n  closings:\n    - met groet\n    - groet\n",
        "nl:\r\n  closings: [met groet, groet]\r\n",
        "nl: {closings: [met groet, groet]}\n",
        "\ufeffnl:\n    closings: [met groet, # so\n      groet]\n",
        'nl:\n  closings: ["met\\x20groet", groet]\n',
        "nl:\n  closings: [met\n    groet, groet]",
    ],
)
def test_any_other_form_of_yaml_is_read_too(tmp_path: Path, text: str) -> None:
    """Any other form of YAML is read too, only more slowly."""
    (tmp_path / "mail-machines.yaml").write_text((shipped("rules") / "mail-machines.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "mail-language.yaml").write_bytes(text.encode())
    assert as_shipped(tmp_path / "mail-language.yaml", KEYS) is None
    assert read_language(tmp_path).closings == {"met groet", "groet"}


@pytest.mark.parametrize(
    "word",
    ["null", "True", "FALSE", "~", "12", "-1", ".5", "+1", "1e3", "2027-03-17", "=", "*a", "&a b", "!x y"],
)
def test_a_word_that_may_be_no_text_is_left_to_the_full_reader(tmp_path: Path, word: str) -> None:
    """The fast reader leaves a word that may not be text to the full reader."""
    path = tmp_path / "words.yaml"
    for listed in (f"[groet, {word}]", f"[{word}, groet]", f"[groet,\n    {word}\n    ]"):
        path.write_text(f"nl:\n  closings: {listed}\n", "utf-8")
        assert as_shipped(path, KEYS) is None


@pytest.mark.parametrize(
    "text",
    [
        "nl:\n  closings: [a]\n  closings: [b]\n",
        "nl:\n  closings: [a]\nnl:\n  banners: [b]\n",
        "nl:\n  closing: [a]\n",
        "  closings: [a]\n",
        "nl:\nen:\n  closings: [a]\n",
        "nl:\n  closings: [a]\nen:\n",
        "",
    ],
)
def test_what_is_a_fault_is_left_to_the_full_reader(tmp_path: Path, text: str) -> None:
    """The fast reader leaves files with faults to the full reader."""
    path = tmp_path / "words.yaml"
    path.write_text(text, "utf-8")
    assert as_shipped(path, KEYS) is None


@pytest.mark.parametrize("between", [" , ", "   ,   ", " \n , \n ", ", "])
def test_a_bracket_that_is_never_closed_costs_no_time(tmp_path: Path, between: str) -> None:
    """An unclosed bracket after a long list takes less than a second."""
    path = tmp_path / "words.yaml"
    path.write_text(f"nl:\n  closings: [{between.join(['groet', 'met groet'] * 2000)}\n  banners: [a]\n", "utf-8")
    begun = time.process_time()
    assert as_shipped(path, KEYS) is None
    assert within(time.process_time() - begun, 1)


def test_faults_of_both_tables_are_told_together(tmp_path: Path) -> None:
    """Faults in both tables are reported together by file, line and column."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "mail-language.yaml").write_text("nl:\n  closings: [groet, 7]\n", "utf-8")
    (folder / "mail-machines.yaml").write_text("nl:\n\tanswer_words: [x]\n", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_language(folder)
    assert caught.value.faults == (
        "rules/mail-language.yaml:2:21 nl.closings[1]: is no word; write text, in quotes if it is a number",
        "rules/mail-machines.yaml:2:1: a tab; indent with spaces",
    )


@pytest.mark.outside
@pytest.mark.parametrize(
    "work",
    [
        "import pathlib, flaggermail.cli.parse, flaggermail.wiring.opening as o; o.desk_files(pathlib.Path()).parser()",
        "from flaggermail.adapters.parsing import child as c; c.read_language(__import__('pathlib').Path('rules'))",
    ],
    ids=["the command", "the process that reads"],
)
def test_to_read_one_mail_nothing_dear_is_loaded(work: str) -> None:
    """Reading one mail loads no database, models, templates or YAML, in the command and in the child process.

    `parse` starts in a fifth of a second.
    """
    dear = "{'sqlmodel', 'sqlalchemy', 'pydantic', 'jinja2', 'ruamel', 'imapclient', 'structlog'}"
    found = subprocess.run(
        [sys.executable, "-c", f"import sys; {work}; print(sorted({dear} & {{m.split('.')[0] for m in sys.modules}}))"],
        capture_output=True, text=True, check=True, cwd=shipped("rules").parent,
    )  # fmt: skip
    assert found.stdout == "[]\n"
