# SPDX-License-Identifier: EUPL-1.2
"""Words for the values that a row holds as JSON, for people; `--json` prints them as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from flaggermail.wording.filing import Asked, Listed
from flaggermail.wording.said import Said

_BY_FIELD: Mapping[str, Asked] = {one.name.lower(): one for one in Asked}


def _asked(held: object) -> tuple[Said, ...]:
    """Returns what was asked of the archive, a sentence for each field; of a field without words its name."""
    if not isinstance(held, Mapping) or not held:
        return (Asked.ALL(),)
    return tuple(
        sentence.having(value=_plain(value)) if (sentence := _BY_FIELD.get(name)) else Said(f"{name} {_plain(value)}")
        for name, value in held.items()
    )


def _steps(held: object) -> tuple[Said, ...]:
    return (Listed.STEPS(count=_count(held)),)


def _places(held: object) -> tuple[Said, ...]:
    return (Listed.PLACES(count=_count(held)),)


def _report(_held: object) -> tuple[Said, ...]:
    return (Listed.REPORT(),)


def _plain(value: object) -> str:
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _count(held: object) -> int:
    return len(held) if isinstance(held, list) else 0


HELD: Mapping[tuple[str, str], Callable[[object], tuple[Said, ...]]] = MappingProxyType({  # table and column
    ("annex", "marks"): _places,
    ("case_file", "steps"): _steps,
    ("notification", "steps"): _steps,
    ("archive_reading", "asked"): _asked,
    ("report_freeze", "inputs"): _report,
})  # fmt: skip


def in_words(table: str, column: str, value: object, language: str = "en") -> object:
    """Returns a value of a row in words if it is held as JSON; any other as it is, one that was damaged too."""
    words = HELD.get((table, column))
    if words is None or not isinstance(value, str):
        return value
    try:
        held = json.loads(value)
    except ValueError:
        return value
    return "; ".join(one.in_language(language) for one in words(held))
