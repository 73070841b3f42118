# SPDX-License-Identifier: EUPL-1.2
"""A file is read as YAML 1.2, and no deeper than a file of a desk can be."""

from __future__ import annotations

import pytest

from flaggermail.settings.yaml_files.composing import DEEPEST, TOO_DEEP
from flaggermail.settings.yaml_files.source import read_text


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
    """A reader of YAML 1.1 gives truth values, octal numbers and times here."""
    assert repr(read_text(f"a: {text}\n", "f").values) == repr({"a": value})


def nested(levels: int) -> dict[str, tuple[str, tuple[int, int]]]:
    """Returns texts of that many levels, the value at the last included, and the place of the level after DEEPEST."""
    brackets = "a: " + "[" * (levels - 2) + "1" + "]" * (levels - 2) + "\n"
    indented = "".join(" " * level + "a:\n" for level in range(levels - 2)) + " " * (levels - 2) + "a: 1\n"
    entries = "a:\n" + "- " * (levels - 2) + "1\n"
    steps = DEEPEST - 1
    return {
        "brackets": (brackets, (1, 3 + steps + 1)),
        "indented": (indented, (steps + 1, steps + 1)),  # the key: it is as deep as its value
        "entries": (entries, (2, 2 * steps + 1)),
    }


@pytest.mark.parametrize("form", ["brackets", "indented", "entries"])
def test_what_is_nested_without_end_is_refused_by_name(form: str) -> None:
    """Up to DEEPEST levels are read; a deeper file is refused at its first line too deep, however deep it goes."""
    text, _ = nested(DEEPEST)[form]
    assert read_text(text, "f").faults == []
    for levels in (DEEPEST + 1, 900, 2_000, 30_000 if form == "brackets" else 2_000):
        text, (line, column) = nested(levels)[form]
        (fault,) = read_text(text, "words.yaml").faults
        assert (fault.file, fault.line, fault.column, fault.text) == ("words.yaml", line, column, TOO_DEEP)
