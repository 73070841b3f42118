# SPDX-License-Identifier: EUPL-1.2
"""The short way through a YAML file gives what the long one gives, values and places, or leaves the file to it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaggermail.settings.yaml_files.composing import compose
from flaggermail.settings.yaml_files.plain import plain
from flaggermail.settings.yaml_files.source import YamlSource, read_text
from flaggermail.shipped import shipped
from tests.pace import within

TEXT = """# remark
nl:
  closings: [met groet, "a, b", 'c: d''s', -x, 07:00]
  banners:
    [één,
     don't, "no"]
  reason: het gaat niet over het proces, maar over
    een standpunt   # of a person
  none:

"no":
  - name: a rule of ours: yes
    when: {days: [1, 2.5], any: [{a: b}, {}]}   # nested
    from: 2027-03-15
  - true
phone: +31 70 000 0000
list:
- https://a.example/#b
- 12
"""
SIGNS = (
    *(":", ": ", "[", "]", ",", "\n", " ", "  ", "#", " #", "'", '"', "-", "- ", "true", "12", "\t", "\r\n", "---\n"),
    *("...\n", "&a ", "*a", "!x ", "null", "\\", "{", "}", "?", "|", "\u2028", "\ufeff", "%", "@", "~", "=", "<<"),
    *("1e3", "_", "2001-01-01", "\nnl:\n", "\n  closings: [x]\n", "\n  closing: [x]\n", "\0", "[]", '""', "a: b\n"),
    *("\n- ", "- - ", "\n\n", "''", "0x1f", "+1", "+1 2", ".5", "1_0", "{a: b}", "[a, b]", "? ", ">-\n", "1:2", "é"),
)
SHIPPED = (*shipped("rules").rglob("*.yaml"), *shipped("config").rglob("*.yaml"))


def long_way(text: str) -> YamlSource:
    """Returns what ruamel.yaml reads."""
    source = YamlSource("f")
    compose(text, source)
    return source


def same(text: str) -> bool:
    """True if the short way read the text, and as the long way does; fails if it read it otherwise."""
    found = plain(text)
    if found is None:
        return False
    source = long_way(text)
    assert (source.faults, repr(source.values), source.places) == ([], repr(found[0]), found[1])
    return True


def test_each_shipped_file_takes_the_short_way() -> None:
    """The files of a desk as it is set up: another form of one would cost each command up to a third of a second."""
    assert len(SHIPPED) > 400
    assert [path.name for path in SHIPPED if not same(path.read_text("utf-8"))] == []


def test_a_telephone_number_takes_the_short_way() -> None:
    """As most people write theirs, without quotes; a number with its sign and no space is YAML's own integer."""
    assert same("a: +31 70 000 0000   # day and night\n")
    assert not same("a: +31\nb: +31  # 70\n")


@settings(max_examples=settings().max_examples * 3, suppress_health_check=[HealthCheck.too_slow])
@given(edits=st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 2), st.sampled_from(SIGNS)), max_size=3))
def test_whatever_the_short_way_reads_is_what_yaml_has(edits: list[tuple[int, int, str]]) -> None:
    """After any few edits a text is left to the long way, or has the same values and places, and no fault."""
    text = TEXT
    for at, cut, sign in edits:
        text = text[:at] + sign + text[at + cut :]
    same(text)


@settings(max_examples=settings().max_examples * 3, suppress_health_check=[HealthCheck.too_slow])
@given(parts=st.lists(st.sampled_from((*SIGNS, "a", "b", "key", ": ", "\n", "\n  ")), max_size=14))
def test_a_text_of_nothing_but_signs_is_read_as_yaml_has_it(parts: list[str]) -> None:
    """A text that was made of the signs of YAML alone, as no person writes one."""
    same("".join(parts))
    same(f"k: {''.join(parts)}\n")


@pytest.mark.parametrize(
    "word",
    [
        "~",
        "+1",
        ".5",
        "1e3",
        "0x1f",
        "1_0",
        "=",
        "*a",
        "&a b",
        "!x y",
        "- a",
        "|",
        ">-",
        "%a",
        "@a",
        "`a",
        "? a",
        '"\\n"',
    ],
)
def test_a_value_that_is_not_surely_text_is_left_to_the_long_way(word: str) -> None:
    """So is one that means something else than it says."""
    assert plain(f"a: {word}\n") is None
    assert plain(f"a: [b, {word}]\n") is None


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "a: [b\n",
        "a: b: c\n",
        "a:\n  b: 1\n c: 2\n",
        "a: {b: 1, b: 2}\n",
        "a\n",
        "- a\n",
        " a: 1\n",
        "",
        "a:\tb\n",
    ],
)
def test_a_fault_is_worded_by_the_long_way(text: str) -> None:
    """So does a file that is no mapping, and one whose first line is indented."""
    assert plain(text) is None
    source = read_text(text, "f")
    assert (source.faults, source.values) == (long_way(text).faults, long_way(text).values)


@pytest.mark.parametrize(
    "text",
    [
        f"a: [{' , '.join(['groet', 'met groet'] * 4000)}\nb: [a]\n",
        f"a: [{', '.join(['[x'] * 4000)}\n",
        f"a: {'[' * 20_000}\n",
        f"{'a ' * 20_000}\n",
        f"a: {'b ' * 20_000}:\n",
        "".join(f"{' ' * level}a:\n" for level in range(900)),
        "a: b\n" + "  b\n" * 9000 + "c\n",
    ],
    ids=["list", "lists", "brackets", "key", "text", "levels", "lines"],
)
def test_a_text_that_is_not_plain_is_refused_soon(text: str) -> None:
    """However it is meant."""
    begun = time.process_time()
    assert plain(text) is None
    assert within(time.process_time() - begun, 0.5)


@pytest.mark.outside
def test_a_desk_as_shipped_is_loaded_without_the_long_way() -> None:
    """Neither a command nor the daemon loads ruamel.yaml for the files as they are shipped."""
    work = (
        "import sys; from pathlib import Path; from flaggermail.rules.configuration import load;"
        "load(Path('config')); print('ruamel.yaml' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", work], capture_output=True, text=True, check=True, cwd=shipped("rules").parent
    )
    assert found.stdout == "False\n"
