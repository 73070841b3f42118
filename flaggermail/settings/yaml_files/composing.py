# SPDX-License-Identifier: EUPL-1.2
"""Composes the text of a YAML 1.2 file into nodes with libyaml, where it gives what ruamel.yaml gives.

ruamel.yaml is written in Python, and a command would spend a third of its time in it. libyaml, through PyYAML, takes a
thirtieth, but reads a mixture of YAML 1.1 and 1.2. It is therefore given the tags of YAML 1.2 and no text with anything
that the two read differently. `full_reading` composes that text, and again every file with a fault, so that each
message and its place are ruamel.yaml's. A test holds the two against each other.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Protocol

import yaml

TAG = "tag:yaml.org,2002:"
DEEPEST = 100  # levels of nesting: no file of a desk has ten, and reading takes a frame or two of the stack for each
TOO_DEEP = f"is nested more than {DEEPEST} levels deep; take levels out, or close the bracket that is left open"


class TextMark(Protocol):
    """Where something is written, counted from 0."""

    line: int
    column: int


class Node(Protocol):
    """A node of either library: of `value`, the text of a scalar, a list of nodes, or a list of pairs of them."""

    id: str  # scalar, sequence, mapping
    tag: object
    value: Any
    start_mark: TextMark


# Tabs, breaks of a line other than LF, control characters, and U+FEFF, which libyaml alone does not count.
_UNUSUAL = re.compile(
    "[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    r"|(?<![^\s\[{,?:-])[?!](?!\S)"  # the sign of a key, of which libyaml places an empty one elsewhere; the bare tag
    r"""|["']:\S""",  # between a key in quotes and its value libyaml needs no space
)
# Plain scalars by the core schema (YAML 1.2.2, section 10.3.2), with the signs that they begin with. Dates are text.
_NUMERIC = "-+.0123456789"
_SCALARS = (
    ("null", r"(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)$", [*"tTfF"]),
    ("int", r"[-+]?[0-9]+$", [*_NUMERIC]),
    ("float", r"[-+]?([0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+][0-9]+)?)$", [*_NUMERIC]),
    ("merge", r"<<$", ["<"]),
    ("value", r"=$", ["="]),
)


def quickly_composed(text: str) -> Node | None:
    """Returns the root of the one document; None if the text is unusual, faulty or empty, or libyaml is missing."""
    loader = core_schema()
    if loader is None or _UNUSUAL.search(text):
        return None
    try:
        root: Node | None = yaml.compose(text, Loader=loader)
    except yaml.YAMLError:
        return None
    return root


@cache
def core_schema() -> Any | None:  # noqa: ANN401 - PyYAML has no types
    """Returns a loader of PyYAML with the tags of YAML 1.2; None if PyYAML was built without libyaml."""
    base = getattr(yaml, "CBaseLoader", None)
    if base is None:
        return None
    made: Any = type("CoreSchema", (base,), {})
    for tag, pattern, first in _SCALARS:
        made.add_implicit_resolver(TAG + tag, re.compile(pattern), first)
    return made
