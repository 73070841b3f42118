# SPDX-License-Identifier: EUPL-1.2
"""Writes `docs/openapi.json`, the description of the door, from the classes that read requests and make answers.

    python -m tests.tools.openapi

A test says when the file is not what this writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from flaggermail.door import description

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"


def written(document: Mapping[str, object]) -> str:
    """Returns the document with one line for each address, each schema and each response."""
    return _listing(
        {name: _listing(part) if name in {"paths", "components"} else _line(part) for name, part in document.items()}
    )


def _listing(parts: object) -> str:
    """Returns an object with a line for each of its names; a text is JSON already."""
    assert isinstance(parts, Mapping)
    nested = parts.keys() == {"schemas", "responses"}
    lines = (
        f"{_line(name)}:{part if isinstance(part, str) else _listing(part) if nested else _line(part)}"
        for name, part in sorted(parts.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def _line(part: object) -> str:
    return json.dumps(part, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    FILE.write_text(written(description.document()) + "\n", encoding="utf-8")
