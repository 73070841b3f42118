# SPDX-License-Identifier: EUPL-1.2
"""libyaml reads our files as ruamel.yaml reads them: the same values at the same places, or it leaves them alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flaggermail.settings.yaml_files import source
from flaggermail.settings.yaml_files.source import YamlSource, quickly_composed, read_text
from flaggermail.shipped import shipped
from tests.corpus import each

FILES = sorted(
    path for folder in ("config", "rules") for path in shipped(folder).rglob("*.yaml") if path.parent.name != "samples"
)
ODD = """# every form
nl:
  closings: [met groet, "a, b", 'c: d', -x]
  banners:
    [één,
     don't, "no"]
  when: 2027-03-17T08:00:00+01:00
"no":
  closings: [yes no,
    b]
list:
  - a: {b: c, d: "e\\u00e9"}
    long: >-
      folded
      text
  -
  - - 12
    - 2.5
last: |
  block
   text
end: true
"""
SIGNS = (
    *(": ", ":", "[", "]", ", ", "\n", "\n\n", " ", "  ", " #", "'", '"', "'':", '"":', "- ", "-", "{", "}", "{a:1}"),
    *("---\n", "...\n", "%YAML 1.1\n---\n", "&a ", "*a", "!x ", "! ", "!!str ", "!!int ", "? ", "?", "| \n", ">+\n"),
    *("<<: ", "<<", "=", "~", "@", "`", "\\", "\\x41", "\\\n", "\t", "\r\n", "\r", "\x85", "\u2028", "\ufeff", "\0"),
    *("null", "yes", "True", "12", "0o17", "017", "0x1f", "1_000", "1:30", ".5", ".5e3", ".5e+3", "1.", "1e3", "+1"),
    *(".inf", ".nan", "2027-03-17", "2027-03-17 08:00:00", "\xa0", "\U0001f600", "[? a : b]", "[a: b]", "{a, b: c}"),
)  # fmt: skip


def fully(text: str) -> YamlSource:
    """Reads the text with ruamel.yaml alone."""
    found = YamlSource("words.yaml")
    source.compose_fully(text, found)
    return found


def same(text: str) -> None:
    """Both ways give the same values of the same types, places and faults."""
    found, wanted = read_text(text, "words.yaml"), fully(text)
    assert repr(found.values) == repr(wanted.values)
    assert found.places == wanted.places
    assert found.faults == wanted.faults


@each("path", FILES, ids=lambda path: path.name)
def test_every_shipped_file_is_read_quickly_and_as_ruamel_reads_it(path: Path) -> None:
    """No file that we ship is left to the slow reader: a command would take twice as long."""
    text = path.read_text("utf-8")
    assert quickly_composed(text) is not None
    same(text)


@settings(max_examples=settings().max_examples * 3, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(ODD)), st.integers(0, 2), st.sampled_from(SIGNS)), min_size=1, max_size=3
    )
)
@example([(ODD.index('no"]'), 0, 'n":')])  # libyaml takes `"n":o` for a pair
@example([(ODD.index("b: c"), 2, "? :")])  # and places an empty key elsewhere
def test_whatever_is_edited_both_read_the_same(edits: list[tuple[int, int, str]]) -> None:
    """After any small edits both give the same values, places and faults."""
    text = ODD
    for at, cut, sign in edits:
        text = text[:at] + sign + text[at + cut :]
    same(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("On", "On"), ("y", "y"), ("True", True), ("false", False), ("~", None), ("", None),
        ("012", 12), ("0o14", "0o14"), ("0x1f", "0x1f"), ("1_000", "1_000"), ("06:34", "06:34"), ("-7", -7),
        ("1.5", 1.5), ("1e3", 1000.0), (".5e3", ".5e3"), ("1.", "1."), (".inf", ".inf"),
        ("2027-03-17", "2027-03-17"), ("2027-03-17T08:00:00+01:00", "2027-03-17T08:00:00+01:00"),
    ],
)  # fmt: skip
def test_a_plain_value_means_what_yaml_1_2_says(text: str, value: object) -> None:
    """By itself libyaml gives truth values, octal numbers and times of YAML 1.1 here."""
    assert quickly_composed(f"a: {text}\n") is not None
    assert repr(read_text(f"a: {text}\n", "f").values) == repr({"a": value})
    same(f"a: {text}\n")


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: !secret 1\n", "a: <<\n", "a: =\n", "a:\tb\n", "a: 1\n---\nb: 2\n",
        "%YAML 1.1\n---\na: no\n", "a: [b\n", "- a\n", "", "a: 'b\n", "a: b\u2028c: d\n",
    ],
)  # fmt: skip
def test_a_fault_is_found_and_worded_by_one_reader(text: str) -> None:
    """A fault, its place and its words are the same, whichever reader came first."""
    same(text)


def nested(levels: int) -> dict[str, tuple[str, tuple[int, int]]]:
    """Returns texts of that many levels, the value at the last included, and the place of the level after DEEPEST."""
    brackets = "a: " + "[" * (levels - 2) + "1" + "]" * (levels - 2) + "\n"
    indented = "".join(" " * level + "a:\n" for level in range(levels - 2)) + " " * (levels - 2) + "a: 1\n"
    entries = "a:\n" + "- " * (levels - 2) + "1\n"
    steps = source.DEEPEST - 1
    return {
        "brackets": (brackets, (1, 3 + steps + 1)),
        "indented": (indented, (steps + 1, steps + 1)),  # the key: it is as deep as its value
        "entries": (entries, (2, 2 * steps + 1)),
    }


@pytest.mark.parametrize("form", ["brackets", "indented", "entries"])
@pytest.mark.parametrize("unusual", ["", "b: c\r\n"])  # the second is left to ruamel.yaml from the start
def test_what_is_nested_without_end_is_refused_by_name(form: str, unusual: str) -> None:
    """Up to DEEPEST levels are read; a deeper file is refused at its first line too deep, however deep it goes."""
    text, _ = nested(source.DEEPEST)[form]
    assert read_text(text + unusual, "f").faults == []
    for levels in (source.DEEPEST + 1, 900, 2_000, 30_000 if form == "brackets" else 2_000):
        text, (line, column) = nested(levels)[form]
        (fault,) = read_text(text + unusual, "words.yaml").faults
        assert (fault.file, fault.line, fault.column, fault.text) == ("words.yaml", line, column, source.TOO_DEEP)
        same(text + unusual)


def test_without_libyaml_the_files_are_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PyYAML that was built without libyaml makes the program slower, and nothing else."""
    monkeypatch.delattr(yaml, "CBaseLoader")
    source.core_schema.cache_clear()
    try:
        assert quickly_composed(ODD) is None
        same(ODD)
        assert read_text(ODD, "f").values["end"] is True
    finally:
        source.core_schema.cache_clear()
